//! What an earlier offer left, where another one is of the same files: how much of it is the same is
//! found by hashes of both ends, and from there on it goes on.

use std::path::Path;

use undertone_core::files::compare::{Chunks, Hasher};
use undertone_core::files::head::Head;
use undertone_core::files::list::Shape;
use undertone_core::files::receive::{Reached, Receive};

use super::journal::Transfer;
use super::place::{Folder, Part, PlaceError, Replay};

/// What is left of an earlier offer, and the beginning of the other one's list.
#[derive(Debug)]
pub struct Left {
    transfer: Transfer,
    head: Head,
}

impl Left {
    /// What the journal says of it; nothing of the list is here.
    #[must_use]
    pub fn new(transfer: Transfer) -> Self {
        let mut reached = transfer.reached;
        // What was not kept then is wanted now.
        if let Some(dropped) = transfer.part.dropped.first()
            && *dropped < reached.entries
        {
            reached = Reached {
                entries: *dropped,
                contents: 0,
            };
        }
        let head = Head::new(reached);
        Self { transfer, head }
    }

    /// Takes the next bytes of the list.
    pub fn take(&mut self, bytes: &[u8]) {
        self.head.take(bytes);
    }

    /// What the journal says of it.
    #[must_use]
    pub fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    /// What is to be compared, where the list is of the same files and goes into this folder.
    #[must_use]
    pub fn chunks(&self, shape: &Shape, into: &Path) -> Option<Chunks> {
        let folder = Folder::open(into).ok()?;
        let is_it = self.transfer.shape == *shape && folder.path() == self.transfer.folder;
        self.head.chunks().filter(|_| is_it)
    }

    /// The hashes of what is here. Before each piece `goes_on` hears how many bytes were hashed; where
    /// it says no there are none.
    ///
    /// # Errors
    /// [`PlaceError`], where it is not here as it was left, or in use.
    pub fn hash(
        &self,
        chunks: Chunks,
        goes_on: impl Fn(u64) -> bool,
    ) -> Result<Option<Vec<u8>>, PlaceError> {
        let (mut replay, mut hasher) = (self.reopen()?, Hasher::new(chunks));
        for (entry, kept) in self.head.entries() {
            let went_on = replay.read(&entry, kept, |bytes| {
                hasher.take(bytes);
                goes_on(hasher.done())
            });
            if !went_on? {
                return Ok(None);
            }
            if hasher.missing() > 0 {
                replay.passed(&entry)?;
            }
        }
        Ok(Some(hasher.finish()))
    }

    /// Goes on behind so many bytes of contents that are the same, with the data of the list that
    /// `whole` reads. What is here behind them is removed.
    ///
    /// # Errors
    /// [`PlaceError`], as of [`hash`](Self::hash).
    pub fn go_on(&self, whole: &Receive, same: u64) -> Result<(Receive, Part), PlaceError> {
        let mut replay = self.reopen()?;
        let receive = self.head.go_on(whole, same, |entry| replay.passed(entry))?;
        let part = replay.go_on(receive.file())?;
        Ok((receive, part))
    }

    fn reopen(&self) -> Result<Replay, PlaceError> {
        let folder = Folder::open(&self.transfer.folder)?;
        Part::reopen(folder, self.transfer.part.clone())
    }
}
