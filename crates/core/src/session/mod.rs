//! A conversation that outlives its links: what is said arrives once and in
//! order, whatever happens to the sockets (PROTOCOL.md §8).
//!
//! No socket, no clock: record bodies and `now` go in; bytes, [`Event`]s and a
//! deadline come out. Every link is a fresh pairing with keys of its own. The
//! host leads: a link counts from the host's `go` on it.
//!
//! ```text
//! host   nominate ─▶ go ──▶ guest: link_opened ─▶ live
//!        live ◀─ link_answered ◀── its answer
//! ```
//!
//! While a `go` is unanswered the former live link is frozen: nothing is read
//! from it or written to it, so that the numbers in `go` stay true. `handover` goes
//! from one link to the next, `traffic` is what passes on the one that counts, `liveness`
//! says whether it lives, `renewal` gives it new keys. `shown` is what becomes of what arrived, `streams`
//! are bytes beside the messages, `offers` what is said of files.
//!
//! Where one end starts anew, as after a crash, its session is gone. The other end then
//! goes on in a new one, by [`Session::succeed`].

mod event;
mod handover;
pub mod link;
mod liveness;
mod offers;
pub mod outbox;
pub mod record;
mod renewal;
mod shown;
pub mod streams;
mod traffic;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::time::Instant;
pub use event::{Event, Fault};
use link::Link;
pub use link::LinkId;
use liveness::Verdict;
use outbox::{Full, Message, Outbox};
use renewal::Renewal;
pub use renewal::{Ends, RENEW_EVERY};
use streams::Streams;

use crate::crypto::keys::ResumeSecret;
use crate::pairing::Role;
use crate::payload::Payload;

/// How far the sessions before this one came, by numbers that begin at 1 in each of them.
#[derive(Default)]
struct Before {
    /// Of what we said, acknowledged.
    said: u64,
    /// Of what the peer said, told.
    shown: u64,
}

/// Both directions of a conversation, across its links.
pub struct Session {
    role: Role,
    resume: Option<Arc<ResumeSecret>>,
    live: Option<Link>,
    /// Host: a `go` is out and not yet answered.
    frozen: bool,
    /// The highest link number given (host) or seen (guest).
    links: u64,
    outbox: Outbox,
    received: u64,
    before: Before,
    /// While the chat is blocked: what arrived, not acknowledged.
    blocked: bool,
    /// [`Event::Withheld`] or [`Event::Unheeded`] was told.
    withheld: bool,
    /// Since when nothing of what went out on the live link has been acknowledged.
    unheeded: Option<Instant>,
    /// A payload that is not understood holds its place, for `reported` counts them.
    held: VecDeque<Option<Event>>,
    held_bytes: usize,
    /// The number on this session of the last message that [`Session::poll_event`] gives or gave …
    told: u64,
    /// … and of the last one that was shown.
    shown: u64,
    /// What is said once everything queued has gone out.
    farewell: Option<Payload<'static>>,
    over: bool,
    events: VecDeque<Event>,
    /// What is said besides reliable payloads, while a record is made.
    control: Vec<u8>,
    /// Who the two are, where keys are renewed.
    ends: Option<Ends>,
    renewal: Option<Renewal>,
    /// What a renewal has to say.
    renewing: Vec<u8>,
    /// When the next one is due; at the host: overdue.
    renew_at: Option<Instant>,
    /// When this one is to be over.
    renew_by: Option<Instant>,
    /// Bytes of its last message, while the answer is awaited.
    renewal_sent: usize,
    streams: Streams,
    /// There was more to write than [`Session::poll_transmit`] gives at a time.
    rest_at: Option<Instant>,
}

impl fmt::Debug for Session {
    /// How it stands, and nothing of what was said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.role)
            .field("live", &self.live())
            .field("outbox", &self.outbox)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session without a link yet, resumable by `resume`.
    pub fn new(role: Role, resume: Arc<ResumeSecret>) -> Self {
        Self {
            role,
            resume: Some(resume),
            live: None,
            frozen: false,
            links: 0,
            outbox: Outbox::default(),
            received: 0,
            before: Before::default(),
            blocked: false,
            withheld: false,
            unheeded: None,
            held: VecDeque::new(),
            held_bytes: 0,
            told: 0,
            shown: 0,
            farewell: None,
            over: false,
            events: VecDeque::new(),
            control: Vec::new(),
            ends: None,
            renewal: None,
            renewing: Vec::new(),
            renew_at: None,
            renew_by: None,
            renewal_sent: 0,
            streams: Streams::new(role),
            rest_at: None,
        }
    }

