//! A stream of ours, as its sender has it. Its bytes are not kept: the source is read again where
//! another link begins further back.

use std::collections::VecDeque;

use web_time::Instant;

use crate::session::Fault;

#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// Where the receiver was when it was last heard of; `None` before the first time.
    acked: Option<u64>,
    /// As far as anything went out, on any link.
    furthest: u64,
    /// On this link.
    flow: Option<Flow>,
}

/// What goes on on one link, once the receiver has said where it is.
#[derive(Debug)]
struct Flow {
    next: u64,
    limit: u64,
    /// The last piece went out.
    ended: bool,
    /// Where pieces ended, and when they went out.
    sent: VecDeque<(u64, Instant)>,
}

impl Outgoing {
    /// Where the receiver was when it was last heard of.
    pub(super) fn acked(&self) -> u64 {
        self.acked.unwrap_or_default()
    }

    /// The place of the next piece, and how long it may be: `None` where none may go out.
    pub(super) fn next(&self) -> Option<(u64, u64)> {
        let flow = self.flow.as_ref().filter(|flow| !flow.ended)?;
        let room = flow.limit - flow.next;
        (room > 0).then_some((flow.next, room))
    }

    /// Bytes that went out on this link and are not known to be there.
    pub(super) fn on_its_way(&self) -> u64 {
        let next = self.flow.as_ref().map(|flow| flow.next);
        next.map_or(0, |next| next - self.acked())
    }

    /// A piece of this length goes out.
    pub(super) fn sent(&mut self, len: usize, last: bool, now: Instant) {
        if let Some(flow) = &mut self.flow {
            flow.next = flow.next.saturating_add(len as u64);
            flow.ended = last;
            flow.sent.push_back((flow.next, now));
            self.furthest = self.furthest.max(flow.next);
        }
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
