//! Hostile names, others who write to the same folder, and disks that are full.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use undertone_core::files::entry::{Entry, Extent, Kind};
use undertone_core::files::name::Name;

use super::level::Level;
use super::*;
use crate::files::testing::{entry, held_back, on_disk, tree};

mod disks;
mod resumed;
mod swapped;

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
    let placed = place(&mut part);
    assert!(placed[0].ends_with("a_b and 1 more"), "{placed:?}");
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
    let mut found = paths(&placed[0]);
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
