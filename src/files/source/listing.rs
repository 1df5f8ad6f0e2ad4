//! What is sent, as it was found: kept so that it can be listed, and read in the same order, again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rustix::fs::Stat;
use undertone_core::files::entry::{Entry, Extent, Kind};
use undertone_core::files::name::Name;

use super::Skipped;

/// Files and folders, each folder before what is in it. Names in a folder ascend by the bytes they
/// have on the wire, and so do those of what the person named, so that the same source makes the
/// same list.
#[derive(Debug, Default)]
pub struct Listing {
    nodes: Vec<Node>,
    /// Names on the wire, one behind the other.
    names: String,
    /// What is called otherwise on the disk: bytes that are no UTF-8, or a number added.
    on_disk: BTreeMap<u32, Box<[u8]>>,
    extents: BTreeMap<u32, Box<[Extent]>>,
    /// Those whose length had to be counted: the system says none.
    counted: BTreeSet<u32>,
    /// Where what the person named is.
    pub(super) roots: BTreeMap<u32, PathBuf>,
    pub(super) skipped: Skipped,
}

/// One of them, without what few have.
#[derive(Debug)]
struct Node {
    /// The folder it is in; itself where the person named it.
    parent: u32,
    /// Where its name ends.
    name_end: u32,
    size: u64,
    mtime: Mtime,
    depth: u8,
    kind: Kind,
}

/// When a file was last changed: seconds since 1970, and nanoseconds.
pub(super) type Mtime = (i64, u32);

/// That of a file.
#[allow(clippy::unnecessary_cast, reason = "narrower on some systems")]
pub(super) fn mtime(stat: &Stat) -> Mtime {
    (stat.st_mtime as i64, stat.st_mtime_nsec as u32)
}

/// What was found.
pub(super) struct Found {
    pub(super) parent: Option<u32>,
    pub(super) name: Name,
    /// What it is called on the disk.
    pub(super) on_disk: Box<[u8]>,
    pub(super) kind: Kind,
    pub(super) size: u64,
    pub(super) mtime: Mtime,
    pub(super) extents: Option<Box<[Extent]>>,
    pub(super) is_counted: bool,
}

impl Listing {
    /// What comes through a pipe.
    #[must_use]
    pub fn of_pipe(name: Name) -> Self {
        let mut listing = Self::default();
        listing.add(Found {
            parent: None,
            on_disk: name.as_str().as_bytes().into(),
            name,
            kind: Kind::Pipe,
            size: 0,
            mtime: (0, 0),
            extents: None,
            is_counted: false,
        });
        listing
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What is not sent.
    #[must_use]
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The entry at this place in the list.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<Entry> {
        let node = self.nodes.get(index)?;
        let index = u32::try_from(index).ok()?;
        Some(Entry {
            depth: usize::from(node.depth),
            name: Name::new(self.name(index)?).ok()?,
            kind: node.kind,
            size: node.size,
            mtime: u64::try_from(node.mtime.0).unwrap_or_default(),
            extents: self.extents.get(&index).cloned(),
        })
    }

    /// All of them, in order.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        (0..self.len()).map_while(|index| self.entry(index))
    }

    /// Adds one, and says where it is.
    pub(super) fn add(&mut self, found: Found) -> Option<u32> {
        let index = u32::try_from(self.nodes.len()).ok()?;
        let depth = match found.parent {
            Some(parent) => self.node(parent)?.depth.checked_add(1)?,
            None => 0,
        };
        let name_end = u32::try_from(self.names.len() + found.name.as_str().len()).ok()?;
        self.names.push_str(found.name.as_str());
        if *found.on_disk != *found.name.as_str().as_bytes() {
            self.on_disk.insert(index, found.on_disk);
        }
        if let Some(extents) = found.extents {
            self.extents.insert(index, extents);
        }
        if found.is_counted {
            self.counted.insert(index);
        }
        self.nodes.push(Node {
            parent: found.parent.unwrap_or(index),
            name_end,
            size: found.size,
            mtime: found.mtime,
            depth,
            kind: found.kind,
        });
        Some(index)
    }

    fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(usize::try_from(index).ok()?)
    }

    fn name(&self, index: u32) -> Option<&str> {
        let end = self.node(index)?.name_end;
        let start = match index.checked_sub(1) {
            Some(before) => self.node(before)?.name_end,
            None => 0,
        };
        self.names.get(start as usize..end as usize)
    }

    /// What it is called on the disk.
    pub(super) fn name_on_disk(&self, index: u32) -> Option<&[u8]> {
        match self.on_disk.get(&index) {
            Some(name) => Some(name),
            None => self.name(index).map(str::as_bytes),
        }
    }

    /// The folder it is in, where it is in one.
    pub(super) fn parent(&self, index: u32) -> Option<u32> {
        let parent = self.node(index)?.parent;
        (parent != index).then_some(parent)
    }

    pub(super) fn size(&self, index: u32) -> u64 {
        self.node(index).map_or(0, |node| node.size)
    }

    pub(super) fn mtime(&self, index: u32) -> Mtime {
        self.node(index).map_or((0, 0), |node| node.mtime)
    }

    pub(super) fn extents(&self, index: u32) -> Option<&[Extent]> {
        self.extents.get(&index).map(|extents| &**extents)
    }

    pub(super) fn is_counted(&self, index: u32) -> bool {
        self.counted.contains(&index)
    }

    /// Its path from what the person named on.
    pub(super) fn path(&self, index: u32) -> PathBuf {
        let mut names = Vec::new();
        let mut at = Some(index);
        while let Some(index) = at {
            names.extend(self.name(index));
            at = self.parent(index);
        }
        names.iter().rev().collect()
    }
}
