//! The data of an offer, as its receiver reads it.
//!
//! ```text
//! data = for each entry, in the list's order: the entry, as in the list
//!                                             ‖ contents: its extents, or all of it
//!                                             ‖ verdict(1), but of folders and pipes
//! ```
//!
//! The data has the entries in it, so the list need not be kept. They are checked like those of the
//! list, never exceed its totals, and at the end hash to the same.

use super::entry::{Entry, EntryReader, Kind};
use super::name::Name;
use super::tree::{Totals, Tree};
use super::{OfferId, Refused};

/// How far the entries of a list are here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reached {
    /// So many entries are complete.
    pub entries: u64,
    /// Of the next one so many bytes of contents are here.
    pub contents: u64,
}

/// What comes next in the data.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A file or folder begins. It is in the folder of a lower depth that began last.
    Begin(Entry),
    /// Bytes of the file that began last.
    Bytes {
        /// Where they stand in the file; what was left out before them is a hole.
        at: u64,
        /// At least one.
        bytes: &'a [u8],
    },
    /// The file is over. A pipe is over only with all of the data.
    End(Verdict),
}

/// What the sender says of a file behind its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is as announced.
    Whole,
    /// It changed while it was read.
    Changed,
    /// It could not be read; zeros stand in its place.
    Unreadable,
}

impl Verdict {
    /// The byte that says it.
    #[must_use]
    pub fn byte(self) -> u8 {
        self as u8
    }

    fn of_byte(byte: u8) -> Result<Self, Refused> {
        let all = [Self::Whole, Self::Changed, Self::Unreadable];
        let known = all.into_iter().find(|each| each.byte() == byte);
        known.ok_or(Refused::Verdict)
    }
}

/// A file in the middle of its contents, or before its verdict.
#[derive(Clone, Debug)]
struct Current {
    entry: Entry,
    /// Bytes of its contents that came.
    done: u64,
}

/// Reads the data from some place on. Once it has refused something it is to be dropped.
#[derive(Clone, Debug)]
pub struct Receive {
    id: OfferId,
    announced: Totals,
    tree: Tree,
    reader: EntryReader,
    current: Option<Current>,
    offset: u64,
}

impl Receive {
    /// Between two entries, behind those of `tree`.
    pub(super) fn between(tree: Tree) -> Self {
        Self {
            id: OfferId([0; 32]),
            announced: Totals::NONE,
            offset: tree.totals().data,
            tree,
            reader: EntryReader::default(),
            current: None,
        }
    }

    /// Behind `into` bytes of what the data has of an entry, which takes these bytes in the list and
    /// comes after those of `tree`.
    pub(super) fn within(
        tree: Tree,
        entry: &Entry,
        bytes: &[u8],
        into: u64,
    ) -> Result<Self, Refused> {
        let mut receive = Self::between(tree);
        receive.offset += into;
        let head = usize::try_from(into).ok();
        match head.and_then(|head| bytes.split_at_checked(head)) {
            Some((head, rest)) if !rest.is_empty() => receive.reader = EntryReader::of(head),
            _ => {
                receive.tree.take(entry, bytes)?;
                receive.current = Some(Current {
                    entry: entry.clone(),
                    done: into - bytes.len() as u64,
                });
            }
        }
        Ok(receive)
    }

    /// Bound to the list that was read to its end.
    pub(super) fn of(mut self, id: OfferId, announced: Totals) -> Self {
        (self.id, self.announced) = (id, announced);
        self
    }

    /// Bound to the same list as another one.
    pub(super) fn bound_as(self, other: &Self) -> Self {
        self.of(other.id, other.announced)
    }

    /// How far the entries are.
    #[must_use]
    pub fn reached(&self) -> Reached {
        let begun = self.current.as_ref();
        let entries = self.tree.totals().entries;
        Reached {
            entries: entries.saturating_sub(u64::from(begun.is_some())),
            contents: begun.map_or(0, |current| current.done),
        }
    }

    /// How many bytes of the data were taken, with those before it began.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The names of the folders that are open: the next entry is in one of them.
    #[must_use]
    pub fn folders(&self) -> &[Name] {
        self.tree.open()
    }

    /// The file that has begun and is not over, and how many bytes of its contents came: where
    /// they stand [`Entry::place`] says.
    #[must_use]
    pub fn file(&self) -> Option<(&Entry, u64)> {
        let Current { entry, done } = self.current.as_ref()?;
        Some((entry, *done))
    }

    /// Takes from `bytes` what the next step is made of; `None` once all of them are taken. To be
    /// called until then.
    ///
    /// # Errors
    /// [`Refused`]: nothing that came is to be kept.
    pub fn take<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Step<'a>>, Refused> {
        let before = bytes.len();
        let step = self.step(bytes)?;
        self.offset += (before - bytes.len()) as u64;
        Ok(step)
    }

    fn step<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Step<'a>>, Refused> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let Some(current) = &mut self.current else {
            return Ok(self.begin(bytes)?.map(Step::Begin));
        };
        if let Some((at, room)) = current.entry.place(current.done) {
            let len = usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len()));
            let (here, rest) = bytes.split_at(len);
            current.done += here.len() as u64;
            *bytes = rest;
            return Ok(Some(Step::Bytes { at, bytes: here }));
        }
        let Some((verdict, rest)) = bytes.split_first() else {
            return Ok(None);
        };
        *bytes = rest;
        let verdict = Verdict::of_byte(*verdict)?;
        self.current = None;
        Ok(Some(Step::End(verdict)))
    }

    fn begin(&mut self, bytes: &mut &[u8]) -> Result<Option<Entry>, Refused> {
        if *self.tree.totals() == self.announced {
            return Err(Refused::More);
        }
        let Some(entry) = self.reader.take(bytes)? else {
            return Ok(None);
        };
        self.tree.take(&entry, self.reader.bytes())?;
        self.reader.clear();
        if self.tree.totals().exceeds(&self.announced) {
            return Err(Refused::More);
        }
        if entry.kind.is_file() {
            let entry = entry.clone();
            self.current = Some(Current { entry, done: 0 });
        }
        Ok(Some(entry))
    }

    /// The data is over: whether it was all of it, and what was offered. Only then may anything of
    /// it be put in its place.
    ///
    /// # Errors
    /// [`Refused`]: nothing that came is to be kept.
    pub fn finish(&self) -> Result<(), Refused> {
        let is_over = self.file().is_none_or(|(file, _)| file.kind == Kind::Pipe);
        if !is_over || *self.tree.totals() != self.announced {
            return Err(Refused::Cut);
        }
        match self.tree.id() == self.id {
            true => Ok(()),
            false => Err(Refused::Id),
        }
    }
}
