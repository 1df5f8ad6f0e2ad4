//! What was said and is not yet acknowledged: numbered, kept until the peer has it, sent again
//! after a link was lost. It is kept as it was said, and encoded when it goes out: another session
//! numbers it anew, and its peer may understand more or less. Bounded: who fills it waits.

use std::collections::VecDeque;
use std::fmt;

pub(super) use message::Message;

mod message;

/// The most payloads that wait for an acknowledgement.
pub const MESSAGES_MAX: usize = 1024;
/// The most bytes that wait for an acknowledgement.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;

/// The outbox has no room until something is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much is waiting to be delivered")]
pub struct Full;

/// An acknowledgement of what was never sent, or of less than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an impossible acknowledgement")]
pub struct ImpossibleAck;

/// The unacknowledged payloads `acked + 1 ..= acked + queue.len()`, of which the
/// first `sent` went out on the present link.
#[derive(Default)]
pub struct Outbox {
    queue: VecDeque<Message>,
    bytes: usize,
    acked: u64,
    sent: usize,
    /// The last number that went out on any link.
    furthest: u64,
}

impl fmt::Debug for Outbox {
    /// How much waits, and nothing of what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("waiting", &self.waiting())
            .field("acked", &self.acked)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

impl Outbox {
    /// Whether another message of the longest kind fits.
    pub fn has_room(&self) -> bool {
        self.queue.len() < MESSAGES_MAX && self.bytes < BYTES_MAX
    }

    /// How many payloads wait for an acknowledgement.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// The last number given out.
    fn last(&self) -> u64 {
        self.acked + self.queue.len() as u64
    }

    /// The last number that the peer acknowledged.
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Numbers and keeps a message.
    ///
    /// # Errors
    /// [`Full`] at the bound; nothing is kept then.
    pub(super) fn push(&mut self, message: Message) -> Result<u64, Full> {
        if !self.has_room() {
            return Err(Full);
        }
        self.append(message);
        Ok(self.last())
    }

    fn append(&mut self, message: Message) {
        self.bytes += message.len();
        self.queue.push_back(message);
    }

    /// What another session goes on with: everything that is not acknowledged, numbered from 1.
    /// What went out may have arrived, and is marked.
    pub fn anew(self) -> Self {
        let mut anew = Self::default();
        let numbers = self.acked + 1..;
        for (seq, message) in numbers.zip(self.queue) {
            anew.append(message.anew(seq <= self.furthest));
        }
        anew
    }

    /// Whether something has not gone out on the present link.
    pub fn has_unsent(&self) -> bool {
        self.sent < self.queue.len()
    }

    /// Whether something that went out on the present link is not acknowledged.
    pub fn has_sent(&self) -> bool {
        self.sent > 0
    }

    /// Bytes of what went out on the present link, or the last one, and is not acknowledged.
    pub fn sent_bytes(&self) -> usize {
        self.queue.iter().take(self.sent).map(Message::len).sum()
    }

    /// Moves what is unsent into `out`, as long as it stays within `limit` bytes.
    pub fn fill(&mut self, out: &mut Vec<u8>, limit: usize) {
        let start = out.len();
        for message in self.queue.iter().skip(self.sent) {
            if out.len() - start + message.len() > limit {
                break;
            }
            self.sent += 1;
            message.encode(self.acked + self.sent as u64, out);
        }
        self.furthest = self.furthest.max(self.acked + self.sent as u64);
    }

    /// Forgets everything up to `received`; says whether that was news.
    ///
    /// # Errors
    /// [`ImpossibleAck`] beyond what went out, or below what was acknowledged.
    pub fn acknowledge(&mut self, received: u64) -> Result<bool, ImpossibleAck> {
        if received < self.acked || received > self.furthest {
            return Err(ImpossibleAck);
        }
        let news = usize::try_from(received - self.acked).map_err(|_| ImpossibleAck)?;
        let freed: usize = self.queue.drain(..news).map(|message| message.len()).sum();
        self.bytes -= freed;
        self.sent = self.sent.saturating_sub(news);
        self.acked = received;
        Ok(news > 0)
    }

