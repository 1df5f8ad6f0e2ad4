//! One message that waits in the outbox.

use crate::files::compare::Chunks;
use crate::files::{Offer, OfferId, Outcome};
use crate::payload::{Body, Payload};

/// Bytes of an encoded message beside its text, at most: five items, and the array's head.
const BESIDE_TEXT: usize = 32;
/// The same of an offer beside its name, with the id and five more numbers.
const BESIDE_NAME: usize = 96;

/// What is said, kept as [`Body`] has it.
pub(in crate::session) enum Message {
    /// Of a person.
    Text {
        /// In milliseconds since 1970.
        sent: u64,
        /// What it says.
        text: Box<str>,
        /// It went out in a session before.
        resent: bool,
    },
    /// Files are offered.
    Offer(Offer),
    /// What became of an offer.
    Outcome(OfferId, Outcome),
    /// The hashes of an offer are asked for.
    Compare(OfferId, Chunks),
    /// They are given.
    Hashes(OfferId, Box<[u8]>),
    /// The receiver of an offer waits for space.
    Paused(OfferId),
}

impl Message {
    /// A message of a person, written at `sent`.
    pub(in crate::session) fn text(sent: u64, text: &str) -> Self {
        Self::Text {
            sent,
            text: text.into(),
            resent: false,
        }
    }

    pub(super) fn encode(&self, seq: u64, out: &mut Vec<u8>) {
        let body = match self {
            Self::Text { sent, text, resent } => Body::Text {
                sent: *sent,
                text,
                resent: *resent,
            },
            Self::Offer(offer) => Body::Offer(offer.map(|name| &**name)),
            Self::Outcome(id, outcome) => Body::Outcome(*id, *outcome),
            Self::Compare(id, chunks) => Body::Compare(*id, *chunks),
            Self::Hashes(id, hashes) => Body::Hashes(*id, hashes),
            Self::Paused(id) => Body::Paused(*id),
        };
        Payload::Reliable { seq, body }.encode(out);
    }

    /// Bytes that it takes, at most.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text { text, .. } => text.len() + BESIDE_TEXT,
            Self::Offer(offer) => offer.name.len() + BESIDE_NAME,
            Self::Hashes(_, hashes) => hashes.len() + BESIDE_NAME,
            Self::Outcome(..) | Self::Compare(..) | Self::Paused(_) => BESIDE_NAME,
        }
    }

    /// The same in another session; `went_out`: it did in this one. The streams of an offer are no
    /// more, nor is what was asked about it, and another message keeps its number.
    pub(super) fn anew(self, went_out: bool) -> Self {
        match self {
            Self::Text { sent, text, resent } => Self::Text {
                sent,
                text,
                resent: resent || went_out,
            },
            Self::Offer(offer) => Self::Outcome(offer.id, Outcome::Cancelled),
            // Nothing is said by no hashes of an offer that is not open, or the other end's.
            Self::Compare(id, _) | Self::Hashes(id, _) => Self::Hashes(id, Box::default()),
            Self::Outcome(..) | Self::Paused(_) => self,
        }
    }
}

#[cfg(test)]
pub(super) fn offer(id: u8) -> Offer {
    Offer {
        id: OfferId([id; 32]),
        list: 1,
        data: 3,
        name: "a".into(),
        count: 1,
        size: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_takes_more_than_it_is_counted_for() {
        for text in ["", "a", &"x".repeat(crate::payload::TEXT_MAX)] {
            let said = Message::Text {
                sent: u64::MAX,
                text: text.into(),
                resent: true,
            };
            let offer = Offer {
                name: text.into(),
                list: u64::MAX,
                data: u64::MAX,
                count: u64::MAX,
                size: Some(u64::MAX),
                ..offer(1)
            };
            let outcome = Message::Outcome(offer.id, Outcome::Failed);
            let (kept, len) = (u64::MAX, u64::MAX);
            let compare = Message::Compare(offer.id, Chunks { kept, len });
            let hashes = Message::Hashes(offer.id, text.as_bytes().into());
            let paused = Message::Paused(offer.id);
            let offer = Message::Offer(offer);
            for message in [said, offer, outcome, compare, hashes, paused] {
                let mut out = Vec::new();
                message.encode(u64::MAX, &mut out);
                assert!(out.len() <= message.len(), "{}", out.len());
            }
        }
    }
}
