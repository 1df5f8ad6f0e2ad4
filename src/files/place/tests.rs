//! Hostile names, others who write to the same folder, and disks that are full.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use undertone_core::files::entry::{Entry, Extent, Kind};
use undertone_core::files::name::Name;

use super::level::Level;
use super::*;
use crate::files::testing::{entry, held_back, on_disk, tree};

fn part(folder: &Path, name: &str) -> Part {
    Part::create(Folder::open(folder).unwrap(), &Name::new(name).unwrap()).unwrap()
}

fn file(depth: usize, name: &str, size: u64) -> Entry {
    entry(depth, name, Kind::File, size)
}

fn folder(depth: usize, name: &str) -> Entry {
    entry(depth, name, Kind::Folder, 0)
}

fn write(part: &mut Part, entry: &Entry, text: &[u8]) -> Result<(), PlaceError> {
    part.begin(entry)?;
    part.write_at(0, text)?;
    part.end(true)
}

fn add(part: &mut Part, depth: usize, name: &str, text: &str) {
    write(part, &file(depth, name, text.len() as u64), text.as_bytes()).unwrap();
}

fn place(part: &mut Part) -> Vec<PathBuf> {
    let mut placed = Vec::new();
    part.place(|path| placed.push(path)).unwrap();
    placed
}

/// The paths in a folder, relative to it.
fn paths(folder: &Path) -> Vec<String> {
    let path = |path: &PathBuf| path.strip_prefix(folder).unwrap().display().to_string();
    tree(folder).keys().map(path).collect()
}

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
fn nothing_that_was_there_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a.txt"), "mine").unwrap();
    fs::create_dir(at("a (2).txt")).unwrap();
    symlink("nowhere", at("a (3).txt")).unwrap();
    fs::create_dir(at("b")).unwrap();
    fs::write(at("b").join("mine"), "mine").unwrap();
    fs::hard_link(at("a.txt"), at("linked")).unwrap();
    let before = tree(dir.path());
    for (name, placed) in [("a.txt", "a (4).txt"), ("linked", "linked (2)")] {
        let mut part = part(dir.path(), name);
        add(&mut part, 0, name, "theirs");
        assert_eq!(place(&mut part), [at(placed)]);
    }
    let mut part = part(dir.path(), "b");
    part.begin(&folder(0, "b")).unwrap();
    add(&mut part, 1, "mine", "theirs");
    assert_eq!(place(&mut part), [at("b (2)")]);
    let after = tree(dir.path());
    assert!(
        before
            .iter()
            .all(|(path, was)| after.get(path) == Some(was))
    );
    assert_eq!(after.len(), before.len() + 4);
    assert_eq!(fs::read(at("b (2)/mine")).unwrap(), b"theirs");
}

