//! Closes: what this end said and the other one has not answered, and what is to be answered.
//!
//! Each close has exactly one answer on a link, and an answer has none, or the two would go on
//! without end. One that comes before ours went out is no answer to it.

use std::collections::BTreeMap;

use super::{STREAMS_MAX, StreamId};
use crate::payload::{Payload, StreamPart};
use crate::session::Fault;

/// So many may be said and not yet answered on a link: all that one end can have open, of both.
pub(super) const UNANSWERED_MAX: usize = 2 * STREAMS_MAX;
/// So many wait for that; an honest peer names no more of its own than it may have open.
const WAITING_MAX: usize = 1024;

#[derive(Default)]
pub(super) struct Closes {
    /// Said by us, or to be said, and not yet answered: whether it was said on this link.
    ours: BTreeMap<StreamId, bool>,
    /// Said by the peer, and to be answered.
    theirs: Vec<StreamId>,
}

impl Closes {
    /// Those of ours that are not yet answered.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = StreamId> {
        self.ours.keys().copied()
    }

    pub(super) fn is_closed_here(&self, id: StreamId) -> bool {
        self.ours.contains_key(&id)
    }

    /// Whether the peer closed it, and was not yet answered.
    pub(super) fn is_to_be_answered(&self, id: StreamId) -> bool {
        self.theirs.contains(&id)
    }

    /// We say no more of it, and wait for the answer.
    pub(super) fn close(&mut self, id: StreamId) {
        if self.ours.len() < WAITING_MAX {
            self.ours.entry(id).or_insert(false);
        }
    }

    /// The peer says no more of it. Says whether that is news.
    pub(super) fn closed(&mut self, id: StreamId) -> Result<bool, Fault> {
        let ours = self.ours.remove(&id);
        if ours == Some(true) {
            return Ok(false);
        }
        if self.theirs.len() >= UNANSWERED_MAX {
            return Err(Fault::Misbehaved("too many closed streams"));
        }
        self.theirs.push(id);
        Ok(ours.is_none())
    }

    /// How many of ours may be said now, beside those that are not answered on this link.
    fn room(&self) -> usize {
        let said = self.ours.values().filter(|said| **said).count();
        UNANSWERED_MAX.saturating_sub(said)
    }

    pub(super) fn is_due(&self) -> bool {
        let unsaid = self.ours.values().any(|said| !said);
        !self.theirs.is_empty() || unsaid && self.room() > 0
    }

    /// Appends what is due.
    pub(super) fn say(&mut self, out: &mut Vec<u8>) {
        let room = self.room();
        let unsaid = self.ours.iter_mut().filter(|(_, said)| !**said);
        let ours = unsaid.take(room).map(|(id, said)| {
            *said = true;
            *id
        });
        for StreamId(number) in ours.chain(self.theirs.drain(..)) {
            Payload::Stream(number, StreamPart::Close).encode(out);
        }
    }

    /// Another link counts: what was not answered is said again there, by either end.
    pub(super) fn restart(&mut self) {
        self.ours.values_mut().for_each(|said| *said = false);
        self.theirs.clear();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.ours.is_empty() && self.theirs.is_empty()
    }
}
