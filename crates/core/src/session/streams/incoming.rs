//! A stream of the peer's, as its receiver has it.

use std::time::Duration;

use crate::time::Instant;

use super::{CREDIT, window};
use crate::payload::StreamPart;
use crate::session::Fault;

/// That bytes arrived is said within this time …
const WITHIN: Duration = Duration::from_millis(10);
/// … or at once for so many: who has no more on the way than the least window waits for it.
const AT_ONCE: u64 = window::MIN / 2;

#[derive(Debug)]
pub(super) struct Incoming {
    /// Everything before this is here …
    received: u64,
    /// … and before this, taken by whoever wants it.
    taken: u64,
    /// The last piece is here.
    ended: bool,
    /// What was said on this link: `received`, and the limit.
    said: Option<(u64, u64)>,
    due: Option<Instant>,
}

impl Incoming {
    pub(super) fn new(from: u64, now: Instant) -> Self {
        Self {
            received: from,
            taken: from,
            ended: false,
            said: None,
            due: Some(now),
        }
    }

    /// A piece came in.
    pub(super) fn receive(
        &mut self,
        offset: u64,
        bytes: &[u8],
        last: bool,
        now: Instant,
    ) -> Result<(), Fault> {
        let end = offset.saturating_add(bytes.len() as u64);
        let Some((said, limit)) = self.said.filter(|_| !self.ended) else {
            return Err(Fault::Misbehaved("bytes that nobody gave credit for"));
        };
        if offset != self.received || end > limit {
            return Err(Fault::Misbehaved("bytes at a wrong place in a stream"));
        }
        (self.received, self.ended) = (end, last);
        let by = match end - said >= AT_ONCE || last {
            true => now,
            false => now + WITHIN,
        };
        self.say_by(by);
        Ok(())
    }

    /// Everything before `upto` is taken: more may come.
    pub(super) fn take(&mut self, upto: u64, now: Instant) {
        self.taken = self.taken.max(upto.min(self.received));
        let limit = self.taken.saturating_add(CREDIT);
        if let Some((_, said)) = self.said
            && !self.ended
            && limit.saturating_sub(said) >= CREDIT / 4
        {
            self.say_by(now);
        }
    }

    fn say_by(&mut self, by: Instant) {
        self.due = Some(self.due.map_or(by, |due| due.min(by)));
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What is said of it with the record that goes out now.
    pub(super) fn credit(&mut self) -> Option<StreamPart<'static>> {
        self.due.take()?;
        let offset = self.received;
        // Behind the last piece, which another link does not know of, nothing comes.
        let limit = match self.ended {
            true => offset,
            false => self.taken.saturating_add(CREDIT),
        };
        self.said = Some((offset, limit));
        Some(StreamPart::Credit { offset, limit })
    }

    /// Another link counts: there the sender has yet to hear where we are.
    pub(super) fn restart(&mut self, now: Instant) {
        self.said = None;
        self.due = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_least_on_the_way_is_told_at_once_whatever_its_pieces_are() {
        // A window is full once no further piece fits; a piece is at most a fourth of it.
        for piece in [1, 1000, window::MIN / 5, window::MIN / 4] {
            let now = Instant::now();
            let mut stream = Incoming::new(0, now);
            stream.credit().unwrap();
            let mut offset = 0;
            while offset + piece <= window::MIN {
                let bytes = vec![0; usize::try_from(piece).unwrap()];
                stream.receive(offset, &bytes, false, now).unwrap();
                offset += piece;
            }
            assert_eq!(stream.due(), Some(now), "pieces of {piece}");
        }
    }
}