#[test]
fn names_that_become_the_same_are_numbered_and_all_arrive() {
    let dir = tempfile::tempdir().unwrap();
    let mut part = part(dir.path(), "a:b");
    part.begin(&folder(0, "a:b")).unwrap();
    add(&mut part, 1, "x?.txt", "1");
    add(&mut part, 1, "x*.txt", "2");
    add(&mut part, 1, "x_.txt", "3");
    part.begin(&folder(1, "CON")).unwrap();
    add(&mut part, 2, "in it", "4");
    part.begin(&folder(0, "a?b")).unwrap();
    add(&mut part, 1, "\u{202e}", "5");
    assert_eq!(part.kept().numbered.len(), 3);
    assert_eq!(part.kept().numbered[&6], "a_b (2)");
    assert_eq!(place(&mut part).len(), 2);
    let expected = [
        "a_b",
        "a_b (2)",
        "a_b (2)/_",
        "a_b/CO_",
        "a_b/CO_/in it",
        "a_b/x_ (2).txt",
        "a_b/x_ (3).txt",
        "a_b/x_.txt",
    ];
    let mut found = paths(dir.path());
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn only_times_and_the_right_to_execute_are_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut part = part(dir.path(), "a");
    let hidden = dir.path().join(&part.kept().name);
    assert_eq!(hidden.metadata().unwrap().mode() & 0o7777, 0o700);
    part.begin(&folder(0, "a")).unwrap();
    add(&mut part, 1, "plain", "text");
    write(&mut part, &entry(1, "tool", Kind::Executable, 0), b"").unwrap();
    let mut future = file(1, "future", 0);
    future.mtime = u64::MAX;
    write(&mut part, &future, b"").unwrap();
    place(&mut part);
    // What new files get here.
    let made = dir.path().join("made");
    fs::write(&made, "").unwrap();
    let plain = made.metadata().unwrap().mode();
    let metadata = |name: &str| dir.path().join("a").join(name).metadata().unwrap();
    assert_eq!(metadata("plain").mode(), plain);
    assert_eq!(metadata("tool").mode(), plain | (plain & 0o444) >> 2);
    for name in ["plain", "tool", ""] {
        assert_eq!(metadata(name).mtime(), 1_000_000_000, "{name}");
    }
    let age = metadata("future").modified().unwrap().elapsed().unwrap();
    assert!(age < Duration::from_secs(60));
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

#[test]
fn what_does_not_fit_to_the_entry_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut part = part(dir.path(), "a");
    let is_misfit = |done| assert!(matches!(done, Err(PlaceError::Misfit)), "{done:?}");
    is_misfit(part.begin(&file(1, "a", 0)));
    is_misfit(part.write_at(0, b"a"));
    part.begin(&file(0, "a", 4)).unwrap();
    is_misfit(part.begin(&file(0, "b", 0)));
    is_misfit(part.write_at(0, b"abcde"));
    is_misfit(part.write_at(1, b"abcd"));
    is_misfit(part.write_at(u64::MAX, b"b"));
    part.write_at(0, b"abc").unwrap();
    is_misfit(part.write_at(2, b"cd"));
    is_misfit(part.end(true));
    is_misfit(part.place(drop));
    assert_eq!(paths(dir.path()).len(), 2);
    part.write_at(3, b"d").unwrap();
    is_misfit(part.write_at(3, b"d"));
    part.end(true).unwrap();
    place(&mut part);
    assert_eq!(fs::read(dir.path().join("a")).unwrap(), b"abcd");
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
fn holes_stay_holes() {
    let dir = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let mut part = part(dir.path(), "sparse");
    let size = 1 << 40;
    let mut sparse = file(0, "sparse", size);
    let (half, one) = (vec![1; 512 << 10], vec![2; 1]);
    sparse.extents = Some(Box::new([
        Extent {
            start: 1 << 30,
            len: half.len() as u64,
        },
        Extent {
            start: size / 2,
            len: half.len() as u64 + 1,
        },
    ]));
    part.begin(&sparse).unwrap();
    part.write_at(1 << 30, &half).unwrap();
    part.write_at(size / 2, &[&half[..], &one].concat())
        .unwrap();
    part.end(true).unwrap();
    place(&mut part);
    let placed = fs::File::open(dir.path().join("sparse")).unwrap();
    let metadata = placed.metadata().unwrap();
    assert_eq!(metadata.len(), size);
    assert!(metadata.blocks() * 512 <= 2 << 20, "{}", metadata.blocks());
    let mut end = [0; 3];
    use std::os::unix::fs::FileExt;
    placed
        .read_exact_at(&mut end, size / 2 + (512 << 10) - 1)
        .unwrap();
    assert_eq!(end, [1, 2, 0]);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_part_stays_until_it_is_discarded_or_cleared() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mine"), "mine").unwrap();
    let before = tree(dir.path());
    let half_written = || {
        let mut part = part(dir.path(), "a");
        part.begin(&folder(0, "a")).unwrap();
        part.begin(&folder(1, "b")).unwrap();
        part.begin(&file(2, "c", 5)).unwrap();
        part.write_at(0, b"abc").unwrap();
        symlink(
            dir.path(),
            dir.path().join(&part.kept().name).join("a/link"),
        )
        .unwrap();
        part
    };
    half_written().discard().unwrap();
    assert_eq!(tree(dir.path()), before);
    let part = half_written();
    let name = part.kept().name.clone();
    let in_use = clear(dir.path(), &name);
    assert!(matches!(in_use, Err(PlaceError::InUse(_))), "{in_use:?}");
    drop(part);
    assert_eq!(tree(dir.path()).len(), before.len() + 5);
    clear(dir.path(), &name).unwrap();
    assert_eq!(tree(dir.path()), before);
    // It may be gone; and a journal may say what it likes.
    clear(dir.path(), &name).unwrap();
    clear(&dir.path().join("gone"), &name).unwrap();
    for name in ["mine", ".", "..", "../.a.part", ".a/../.b.part"] {
        assert!(clear(dir.path(), name).is_err(), "{name}");
    }
    assert_eq!(tree(dir.path()), before);
}

#[test]
fn another_run_goes_on_where_the_journal_says() {
    let dir = tempfile::tempdir().unwrap();
    let list = [
        folder(0, "a"),
        file(1, "x?", 1),
        file(1, "x*", 1),
        file(1, "bad", 1),
        folder(1, "b"),
        file(2, "long", 10),
        file(2, "behind", 1),
        file(1, "last", 1),
    ];
    let mut part = part(dir.path(), "a");
    part.begin(&list[0]).unwrap();
    write(&mut part, &list[1], b"1").unwrap();
    write(&mut part, &list[2], b"2").unwrap();
    part.begin(&list[3]).unwrap();
    part.end(false).unwrap();
    part.begin(&list[4]).unwrap();
    part.begin(&list[5]).unwrap();
    part.write_at(0, b"01234").unwrap();
    part.sync().unwrap();
    let kept = part.kept().clone();
    // Behind that, which nobody knows of.
    part.write_at(5, b"xxxxx").unwrap();
    part.end(true).unwrap();
    write(&mut part, &list[6], b"x").unwrap();
    part.begin(&folder(1, "last")).unwrap();
    let reopen = || Part::reopen(Folder::open(dir.path()).unwrap(), kept.clone());
    assert!(matches!(reopen(), Err(PlaceError::InUse(_))));
    drop(part);

    let mut replay = reopen().unwrap();
    for entry in &list[..5] {
        replay.passed(entry).unwrap();
    }
    let mut part = replay.go_on(Some((&list[5], 5))).unwrap();
    let inside = dir.path().join(&kept.name).join("a");
    assert_eq!(paths(&inside), ["b", "b/long", "x_", "x_ (2)"]);
    part.write_at(5, b"56789").unwrap();
    part.end(true).unwrap();
    write(&mut part, &list[6], b"y").unwrap();
    write(&mut part, &list[7], b"z").unwrap();
    assert_eq!(part.kept().dropped.iter().collect::<Vec<_>>(), [&3]);
    assert_eq!(place(&mut part).len(), 1);
    let text = |name: &str| fs::read_to_string(dir.path().join("a").join(name)).unwrap();
    assert_eq!(
        text("b/long") + &text("b/behind") + &text("last"),
        "0123456789yz"
    );
    assert_eq!(paths(dir.path()).len(), 7);
    assert_eq!(
        dir.path().join("a/b").metadata().unwrap().mtime(),
        1_000_000_000
    );
}

#[test]
fn a_part_that_is_not_as_the_journal_says_is_not_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let mut part = part(dir.path(), "a");
    add(&mut part, 0, "a", "text");
    let kept = part.kept().clone();
    drop(part);
    let inside = dir.path().join(&kept.name);
    let reopen = || Part::reopen(Folder::open(dir.path()).unwrap(), kept.clone()).unwrap();
    let is_changed = |done| assert!(matches!(done, Err(PlaceError::Changed(_))), "{done:?}");
    is_changed(reopen().passed(&file(0, "a", 5)));
    is_changed(reopen().passed(&file(0, "b", 4)));
    is_changed(reopen().passed(&folder(0, "a")));
    is_changed(reopen().go_on(Some((&file(0, "a", 9), 5))).map(drop));
    fs::hard_link(inside.join("a"), dir.path().join("linked")).unwrap();
    is_changed(reopen().passed(&file(0, "a", 4)));
    fs::remove_file(inside.join("a")).unwrap();
    symlink("../linked", inside.join("a")).unwrap();
    is_changed(reopen().passed(&file(0, "a", 4)));
    is_changed(reopen().go_on(Some((&file(0, "a", 9), 2))).map(drop));
    assert_eq!(fs::read(dir.path().join("linked")).unwrap(), b"text");
}