    /// Our role, which stays the same on every link.
    pub fn role(&self) -> Role {
        self.role
    }

    /// What resumes the session; `None` once a goodbye was said.
    pub fn resume(&self) -> Option<&Arc<ResumeSecret>> {
        self.resume.as_ref()
    }

    /// The link that counts; one that counted before is to be closed.
    pub fn live(&self) -> Option<LinkId> {
        self.live.as_ref().map(|link| link.id)
    }

    /// How many of our messages are not acknowledged.
    pub fn queued(&self) -> usize {
        self.outbox.waiting()
    }

    /// Whether something that went out is not acknowledged.
    pub fn awaits_answer(&self) -> bool {
        self.outbox.has_sent() || self.renewal_sent > 0 || self.streams.on_its_way() > 0
    }

    /// How many bytes of it there are.
    pub fn unanswered_bytes(&self) -> usize {
        let on_its_way = usize::try_from(self.streams.on_its_way()).unwrap_or(usize::MAX);
        (self.outbox.sent_bytes() + self.renewal_sent).saturating_add(on_its_way)
    }

    /// Whether a goodbye was said by either side: it went out or came in.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether [`Session::say`] would take a message.
    pub fn has_room(&self) -> bool {
        self.outbox.has_room()
    }

    /// Takes a message and gives its number. `sent` is in milliseconds since 1970.
    ///
    /// # Errors
    /// [`Full`] until something is acknowledged.
    pub fn say(&mut self, sent: u64, text: &str) -> Result<u64, Full> {
        self.push(Message::text(sent, text))
    }

    /// Puts a message into the outbox, and gives its number.
    fn push(&mut self, message: Message) -> Result<u64, Full> {
        let seq = self.outbox.push(message)?;
        Ok(self.before.said + seq)
    }

    /// Goes on with what `former` leaves: the peer lost that session, and shares this one.
    /// What it did not acknowledge is said again, and the numbers of messages go on. What was
    /// held back while the chat was blocked was never acknowledged, and is forgotten. Its streams
    /// are closed, and their numbers are given again: what it has told of them is polled first.
    pub fn succeed(&mut self, former: Self) {
        self.before = Before {
            said: former.before.said + former.outbox.acked(),
            shown: former.before.shown + former.arrived(),
        };
        self.outbox = former.outbox.anew();
        self.blocked = former.blocked;
        self.events = former.events;
        // Streams of the former session mean nothing here.
        self.events
            .retain(|event| !matches!(event, Event::Offer { .. } | Event::Piece { .. }));
        self.events.extend(former.streams.ended());
    }

    /// Says goodbye once everything queued has gone out on the live link.
    pub fn leave(&mut self) {
        self.farewell.get_or_insert(Payload::Bye);
    }

    /// Says the same, and that it is because this end cannot go on.
    pub fn fail(&mut self) {
        self.farewell = Some(Payload::Failure);
    }

    /// Time passed: a link that owes an answer for too long is given up.
    ///
    /// # Errors
    /// The live link that was given up.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), (LinkId, Fault)> {
        if self.frozen {
            return Ok(());
        }
        if self.live.is_some() {
            self.renew(now);
        }
        let overdue = self.is_overdue(now);
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        match live.pass(now) {
            _ if overdue => {
                let id = live.id;
                self.link_lost(id);
                Err((id, Fault::Silent))
            }
            Verdict::Alive => Ok(()),
            Verdict::Unstable => {
                self.events.push_back(Event::Unstable(true));
                Ok(())
            }
            Verdict::Dead => {
                let id = live.id;
                self.link_lost(id);
                Err((id, Fault::Silent))
            }
        }
    }

    /// When [`Session::handle_timeout`] is to be called at the latest, and then, if
    /// the link `can_write`, [`Session::poll_transmit`].
    pub fn deadline(&self, can_write: bool) -> Option<Instant> {
        let live = self.live.as_ref().filter(|_| !self.frozen)?;
        let can_write = can_write && !self.is_switching();
        let deadline = live.deadline(can_write);
        let streams = self.streams.deadline().filter(|_| can_write);
        let rest = self.rest_at.filter(|_| can_write);
        let others = [self.renew_at, self.renew_by, streams, rest];
        Some(others.into_iter().flatten().fold(deadline, Instant::min))
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether [`Session::poll_event`] has something to give.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// The link is read again after a time in which it was not, and in which nothing could be
    /// heard on it.
    pub fn reads_again(&mut self, now: Instant) {
        if let Some(live) = &mut self.live {
            live.thawed(now);
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod tests;
