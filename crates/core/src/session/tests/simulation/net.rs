//! The network between two sessions, and their drivers.

mod crash;
mod quiet;
mod streams;

use std::collections::VecDeque;

use super::*;
use crate::session::streams::StreamId;

/// How long the driver of the host waits for an answer to `go`.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

#[derive(Default)]
struct End {
    /// Before the link counts for this end.
    pending: Option<Channel>,
    closed: bool,
    arriving: VecDeque<Vec<u8>>,
}

struct Wire {
    id: LinkId,
    ends: [End; 2],
    cut: bool,
    silent: bool,
}

#[derive(Default)]
pub(super) struct Told {
    /// How often it started anew.
    life: u32,
    pub said: u64,
    shown: u64,
    /// The peer's life that it shares a session with …
    hears: u32,
    /// … and the last number of that one that was shown.
    pub heard: u64,
    pub delivered: u64,
    /// The last number of ours that any life of the peer was shown, …
    seen: u64,
    /// … and that was said when the peer's last life ended.
    before: u64,
    unstable: bool,
    /// It was, if only for a while.
    blocked: bool,
    /// Nothing is shown at present.
    pub stalled: bool,
}

pub(super) struct Net {
    now: Instant,
    sessions: [Session; 2],
    pub told: [Told; 2],
    wires: Vec<Wire>,
    /// The wire whose `go` is unanswered, and until when.
    nominee: Option<(usize, Instant)>,
    /// Has a session that the peer lost.
    widowed: Option<Role>,
    /// Streams that each end sends.
    flows: [Vec<streams::Flow>; 2],
    /// Those that their sender closed, of which the other end reads later.
    late: [Vec<StreamId>; 2],
}

fn at(role: Role) -> usize {
    usize::from(role == Role::Guest)
}

fn word(role: Role, life: u32, number: u64) -> String {
    format!("{role:?} {life} {number}")
}

impl Net {
    pub(super) fn new() -> Self {
        Self {
            now: Instant::now(),
            sessions: ROLES.map(session),
            told: Default::default(),
            wires: Vec::new(),
            nominee: None,
            widowed: None,
            flows: Default::default(),
            late: Default::default(),
        }
    }

    fn recent(&self, pick: usize) -> Option<usize> {
        let recent = self.wires.len().min(5);
        (recent > 0).then(|| self.wires.len() - 1 - pick % recent)
    }

    pub(super) fn act(&mut self, action: &Action) {
        match *action {
            Action::Say(role, count) => {
                for _ in 0..count {
                    let told = &self.told[at(role)];
                    let text = word(role, told.life, told.said + 1);
                    if let Ok(seq) = self.sessions[at(role)].say(0, &text) {
                        self.told[at(role)].said = seq;
                    }
                }
            }
            Action::Begin => self.begin(),
            Action::Link => {
                self.begin();
                let wire = self.wires.len() - 1;
                self.nominate(wire);
                self.deliver(wire, Role::Guest);
                self.flush(Role::Guest);
                self.deliver(wire, Role::Host);
            }
            Action::GiveUp => self.give_up(),
            Action::Flush(role) => {
                self.flush(role);
            }
            Action::Pass(time) => self.pass(time),
            Action::Block(role) => {
                self.told[at(role)].blocked = true;
                self.sessions[at(role)].block();
            }
            Action::Unblock(role) => self.sessions[at(role)].unblock(self.now),
            Action::Renew => {
                self.sessions[1].renew_at = Some(self.now);
                self.pass(Duration::ZERO);
            }
            Action::Open(role, size) => self.open(role, size),
            Action::Accept(role) => self.accept(role),
            Action::Close(role) => self.close_stream(role),
            Action::Stall(role, stalled) => self.told[at(role)].stalled = stalled,
            Action::Crash(role) => {
                self.unstall();
                self.crash(role);
            }
            Action::Nominate(pick) => self.on(pick, |net, wire| net.nominate(wire)),
            Action::Deliver(pick, role, count) => self.on(pick, |net, wire| {
                for _ in 0..count {
                    net.deliver(wire, role);
                }
            }),
            Action::Cut(pick, keep, silent) => self.on(pick, |net, wire| {
                let wire = &mut net.wires[wire];
                (wire.cut, wire.silent) = (true, silent);
                wire.ends
                    .iter_mut()
                    .for_each(|end| end.arriving.truncate(keep));
            }),
            Action::Notice(pick, role) => self.on(pick, |net, wire| {
                net.notice(wire, role);
            }),
            Action::Garble(pick, role) => self.on(pick, |net, wire| {
                if let Some(body) = net.wires[wire].ends[at(role)].arriving.front_mut() {
                    let middle = body.len() / 2;
                    body[middle] ^= 1;
                }
            }),
        }
        self.listen();
    }

    fn on(&mut self, pick: usize, then: impl FnOnce(&mut Self, usize)) {
        if let Some(wire) = self.recent(pick) {
            then(self, wire);
        }
    }

    fn begin(&mut self) {
        self.go_on();
        let id = LinkId(self.wires.len() as u64);
        let ends = channels().map(|channel| End {
            pending: Some(channel),
            ..End::default()
        });
        self.wires.push(Wire {
            id,
            ends,
            cut: false,
            silent: false,
        });
    }