#[test]
fn a_full_disk_is_told_apart_and_the_same_call_goes_on() {
    on_disk(&["-t", "tmpfs", "-o", "size=256k", "tmpfs"], |dir| {
        let filler = dir.join("filler");
        let fill = || {
            let mut bytes = 1 << 18;
            while bytes > 0 {
                let more = fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&filler);
                let wrote =
                    more.and_then(|mut file| std::io::Write::write_all(&mut file, &vec![0; bytes]));
                bytes = if wrote.is_err() { bytes / 2 } else { bytes };
            }
        };
        let target = Folder::open(dir).unwrap();
        let free = target.free().unwrap();
        assert!((200 << 10..=256 << 10).contains(&free), "{free}");
        let mut part = part(dir, "a");
        let text = vec![7; 100 << 10];
        part.begin(&file(0, "a", text.len() as u64)).unwrap();
        part.write_at(0, &text[..1000]).unwrap();
        fill();
        let error = part.write_at(1000, &text[1000..]).unwrap_err();
        assert!(error.is_full(), "{error}");
        assert_eq!(target.free(), Some(0));
        fs::remove_file(&filler).unwrap();
        part.write_at(1000, &text[1000..]).unwrap();
        part.end(true).unwrap();
        place(&mut part);
        assert_eq!(fs::read(dir.join("a")).unwrap(), text);
    });
}

