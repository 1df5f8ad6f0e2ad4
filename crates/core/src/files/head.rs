//! The beginning of a list, kept where an earlier offer may have left what it lists.

use super::compare::Chunks;
use super::entry::{Entry, EntryReader};
use super::list::List;
use super::receive::{Reached, Receive};

/// So many bytes of a list are kept at the most: what is listed behind them is sent again.
const HEAD_MAX: usize = 4 * 1024 * 1024;

/// The entries of a list up to some place.
#[derive(Debug, Clone)]
pub struct Head {
    list: Vec<u8>,
    reached: Reached,
}

impl Head {
    /// Those up to there, of which none is here.
    #[must_use]
    pub fn new(reached: Reached) -> Self {
        Self {
            list: Vec::new(),
            reached,
        }
    }

    /// Takes the next bytes of the list.
    pub fn take(&mut self, bytes: &[u8]) {
        let room = HEAD_MAX.saturating_sub(self.list.len());
        self.list
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Each entry of which something is here, and how many bytes of its contents.
    pub fn entries(&self) -> impl Iterator<Item = (Entry, u64)> {
        self.placed().map(|placed| (placed.entry, placed.kept))
    }

    /// What there is to be compared; `None`: no byte.
    #[must_use]
    pub fn chunks(&self) -> Option<Chunks> {
        let kept = self.entries().map(|(_, kept)| kept);
        let kept = kept.fold(0, u64::saturating_add);
        (kept > 0).then(|| Chunks::of(kept))
    }

    /// Reads the data on behind so many bytes of contents, of the same list as `whole`. Each entry that
    /// is complete before that place is told to `passed`.
    pub fn go_on<E>(
        &self,
        whole: &Receive,
        same: u64,
        mut passed: impl FnMut(&Entry) -> Result<(), E>,
    ) -> Result<Receive, E> {
        let at = self.place(same);
        let (mut list, mut rest) = (List::new(at), self.list.as_slice());
        while list.is_passed() && list.totals().data < at {
            let Ok(Some(entry)) = list.take(&mut rest) else {
                break;
            };
            if list.is_passed() {
                passed(&entry)?;
            }
        }
        Ok(list.reached(whole))
    }

    /// Where in the data it goes on behind so many bytes of contents.
    fn place(&self, same: u64) -> u64 {
        let (mut left, mut end) = (same, 0);
        for Placed {
            start,
            head,
            len,
            kept,
            is_complete,
            ..
        } in self.placed()
        {
            if !is_complete || kept > left {
                let begun = if left > 0 { head + left.min(kept) } else { 0 };
                return start + begun;
            }
            left -= kept;
            end = start + len;
        }
        end
    }

    fn placed(&self) -> impl Iterator<Item = Placed> {
        let (mut rest, mut start, mut number) = (self.list.as_slice(), 0_u64, 0);
        std::iter::from_fn(move || {
            let mut reader = EntryReader::default();
            let is_complete = number < self.reached.entries;
            let is_begun = number == self.reached.entries && self.reached.contents > 0;
            let is_here = is_complete || is_begun;
            let entry = reader.take(&mut rest).ok()?.filter(|_| is_here)?;
            let len = entry.data_len(reader.bytes().len())?;
            let contents = entry.contents();
            let placed = Placed {
                start,
                head: reader.bytes().len() as u64,
                len,
                kept: match is_complete {
                    true => contents,
                    false => contents.min(self.reached.contents),
                },
                is_complete,
                entry,
            };
            start = start.checked_add(len)?;
            number += 1;
            Some(placed)
        })
    }
}

/// An entry, and where it is.
struct Placed {
    entry: Entry,
    /// Where it begins in the data, …
    start: u64,
    /// … how many bytes it takes there before its contents, …
    head: u64,
    /// … and in all.
    len: u64,
    /// Bytes of its contents that are here.
    kept: u64,
    is_complete: bool,
}
