//! What is said of offers of files, in order with the messages.

use super::Session;
use super::outbox::{Full, Message};
use crate::files::compare::Chunks;
use crate::files::{Offer, OfferId, Outcome};

impl Session {
    /// Offers files, on two streams that were opened for it, and gives the number of the message. In
    /// another session, where they are no more, it is said to be cancelled.
    ///
    /// # Errors
    /// [`Full`] until something is acknowledged.
    pub fn offer(&mut self, offer: Offer) -> Result<u64, Full> {
        self.push(Message::Offer(offer))
    }

    /// Says what became of an offer, ours or the peer's, in the same way.
    ///
    /// # Errors
    /// [`Full`] until something is acknowledged.
    pub fn tell_outcome(&mut self, id: OfferId, outcome: Outcome) -> Result<u64, Full> {
        self.push(Message::Outcome(id, outcome))
    }

    /// Asks for the hashes of so much of an offer of the peer's. In another session it is not asked
    /// again.
    ///
    /// # Errors
    /// [`Full`] until something is acknowledged.
    pub fn compare(&mut self, id: OfferId, chunks: Chunks) -> Result<u64, Full> {
        self.push(Message::Compare(id, chunks))
    }

    /// Gives the hashes of an offer of ours, in the same way.
    ///
    /// # Errors
    /// [`Full`] until something is acknowledged.
    pub fn tell_hashes(&mut self, id: OfferId, hashes: Vec<u8>) -> Result<u64, Full> {
        self.push(Message::Hashes(id, hashes.into()))
    }

    /// Says of an offer of the peer's that it waits for space on our disk.
    ///
    /// # Errors
    /// [`Full`] until something is acknowledged.
    pub fn tell_paused(&mut self, id: OfferId) -> Result<u64, Full> {
        self.push(Message::Paused(id))
    }
}
