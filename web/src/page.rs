//! A page's one line: what it calls, and what comes of it.

mod links;
mod transfers;

use std::fmt;
use std::str::FromStr;

use undertone_core::crypto::keys::PublicKey;
use undertone_core::frame::Frames;
use undertone_core::mediator_url::MediatorUrl;
use undertone_core::opening::Opening;
use undertone_core::pairing::{FILES, KEEPS_NOTHING, Meeting, Role};
use undertone_core::room::{Invite, Room};
use undertone_core::session::{LinkId, Session};
use undertone_core::text::display_name::DisplayName;
use undertone_core::text::safe::Safe;
use undertone_core::time::Instant;

use zeroize::Zeroizing;

use crate::attempt::{Attempt, failed, read_candidates, tell_candidates};
use crate::call::Op;
use crate::event::{Kind, emit};
use crate::fields::{Fields, Reader};
use crate::files::Files;
use crate::person::{Identity, Person};

/// The line of a page to one person.
#[derive(Default)]
pub struct Page {
    mediator: Option<MediatorUrl>,
    identity: Identity,
    name: String,
    room: Option<Room>,
    attempt: Attempt,
    opening: Option<Opening>,
    session: Option<Session>,
    peer: Option<Person>,
    files: Files,
    /// The live link's bytes, and whether it takes more.
    link: Option<(LinkId, Frames)>,
    is_full: bool,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("attempt", &self.attempt)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// Makes one call, and appends what comes of it to `out`.
    pub fn call(&mut self, call: &[u8], now: Instant, out: &mut Vec<u8>) {
        let mut fields = Reader(call);
        if let Some(op) = Op::of(fields.u8()) {
            self.act(op, fields, now, out);
        }
        self.pass_on(now, out);
    }

    /// When [`Page::call`] is to be made at the latest, be it with nothing in it.
    pub fn deadline(&self) -> Option<Instant> {
        self.session.as_ref()?.deadline(!self.is_full)
    }

    fn act(&mut self, op: Op, mut fields: Reader<'_>, now: Instant, out: &mut Vec<u8>) {
        match op {
            Op::Begin => self.mediator = fields.text().parse().ok(),
            Op::ReadRoom => match Invite::from_str(fields.text()) {
                // A page reaches its own mediator and no other.
                Ok(Invite {
                    mediator: Some(mediator),
                    ..
                }) if self.mediator.as_ref() != Some(&mediator) => {
                    emit(out, Kind::Elsewhere, |fields| {
                        fields.text(&mediator.to_string());
                    });
                }
                Ok(invite) => self.tell_room(&invite.room, out),
                Err(why) => refused(&why, out),
            },
            Op::MakeRoom => self.tell_room(&Room::made_up(), out),
            Op::CheckName => {
                if let Err(why) = DisplayName::parse(fields.text()) {
                    refused(&why, out);
                }
            }
            Op::Safe => {
                let safe = match fields.u8() {
                    0 => Safe::line(fields.text()),
                    _ => Safe::message(fields.text()),
                };
                emit(out, Kind::Value, |fields| {
                    fields.text(safe.as_str());
                });
            }
            Op::Enter => {
                self.forget();
                fields.text().clone_into(&mut self.name);
                self.room = Invite::from_str(fields.text())
                    .ok()
                    .map(|invite| invite.room);
            }
            Op::Identity if fields.0.is_empty() => self.identity = Identity::default(),
            Op::Identity => {
                if let Ok(key) = PublicKey::from_bytes(fields.key()) {
                    self.identity = Identity::Elsewhere(key);
                }
            }
            Op::Alike => {
                let looks = |name: &str| DisplayName::parse(name).map(|name| name.looks()).ok();
                let names = (looks(fields.text()), looks(fields.text()));
                let alike = matches!(names, (Some(one), Some(other)) if one.meets(&other));
                emit(out, Kind::Value, |fields| fields.push(u8::from(alike)));
            }
            Op::Offer => self.offer(out),
            Op::Paired => {
                let role = match fields.u8() {
                    b'A' => Role::Host,
                    _ => Role::Guest,
                };
                let offer = fields.bytes();
                let candidates = read_candidates(&mut fields);
                // It is settled where a session goes on.
                let role = self.session.as_ref().map_or(role, Session::role);
                match self.attempt.paired(role, offer, &candidates) {
                    Ok(sealed) => emit(out, Kind::Sealed, |fields| {
                        fields.extend_from_slice(&sealed);
                    }),
                    Err(error) => failed(&error, out),
                }
            }
            Op::Sealed => {
                let pin = self.session.as_ref().and(self.peer.as_ref());
                let pin = pin.map(|peer| peer.identity);
                match self.attempt.sealed(fields.rest(), pin.as_ref()) {
                    Ok(theirs) => match self.identity {
                        Identity::Here(_) => self.agreed(None, out),
                        Identity::Elsewhere(_) => emit(out, Kind::Agree, |fields| {
                            fields.extend_from_slice(theirs.as_bytes());
                        }),
                    },
                    Err(error) => failed(&error, out),
                }
            }
            Op::Agreed => {
                let (theirs, shared) = (fields.key(), Zeroizing::new(fields.key()));
                match self.attempt.awaits(&theirs) {
                    true => self.agreed(Some(&shared), out),
                    false => self.renewed(&theirs, &shared, out),
                }
            }
            Op::Open => self.open(fields.link(), out),
            Op::Bytes => self.bytes(fields.link(), fields.rest(), now, out),
            Op::Lost => self.lost(fields.link(), "the connection was closed", out),
            Op::GiveUp => self.give_up(now, out),
            Op::Say => {
                let sent = fields.whole();
                let said = self
                    .session
                    .as_mut()
                    .map(|session| session.say(sent, fields.text()));
                emit(out, Kind::Value, |fields| {
                    if let Some(Ok(number)) = said {
                        fields.number(number);
                    }
                });
            }
            Op::Shown => {
                if let Some(session) = &mut self.session {
                    session.shown(fields.whole(), now);
                }
            }
            Op::Unblock => {
                if let Some(session) = &mut self.session {
                    session.unblock(now);
                }
            }
            Op::Verify => {
                if let Some(peer) = &self.peer {
                    let verdict = peer.verify(fields.text());
                    emit(out, Kind::Verdict, |fields| fields.push(verdict as u8));
                }
            }
            Op::Tick => self.is_full = fields.u8() != 0,
            Op::Leave => {
                if let Some(session) = &mut self.session {
                    session.leave();
                }
            }
            Op::Forget => self.forget(),
            Op::Files | Op::Answer | Op::Cancel | Op::Read | Op::Took | Op::Saved => {
                self.transfer(op, fields, now, out);
            }
        }
    }

