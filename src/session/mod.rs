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
//! from it or written to it, so that the numbers in `go` stay true.

pub mod link;
pub mod outbox;
pub mod record;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use link::Link;
pub use link::LinkId;
use outbox::{Full, ImpossibleAck, Outbox};
use record::{Channel, RecordError};

use crate::crypto::keys::ResumeSecret;
use crate::pairing::Role;
use crate::payload::{Body, Malformed, PLAINTEXT_MAX, Payload, decode};

/// About how many bytes one [`Session::poll_transmit`] gives at the most.
const BATCH: usize = 256 * 1024;
/// Bytes of an encoded bye.
const BYE_LEN: usize = 2;

/// What happened, for the driver and the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// This link counts from now on.
    Up(LinkId),
    /// This link is of no use any more: close it.
    Close(LinkId),
    /// A message arrived.
    Text {
        /// Its number, from 1, without gaps.
        seq: u64,
        /// When it was written, in milliseconds since 1970, by the other one's clock.
        sent: u64,
        /// What it says.
        text: String,
    },
    /// Everything that we said up to this number has arrived.
    Delivered(u64),
    /// The other one said goodbye; the session is over.
    Left,
}

/// Why a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Somebody tampered with the link, or it was cut in the middle of a record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Nothing was heard for too long.
    #[error("no answer for {} s", link::DEAD_AFTER.as_secs())]
    Silent,
    /// A `go` that another link has overtaken.
    #[error("an outdated link")]
    Stale,
    /// The other one itself broke the rules: the session cannot go on.
    #[error("the other side broke the protocol: {0}")]
    Misbehaved(&'static str),
}

impl Fault {
    /// Whether reconnecting is of no use.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Fault::Misbehaved(_))
    }
}

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Fault::Misbehaved("malformed payload")
    }
}

impl From<ImpossibleAck> for Fault {
    fn from(_: ImpossibleAck) -> Self {
        Fault::Misbehaved("impossible acknowledgement")
    }
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
    /// While the chat is shut: what arrived, not acknowledged.
    shut: bool,
    /// A payload that is not understood holds its place, for `reported` counts them.
    held: VecDeque<Option<Event>>,
    held_bytes: usize,
    leaving: bool,
    over: bool,
    events: VecDeque<Event>,
    /// What is said besides reliable payloads, while a record is made.
    control: Vec<u8>,
}

