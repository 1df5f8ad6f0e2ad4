//! What the tests of files share: entries, disks of their own, and a user who may not do all.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread};

use nix::sched::{CloneFlags, unshare};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use undertone_core::files::entry::{Entry, Kind};
use undertone_core::files::name::Name;

/// One of the year 2001, without holes.
pub(super) fn entry(depth: usize, name: &str, kind: Kind, size: u64) -> Entry {
    Entry {
        depth,
        name: Name::new(name).unwrap(),
        kind,
        size,
        mtime: 1_000_000_000,
        extents: None,
        version: None,
    }
}

/// Runs a test in a folder on which a disk is mounted, which nothing else sees; says so where that
/// is not allowed.
pub(super) fn on_disk(mount: &[&str], test: impl FnOnce(&Path) + Send) {
    let dir = tempfile::tempdir().unwrap();
    let mounts = |args: &[&str]| {
        let done = Command::new("mount").args(args).arg(dir.path()).output();
        done.is_ok_and(|done| done.status.success())
    };
    let inside = || {
        let alone = unshare(CloneFlags::CLONE_NEWNS).is_ok()
            && Command::new("mount")
                .args(["--make-rprivate", "/"])
                .status()
                .is_ok_and(|done| done.success());
        match alone && mounts(mount) {
            true => test(dir.path()),
            false => eprintln!("skipped: this machine allows no mounts ({mount:?})"),
        }
    };
    thread::scope(|scope| scope.spawn(inside).join().unwrap());
}

/// Runs a test as somebody whom modes hold back, be it root.
pub(super) fn held_back(test: impl FnOnce() + Send) {
    let inside = || {
        let mut sets = capabilities(None).unwrap();
        sets.effective -= CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
        set_capabilities(None, sets).unwrap();
        test();
    };
    thread::scope(|scope| scope.spawn(inside).join().unwrap());
}

/// What a folder holds: each path with its inode and what is in it.
pub(super) fn tree(folder: &Path) -> BTreeMap<PathBuf, (u64, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let text = match metadata.file_type() {
                kind if kind.is_file() => fs::read(&path).unwrap(),
                kind if kind.is_symlink() => fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes(),
                _ => {
                    folders.push(path.clone());
                    Vec::new()
                }
            };
            found.insert(path, (metadata.ino(), text));
        }
    }
    found
}