    /// A new link begins: what is not acknowledged goes out again.
    pub fn restart(&mut self) {
        self.sent = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::message::offer;
    use super::*;
    use crate::files::compare::Chunks;
    use crate::files::{OfferId, Outcome};
    use crate::payload::{Body, Payload, decode};

    fn text(text: &str) -> Message {
        Message::text(0, text)
    }

    fn sent(outbox: &mut Outbox) -> usize {
        let mut out = Vec::new();
        outbox.fill(&mut out, usize::MAX);
        decode(&out).count()
    }

    #[test]
    fn what_is_not_acknowledged_goes_out_again_on_the_next_link() {
        let mut outbox = Outbox::default();
        for word in ["a", "b", "c"] {
            outbox.push(text(word)).unwrap();
        }
        assert_eq!(sent(&mut outbox), 3);
        assert!(!outbox.has_unsent());
        assert_eq!(outbox.acknowledge(1), Ok(true));
        outbox.restart();
        assert_eq!(sent(&mut outbox), 2);
        assert_eq!(outbox.acknowledge(3), Ok(true));
        assert_eq!(outbox.acknowledge(3), Ok(false));
        assert_eq!(outbox.waiting(), 0);
    }

    #[test]
    fn another_session_goes_on_with_what_is_not_acknowledged_and_marks_what_went_out() {
        let mut outbox = Outbox::default();
        for word in ["a", "b"] {
            outbox.push(text(word)).unwrap();
        }
        sent(&mut outbox);
        outbox.acknowledge(1).unwrap();
        outbox.restart();
        outbox.push(text("c")).unwrap();
        let mut marks = vec![("b", true), ("c", false)];
        for _ in 0..2 {
            let mut out = Vec::new();
            outbox = outbox.anew();
            outbox.fill(&mut out, usize::MAX);
            let expected = marks.iter().zip(1..).map(|(&(text, resent), seq)| {
                let body = Body::Text {
                    sent: 0,
                    text,
                    resent,
                };
                Ok(Payload::Reliable { seq, body })
            });
            assert!(decode(&out).eq(expected));
            // Now all of it went out, unacknowledged.
            marks = vec![("b", true), ("c", true)];
        }
    }

    #[test]
    fn in_another_session_an_offer_is_cancelled_and_holds_its_number() {
        let mut outbox = Outbox::default();
        outbox.push(Message::Offer(offer(1))).unwrap();
        outbox.push(text("a")).unwrap();
        sent(&mut outbox);
        outbox.push(Message::Offer(offer(2))).unwrap();
        let id = OfferId([3; 32]);
        outbox
            .push(Message::Outcome(id, Outcome::Received))
            .unwrap();
        let chunks = Chunks::of(1);
        outbox.push(Message::Compare(id, chunks)).unwrap();
        let hashes = Message::Hashes(id, [7; 32].into());
        outbox.push(hashes).unwrap();
        let mut anew = outbox.anew();
        let mut out = Vec::new();
        anew.fill(&mut out, usize::MAX);
        let outcome = |id, outcome| Body::Outcome(OfferId([id; 32]), outcome);
        let resent = Body::Text {
            sent: 0,
            text: "a",
            resent: true,
        };
        let bodies = [
            outcome(1, Outcome::Cancelled),
            resent,
            outcome(2, Outcome::Cancelled),
            outcome(3, Outcome::Received),
            Body::Hashes(id, &[]),
            Body::Hashes(id, &[]),
        ];
        let expected = (1..).zip(bodies);
        let expected = expected.map(|(seq, body)| Ok(Payload::Reliable { seq, body }));
        assert!(decode(&out).eq(expected));
        assert_eq!(anew.acknowledge(6), Ok(true));
        assert_eq!((anew.waiting(), anew.bytes), (0, 0));
    }

    #[test]
    fn a_full_outbox_is_carried_over_whole() {
        let long = "x".repeat(crate::payload::TEXT_MAX);
        let mut outbox = Outbox::default();
        while outbox.push(text(&long)).is_ok() {}
        sent(&mut outbox);
        let waiting = outbox.waiting();
        assert_eq!(outbox.anew().waiting(), waiting);
    }

    #[test]
    fn acknowledging_what_was_not_sent_or_less_than_before_is_impossible() {
        let mut outbox = Outbox::default();
        outbox.push(text("a")).unwrap();
        assert_eq!(outbox.acknowledge(1), Err(ImpossibleAck));
        assert_eq!(sent(&mut outbox), 1);
        assert_eq!(outbox.acknowledge(2), Err(ImpossibleAck));
        assert_eq!(outbox.acknowledge(u64::MAX), Err(ImpossibleAck));
        assert_eq!(outbox.acknowledge(1), Ok(true));
        assert_eq!(outbox.acknowledge(0), Err(ImpossibleAck));
    }

    #[test]
    fn a_full_outbox_takes_nothing_until_something_is_acknowledged() {
        let mut outbox = Outbox::default();
        for _ in 0..MESSAGES_MAX {
            outbox.push(text("x")).unwrap();
        }
        assert_eq!(outbox.push(text("x")), Err(Full));
        sent(&mut outbox);
        outbox.acknowledge(1).unwrap();
        assert_eq!(outbox.push(text("x")), Ok(MESSAGES_MAX as u64 + 1));

        let long = "x".repeat(crate::payload::TEXT_MAX);
        let mut outbox = Outbox::default();
        while outbox.push(text(&long)).is_ok() {}
        assert!(outbox.waiting() < MESSAGES_MAX && outbox.bytes < BYTES_MAX + 2 * long.len());
    }
}