impl Session {
    /// A session without a link yet, resumable by `resume`.
    pub fn new(role: Role, resume: Arc<ResumeSecret>) -> Self {
        Session {
            role,
            resume: Some(resume),
            live: None,
            frozen: false,
            links: 0,
            outbox: Outbox::default(),
            received: 0,
            shut: false,
            held: VecDeque::new(),
            held_bytes: 0,
            leaving: false,
            over: false,
            events: VecDeque::new(),
            control: Vec::new(),
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

    /// The link that counts.
    pub fn live(&self) -> Option<LinkId> {
        self.live.as_ref().map(|link| link.id)
    }

    /// How many of our messages are not acknowledged.
    pub fn queued(&self) -> usize {
        self.outbox.waiting()
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
        self.outbox.push(Body::Text { sent, text })
    }

    /// Says goodbye once everything queued has gone out on the live link.
    pub fn leave(&mut self) {
        self.leaving = true;
    }

    /// Shuts the chat: what arrives is neither shown nor acknowledged.
    pub fn shut(&mut self) {
        self.shut = true;
    }

    /// Opens the chat and shows what was held back.
    pub fn open(&mut self, now: Instant) {
        self.shut = false;
        if !self.held.is_empty()
            && let Some(live) = &mut self.live
        {
            live.owe_ack(now);
        }
        self.events.extend(self.held.drain(..).flatten());
        self.held_bytes = 0;
    }

    /// Host: a pairing was confirmed. Gives the `go` to send over it, which
    /// replaces any `go` before it, and freezes the live link until
    /// [`Session::link_answered`] or [`Session::go_failed`].
    pub fn nominate(&mut self) -> Payload<'static> {
        self.links += 1;
        self.frozen = true;
        Payload::Go {
            link: self.links,
            received: self.reported(),
        }
    }

    /// Host: the last `go` will not be answered; the live link, if there is one,
    /// goes on.
    pub fn go_failed(&mut self, now: Instant) {
        self.frozen = false;
        if let Some(live) = &mut self.live {
            live.thawed(now);
        }
    }

    /// Host: this record opened as the answer to the last `go`. The link counts
    /// from now on.
    ///
    /// # Errors
    /// [`Fault`]; the link is to be closed. Unless it is fatal, the session is as
    /// before: an answer to a `go` that was replaced or given up changes nothing.
    pub fn link_answered(
        &mut self,
        id: LinkId,
        channel: Channel,
        plaintext: &[u8],
        now: Instant,
    ) -> Result<(), Fault> {
        let mut payloads = decode(plaintext);
        let Some(Ok(Payload::Go { link, received })) = payloads.next() else {
            return Err(Fault::Misbehaved("go without an answer"));
        };
        if link > self.links {
            return Err(Fault::Misbehaved("an answer to no go"));
        }
        if link < self.links || !self.frozen {
            return Err(Fault::Stale);
        }
        let mut answered = Link::new(id, channel, now);
        // The guest hears at once that its answer arrived: only then both know of
        // the session.
        answered.ack_at_once(now);
        self.take_over(answered, received)?;
        self.frozen = false;
        self.take_first(id, payloads, now)
    }

    /// Guest: this record opened as the first on a link. If it is a `go` that is
    /// newer than the last one, the link counts from now on, and is answered.
    ///
    /// # Errors
    /// [`Fault`]; the link is to be closed. Unless it is fatal, the session is as
    /// before.
    pub fn link_opened(
        &mut self,
        id: LinkId,
        channel: Channel,
        plaintext: &[u8],
        now: Instant,
    ) -> Result<(), Fault> {
        let mut payloads = decode(plaintext);
        let Some(Ok(Payload::Go { link, received })) = payloads.next() else {
            return Err(Fault::Misbehaved("a link without go"));
        };
        // Below what was acknowledged: the host gave this `go` up and has gone on
        // with the link before it.
        if link <= self.links || received < self.outbox.acked() {
            return Err(Fault::Stale);
        }
        let mut opened = Link::new(id, channel, now);
        opened.answer_due = Some(link);
        self.take_over(opened, received)?;
        self.links = link;
        self.take_first(id, payloads, now)
    }

    /// What follows in the record that made this link the live one.
    fn take_first<'a>(
        &mut self,
        id: LinkId,
        payloads: impl Iterator<Item = Result<Payload<'a>, Malformed>>,
        now: Instant,
    ) -> Result<(), Fault> {
        let result = self.take_all(payloads, now);
        if result.is_err() {
            self.link_lost(id);
        }
        result
    }

    /// The socket of this link is gone.
    pub fn link_lost(&mut self, id: LinkId) {
        self.live.take_if(|link| link.id == id);
    }

    /// Whether the live link is not to be read now.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Takes the body of one record, which is decrypted in place.
    ///
    /// # Errors
    /// [`Fault`]: the link is forgotten and its socket to be closed.
    pub fn receive(&mut self, id: LinkId, body: &mut [u8], now: Instant) -> Result<(), Fault> {
        let result = self.try_receive(id, body, now);
        if result.is_err() {
            self.link_lost(id);
        }
        result
    }

    fn try_receive(&mut self, id: LinkId, body: &mut [u8], now: Instant) -> Result<(), Fault> {
        if self.over {
            return Ok(());
        }
        let Some(live) = self
            .live
            .as_mut()
            .filter(|live| live.id == id && !self.frozen)
        else {
            return Ok(());
        };
        let plaintext: &[u8] = live.channel.open(body)?;
        live.heard(now, plaintext.first().is_none_or(|byte| *byte == 0));
        self.take_all(decode(plaintext), now)
    }

