//! The streams of both directions: which are open, what is said of them, whose turn it is.

use std::collections::BTreeMap;

use crate::time::Instant;

use super::closes::Closes;
use super::incoming::Incoming;
use super::outgoing::Outgoing;
use super::window::Window;
use super::{PIECE_MAX, STREAMS_MAX, StreamId, TooMany, WANTED_MAX, Wanted};
use crate::pairing::Role;
use crate::payload::{Payload, StreamPart};
use crate::session::{Event, Fault};

/// Bytes of an encoded piece beside its own, at most: five items, and the array's head.
const BESIDE_BYTES: usize = 32;

/// The streams of both directions.
pub(in crate::session) struct Streams {
    role: Role,
    /// The number of the next one of ours.
    next: StreamId,
    outgoing: BTreeMap<StreamId, Outgoing>,
    incoming: BTreeMap<StreamId, Incoming>,
    closes: Closes,
    /// Whose piece went out last: the next one is another's.
    turn: StreamId,
    window: Window,
    /// How often more of ours was there.
    advances: u64,
}

impl Streams {
    pub(in crate::session) fn new(role: Role) -> Self {
        Self {
            role,
            next: StreamId(if role == Role::Host { 1 } else { 2 }),
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            closes: Closes::default(),
            turn: StreamId(0),
            window: Window::default(),
            advances: 0,
        }
    }

    pub(in crate::session) fn is_ours(&self, StreamId(number): StreamId) -> bool {
        (number % 2 == 1) == (self.role == Role::Host)
    }

    /// Bytes that went out on this link and are not known to be there.
    pub(in crate::session) fn on_its_way(&self) -> u64 {
        self.outgoing.values().map(Outgoing::on_its_way).sum()
    }

    pub(in crate::session) fn advances(&self) -> u64 {
        self.advances
    }

    pub(in crate::session) fn open(&mut self) -> Result<StreamId, TooMany> {
        // Closed by one end alone, one still counts.
        let closing = self.closes.unanswered().filter(|id| self.is_ours(*id));
        if self.outgoing.len() + closing.count() >= STREAMS_MAX {
            return Err(TooMany);
        }
        let id = self.next;
        self.next = StreamId(id.0 + 2);
        self.outgoing.insert(id, Outgoing::default());
        Ok(id)
    }

    /// Gives the event that comes of it.
    pub(in crate::session) fn accept(
        &mut self,
        id: StreamId,
        from: u64,
        now: Instant,
    ) -> Result<Option<Event>, TooMany> {
        if self.closes.is_to_be_answered(id) {
            return Ok(Some(Event::Closed(id)));
        }
        let is_new = !self.incoming.contains_key(&id) && !self.closes.is_closed_here(id);
        if self.is_ours(id) || !is_new {
            return Ok(None);
        }
        if self.incoming.len() >= STREAMS_MAX {
            return Err(TooMany);
        }
        self.incoming.insert(id, Incoming::new(from, now));
        Ok(None)
    }

    pub(in crate::session) fn supply(&mut self, wanted: Wanted, bytes: &[u8], last: bool) -> bool {
        let Wanted {
            stream,
            offset,
            len,
        } = wanted;
        let Some(stream) = self.outgoing.get_mut(&stream) else {
            return false;
        };
        let is_next = |(at, room)| at == offset && len as u64 <= room;
        let fits = bytes.len() <= len && (last || !bytes.is_empty());
        let taken = fits && stream.wanted().is_some_and(is_next);
        if taken {
            stream.supply(bytes, last);
        }
        taken
    }

    pub(in crate::session) fn took(&mut self, id: StreamId, upto: u64, now: Instant) {
        if let Some(stream) = self.incoming.get_mut(&id) {
            stream.take(upto, now);
        }
    }

    pub(in crate::session) fn close(&mut self, id: StreamId) {
        let is_known = self.is_ours(id) || self.closes.is_to_be_answered(id);
        if self.forget(id) || !is_known {
            self.closes.close(id);
        }
    }

    pub(in crate::session) fn acknowledged(&self, id: StreamId) -> Option<u64> {
        self.outgoing.get(&id).map(Outgoing::acked)
    }

    /// Those of this end, as their turns come.
    fn in_turn(&self) -> impl Iterator<Item = (StreamId, &Outgoing)> {
        let behind = self.outgoing.iter().filter(|(id, _)| **id > self.turn);
        let turns = behind.chain(self.outgoing.range(..=self.turn));
        turns.map(|(id, stream)| (*id, stream))
    }

    pub(in crate::session) fn wanted(&self) -> impl Iterator<Item = Wanted> {
        self.in_turn().filter_map(|(stream, outgoing)| {
            let (offset, room) = outgoing.wanted()?;
            Some(Wanted {
                stream,
                offset,
                len: usize::try_from(room).map_or(WANTED_MAX, |room| room.min(WANTED_MAX)),
            })
        })
    }

    /// The next piece that may go out, and its length.
    fn next_piece(&mut self) -> Option<(StreamId, usize)> {
        let most = usize::try_from(self.window.piece()).unwrap_or(PIECE_MAX);
        let waiting = |(id, stream): (_, &Outgoing)| Some((id, stream.waiting()?));
        let (id, waiting) = self.in_turn().find_map(waiting)?;
        // All about as long, so that none is a crumb.
        let pieces = waiting.div_ceil(most.min(PIECE_MAX)).max(1);
        let (len, on_its_way) = (waiting.div_ceil(pieces), self.on_its_way());
        let fits = self.window.fits(len as u64, on_its_way);
        fits.then_some((id, len))
    }