#[test]
fn a_disk_that_knows_no_case_loses_nothing() {
    let image = tempfile::NamedTempFile::new().unwrap();
    image.as_file().set_len(4 << 20).unwrap();
    let mut make = std::process::Command::new("mkfs.vfat");
    if !make
        .arg(image.path())
        .output()
        .is_ok_and(|made| made.status.success())
    {
        eprintln!("skipped: no vfat here");
        return;
    }
    let image = image.path().to_str().unwrap();
    on_disk(&["-t", "vfat", "-o", "loop", image], |dir| {
        fs::write(dir.join("README"), "mine").unwrap();
        let mut part = part(dir, "a");
        add(&mut part, 0, "readme", "1");
        add(&mut part, 0, "Readme", "2");
        part.begin(&folder(0, "a")).unwrap();
        add(&mut part, 1, "x", "3");
        part.begin(&folder(0, "A")).unwrap();
        add(&mut part, 1, "X", "4");
        assert_eq!(place(&mut part).len(), 4);
        let text = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
        assert_eq!(text("README"), "mine");
        assert_eq!(text("a/x") + &text("a (2)/x"), "34");
        let mut others = paths(dir);
        others.retain(|path| path.starts_with("readme") || path.starts_with("Readme"));
        assert_eq!(others.len(), 2, "{others:?}");
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_a_byte_comes() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for name in ["missing", "file"] {
        let error = Folder::open(&dir.path().join(name)).unwrap_err();
        assert!(error.to_string().contains("folder"), "{error}");
    }
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    held_back(|| {
        let target = Folder::open(&closed).unwrap();
        let error = Part::create(target, &Name::new("a").unwrap()).unwrap_err();
        assert!(error.to_string().contains("owner and mode"), "{error}");
        assert!(!error.is_full());
    });
}
