//! The list of an offer of the peer's, on the thread that reads it: what is in it, and whether an
//! earlier run left a part of the same offer that can go on.

use std::sync::Arc;

use undertone_core::crypto::keys::PublicKey;
use undertone_core::files::list::{List, Summary};
use undertone_core::files::receive::Receive;
use undertone_core::files::{Offer, Refused};

use super::writing::{Signals, Writing};
use crate::files::journal::{Journal, Transfer};
use crate::files::left::Left;
use crate::files::place::{Folder, Part, Replay};

/// A list, as far as it came.
#[derive(Debug)]
pub(in crate::engine::conversation) struct Listing {
    list: List,
    former: Option<Box<Former>>,
    /// What another offer may have left of the same files.
    left: Option<Box<Left>>,
}

/// What an earlier run left of the same offer, and the list read for that.
#[derive(Debug)]
struct Former {
    list: List,
    replay: Replay,
    journal: Journal,
    transfer: Transfer,
}

/// What came of a list that is whole.
pub(in crate::engine::conversation) struct Listed {
    pub(super) summary: Summary,
    pub(super) next: Next,
}

/// What is to be done with the offer.
pub(in crate::engine::conversation) enum Next {
    /// The person is to be asked. Of the same files this may be left.
    Ask(Box<Receive>, Option<Box<Left>>),
    /// It was accepted before, and goes on.
    GoOn(Box<Writing>),
}

impl Listing {
    /// Looks whether an earlier run left something of this offer, where there is a journal for that.
    pub(super) fn look(journal: Option<Journal>, peer: &PublicKey, offer: &Offer) -> Self {
        let found = journal
            .as_ref()
            .map(|journal| journal.find(peer, &offer.id));
        let found = found.and_then(|found| found.ok().flatten());
        let left = journal.as_ref().filter(|_| found.is_none());
        let left = left.and_then(|journal| journal.find_alike(peer, offer).ok().flatten());
        let former = found.zip(journal).and_then(|(transfer, journal)| {
            let folder = Folder::open(&transfer.folder).ok()?;
            let replay = Part::reopen(folder, transfer.part.clone()).ok()?;
            Some(Box::new(Former {
                list: List::new(transfer.offset),
                replay,
                journal,
                transfer,
            }))
        });
        Self {
            list: List::new(0),
            former,
            left: left.map(|transfer| Box::new(Left::new(transfer))),
        }
    }

    /// Reads the next bytes.
    ///
    /// # Errors
    /// [`Refused`]: the offer is not to be taken.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), Refused> {
        let again = bytes;
        while self.list.take(&mut bytes)?.is_some() {}
        if let Some(left) = &mut self.left {
            left.take(again);
        }
        let went_on = self.former.as_mut().is_none_or(|former| former.take(again));
        if !went_on {
            // It is not there any more as it was left: the person is asked again.
            self.former = None;
        }
        Ok(())
    }

    /// The list is over.
    ///
    /// # Errors
    /// [`Refused`]: the offer is not to be taken.
    pub(super) fn finish(self, offer: &Offer, signals: &Arc<Signals>) -> Result<Listed, Refused> {
        let (summary, receive) = self.list.finish(offer)?;
        let former = self.former.and_then(|former| {
            let (_, receive) = former.list.finish(offer).ok()?;
            let part = former.replay.go_on(receive.file()).ok()?;
            let noted = (former.journal, former.transfer);
            Writing::begin(receive, part, noted, Arc::clone(signals)).ok()
        });
        let next = match former {
            Some(writing) => Next::GoOn(Box::new(writing)),
            None => Next::Ask(Box::new(receive), self.left),
        };
        Ok(Listed { summary, next })
    }
}

impl Former {
    /// Whether everything that the earlier run had is there.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        while let Ok(Some(entry)) = self.list.take(&mut bytes) {
            if self.list.is_passed() && self.replay.passed(&entry).is_err() {
                return false;
            }
        }
        true
    }
}