    pub(in crate::session) fn has_piece(&mut self) -> bool {
        self.next_piece().is_some()
    }

    /// Whether a record is to go out for what is said of streams.
    pub(in crate::session) fn is_due(&self, now: Instant) -> bool {
        self.closes.is_due() || self.deadline().is_some_and(|due| due <= now)
    }

    /// When that is.
    pub(in crate::session) fn deadline(&self) -> Option<Instant> {
        self.incoming.values().filter_map(Incoming::due).min()
    }

    /// Appends the credit that is due.
    pub(in crate::session) fn say_credit(&mut self, out: &mut Vec<u8>) {
        for (StreamId(number), stream) in &mut self.incoming {
            if let Some(credit) = stream.credit() {
                Payload::Stream(*number, credit).encode(out);
            }
        }
    }

    /// Appends the closes that are due: behind all messages, for one of them may say why.
    pub(in crate::session) fn say_closes(&mut self, out: &mut Vec<u8>) {
        self.closes.say(out);
    }

    /// Appends the next piece, if there is room for it; says whether it did.
    pub(in crate::session) fn fill(
        &mut self,
        out: &mut Vec<u8>,
        room: usize,
        now: Instant,
    ) -> bool {
        let fits = |(_, len): &(_, usize)| len + BESIDE_BYTES <= room;
        let Some((id, len)) = self.next_piece().filter(fits) else {
            return false;
        };
        if let Some(stream) = self.outgoing.get_mut(&id) {
            stream.send(len, now, |part| Payload::Stream(id.0, part).encode(out));
        }
        self.turn = id;
        true
    }

    /// Something is said of a stream. Gives the event that comes of it.
    pub(in crate::session) fn take(
        &mut self,
        id: StreamId,
        part: StreamPart<'_>,
        now: Instant,
    ) -> Result<Option<Event>, Fault> {
        if id == StreamId(0) || self.is_ours(id) && id >= self.next {
            return Err(Fault::Misbehaved("a stream that was never opened"));
        }
        match part {
            StreamPart::Close => return self.closed(id),
            // It crossed our close.
            _ if self.closes.is_closed_here(id) => {}
            StreamPart::Piece {
                offset,
                bytes,
                last,
            } => {
                let Some(stream) = self.incoming.get_mut(&id) else {
                    return Err(Fault::Misbehaved("bytes that nobody gave credit for"));
                };
                stream.receive(offset, bytes, last, now)?;
                return Ok(Some(Event::Piece {
                    stream: id,
                    offset,
                    bytes: bytes.to_vec(),
                    last,
                }));
            }
            StreamPart::Credit { offset, limit } => {
                if let Some(stream) = self.outgoing.get_mut(&id) {
                    if let Some(sent) = stream.credit(offset, limit)? {
                        self.window.arrived(sent, now);
                        self.advances += 1;
                    }
                } else if self.is_ours(id) {
                    // Whoever reads of it late accepts what both have closed.
                    self.closes.close(id);
                } else {
                    return Err(Fault::Misbehaved("credit for no stream"));
                }
            }
        }
        Ok(None)
    }

    fn closed(&mut self, id: StreamId) -> Result<Option<Event>, Fault> {
        // One of the peer's own is news before it was accepted, too: what it was for is withdrawn.
        let is_closed = self.closes.closed(id)?;
        let news = is_closed && (self.forget(id) || !self.is_ours(id));
        Ok(news.then_some(Event::Closed(id)))
    }

    fn forget(&mut self, id: StreamId) -> bool {
        self.outgoing.remove(&id).is_some() || self.incoming.remove(&id).is_some()
    }

    /// Another link counts.
    pub(in crate::session) fn restart(&mut self, now: Instant) {
        self.outgoing.values_mut().for_each(Outgoing::restart);
        self.incoming
            .values_mut()
            .for_each(|stream| stream.restart(now));
        self.closes.restart();
        self.window = Window::default();
    }

    /// How many closes of ours are not answered.
    #[cfg(test)]
    pub(in crate::session) fn closing(&self) -> usize {
        self.closes.unanswered().count()
    }

    /// Whether there is no stream, and nothing to be said of one.
    #[cfg(test)]
    pub(in crate::session) fn is_idle(&self) -> bool {
        self.outgoing.is_empty() && self.incoming.is_empty() && self.closes.is_empty()
    }

    /// The session is at its end, and so are its streams.
    pub(in crate::session) fn ended(self) -> impl Iterator<Item = Event> {
        let ids = self.outgoing.into_keys().chain(self.incoming.into_keys());
        ids.map(Event::Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_piece_takes_more_than_it_is_counted_for() {
        let part = StreamPart::Piece {
            offset: u64::MAX - PIECE_MAX as u64,
            bytes: &[0; PIECE_MAX],
            last: true,
        };
        let mut out = Vec::new();
        Payload::Stream(u64::MAX, part).encode(&mut out);
        assert!(out.len() <= PIECE_MAX + BESIDE_BYTES, "{}", out.len());
    }
}
