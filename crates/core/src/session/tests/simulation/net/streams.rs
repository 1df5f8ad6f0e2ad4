//! Streams between the two: opened, accepted, read and closed whenever it suits either.

use super::*;
use crate::session::streams::StreamId;

/// One stream, until both ends have forgotten it.
pub(super) struct Flow {
    id: StreamId,
    size: u64,
    accepted: bool,
    /// The receiver has everything before this.
    upto: u64,
    /// The last piece is there.
    ended: bool,
    /// Somebody closed it before its end.
    early: bool,
}

/// What stands at a place of a stream.
fn byte(stream: StreamId, offset: u64) -> u8 {
    (offset.wrapping_mul(7) + offset / 251 + stream.0) as u8
}

impl Net {
    pub(super) fn open(&mut self, role: Role, size: u32) {
        if let Ok(id) = self.sessions[at(role)].open_stream() {
            self.flows[at(role)].push(Flow {
                id,
                size: u64::from(size),
                accepted: false,
                upto: 0,
                ended: false,
                early: false,
            });
        }
    }

    /// The peer's first stream that waits for it, if this end would hear of it by a message of its
    /// session.
    pub(super) fn accept(&mut self, role: Role) {
        if self.widowed.is_some() {
            return;
        }
        let now = self.now;
        if let Some(late) = self.late[at(role.other())].pop() {
            let _ = self.sessions[at(role)].accept(late, 0, now);
            return;
        }
        let waits = |flow: &&mut Flow| !flow.accepted && !flow.early;
        if let Some(flow) = self.flows[at(role.other())].iter_mut().find(waits)
            && self.sessions[at(role)].accept(flow.id, 0, now).is_ok()
        {
            flow.accepted = true;
        }
    }

    pub(super) fn accept_all(&mut self) {
        for role in ROLES {
            for _ in 0..self.flows[at(role.other())].len() {
                self.accept(role);
            }
        }
    }

    /// One of either end's, early.
    pub(super) fn close_stream(&mut self, role: Role) {
        for sender in [role, role.other()] {
            // Its sender may not know yet that the other end has.
            let may = |flow: &&mut Flow| {
                let by_reader = flow.accepted && !flow.early;
                flow.upto < flow.size && (by_reader || sender == role)
            };
            let Some(flow) = self.flows[at(sender)].iter_mut().find(may) else {
                continue;
            };
            flow.early = true;
            let (id, accepted) = (flow.id, flow.accepted);
            self.sessions[at(role)].close_stream(id);
            if sender == role {
                self.flows[at(role)].retain(|flow| flow.id != id);
                self.late[at(role)].extend((!accepted).then_some(id));
            }
            return;
        }
    }

    /// The sources are read.
    pub(super) fn supply(&mut self, role: Role) {
        for wanted in self.sessions[at(role)].wanted() {
            let mut flows = self.flows[at(role)].iter();
            let flow = flows.find(|flow| flow.id == wanted.stream).unwrap();
            let end = flow.size.min(wanted.offset + wanted.len as u64);
            let bytes = (wanted.offset..end).map(|offset| byte(flow.id, offset));
            let (bytes, last) = (bytes.collect::<Vec<_>>(), end == flow.size);
            assert!(self.sessions[at(role)].supply(wanted, &bytes, last));
        }
    }

    /// A piece comes behind the one before, and is what its sender has there. Its reader closes the
    /// stream once it has all of it.
    pub(super) fn read(&mut self, role: Role, id: StreamId, offset: u64, bytes: &[u8], last: bool) {
        let mut flows = self.flows[at(role.other())].iter_mut();
        let Some(flow) = flows.find(|flow| flow.id == id) else {
            return;
        };
        assert_eq!(offset, flow.upto, "nothing twice, nothing left out");
        let here = bytes.iter().zip(offset..);
        here.for_each(|(found, at)| assert_eq!(*found, byte(id, at)));
        flow.upto += bytes.len() as u64;
        assert_eq!(last, flow.upto == flow.size);
        let upto = flow.upto;
        self.sessions[at(role)].took(id, upto, self.now);
        // Some readers take a while to check what they have.
        flow.ended = last;
        if last && flow.size % 2 == 0 {
            self.sessions[at(role)].close_stream(id);
        }
    }

    /// Readers close what is there.
    pub(super) fn close_ended(&mut self) {
        for role in ROLES {
            for flow in self.flows[at(role.other())]
                .iter()
                .filter(|flow| flow.ended)
            {
                self.sessions[at(role)].close_stream(flow.id);
            }
        }
    }

    /// The other end closed it: early, or because it has all of it. Its sender forgets it.
    pub(super) fn closed(&mut self, role: Role, id: StreamId) {
        self.flows[at(role)].retain(|flow| {
            let is_it = flow.id == id;
            assert!(!is_it || flow.early || flow.upto == flow.size);
            !is_it
        });
    }
}
