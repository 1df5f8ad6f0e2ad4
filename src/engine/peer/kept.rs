//! What is written down of who is there: the contact, and the history's line. Nobody waits for it.

use jiff::Timestamp;

use crate::contacts::{Contact, Contacts, ContactsError, Encounter};
use crate::engine::peer::{Peer, keeps_nothing};
use crate::history::{Entry, Finding, LinkPath};
use crate::link::path::{Path, Transport};

impl Peer {
    /// Keeps the contact. What comes of that is known beforehand, unless another client
    /// takes somebody of that name in right now: then they are `bob 2` from the next
    /// time on. Who keeps nothing is not kept either.
    pub(super) fn keep(&mut self) {
        self.trust = self.trust.max(self.proves);
        if keeps_nothing(self.features) {
            return;
        }
        self.write(|contacts, met| contacts.record_met(met));
    }

    /// The key that is there takes the place of a contact's.
    pub(super) fn keep_in_place_of(&self, contact: &Contact) {
        let old = contact.key;
        self.write(move |contacts, met| match contacts.replace_key(&old, met) {
            // Forgotten meanwhile: then it is somebody new.
            Err(ContactsError::Unknown(_)) => contacts.record_met(met),
            done => done,
        });
    }

    fn write(
        &self,
        change: impl Fn(&Contacts, &Encounter<'_>) -> Result<Contact, ContactsError> + Send + 'static,
    ) {
        let (key, name, room_tag) = (self.key, self.given.clone(), self.room_tag);
        let (contacts, trust, at) = (self.contacts.clone(), self.proves, Timestamp::now());
        let features = self.features;
        let what = format!("the contact {}", self.name());
        self.writer.keep(&what, move || {
            let met = Encounter {
                key: &key,
                name: &name,
                room_tag: &room_tag,
                trust,
                at,
                features,
            };
            change(&contacts, &met).map(drop)
        });
    }

    /// Notes in the history that the peer was just heard of.
    pub(crate) fn seen(&mut self) {
        self.note(false, |entry| entry.last_seen = Timestamp::now());
    }

    /// Notes in the history that the conversation is over.
    pub(crate) fn parted(&mut self) {
        self.note(true, |_| {});
    }

    /// Notes in the history that the words did not match. What is known of the key stays: it
    /// need not be the peer's fault.
    pub(crate) fn differed(&mut self) {
        self.note(false, |entry| entry.state = Finding::Differed);
    }

    /// Notes in the history that the link goes another way now.
    pub(crate) fn moved(&mut self, route: Path) {
        self.note(false, |entry| {
            entry.address = route.address().to_string();
            entry.path = path(route);
            entry.last_seen = Timestamp::now();
        });
    }

    pub(super) fn note(&mut self, last: bool, change: impl FnOnce(&mut Entry)) {
        let name = self.name.as_str();
        if let Some((connection, entry)) = &mut self.line {
            name.clone_into(&mut entry.name);
            change(entry);
            connection.note(&self.writer, entry, last);
        }
    }

    pub(super) fn entry(&self, room: &str, route: Path) -> Entry {
        let now = Timestamp::now();
        Entry {
            started: now,
            last_seen: now,
            name: self.name().to_owned(),
            room: room.to_owned(),
            address: route.address().to_string(),
            path: path(route),
            state: match self.asks_for_trust() {
                true => Finding::Alarm,
                false => Finding::Trust(self.trust),
            },
            key: self.fingerprint().to_string(),
        }
    }
}

fn path(route: Path) -> LinkPath {
    match route {
        Path::Relay(..) => LinkPath::Relay,
        Path::Direct(_, Transport::Tcp, _) => LinkPath::Direct,
        Path::Direct(_, Transport::Udp, _) => LinkPath::DirectUdp,
    }
}