    fn nominate(&mut self, wire: usize) {
        let Wire {
            ends: [host, guest],
            cut,
            ..
        } = &mut self.wires[wire];
        let again = self.nominee.is_some_and(|(nominee, _)| nominee == wire);
        let Some(channel) = host.pending.as_mut().filter(|_| !host.closed && !again) else {
            return;
        };
        let go = record(channel, self.now, &[self.sessions[0].nominate()]);
        if !*cut {
            guest.arriving.push_back(go);
        }
        if let Some((former, _)) = self.nominee.replace((wire, self.now + ANSWER_WITHIN)) {
            self.close(former, Role::Host);
        }
    }

    fn give_up(&mut self) {
        if let Some((wire, _)) = self.nominee.take() {
            self.close(wire, Role::Host);
            self.sessions[0].go_failed(self.now);
        }
    }

    fn close(&mut self, wire: usize, role: Role) {
        let end = &mut self.wires[wire].ends[at(role)];
        *end = End {
            closed: true,
            ..End::default()
        };
        let id = self.wires[wire].id;
        self.sessions[at(role)].link_lost(id);
    }

    /// Says whether something moved.
    fn deliver(&mut self, wire: usize, role: Role) -> bool {
        let id = self.wires[wire].id;
        let session = &mut self.sessions[at(role)];
        if session.live() == Some(id) && session.is_frozen() {
            return false;
        }
        let end = &mut self.wires[wire].ends[at(role)];
        let Some(mut body) = end.arriving.pop_front() else {
            return false;
        };
        let former = session.live();
        let result = match end.pending.take() {
            None => session.receive(id, &mut body, self.now),
            Some(mut channel) => match (channel.open(&mut body).map(|p| p.to_vec()), role) {
                (Err(error), _) => Err(error.into()),
                (Ok(plain), Role::Guest) => session.link_opened(id, channel, &plain, self.now),
                (Ok(plain), Role::Host) => {
                    self.nominee = None;
                    session.link_answered(id, channel, &plain, self.now)
                }
            },
        };
        if let Err(fault) = result {
            assert!(!fault.is_fatal(), "{role:?}: {fault}");
            self.close(wire, role);
        }
        let live = self.sessions[at(role)].live();
        if let Some(former) = former.filter(|former| live.is_some_and(|live| live != *former)) {
            assert_eq!(live, Some(id), "the link that the record came on");
            self.close(former.0 as usize, role);
        }
        true
    }

    fn notice(&mut self, wire: usize, role: Role) -> bool {
        let Wire {
            ends, cut, silent, ..
        } = &self.wires[wire];
        let gone = (*cut && !silent) || ends[at(role.other())].closed;
        if !gone || ends[at(role)].closed {
            return false;
        }
        self.close(wire, role);
        true
    }

    fn flush(&mut self, role: Role) -> bool {
        self.supply(role);
        let mut out = Vec::new();
        let Some(id) = self.sessions[at(role)]
            .poll_transmit(self.now, &mut out)
            .unwrap()
        else {
            return false;
        };
        let wire = &mut self.wires[id.0 as usize];
        let other = &mut wire.ends[at(role.other())];
        if !wire.cut && !other.closed {
            other.arriving.extend(bodies(&out));
        }
        true
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        if self.nominee.is_some_and(|(_, until)| self.now >= until) {
            self.give_up();
        }
        for role in ROLES {
            if let Err((id, fault)) = self.sessions[at(role)].handle_timeout(self.now) {
                assert_eq!(fault, Fault::Silent);
                self.close(id.0 as usize, role);
            }
        }
    }

    /// Whoever showed nothing shows it now.
    pub(super) fn unstall(&mut self) {
        self.told.iter_mut().for_each(|told| told.stalled = false);
        self.listen();
    }

    /// Events are true: nothing shown twice, left out or out of order, and nothing
    /// called delivered that the peer has not been shown.
    fn listen(&mut self) {
        for role in ROLES {
            if self.told[at(role)].stalled {
                continue;
            }
            for event in events(&mut self.sessions[at(role)]) {
                match event {
                    Event::Text {
                        seq, text, resent, ..
                    } => self.hear(role, seq, &text, resent),
                    Event::Delivered(upto) => {
                        let told = &mut self.told;
                        assert!(upto > told[at(role)].delivered);
                        assert!(upto <= told[at(role.other())].heard);
                        told[at(role)].delivered = upto;
                    }
                    Event::Unstable(unstable) => {
                        let was = std::mem::replace(&mut self.told[at(role)].unstable, unstable);
                        assert!(was || unstable, "nobody called it unstable");
                    }
                    Event::Withheld => assert!(self.told[at(role.other())].blocked),
                    Event::Unheeded | Event::Renewed => {}
                    Event::Agree(theirs) => {
                        let shared = identity(role).diffie_hellman(&theirs).unwrap();
                        self.sessions[at(role)].agreed(&theirs, shared).unwrap();
                    }
                    Event::Left | Event::Failed => panic!("nobody left"),
                    Event::Piece {
                        stream,
                        offset,
                        bytes,
                        last,
                    } => self.read(role, stream, offset, &bytes, last),
                    Event::Closed(stream) => self.closed(role, stream),
                    Event::Offer { .. }
                    | Event::Outcome { .. }
                    | Event::Compare { .. }
                    | Event::Hashes { .. }
                    | Event::Paused { .. } => panic!("no files"),
                }
            }
        }
    }
}
