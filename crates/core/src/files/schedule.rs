//! What the sender of an offer says: the list, made entry by entry, and what stands at each place of
//! the data, so that it can be read from its sources from any place on.
//!
//! The entries are kept as the list has them, one behind the other, with a mark at every 64th.

use super::entry::{Entry, EntryReader, Kind};
use super::name::Name;
use super::tree::{Totals, Tree};
use super::{OfferId, Refused};

/// Entries from one mark to the next.
const MARK_EVERY: u64 = 64;

/// Makes a list.
#[derive(Debug, Default)]
pub struct Builder {
    list: Vec<u8>,
    marks: Vec<Mark>,
    tree: Tree,
}

/// Where an entry stands.
#[derive(Clone, Debug, Default)]
struct Mark {
    /// How many entries come before it.
    number: usize,
    /// How many bytes of the list.
    at: usize,
    /// How many bytes of the data.
    start: u64,
    /// The names of the folders that it is in.
    folders: Vec<Name>,
}

impl Builder {
    /// Adds an entry: what is offered first, then depth first, by names that ascend in each folder.
    /// Gives its number; they count from 0.
    ///
    /// # Errors
    /// [`Refused`], as the receiver would say; the entry is left out then.
    pub fn push(&mut self, entry: &Entry) -> Result<usize, Refused> {
        let Totals { entries, data, .. } = *self.tree.totals();
        let at = self.list.len();
        let number = usize::try_from(entries).map_err(|_| Refused::TooLarge)?;
        entry.encode(&mut self.list)?;
        let bytes = self.list.get(at..).unwrap_or_default();
        if let Err(refused) = self.tree.take(entry, bytes) {
            self.list.truncate(at);
            return Err(refused);
        }
        if entries.is_multiple_of(MARK_EVERY) {
            let folders = self.tree.path().split_last();
            self.marks.push(Mark {
                number,
                at,
                start: data,
                folders: folders.map_or_else(Vec::new, |(_, folders)| folders.to_vec()),
            });
        }
        Ok(number)
    }

    /// What there is so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        self.tree.totals()
    }

    /// The list is whole; `None`: it is empty.
    #[must_use]
    pub fn finish(mut self) -> Option<Schedule> {
        self.list.shrink_to_fit();
        let first = self.marks.first()?.clone();
        let cursor = Cursor::load(&self.list, first)?;
        Some(Schedule {
            id: self.tree.id(),
            totals: *self.tree.totals(),
            list: self.list,
            marks: self.marks,
            cursor,
        })
    }
}

/// What stands at a place of the data.
#[derive(Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// These bytes.
    Bytes(&'a [u8]),
    /// Bytes of a file.
    Contents {
        /// The number of its entry.
        file: usize,
        /// Where they stand in it.
        at: u64,
        /// How many of them follow, at most: of a pipe, until it ends.
        len: u64,
    },
    /// The verdict on a file, one byte.
    Verdict {
        /// The number of its entry.
        file: usize,
    },
    /// The end: what came before was the last.
    End,
}

/// A list that is whole, and its data.
#[derive(Debug)]
pub struct Schedule {
    id: OfferId,
    totals: Totals,
    list: Vec<u8>,
    marks: Vec<Mark>,
    cursor: Cursor,
}

impl Schedule {
    /// What names the offer.
    #[must_use]
    pub fn id(&self) -> OfferId {
        self.id
    }

    /// How much there is.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// All bytes of the list.
    #[must_use]
    pub fn list(&self) -> &[u8] {
        &self.list
    }

    /// What stands behind so many bytes of the data. Each call goes on from the one before it, or
    /// from a mark.
    pub fn place(&mut self, offset: u64) -> Place<'_> {
        if self.seek(offset).is_none() {
            return Place::End;
        }
        let Cursor {
            mark, entry, len, ..
        } = &self.cursor;
        let into = offset - mark.start;
        let Some(done) = into.checked_sub(*len as u64) else {
            let from = mark.at + usize::try_from(into).unwrap_or(*len);
            return Place::Bytes(self.list.get(from..mark.at + len).unwrap_or_default());
        };
        let file = mark.number;
        match entry.place(done) {
            Some((at, len)) => Place::Contents { file, at, len },
            None => Place::Verdict { file },
        }
    }

    /// The entry at the place that was asked for last.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.cursor.entry
    }

    /// The names of the folders that it is in.
    #[must_use]
    pub fn folders(&self) -> &[Name] {
        &self.cursor.mark.folders
    }

    fn seek(&mut self, offset: u64) -> Option<()> {
        let after = self.marks.partition_point(|mark| mark.start <= offset);
        let mark = self.marks.get(after.checked_sub(1)?)?;
        let here = &self.cursor.mark;
        if offset < here.start || mark.number > here.number {
            self.cursor = Cursor::load(&self.list, mark.clone())?;
        }
        while self.cursor.end.is_some_and(|end| end <= offset) {
            self.cursor.advance(&self.list)?;
        }
        Some(())
    }
}

/// One entry, and where it stands.
#[derive(Debug)]
struct Cursor {
    mark: Mark,
    entry: Entry,
    /// Bytes that it takes in the list.
    len: usize,
    /// Where it ends in the data, if it does.
    end: Option<u64>,
}

impl Cursor {
    fn load(list: &[u8], mut mark: Mark) -> Option<Self> {
        let mut reader = EntryReader::default();
        let entry = reader.take(&mut list.get(mark.at..)?).ok()??;
        let len = reader.bytes().len();
        mark.folders.truncate(entry.depth);
        let data_len = entry.data_len(len);
        Some(Self {
            end: data_len.map(|data_len| mark.start + data_len),
            mark,
            entry,
            len,
        })
    }

    /// Goes to the next entry; `None`: there is none.
    fn advance(&mut self, list: &[u8]) -> Option<()> {
        let at = self.mark.at + self.len;
        let start = self.end.filter(|_| at < list.len())?;
        let mut folders = std::mem::take(&mut self.mark.folders);
        if self.entry.kind == Kind::Folder {
            folders.push(self.entry.name.clone());
        }
        let mark = Mark {
            number: self.mark.number + 1,
            at,
            start,
            folders,
        };
        *self = Self::load(list, mark)?;
        Some(())
    }
}
