//! From one link to the next: `go`, its answer, and what counts in between.

use crate::time::Instant;

use super::link::{Link, LinkId};
use super::record::Channel;
use super::{Event, Fault, Session};
use crate::payload::{Malformed, Payload, decode};

impl Session {
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
        if std::mem::take(&mut self.frozen)
            && let Some(live) = &mut self.live
        {
            live.thawed(now);
            self.unheeded = self.unheeded.map(|_| now);
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
        let (link, received, payloads) = answer(plaintext)?;
        if link > self.links {
            return Err(Fault::Misbehaved("an answer to no go"));
        }
        if link < self.links || !self.frozen {
            return Err(Fault::Stale);
        }
        self.frozen = false;
        self.answered(id, channel, (received, payloads), now)
    }

    /// Host: the same of the `go` that changed a link's keys.
    pub(super) fn link_switched(
        &mut self,
        (id, number): (LinkId, u64),
        channel: Channel,
        plaintext: &[u8],
        now: Instant,
    ) -> Result<(), Fault> {
        let (link, received, payloads) = answer(plaintext)?;
        if link != number {
            return Err(Fault::Stale);
        }
        self.answered(id, channel, (received, payloads), now)
    }

    fn answered<'a>(
        &mut self,
        id: LinkId,
        channel: Channel,
        (received, payloads): (u64, impl Iterator<Item = Result<Payload<'a>, Malformed>>),
        now: Instant,
    ) -> Result<(), Fault> {
        let mut answered = Link::new(id, channel, now);
        // The guest hears at once that its answer arrived: only then both know of
        // the session.
        answered.ack_at_once(now);
        self.take_over(answered, received, now)?;
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
        self.take_over(opened, received, now)?;
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
        if self.live.take_if(|link| link.id == id).is_some() {
            self.drop_renewal(None);
        }
    }

    /// Whether the live link is not to be read now.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    pub(super) fn delivered(&mut self, upto: u64) {
        let said = self.before.said;
        self.events.push_back(Event::Delivered(said + upto));
    }

    fn take_over(&mut self, link: Link, received: u64, now: Instant) -> Result<(), Fault> {
        if self.outbox.acknowledge(received)? {
            self.delivered(received);
        }
        self.outbox.restart();
        self.streams.restart(now);
        self.unheeded = None;
        let former = self.live.replace(link);
        self.drop_renewal(Some(now));
        if former.is_some_and(|former| former.is_unstable()) {
            self.events.push_back(Event::Unstable(false));
        }
        Ok(())
    }
}

/// The guest's answer to a `go`: the link's number, what it has received, and what follows.
fn answer(
    plaintext: &[u8],
) -> Result<
    (
        u64,
        u64,
        impl Iterator<Item = Result<Payload<'_>, Malformed>>,
    ),
    Fault,
> {
    let mut payloads = decode(plaintext);
    match payloads.next() {
        Some(Ok(Payload::Go { link, received })) => Ok((link, received, payloads)),
        _ => Err(Fault::Misbehaved("go without an answer")),
    }
}
