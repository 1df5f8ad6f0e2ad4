//! Who is on the other end: what contacts and history know of the key, and
//! whether the chat is open (PROTOCOL.md §9).

mod challenge;
mod kept;
mod newcomer;

use std::sync::Arc;

use undertone_core::crypto::keys::PublicKey;
use undertone_core::crypto::words::{Fingerprint, fingerprint};
use undertone_core::pairing::{FILES, KEEPS_NOTHING, PeerIdentity};
use undertone_core::text::display_name::DisplayName;

use crate::contacts::{Alarm, AlarmKind, Contacts, ContactsError, IdentityCheck};
use crate::engine::Context;
use crate::engine::event::{AlarmCause, Event};
use crate::engine::peer::challenge::Challenge;
use crate::history::{Connection, Entry, Finding};
use crate::link::path::Path;
use crate::store::{Writer, aside};
use crate::trust::Trust;
pub(super) use newcomer::Newcomer;
use newcomer::{Judged, Judging, proved};

/// The peer.
pub(super) struct Peer {
    key: PublicKey,
    name: DisplayName,
    /// What the peer calls itself.
    given: DisplayName,
    /// What its program can do.
    features: u32,
    trust: Trust,
    shut: Option<Shut>,
    yourself: bool,
    room_tag: [u8; 32],
    /// What this meeting proves by itself.
    proves: Trust,
    contacts: Contacts,
    line: Option<(Connection, Entry)>,
    writer: Arc<Writer>,
}

/// How a first link came about.
#[derive(Debug, Default)]
pub struct HowMet {
    /// A contact was met by its key, and did not show that it knows the room's secret.
    pub again: bool,
    /// What the contacts say of the peer.
    pub(in crate::engine) judging: Option<Judging>,
}

/// Why the chat is shut.
enum Shut {
    Alarm(Box<Alarm>, Challenge),
    NotVerified,
}

impl Peer {
    /// Judges who came, unless that is done, keeps the contact unless there is an alarm, and has the
    /// history's line written. Waits for nothing that is written.
    ///
    /// # Errors
    /// [`ContactsError`], where nobody can be judged.
    pub(super) async fn meet(
        context: &Context,
        peer: &PeerIdentity,
        route: Path,
        how: HowMet,
    ) -> Result<Self, ContactsError> {
        let (key, room_tag) = (peer.identity, context.config.room.tag());
        let given = peer.display_name();
        let judged = match how.judging {
            Some(judging) => judging.judged().await,
            None => None,
        };
        let Judged { check, remembered } = match judged {
            Some(judged) => judged,
            None => {
                let (contacts, name) = (context.config.contacts.clone(), given.clone());
                Judged {
                    check: aside(move || contacts.judge(&key, &name, &room_tag)).await??,
                    remembered: false,
                }
            }
        };
        let mut peer = Self {
            key,
            name: given.clone(),
            given,
            features: peer.assigned_features(),
            trust: Trust::Unverified,
            shut: None,
            yourself: false,
            room_tag,
            proves: proved(context, how.again),
            contacts: context.config.contacts.clone(),
            line: None,
            writer: Arc::clone(&context.config.writer),
        };
        match check {
            IdentityCheck::Yourself => {
                peer.yourself = true;
                // Whoever has a copy of our identity is not called as they like.
                peer.name = DisplayName::yourself();
            }
            IdentityCheck::Alarm(alarm) => {
                let was = alarm.contact.fingerprint();
                let challenge = Challenge::draw(&was, &peer.fingerprint());
                peer.shut = Some(Shut::Alarm(Box::new(alarm), challenge));
            }
            IdentityCheck::Known(contact) => {
                (peer.name, peer.trust) = (contact.petname, contact.trust);
                if !remembered {
                    peer.keep();
                }
            }
            IdentityCheck::New { .. } => peer.keep(),
        }
        let open = peer.shut.is_none();
        if open && context.config.require_verified && peer.trust != Trust::Verified {
            peer.shut = Some(Shut::NotVerified);
        }
        if let Some(history) = &context.config.history {
            let entry = peer.entry(context.config.room.name(), route);
            peer.line = Some((Connection::new(history.clone()), entry));
            peer.note(false, |_| {});
        }
        Ok(peer)
    }

