//! Others who write to the same folder.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn no_swap_of_what_is_on_the_way_leads_a_byte_outside() {
    const SWAPS: usize = 10_000;
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("file"), "victim").unwrap();
    let before = tree(outside.path());
    let mut part = part(dir.path(), "a");
    let inside = dir.path().join(&part.kept().name);
    part.begin(&folder(0, "a")).unwrap();
    let swap = |swap: usize| {
        let (aside, next) = (dir.path().join("aside"), inside.join("a/next"));
        let (place, to) = match swap % 4 {
            0 => (next, outside.path().to_owned()),
            1 => (next.join("file"), outside.path().join("file")),
            2 => (inside.clone(), outside.path().to_owned()),
            _ => (inside.join("a"), outside.path().to_owned()),
        };
        let was_there = fs::rename(&place, &aside).is_ok();
        if symlink(to, &place).is_ok() {
            std::thread::yield_now();
            let _ = fs::remove_file(&place);
        }
        if was_there && fs::rename(&aside, &place).is_err() {
            let _ = fs::remove_file(&aside).or_else(|_| fs::remove_dir_all(&aside));
        }
    };
    let swapping = AtomicBool::new(true);
    let (mut written, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..SWAPS).for_each(swap);
            swapping.store(false, Ordering::Relaxed);
        });
        while swapping.load(Ordering::Relaxed) {
            let made = part.begin(&folder(1, "next"));
            match made.and_then(|()| write(&mut part, &file(2, "file", 5), b"bytes")) {
                Ok(()) => written += 1,
                Err(_) => refused += 1,
            }
            // And again from the same state.
            part.file = None;
            part.leave(1).unwrap();
            let fd = part.levels.remove(1).fd;
            part.levels.push(Level::new(fd, None));
            part.kept.numbered.clear();
            for name in crate::files::at::names(&part.levels[1].fd).unwrap() {
                let _ = remove::remove_in(&part.levels[1].fd, &name, 9);
            }
        }
    });
    assert!(written > 0 && refused > 0, "{written} {refused}");
    assert_eq!(tree(outside.path()), before);
    let _ = part.place(drop);
    assert_eq!(tree(outside.path()), before);
}

#[test]
fn a_link_where_a_file_or_a_folder_is_to_go_is_not_followed() {
    let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut part = part(dir.path(), "a");
    let inside = dir.path().join(&part.kept().name);
    for name in ["file", "folder", "a"] {
        symlink(outside.path().join(name), inside.join(name)).unwrap();
    }
    add(&mut part, 0, "file", "text");
    part.begin(&folder(0, "folder")).unwrap();
    add(&mut part, 1, "file", "text");
    // What was put there by somebody else is not placed.
    assert!(matches!(part.place(drop), Err(PlaceError::Changed(_))));
    assert_eq!(tree(outside.path()).len(), 0);
    part.discard().unwrap();
    assert_eq!(paths(dir.path()), [""; 0]);
}

#[test]
fn a_file_that_something_else_leads_to_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut part = part(dir.path(), "a");
    let inside = dir.path().join(&part.kept().name);
    part.begin(&file(0, "a", 0)).unwrap();
    fs::hard_link(inside.join("a"), dir.path().join("linked")).unwrap();
    assert!(matches!(part.end(true), Err(PlaceError::Changed(_))));
    fs::rename(dir.path().join("linked"), inside.join("a")).unwrap();
    fs::remove_file(inside.join("a")).unwrap();
    fs::write(inside.join("a"), "another").unwrap();
    assert!(matches!(part.end(true), Err(PlaceError::Changed(_))));
}

#[test]
fn a_link_to_the_named_folder_is_followed_once() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::create_dir(at("other")).unwrap();
    symlink("real", at("link")).unwrap();
    let mut part = part(&at("link"), "a");
    fs::remove_file(at("link")).unwrap();
    symlink("other", at("link")).unwrap();
    add(&mut part, 0, "a", "text");
    assert_eq!(
        place(&mut part),
        [at("real").canonicalize().unwrap().join("a")]
    );
    assert_eq!(paths(&at("other")), [""; 0]);
}
