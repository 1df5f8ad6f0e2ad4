//! Who is on the other end: what contacts and history know of the key, and
//! whether the chat is open (PROTOCOL.md §9).

use jiff::Timestamp;

use super::Setup;
use super::event::{Event, Standing};
use crate::contacts::{Alarm, AlarmKind, Contacts, ContactsError, Judgement, Met, Trust};
use crate::crypto::keys::PublicKey;
use crate::crypto::words::{Fingerprint, fingerprint};
use crate::history::{Entry, History, LineId, LinkPath, State};
use crate::link::route::Route;
use crate::pairing::Peer;
use crate::store::StoreError;
use crate::terminal::name::DisplayName;

/// The other one.
pub struct Company {
    key: PublicKey,
    name: DisplayName,
    standing: Standing,
    shut: Option<Shut>,
    yourself: bool,
    room_tag: [u8; 32],
    /// What this meeting proves by itself.
    proves: Trust,
    contacts: Contacts,
    line: Option<(History, LineId)>,
}

/// Why the chat is shut.
enum Shut {
    Alarm(Alarm),
    NotVerified,
}

/// Contacts or history cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The contacts.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    /// The history.
    #[error(transparent)]
    History(#[from] StoreError),
}

impl Company {
    /// Judges who came, keeps the contact unless there is an alarm, and writes the
    /// history's line.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn meet(setup: &Setup, peer: &Peer, route: Route) -> Result<Self, KeepError> {
        let room_tag = setup.room.tag();
        let claimed = DisplayName::parse(&peer.name);
        let name = claimed.unwrap_or_else(|_| stand_in(&peer.identity));
        let judgement = setup.contacts.judge(&peer.identity, &name, &room_tag)?;
        let secret = setup.room.secret().is_some();
        let mut company = Company {
            key: peer.identity,
            name,
            standing: Standing::Unverified,
            shut: None,
            yourself: false,
            room_tag,
            proves: if secret {
                Trust::Invite
            } else {
                Trust::Unverified
            },
            contacts: setup.contacts.clone(),
            line: None,
        };
        match judgement {
            Judgement::Yourself => company.yourself = true,
            Judgement::Alarm(alarm) => company.shut = Some(Shut::Alarm(alarm)),
            Judgement::Known(_) | Judgement::New { .. } => company.keep()?,
        }
        let open = company.shut.is_none() && !company.yourself;
        if open && setup.require_verified && company.standing != Standing::Verified {
            company.shut = Some(Shut::NotVerified);
        }
        if let Some(history) = &setup.history {
            let id = history.append(&company.entry(setup.room.name(), route))?;
            company.line = Some((history.clone(), id));
        }
        Ok(company)
    }

    /// Our name for the other one.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The identity key that later links must show.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// All words of the key.
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.key)
    }

    /// What we know of the key.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether it is our own identity.
    pub fn is_yourself(&self) -> bool {
        self.yourself
    }

    /// Whether nothing may be said or shown.
    pub fn is_shut(&self) -> bool {
        self.shut.is_some()
    }

    /// What is to be said about a shut chat.
    pub fn alarm(&self) -> Option<Event> {
        let shut = self.shut.as_ref()?;
        let is = self.fingerprint().short();
        let Shut::Alarm(Alarm { kind, contact }) = shut else {
            return Some(Event::Alarm {
                kind: "not-verified",
                peer: self.name().to_owned(),
                was: None,
                is,
                last_met: None,
                override_by: None,
            });
        };
        Some(Event::Alarm {
            kind: match kind {
                AlarmKind::NameKnown => "name-known",
                AlarmKind::RoomKnown => "room-known",
                AlarmKind::FormerKey => "former-key",
            },
            peer: contact.petname.as_str().to_owned(),
            was: Some(contact.fingerprint().short()),
            is,
            last_met: Some((contact.last_met.to_string(), contact.trust.into())),
            override_by: Some(format!("/trust {}", self.override_words())),
        })
    }

    /// The words matched: the key is verified, and the chat open.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn verified(&mut self) -> Result<(), KeepError> {
        self.proves = Trust::Verified;
        self.accept()
    }

    /// The user typed what an alarm asks for: lets the new key in, as far as this
    /// meeting proves it. `false`: the words are not those of the key that is
    /// there, or there is no alarm.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn trust_anyway(&mut self, typed: &str) -> Result<bool, KeepError> {
        let alarm = matches!(self.shut, Some(Shut::Alarm(_)));
        let typed: Vec<_> = typed
            .split([' ', '-'])
            .filter(|word| !word.is_empty())
            .collect();
        if !alarm || !typed.join("-").eq_ignore_ascii_case(&self.override_words()) {
            return Ok(false);
        }
        self.accept()?;
        Ok(true)
    }

    /// The first two words of the key that is there: who types them has looked.
    fn override_words(&self) -> String {
        let words = self.fingerprint().to_string();
        words.split('-').take(2).collect::<Vec<_>>().join("-")
    }

    fn accept(&mut self) -> Result<(), KeepError> {
        match self.shut.take() {
            Some(Shut::Alarm(Alarm { kind, contact })) if kind != AlarmKind::RoomKnown => {
                let met = self.met();
                let contact = self.contacts.replace_key(&contact.key, &met)?;
                self.name = contact.petname;
                self.standing = contact.trust.into();
            }
            _ if self.yourself => self.standing = self.proves.into(),
            _ => self.keep()?,
        }
        let standing = self.standing;
        self.update(|entry| entry.state = state(standing))
    }

    fn keep(&mut self) -> Result<(), KeepError> {
        let contact = self.contacts.record_met(&self.met())?;
        self.name = contact.petname;
        self.standing = contact.trust.into();
        Ok(())
    }

    fn met(&self) -> Met<'_> {
        Met {
            key: &self.key,
            name: &self.name,
            room_tag: &self.room_tag,
            trust: self.proves,
            at: Timestamp::now(),
        }
    }

    /// Notes in the history that the other one was just heard of.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn seen(&self) -> Result<(), KeepError> {
        self.update(|entry| entry.last_seen = Timestamp::now())
    }

    /// Notes in the history that the link goes another way now.
    ///
    /// # Errors
    /// [`KeepError`].
    pub fn moved(&self, route: Route) -> Result<(), KeepError> {
        self.update(|entry| {
            entry.address = route.address().to_string();
            entry.path = path(route);
            entry.last_seen = Timestamp::now();
        })
    }

    fn update(&self, change: impl FnOnce(&mut Entry)) -> Result<(), KeepError> {
        if let Some((history, id)) = &self.line {
            history.update(*id, change)?;
        }
        Ok(())
    }

    fn entry(&self, room: &str, route: Route) -> Entry {
        let now = Timestamp::now();
        let alarm = matches!(self.shut, Some(Shut::Alarm(_)));
        Entry {
            started: now,
            last_seen: now,
            name: self.name().to_owned(),
            room: room.to_owned(),
            address: route.address().to_string(),
            path: path(route),
            state: if alarm {
                State::Alarm
            } else {
                state(self.standing)
            },
            key: self.fingerprint().to_string(),
        }
    }
}

fn path(route: Route) -> LinkPath {
    match route.is_relay() {
        true => LinkPath::Relay,
        false => LinkPath::Direct,
    }
}

fn state(standing: Standing) -> State {
    match standing {
        Standing::Verified => State::Verified,
        Standing::Invite => State::Invite,
        Standing::Unverified => State::Unverified,
    }
}

/// A name for someone who gave one that cannot be shown: the first words of the
/// key.
#[allow(clippy::expect_used, reason = "two words of the PGP list are a name")]
fn stand_in(key: &PublicKey) -> DisplayName {
    let words = fingerprint(key).to_string();
    let two: Vec<_> = words.split('-').take(2).collect();
    DisplayName::parse(&two.join("-")).expect("letters and a dash")
}