    /// Our name for the peer.
    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The identity key that later links must show.
    pub(super) fn key(&self) -> &PublicKey {
        &self.key
    }

    /// All words of the key.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.key)
    }

    /// How sure we are of the key.
    pub(super) fn trust(&self) -> Trust {
        self.trust
    }

    /// Whether its program takes files.
    pub(super) fn takes_files(&self) -> bool {
        self.features & FILES > 0
    }

    /// Whether it is our own identity.
    pub(super) fn is_yourself(&self) -> bool {
        self.yourself
    }

    /// Whether it is somebody whom we know, by the key that is there.
    pub(super) fn is_contact(&self) -> bool {
        !self.yourself && !self.asks_for_trust() && !keeps_nothing(self.features)
    }

    /// Whether nothing may be said or shown.
    pub(super) fn is_shut(&self) -> bool {
        self.shut.is_some()
    }

    /// Whether the trust stems from an earlier meeting: this one by itself proves less.
    pub(super) fn is_trusted_from_earlier(&self) -> bool {
        self.trust != self.proves
    }

    /// What is to be said about a shut chat.
    pub(super) fn alarm(&self) -> Option<Event> {
        let shut = self.shut.as_ref()?;
        let is = self.fingerprint();
        let Shut::Alarm(alarm, challenge) = shut else {
            return Some(Event::Alarm {
                cause: AlarmCause::NotVerified,
                peer: self.name().to_owned(),
                name: None,
                was: None,
                is,
                last_met: None,
                override_by: None,
                override_words: Vec::new(),
            });
        };
        let Alarm { kind, contact } = alarm.as_ref();
        let name = (self.given != contact.petname).then(|| self.given.as_str().to_owned());
        Some(Event::Alarm {
            cause: match kind {
                AlarmKind::NameKnown | AlarmKind::NameAlike => AlarmCause::NameKnown,
                AlarmKind::RoomKnown => AlarmCause::RoomKnown,
                AlarmKind::FormerKey => AlarmCause::FormerKey,
            },
            peer: contact.petname.as_str().to_owned(),
            name,
            was: Some(contact.fingerprint()),
            is,
            last_met: Some((contact.last_met, contact.trust)),
            override_by: Some(challenge.command()),
            override_words: challenge.places().to_vec(),
        })
    }

    /// The words matched: the key is verified, and the chat open.
    pub(super) fn verified(&mut self) {
        self.proves = Trust::Verified;
        self.accept();
    }

    /// Whether there is an alarm that [`Peer::trust_anyway`] may answer.
    pub(super) fn asks_for_trust(&self) -> bool {
        matches!(self.shut, Some(Shut::Alarm(..)))
    }

    /// The user typed what an alarm asks for: lets the new key in, as far as this
    /// meeting proves it. `false`: the words are not those of the key that is
    /// there, or there is no alarm.
    pub(super) fn trust_anyway(&mut self, typed: &str) -> bool {
        let met = match &self.shut {
            Some(Shut::Alarm(_, challenge)) => challenge.is_met(typed),
            _ => false,
        };
        if met {
            self.accept();
        }
        met
    }

    fn accept(&mut self) {
        match self.shut.take() {
            // Whoever is only like somebody we know is somebody new.
            Some(Shut::Alarm(alarm, _))
                if !matches!(alarm.kind, AlarmKind::RoomKnown | AlarmKind::NameAlike) =>
            {
                self.name = alarm.contact.petname.clone();
                self.trust = self.proves;
                self.keep_in_place_of(&alarm.contact);
            }
            _ if self.yourself => self.trust = self.proves,
            _ => self.keep(),
        }
        let state = Finding::Trust(self.trust);
        self.note(false, |entry| entry.state = state);
    }
}

/// Whether who has these features, a page for one, has another key the next time: there is nobody to
/// be met again.
fn keeps_nothing(features: u32) -> bool {
    features & KEEPS_NOTHING > 0
}
