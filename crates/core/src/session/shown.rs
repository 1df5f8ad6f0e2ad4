//! What becomes of a message that arrived: it is told, shown, and only then acknowledged; while the
//! chat is blocked it is held back.

use crate::time::Instant;

use super::outbox;
use super::streams::StreamId;
use super::{Event, Fault, Session};
use crate::files::Offer;
use crate::payload::Body;

impl Session {
    /// Blocks the chat: what arrives is neither shown nor acknowledged.
    pub fn block(&mut self) {
        self.blocked = true;
    }

    /// Unblocks the chat and shows what was held back.
    pub fn unblock(&mut self, now: Instant) {
        self.blocked = false;
        if !self.held.is_empty()
            && let Some(live) = &mut self.live
        {
            live.owe_ack(now);
        }
        for event in std::mem::take(&mut self.held).into_iter().flatten() {
            self.tell(event);
        }
        self.held_bytes = 0;
    }

    /// The message of this number, and those before it, were shown, or written where they stay:
    /// only now are they acknowledged. A session before this one acknowledges nothing any more.
    pub fn shown(&mut self, seq: u64, now: Instant) {
        let seq = seq.saturating_sub(self.before.shown).min(self.told);
        if seq <= self.shown {
            return;
        }
        self.shown = seq;
        if let Some(live) = &mut self.live {
            live.acknowledge_what_waited(now);
        }
    }

    /// Takes the next reliable payload.
    pub(super) fn keep(&mut self, seq: u64, body: Body<'_>) -> Result<(), Fault> {
        let number = self.before.shown + seq;
        let event = match body {
            Body::Text { sent, text, resent } => Some(Event::Text {
                seq: number,
                sent,
                text: text.to_owned(),
                resent,
            }),
            Body::Offer(Offer { list, data, .. })
                if [list, data]
                    .iter()
                    .any(|id| self.streams.is_ours(StreamId(*id))) =>
            {
                return Err(Fault::Misbehaved(
                    "an offer of streams that are not its own",
                ));
            }
            Body::Offer(offer) => Some(Event::Offer {
                seq: number,
                offer: offer.map(|name| (*name).into()),
            }),
            Body::Outcome(id, outcome) => Some(Event::Outcome {
                seq: number,
                id,
                outcome,
            }),
            Body::Compare(id, chunks) => Some(Event::Compare {
                seq: number,
                id,
                chunks,
            }),
            Body::Hashes(id, hashes) => Some(Event::Hashes {
                seq: number,
                id,
                hashes: hashes.into(),
            }),
            Body::Paused(id) => Some(Event::Paused { seq: number, id }),
            Body::Unknown => None,
        };
        self.received = seq;
        let too_many = Fault::Misbehaved("more messages than may be unacknowledged");
        if !self.blocked {
            // Told and not shown, as on a page that is hidden: they wait where we do not see them.
            if self.told.saturating_sub(self.shown) >= outbox::MESSAGES_MAX as u64 {
                return Err(too_many);
            }
            event.into_iter().for_each(|event| self.tell(event));
        } else if self.held.len() < outbox::MESSAGES_MAX && self.held_bytes < outbox::BYTES_MAX {
            self.held_bytes += match body {
                Body::Text { text, .. } => text.len(),
                Body::Offer(offer) => offer.name.len(),
                Body::Hashes(_, hashes) => hashes.len(),
                Body::Outcome(..) | Body::Compare(..) | Body::Paused(_) | Body::Unknown => 0,
            };
            self.held.push_back(event);
        } else {
            return Err(too_many);
        }
        Ok(())
    }

    /// A message to be shown, which is told behind what was told before.
    fn tell(&mut self, event: Event) {
        if let Some(seq) = event.seq() {
            let seq = seq - self.before.shown;
            if self.shown >= self.told {
                self.shown = seq - 1;
            }
            self.told = seq;
        }
        self.events.push_back(event);
    }

    /// The last number that we acknowledge: what is held back does not count, nor what is yet to be
    /// shown.
    pub(super) fn reported(&self) -> u64 {
        match self.is_unshown() {
            true => self.shown,
            false => self.arrived(),
        }
    }

    /// Whether something is yet to be shown.
    pub(super) fn is_unshown(&self) -> bool {
        self.shown < self.told
    }

    /// How many of the peer's payloads are ours to show: while the chat is blocked, those from
    /// before.
    pub(super) fn arrived(&self) -> u64 {
        self.received - self.held.len() as u64
    }
}