    fn take_all<'a>(
        &mut self,
        payloads: impl Iterator<Item = Result<Payload<'a>, Malformed>>,
        now: Instant,
    ) -> Result<(), Fault> {
        for payload in payloads {
            self.take(payload?, now)?;
            if self.over {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, payload: Payload<'_>, now: Instant) -> Result<(), Fault> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        match payload {
            Payload::Go { .. } => return Err(Fault::Misbehaved("a second go")),
            Payload::Ack { received } => {
                if self.outbox.acknowledge(received)? {
                    self.events.push_back(Event::Delivered(received));
                }
            }
            Payload::Ping => live.pong_due = true,
            Payload::Pong | Payload::Unknown => {}
            Payload::Bye => {
                self.over = true;
                self.resume = None;
                self.events.push_back(Event::Left);
            }
            Payload::Reliable { seq, body } => {
                if seq > self.received + 1 {
                    return Err(Fault::Misbehaved("a gap in the messages"));
                }
                if !self.shut {
                    live.owe_ack(now);
                }
                if seq == self.received + 1 {
                    self.keep(seq, body)?;
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, seq: u64, body: Body<'_>) -> Result<(), Fault> {
        let event = match body {
            Body::Text { sent, text } => Some(Event::Text {
                seq,
                sent,
                text: text.to_owned(),
            }),
            Body::Unknown => None,
        };
        self.received = seq;
        if !self.shut {
            self.events.extend(event);
        } else if self.held.len() < outbox::MESSAGES_MAX && self.held_bytes < outbox::BYTES_MAX {
            self.held_bytes += match body {
                Body::Text { text, .. } => text.len(),
                Body::Unknown => 0,
            };
            self.held.push_back(event);
        } else {
            return Err(Fault::Misbehaved(
                "more messages than may be unacknowledged",
            ));
        }
        Ok(())
    }

    /// The last number that we own up to: what is held back does not count.
    fn reported(&self) -> u64 {
        self.received - self.held.len() as u64
    }

    fn take_over(&mut self, link: Link, received: u64) -> Result<(), Fault> {
        if self.outbox.acknowledge(received)? {
            self.events.push_back(Event::Delivered(received));
        }
        self.outbox.restart();
        self.events.push_back(Event::Up(link.id));
        if let Some(former) = self.live.replace(link) {
            self.events.push_back(Event::Close(former.id));
        }
        Ok(())
    }

    /// Appends what is to be written now, and says on which link: whole records,
    /// as many as there are, about 256 KiB at the most. `None`: nothing is due.
    ///
    /// # Errors
    /// [`Fault`] when the link's chain has come to its end.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<Option<LinkId>, (LinkId, Fault)> {
        let received = self.reported();
        if self.frozen {
            return Ok(None);
        }
        let Some(live) = &mut self.live else {
            return Ok(None);
        };
        let id = live.id;
        let mut wrote = false;
        while out.len() < BATCH
            && !self.over
            && (live.is_due(now) || self.outbox.has_unsent() || self.leaving)
        {
            self.control.clear();
            live.say_what_is_due(received, &mut self.control);
            let limit = PLAINTEXT_MAX - self.control.len() - BYE_LEN;
            let sealed = live.channel.seal(now, out, |buf| {
                buf.extend_from_slice(&self.control);
                self.outbox.fill(buf, limit);
                if self.leaving && !self.outbox.has_unsent() {
                    Payload::Bye.encode(buf);
                    self.over = true;
                }
            });
            if let Err(error) = sealed {
                return Err(self.fail(id, error));
            }
            wrote = true;
        }
        if self.over {
            self.resume = None;
        }
        Ok(wrote.then_some(id))
    }

    fn fail(&mut self, id: LinkId, error: RecordError) -> (LinkId, Fault) {
        self.link_lost(id);
        (id, error.into())
    }

    /// Time passed: links that have been silent for too long are given up.
    ///
    /// # Errors
    /// The live link that was given up.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), (LinkId, Fault)> {
        if self.frozen {
            return Ok(());
        }
        match self.live.take_if(|live| !live.is_alive(now)) {
            Some(dead) => Err((dead.id, Fault::Silent)),
            None => Ok(()),
        }
    }

    /// When [`Session::handle_timeout`] is to be called at the latest, and then, if
    /// the link `can_write`, [`Session::poll_transmit`].
    pub fn deadline(&self, can_write: bool) -> Option<Instant> {
        self.live
            .as_ref()
            .filter(|_| !self.frozen)
            .map(|live| live.deadline(can_write))
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
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
