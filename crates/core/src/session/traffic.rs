//! What passes on the link that counts: payloads in, records out.

use crate::time::Instant;

use super::link::LinkId;
use super::liveness::DEAD_AFTER;
use super::record::{RecordError, lay_out};
use super::streams::StreamId;
use super::{Event, Fault, Session};
use crate::payload::{Malformed, PLAINTEXT_MAX, Payload, decode};

/// About how many bytes one [`Session::poll_transmit`] gives at the most.
const BATCH: usize = 256 * 1024;
/// Bytes of an encoded goodbye at most.
const BYE_LEN: usize = 3;

impl Session {
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
        if self.frozen || self.live() != Some(id) {
            return Ok(());
        }
        if self.is_switching() && self.take_first_renewed(id, body, now)? {
            return Ok(());
        }
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let plaintext: &[u8] = live.channel.open(body)?;
        if live.heard(now, plaintext.first().is_none_or(|byte| *byte == 0)) {
            self.events.push_back(Event::Unstable(false));
        }
        self.take_all(decode(plaintext), now)?;
        let unanswered = self.outbox.has_sent() || self.streams.on_its_way() > 0;
        if let Some(live) = self.live.as_mut().filter(|_| unanswered) {
            live.unacknowledged(now);
        }
        // As late as a silent link is dead.
        if self.unheeded.is_some_and(|since| now >= since + DEAD_AFTER)
            && !std::mem::replace(&mut self.withheld, true)
        {
            self.events.push_back(Event::Unheeded);
        }
        Ok(())
    }

    pub(super) fn take_all<'a>(
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

    pub(super) fn take(&mut self, payload: Payload<'_>, now: Instant) -> Result<(), Fault> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        match payload {
            Payload::Go { .. } => return Err(Fault::Misbehaved("a second go")),
            Payload::Ack { received } => {
                if self.outbox.acknowledge(received)? {
                    self.withheld = false;
                    self.unheeded = self.outbox.has_sent().then_some(now);
                    self.delivered(received);
                }
            }
            Payload::Ping => live.owe_pong(now),
            Payload::Pong => {
                // A chat that is not blocked acknowledges in the same record at the latest.
                if live.pong()
                    && self.outbox.has_sent()
                    && !std::mem::replace(&mut self.withheld, true)
                {
                    self.events.push_back(Event::Withheld);
                }
            }
            Payload::Renewal(step) => self.take_renewal(step, now)?,
            Payload::Stream(number, part) => {
                let event = self.streams.take(StreamId(number), part, now)?;
                self.events.extend(event);
            }
            Payload::Unknown => {}
            Payload::Bye | Payload::Failure => {
                self.over = true;
                self.resume = None;
                self.events.push_back(match payload {
                    Payload::Bye => Event::Left,
                    _ => Event::Failed,
                });
            }
            Payload::Reliable { seq, body } => {
                if seq > self.received + 1 {
                    return Err(Fault::Misbehaved("a gap in the messages"));
                }
                if !self.blocked {
                    live.owe_ack(now);
                }
                if seq == self.received + 1 {
                    self.keep(seq, body)?;
                }
            }
        }
        Ok(())
    }

    /// Appends what is to be written now, and says on which link: whole records,
    /// as many as there are, about 256 KiB at the most. `None`: nothing is due.
    ///
    /// # Errors
    /// [`Fault`] when the link's chain has come to its end; nothing is appended.
    pub fn poll_transmit(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<Option<LinkId>, (LinkId, Fault)> {
        let (received, unshown) = (self.reported(), self.is_unshown());
        if self.frozen || self.is_switching() {
            return Ok(None);
        }
        let Some(live) = &mut self.live else {
            return Ok(None);
        };
        live.wait_for_the_face(received, unshown);
        let id = live.id;
        let start = out.len();
        self.rest_at = None;
        while !self.over
            && (live.is_due(now, unshown)
                || self.outbox.has_unsent()
                || self.farewell.is_some()
                || !self.renewing.is_empty()
                || self.streams.is_due(now)
                || self.streams.has_piece())
        {
            if out.len() >= BATCH {
                self.rest_at = Some(now);
                break;
            }
            self.control.clear();
            live.say_what_is_due(now, (received, unshown), &mut self.control);
            self.streams.say_credit(&mut self.control);
            if !self.outbox.has_unsent() {
                self.streams.say_closes(&mut self.control);
            }
            if !self.renewing.is_empty() {
                self.renewal_sent = self.renewing.len();
                live.said(now);
                self.control.append(&mut self.renewing);
            }
            let limit = PLAINTEXT_MAX - self.control.len() - BYE_LEN;
            let mut said = false;
            let laid_out = lay_out(out, |buf| {
                buf.extend_from_slice(&self.control);
                let before = buf.len();
                self.outbox.fill(buf, limit);
                // A piece has a record of its own, behind all messages.
                said = match buf.len() > before {
                    true => true,
                    false => self.streams.fill(buf, limit, now),
                };
                if let Some(farewell) = self.farewell.filter(|_| !self.outbox.has_unsent()) {
                    farewell.encode(buf);
                    self.over = true;
                }
            });
            if let Err(error) = laid_out {
                out.truncate(start);
                return Err(self.give_up(id, error));
            }
            if said {
                live.said(now);
            }
            if self.outbox.has_sent() {
                self.unheeded.get_or_insert(now);
            }
        }
        let (_, unsealed) = out.split_at_mut(start);
        let mut wrote = !unsealed.is_empty();
        if let Err(error) = live.channel.seal_all(now, unsealed) {
            out.truncate(start);
            return Err(self.give_up(id, error));
        }
        if self.over {
            self.resume = None;
        } else if self
            .switch(now, out)
            .map_err(|error| self.give_up(id, error))?
        {
            wrote = true;
        }
        Ok(wrote.then_some(id))
    }

    fn give_up(&mut self, id: LinkId, error: RecordError) -> (LinkId, Fault) {
        self.link_lost(id);
        (id, error.into())
    }
}
