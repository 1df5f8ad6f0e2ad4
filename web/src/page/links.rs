//! The streams of a pairing, and the link that comes of it.

use std::fmt;

use undertone_core::crypto::keys::{PublicKey, SharedSecret};
use undertone_core::opening::{OpeningError, Progress, Way};
use undertone_core::pairing::PairingError;
use undertone_core::session::record::{BODY_MAX, BODY_MIN};
use undertone_core::session::{Event, Fault, LinkId};
use undertone_core::time::Instant;

use crate::Page;
use crate::attempt::{Attempt, failed};
use crate::event::{Kind, emit, tell};
use crate::fields::Fields;
use crate::person::{Identity, Person};

/// Bytes of the live link that wait while it is not read, at most: beyond all that a peer may have on
/// its way. A stream of a browser's cannot be held back.
const UNREAD_MAX: usize = 32 * 1024 * 1024;

impl Page {
    pub(super) fn open(&mut self, link: LinkId, out: &mut Vec<u8>) {
        match self.opening.as_mut().and_then(|opening| opening.open(link)) {
            Some(first) => send(link, &first, out),
            None => close(link, out),
        }
    }

    pub(super) fn bytes(&mut self, link: LinkId, bytes: &[u8], now: Instant, out: &mut Vec<u8>) {
        if let Some((live, frames)) = &mut self.link
            && *live == link
        {
            frames.push(bytes);
            if frames.buffer().len() > UNREAD_MAX {
                return self.lost(link, "more came than may be on its way", out);
            }
            return self.read(now, out);
        }
        let Some(opening) = &mut self.opening else {
            return close(link, out);
        };
        let role = opening.role();
        let Progress { write, peer, way } = opening.receive(link, bytes, &mut self.session, now);
        send(link, &write, out);
        if let Some(peer) = peer {
            self.peer = Some(Person::met(&peer, role, out));
        }
        match way {
            Way::Open => {}
            Way::Closed => close(link, out),
            Way::Live(frames) => {
                if let Some((former, _)) = self.link.replace((link, frames)) {
                    close(former, out);
                }
                self.opening = None;
                self.is_full = false;
                emit(out, Kind::Live, |fields| number(link, fields));
                self.read(now, out);
            }
            Way::Failed(error) => {
                close(link, out);
                self.give_up(now, out);
                match error {
                    OpeningError::Pairing(error) => failed(&error, out),
                    OpeningError::Session(fault) if fault.is_fatal() => self.broken(&fault, out),
                    OpeningError::Session(_) => failed(&PairingError::Confirm, out),
                }
            }
        }
    }

    /// Reads the live link, unless another one is about to count.
    fn read(&mut self, now: Instant, out: &mut Vec<u8>) {
        let (Some(session), Some((link, frames))) = (&mut self.session, &mut self.link) else {
            return;
        };
        let link = *link;
        while !session.is_frozen() {
            let body = match frames.next_frame(&(BODY_MIN..=BODY_MAX)) {
                Ok(Some(body)) => body,
                Ok(None) => return,
                Err(why) => {
                    session.link_lost(link);
                    return self.lost(link, &why.to_string(), out);
                }
            };
            if let Err(fault) = session.receive(link, body, now) {
                if fault.is_fatal() {
                    return self.broken(&fault, out);
                }
                return self.lost(link, &fault.to_string(), out);
            }
        }
    }

    pub(super) fn lost(&mut self, link: LinkId, why: &str, out: &mut Vec<u8>) {
        close(link, out);
        if self.link.take_if(|(live, _)| *live == link).is_some() {
            if let Some(session) = &mut self.session {
                session.link_lost(link);
            }
            emit(out, Kind::Lost, |fields| {
                fields.text(why);
            });
        } else if let Some(opening) = &mut self.opening {
            opening.lost(link);
        }
    }

    pub(super) fn give_up(&mut self, now: Instant, out: &mut Vec<u8>) {
        // One that nobody answered may be: it keeps its seat.
        if !matches!(self.attempt, Attempt::Offered(_)) {
            self.attempt = Attempt::None;
        }
        if let Some(opening) = self.opening.take() {
            opening.give_up(self.session.as_mut(), now);
            // What came meanwhile on the link that counts was left there.
            self.read(now, out);
        }
    }

    fn broken(&mut self, why: &impl fmt::Display, out: &mut Vec<u8>) {
        emit(out, Kind::Broken, |fields| {
            fields.text(&why.to_string());
        });
        if let Some((link, _)) = self.link.take() {
            close(link, out);
        }
        (self.session, self.opening) = (None, None);
    }

    /// What is due now: events in, records out.
    pub(super) fn pass_on(&mut self, now: Instant, out: &mut Vec<u8>) {
        let Some(session) = &mut self.session else {
            return;
        };
        let mut lost = session.handle_timeout(now).err();
        lost = lost.or(self.tell_events(now, out));
        let (Some(session), None) = (&mut self.session, lost) else {
            return self.end(lost, out);
        };
        if !self.is_full {
            self.files.feed(session, out);
        }
        let mut records = Vec::new();
        if !self.is_full {
            match session.poll_transmit(now, &mut records) {
                Ok(Some(link)) => send(link, &records, out),
                Ok(None) => {}
                Err(fault) => lost = Some(fault),
            }
        }
        lost = lost.or(self.tell_events(now, out));
        self.end(lost, out);
    }

    fn end(&mut self, lost: Option<(LinkId, Fault)>, out: &mut Vec<u8>) {
        if let Some((link, fault)) = lost {
            self.lost(link, &fault.to_string(), out);
        }
    }

    /// Tells what happened. Where our key is here, what it agrees on is said at once.
    fn tell_events(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<(LinkId, Fault)> {
        let session = self.session.as_mut()?;
        let mut lost = None;
        while let Some(event) = session.poll_event() {
            match (&event, &self.identity) {
                (Event::Agree(theirs), Identity::Here(key)) => {
                    if let Ok(shared) = key.diffie_hellman(theirs) {
                        lost = lost.or(session.agreed(theirs, shared).err());
                    }
                }
                _ if self.files.take(&event, session, now, out) => {
                    if let Some(seq) = event.seq() {
                        emit(out, Kind::Seq, |fields| {
                            fields.number(seq);
                        });
                    }
                }
                _ => tell(event, out),
            }
        }
        lost
    }

    /// What our identity agrees on with a key of a renewal's.
    pub(super) fn renewed(&mut self, theirs: &[u8; 32], shared: &[u8; 32], out: &mut Vec<u8>) {
        let (Ok(theirs), Ok(shared)) = (
            PublicKey::from_bytes(*theirs),
            SharedSecret::from_bytes(shared),
        ) else {
            return;
        };
        let agreed = self
            .session
            .as_mut()
            .map(|session| session.agreed(&theirs, shared));
        if let Some(Err((link, fault))) = agreed {
            self.lost(link, &fault.to_string(), out);
        }
    }
}

fn send(link: LinkId, bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        emit(out, Kind::Send, |fields| {
            number(link, fields);
            fields.extend_from_slice(bytes);
        });
    }
}

fn close(link: LinkId, out: &mut Vec<u8>) {
    emit(out, Kind::Close, |fields| number(link, fields));
}

fn number(LinkId(link): LinkId, fields: &mut Vec<u8>) {
    let link = u32::try_from(link).unwrap_or(u32::MAX);
    fields.extend_from_slice(&link.to_be_bytes());
}
