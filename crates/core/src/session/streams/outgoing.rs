//! A stream of ours, as its sender has it. Its bytes are not kept: the source is read again where
//! another link begins further back.

use std::collections::VecDeque;

use crate::time::Instant;

use crate::payload::StreamPart;
use crate::session::Fault;

#[derive(Default)]
pub(super) struct Outgoing {
    /// Where the receiver was when it was last heard of; `None` before the first time.
    acked: Option<u64>,
    /// As far as anything went out, on any link.
    furthest: u64,
    /// On this link.
    flow: Option<Flow>,
    /// What was read of the source last, from where it was wanted on: one buffer for all of it.
    supplied: Vec<u8>,
}

/// What goes on on one link, once the receiver has said where it is.
struct Flow {
    next: u64,
    limit: u64,
    /// What comes from `next` on, as far as the source was read.
    waiting: Option<Waiting>,
    /// The last piece went out.
    ended: bool,
    /// Where pieces ended, and when they went out.
    sent: VecDeque<(u64, Instant)>,
}

/// What was read of the source goes out piece by piece.
#[derive(Clone, Copy)]
struct Waiting {
    /// How many of its bytes went out.
    sent: usize,
    last: bool,
}

impl Outgoing {
    /// Where the receiver was when it was last heard of.
    pub(super) fn acked(&self) -> u64 {
        self.acked.unwrap_or_default()
    }

    /// From where the source is to be read, and how many bytes may go out: `None` where none may, or
    /// what was read waits.
    pub(super) fn wanted(&self) -> Option<(u64, u64)> {
        let is_open = |flow: &&Flow| !flow.ended && flow.waiting.is_none();
        let flow = self.flow.as_ref().filter(is_open)?;
        let room = flow.limit - flow.next;
        (room > 0).then_some((flow.next, room))
    }

    /// The source was read where it was wanted.
    pub(super) fn supply(&mut self, bytes: &[u8], last: bool) {
        if let Some(flow) = &mut self.flow {
            self.supplied.clear();
            self.supplied.extend_from_slice(bytes);
            flow.waiting = Some(Waiting { sent: 0, last });
        }
    }

    /// How many bytes wait; those of the last piece may be none.
    pub(super) fn waiting(&self) -> Option<usize> {
        let waiting = self.flow.as_ref()?.waiting?;
        Some(self.supplied.len() - waiting.sent)
    }

    /// Bytes that went out on this link and are not known to be there.
    pub(super) fn on_its_way(&self) -> u64 {
        let next = self.flow.as_ref().map(|flow| flow.next);
        next.map_or(0, |next| next - self.acked())
    }

    /// A piece of this length, of what waits, goes out as `send` has it.
    pub(super) fn send(&mut self, len: usize, now: Instant, send: impl FnOnce(StreamPart<'_>)) {
        let Some(flow) = &mut self.flow else { return };
        let Some(mut waiting) = flow.waiting.take() else {
            return;
        };
        let (_, left) = self.supplied.split_at(waiting.sent);
        let (bytes, rest) = left.split_at(len.min(left.len()));
        let last = waiting.last && rest.is_empty();
        send(StreamPart::Piece {
            offset: flow.next,
            bytes,
            last,
        });
        waiting.sent += bytes.len();
        flow.next = flow.next.saturating_add(bytes.len() as u64);
        flow.waiting = (!rest.is_empty()).then_some(waiting);
        flow.ended = last;
        flow.sent.push_back((flow.next, now));
        self.furthest = self.furthest.max(flow.next);
    }

    /// The receiver has everything before `offset`, and takes what comes before `limit`. Gives the
    /// time when the last of what has newly arrived was sent.
    pub(super) fn credit(&mut self, offset: u64, limit: u64) -> Result<Option<Instant>, Fault> {
        let first = self.acked.is_none();
        let sent = self.flow.as_ref().map_or(self.furthest, |flow| flow.next);
        if !first && !(self.acked()..=sent).contains(&offset) {
            return Err(Fault::Misbehaved("an impossible place in a stream"));
        }
        self.acked = Some(offset);
        self.furthest = self.furthest.max(offset);
        let Some(flow) = &mut self.flow else {
            self.flow = Some(Flow {
                next: offset,
                limit,
                waiting: None,
                ended: false,
                sent: VecDeque::new(),
            });
            return Ok(None);
        };
        flow.limit = flow.limit.max(limit);
        let mut newest = None;
        while let Some((_, at)) = flow.sent.front().filter(|(end, _)| *end <= offset) {
            newest = Some(*at);
            flow.sent.pop_front();
        }
        Ok(newest)
    }

    /// Another link counts: there the receiver is yet to say where it is.
    pub(super) fn restart(&mut self) {
        self.flow = None;
    }
}
