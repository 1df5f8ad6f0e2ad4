//! What this side must know of a list's entries beyond what the list says. Few have anything of it
//! but a time, so that a hundred thousand of them take little memory.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use rustix::fs::Stat;
use undertone_core::files::entry::Entry;
use undertone_core::files::name::Name;

/// By the numbers of entries, or by their names.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Where what the person named is.
    pub(super) roots: BTreeMap<Name, PathBuf>,
    /// What is called otherwise on the disk, by the names from what was named on: bytes that are no
    /// UTF-8, or a number added.
    pub(super) odd: BTreeMap<Box<[Name]>, Box<[u8]>>,
    /// Nanoseconds behind the second of the last change.
    pub(super) nanos: Vec<u32>,
    /// Those whose length had to be counted: the system says none.
    pub(super) counted: BTreeSet<usize>,
}

impl Listed {
    /// What this entry is called on the disk.
    pub(super) fn on_disk(&self, folders: &[Name], name: &Name) -> Box<[u8]> {
        let path = || folders.iter().chain([name]).cloned().collect::<Box<[_]>>();
        let odd = (!self.odd.is_empty()).then(|| self.odd.get(&path()));
        let odd = odd.flatten().cloned();
        odd.unwrap_or_else(|| name.as_str().as_bytes().into())
    }

    /// Whether the file is as it was when it was listed.
    pub(super) fn is_same(&self, number: usize, entry: &Entry, stat: &Stat) -> bool {
        let size = u64::try_from(stat.st_size).ok();
        // What has no size has no time either: in /proc it is that of the first look at it.
        if self.counted.contains(&number) {
            return size == Some(0);
        }
        let nanos = self.nanos.get(number).copied();
        size == Some(entry.size) && (entry.mtime, nanos) == (seconds(stat), Some(nanos_of(stat)))
    }
}

/// When it was last changed, in seconds since 1970, as a list says it.
pub(super) fn seconds(stat: &Stat) -> u64 {
    u64::try_from(stat.st_mtime).unwrap_or_default()
}

pub(super) fn nanos_of(stat: &Stat) -> u32 {
    u32::try_from(stat.st_mtime_nsec).unwrap_or_default()
}

/// Another number wherever it is another file, or was changed: two that are alike in size and time
/// are not taken for one.
pub(super) fn version(stat: &Stat) -> u64 {
    let mut hasher = DefaultHasher::new();
    (stat.st_dev, stat.st_ino, stat.st_mtime, stat.st_mtime_nsec).hash(&mut hasher);
    (stat.st_ctime, stat.st_ctime_nsec).hash(&mut hasher);
    hasher.finish()
}
