//! What all entries together must be, checked one by one: the order, the totals, the hash.
//!
//! Entries come depth first, and the names of a folder ascend by their bytes. So the names of the
//! open folders, and the last name in each, are all that has to be remembered: an entry stands in
//! the open folder above it, and no name can come twice.

use sha2::{Digest, Sha256};

use super::entry::{Entry, Kind};
use super::name::Name;
use super::{ENTRIES_MAX, LIST_MAX, OfferId, Refused};

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Files and folders.
    pub entries: u64,
    /// What is in no folder of the list: what was offered by name.
    pub roots: u64,
    /// Files among them all.
    pub files: u64,
    /// Bytes of all files, holes included; `None`: nobody knows.
    pub size: Option<u64>,
    /// The same without holes.
    pub contents: u64,
    /// Bytes of the list.
    pub list: u64,
    /// Bytes of the data; of an unknown size without the file.
    pub data: u64,
}

impl Totals {
    /// Those of an empty list.
    pub(super) const NONE: Self = Self {
        entries: 0,
        roots: 0,
        files: 0,
        size: Some(0),
        contents: 0,
        list: 0,
        data: 0,
    };

    /// With one entry more, which takes `len` bytes in the list.
    fn and(mut self, entry: &Entry, len: usize) -> Option<Self> {
        self.entries += 1;
        self.roots += u64::from(entry.depth == 0);
        self.files += u64::from(entry.kind.is_file());
        self.size = match entry.kind {
            Kind::Pipe => None,
            _ => Some(self.size?.checked_add(entry.size)?),
        };
        self.contents = self.contents.checked_add(entry.contents())?;
        self.list += len as u64;
        let data_len = match entry.kind {
            Kind::Pipe => len as u64,
            _ => entry.data_len(len)?,
        };
        self.data = self.data.checked_add(data_len)?;
        (self.entries <= ENTRIES_MAX && self.list <= LIST_MAX).then_some(self)
    }

    /// What an offer of this is called: its first entry, of this name, and how many stand beside it.
    #[must_use]
    pub fn title(&self, name: &str) -> String {
        match self.roots.saturating_sub(1) {
            0 => name.to_owned(),
            more => format!("{name} and {more} more"),
        }
    }

    /// Whether it is a file, and no folder.
    #[must_use]
    pub fn is_one_file(&self) -> bool {
        (self.entries, self.files) == (1, 1)
    }

    /// Whether something of it is more than it is there.
    pub(super) fn exceeds(&self, most: &Self) -> bool {
        self.entries > most.entries
            || self.files > most.files
            || self.size.is_none() != most.size.is_none()
            || self.size > most.size
            || self.contents > most.contents
            || self.list > most.list
    }
}

/// The entries so far.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    hash: Sha256,
    totals: Totals,
    /// The last name of depth 0, then that in each open folder: but for the last one they are
    /// the names of the open folders.
    path: Vec<Name>,
    /// How many folders are open.
    open: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self {
            hash: Sha256::new(),
            totals: Totals::NONE,
            path: Vec::new(),
            open: 0,
        }
    }
}

impl Tree {
    /// Takes the next entry, which takes these bytes in the list.
    ///
    /// # Errors
    /// [`Refused`]; nothing is changed then.
    pub(super) fn take(&mut self, entry: &Entry, bytes: &[u8]) -> Result<(), Refused> {
        let depth = entry.depth;
        let last = self.path.get(depth);
        // A pipe is alone.
        let has_pipe = self.totals.size.is_none();
        if depth > self.open
            || has_pipe
            || entry.kind == Kind::Pipe && self.totals.entries > 0
            || last.is_some_and(|last| *last >= entry.name)
        {
            return Err(Refused::Order);
        }
        self.totals = self
            .totals
            .and(entry, bytes.len())
            .ok_or(Refused::TooLarge)?;
        self.hash.update(bytes);
        self.path.truncate(depth);
        self.path.push(entry.name.clone());
        self.open = depth + usize::from(entry.kind == Kind::Folder);
        Ok(())
    }

    /// The names from that of depth 0 to the last one that was taken.
    pub(super) fn path(&self) -> &[Name] {
        &self.path
    }

    /// The names of the open folders.
    pub(super) fn open(&self) -> &[Name] {
        self.path.get(..self.open).unwrap_or(&self.path)
    }

    pub(super) fn totals(&self) -> &Totals {
        &self.totals
    }

    /// What an offer of these entries is called.
    pub(super) fn id(&self) -> OfferId {
        OfferId(self.hash.clone().finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_a_bound_in_entries_and_in_bytes() {
        let folder = |depth| Entry {
            depth,
            name: Name::new("a").unwrap(),
            kind: Kind::Folder,
            size: 0,
            mtime: 0,
            extents: None,
            version: None,
        };
        let mut tree = Tree::default();
        tree.take(&folder(0), &[0; 10]).unwrap();
        let full = Totals {
            entries: ENTRIES_MAX - 1,
            list: LIST_MAX - 10,
            ..tree.totals
        };
        for (totals, fits) in [
            (full, true),
            (
                Totals {
                    entries: ENTRIES_MAX,
                    ..full
                },
                false,
            ),
            (
                Totals {
                    list: LIST_MAX - 9,
                    ..full
                },
                false,
            ),
        ] {
            let mut tree = Tree {
                totals,
                ..tree.clone()
            };
            let taken = tree.take(&folder(1), &[0; 10]);
            assert_eq!(taken, if fits { Ok(()) } else { Err(Refused::TooLarge) });
            assert_eq!(tree.totals == totals, !fits);
        }
    }
}