    /// Nothing of a conversation is left.
    fn forget(&mut self) {
        self.identity = Identity::default();
        (self.room, self.attempt) = (None, Attempt::None);
        (self.opening, self.session) = (None, None);
        (self.peer, self.link) = (None, None);
        self.files = Files::default();
    }

    fn tell_room(&self, room: &Room, out: &mut Vec<u8>) {
        emit(out, Kind::Room, |fields| {
            fields.push(u8::from(room.secret().is_some()));
            fields.text(Safe::line(room.name()).as_str());
            match &self.mediator {
                Some(mediator) => fields.text(&room.invite_link(mediator)),
                None => fields.text(&room.typed()),
            };
        });
    }

    /// The room is where people meet; a session goes on in one of its own.
    fn offer(&mut self, out: &mut Vec<u8>) {
        let resume = self.session.as_ref().and_then(Session::resume);
        let meeting = match (resume, &self.room) {
            (Some(resume), _) => Meeting::derived(&resume.room(), &resume.secret()),
            (None, Some(room)) => Meeting {
                tag: room.tag(),
                prs: room.prs(),
            },
            (None, None) => return,
        };
        let (tag, again) = (meeting.tag, self.session.is_some());
        let offer = self.attempt.offer(meeting, self.identity.public());
        emit(out, Kind::Offer, |fields| {
            fields.extend_from_slice(&tag);
            fields.push(u8::from(again));
            fields.extend_from_slice(offer);
        });
    }

    fn agreed(&mut self, elsewhere: Option<&[u8; 32]>, out: &mut Vec<u8>) {
        let ours = self.identity.public();
        let opening = self
            .attempt
            .agreed(&self.identity, elsewhere)
            .and_then(|(matched, role)| {
                let mediator = self.mediator.as_ref().and_then(MediatorUrl::ip);
                let candidates = matched.candidates();
                tell_candidates(candidates, candidates.dialable_udp(mediator), out);
                let matched = matched.featuring(match self.identity {
                    Identity::Here(_) => KEEPS_NOTHING | FILES,
                    Identity::Elsewhere(_) => FILES,
                });
                Ok(match role {
                    Role::Host => Opening::host(matched.host(&self.name)?, ours, &self.name),
                    Role::Guest => Opening::guest(matched.guest(&self.name)?, ours, &self.name),
                })
            });
        match opening {
            Ok(opening) => self.opening = Some(opening),
            Err(error) => failed(&error, out),
        }
    }
}

fn refused(why: &impl fmt::Display, out: &mut Vec<u8>) {
    emit(out, Kind::Refused, |fields| {
        fields.text(&why.to_string());
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
