//! What an earlier offer left is compared with one of the same files: the receiver asks for hashes,
//! both ends make theirs on another thread, and the data begins behind what is the same.

use undertone_core::files::compare::Chunks;
use undertone_core::files::{OfferId, Outcome};

use super::outgoing::Hashed;
use super::{Conversation, Done};

impl Conversation<'_> {
    /// The peer asks for the hashes of an offer of ours, or of one that is over.
    pub(in crate::engine::conversation) fn take_compare(&mut self, id: OfferId, chunks: Chunks) {
        let mut ours = self.transfers.ours.iter_mut();
        let Some((number, ours)) = ours.find(|(_, ours)| ours.id == id) else {
            return;
        };
        let number = *number;
        if !ours.ask(chunks) {
            let message = "hashes were asked for that nobody may ask for".to_owned();
            return self.end_ours(number, Outcome::NotAcceptable, false, message);
        }
        self.hash(number);
    }

    /// Has the hashes made that the peer waits for, where the files are not being read.
    pub(super) fn hash(&mut self, number: u32) {
        let ours = self.transfers.ours.get_mut(&number);
        if let Some(work) = ours.and_then(|ours| ours.begin_hash()) {
            self.transfers
                .spawn(number, move || Done::Hashed(number, work()));
        }
    }

    pub(super) fn was_hashed(&mut self, number: u32, hashed: Hashed) {
        let Some(ours) = self.transfers.ours.get_mut(&number) else {
            return;
        };
        let id = ours.id;
        if let Some(hashes) = ours.end_hash(hashed)
            && self.session.tell_hashes(id, hashes).is_err()
        {
            let message = "too much is unanswered".to_owned();
            return self.end_ours(number, Outcome::Failed, false, message);
        }
        // In another session it may have been asked again.
        self.hash(number);
    }

    /// What another thread did for an offer is gone: that is over. What the journal has of it stays.
    pub(super) fn panicked(&mut self, number: u32) {
        let message = "an error in undertone ended it".to_owned();
        if self.transfers.ours.contains_key(&number) {
            return self.end_ours(number, Outcome::Failed, false, message);
        }
        self.end_theirs(number, Outcome::Failed, message);
        // No other thread has it any more.
        self.transfers.dropped = self.transfers.dropped.saturating_sub(1);
    }

    /// The hashes of an offer of the peer's are here.
    pub(in crate::engine::conversation) fn take_hashes(&mut self, id: OfferId, hashes: Box<[u8]>) {
        let mut theirs = self.transfers.theirs.iter_mut();
        let found = theirs.find(|(_, theirs)| theirs.offer.id == id && theirs.is_open);
        let Some((number, theirs)) = found else {
            return;
        };
        let number = *number;
        match theirs.take_hashes(hashes) {
            true => self.work(number),
            false => self.end_theirs(
                number,
                Outcome::NotAcceptable,
                "hashes came that were not asked for".to_owned(),
            ),
        }
    }
}
