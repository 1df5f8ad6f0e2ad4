//! Contacts: whom we have met, by what name we know them, and how sure we are.
//!
//! Owns: the file `contacts.json` in the data directory (mode 0600; read, changed and replaced
//! whole under a lock, so that two clients share it), and the judgement of protocol §7: the badge
//! belongs to the key, never to the name. Does not own: what is done about an alarm.
//!
//! Rooms are kept as tags, keys as base64url; no secret of a room enters.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::crypto::keys::PublicKey;
use crate::crypto::words::{Fingerprint, fingerprint};
use crate::store::{self, Lock, Store, StoreError};
use crate::terminal::name::DisplayName;
use crate::terminal::safe::Safe;

mod file;

const FILE: &str = "contacts.json";
/// Rooms that are remembered of one contact: the latest ones. Made-up rooms are new every time.
const MAX_ROOMS: usize = 256;

/// How sure we are that a key is whose we think it is. Ordered: later is surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Met in a room without a secret, words not compared.
    Unverified,
    /// Met by a secret that both knew.
    Invite,
    /// The words were compared.
    Verified,
}

/// Somebody whom we have met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The name by which we know them: at first the one they gave, then ours to change.
    pub petname: DisplayName,
    /// Their identity key.
    pub key: PublicKey,
    /// How sure we are of it.
    pub trust: Trust,
    /// Tags of the rooms in which we met, the latest last.
    pub rooms: Vec<[u8; 32]>,
    /// When we first met.
    pub first_met: Timestamp,
    /// When we last met.
    pub last_met: Timestamp,
    /// Keys that they used before and that we accepted a successor for.
    pub former_keys: Vec<PublicKey>,
}

impl Contact {
    /// The fingerprint of their key.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.key)
    }

    /// Whether a person means this contact by `who`: their petname, or the fingerprint (all of it,
    /// or its first words).
    #[must_use]
    pub fn is(&self, who: &str) -> bool {
        self.petname.as_str() == who || begins_with_words(&self.fingerprint().to_string(), who)
    }
}

/// Whether `who` is the fingerprint `words`, or at least two of its first words.
pub(crate) fn begins_with_words(words: &str, who: &str) -> bool {
    let who = who
        .trim_end_matches('…')
        .trim_end_matches('-')
        .to_lowercase();
    let words = words.to_lowercase();
    who.contains('-')
        && words
            .strip_prefix(&who)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Who the other one is, as far as we can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// We know this key, whatever name came with it.
    Known(Contact),
    /// Nobody we know, and nothing suspicious.
    New {
        /// The name that they gave.
        petname: DisplayName,
    },
    /// The identity may have been changed: the chat stays shut.
    Alarm(Alarm),
    /// Our own key: another terminal of ours.
    Yourself,
}

/// Why an unknown key is suspicious.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What it collides with.
    pub kind: AlarmKind,
    /// Whom we expected.
    pub contact: Contact,
}

/// What an unknown key collides with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmKind {
    /// The name is, or looks like, a contact's.
    NameKnown,
    /// We met this contact in this room before.
    RoomKnown,
    /// It is a key that this contact gave up.
    FormerKey,
}

/// A meeting, to be remembered.
#[derive(Debug, Clone)]
pub struct Met<'a> {
    /// Their identity key.
    pub key: &'a PublicKey,
    /// The name that they gave; a known contact's petname stays as it is.
    pub name: &'a DisplayName,
    /// The room's tag.
    pub room_tag: &'a [u8; 32],
    /// What this meeting proves; a contact's trust is only ever raised by it.
    pub trust: Trust,
    /// Now.
    pub at: Timestamp,
}

/// Why contacts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ContactsError {
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is not one of ours, or was cut short.
    #[error(
        "the contacts in {path} cannot be read ({why}); the file was left as it is\n  Mend it or put a copy back. Moving it away forgets all contacts, and whom you verified."
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Nobody of that name or key.
    #[error("no contact {0}\n  `undertone peers` lists whom you have met.")]
    Unknown(Safe),
    /// Several contacts answer to it.
    #[error(
        "several contacts answer to {0}\n  Name one by the first words of its key; `undertone peers --json` shows them whole."
    )]
    Ambiguous(Safe),
    /// The new petname is, or looks like, another contact's.
    #[error(
        "{0} is, or looks like, the name of another contact\n  Choose a name that cannot be mistaken."
    )]
    Taken(DisplayName),
}

/// The contacts of one person. Holds no copy: every call reads the file, which another client may
/// have changed.
#[derive(Debug, Clone)]
pub struct Contacts {
    path: PathBuf,
    own: PublicKey,
}

impl Contacts {
    /// The contacts in this data directory, of the person whose identity key is `own`.
    #[must_use]
    pub fn open(store: &Store, own: PublicKey) -> Self {
        Self {
            path: store.path(FILE),
            own,
        }
    }

    /// All contacts, in the order in which they were met.
    ///
    /// # Errors
    /// [`ContactsError::Damaged`] or [`ContactsError::Store`].
    pub fn list(&self) -> Result<Vec<Contact>, ContactsError> {
        match store::read(&self.path)? {
            None => Ok(Vec::new()),
            Some(bytes) => file::parse(&bytes).map_err(|why| self.damaged(why)),
        }
    }

    /// Who is it that came with `key` and `name` into the room `room_tag`? (protocol §7)
    ///
    /// # Errors
    /// As [`Contacts::list`].
    pub fn judge(
        &self,
        key: &PublicKey,
        name: &DisplayName,
        room_tag: &[u8; 32],
    ) -> Result<Judgement, ContactsError> {
        if *key == self.own {
            return Ok(Judgement::Yourself);
        }
        let contacts = self.list()?;
        if let Some(contact) = contacts.iter().find(|c| c.key == *key) {
            return Ok(Judgement::Known(contact.clone()));
        }
        let looks = name.skeleton();
        let former = contacts.iter().find(|c| c.former_keys.contains(key));
        let named = || contacts.iter().find(|c| c.petname.skeleton() == looks);
        let met_here = || {
            let here = contacts.iter().filter(|c| c.rooms.contains(room_tag));
            here.max_by_key(|c| c.last_met)
        };
        let alarm = former
            .map(|contact| (AlarmKind::FormerKey, contact))
            .or_else(|| named().map(|contact| (AlarmKind::NameKnown, contact)))
            .or_else(|| met_here().map(|contact| (AlarmKind::RoomKnown, contact)));
        Ok(match alarm {
            Some((kind, contact)) => Judgement::Alarm(Alarm {
                kind,
                contact: contact.clone(),
            }),
            None => Judgement::New {
                petname: name.clone(),
            },
        })
    }

    /// Remembers a meeting: a new contact, or a known one met again. A new one whose name is taken
    /// (the user let them in all the same) gets a number behind it.
    ///
    /// # Errors
    /// As [`Contacts::list`].
    pub fn record_met(&self, met: &Met<'_>) -> Result<Contact, ContactsError> {
        self.change(|contacts| {
            if let Some(contact) = contacts.iter_mut().find(|c| c.key == *met.key) {
                contact.meet(met);
                return Ok(contact.clone());
            }
            let mut contact = Contact {
                petname: free_name(contacts, met.name),
                key: *met.key,
                trust: met.trust,
                rooms: Vec::new(),
                first_met: met.at,
                last_met: met.at,
                former_keys: Vec::new(),
            };
            contact.meet(met);
            contacts.push(contact.clone());
            Ok(contact)
        })
    }

    /// Gives the contact with the key `old` the key of this meeting, after the user accepted it:
    /// petname, rooms and dates stay, the old key is kept as a former one, and trust is what the
    /// meeting proves, no more.
    ///
    /// # Errors
    /// [`ContactsError::Unknown`] when no contact has the key `old`; else as [`Contacts::list`].
    pub fn replace_key(&self, old: &PublicKey, met: &Met<'_>) -> Result<Contact, ContactsError> {
        self.change(|contacts| {
            // Another client may have taken the new key in as a contact of its own meanwhile.
            contacts.retain(|c| c.key != *met.key || met.key == old);
            let contact = contacts
                .iter_mut()
                .find(|c| c.key == *old)
                .ok_or_else(|| unknown(&fingerprint(old).to_string()))?;
            contact
                .former_keys
                .retain(|key| key != met.key && key != old);
            contact.former_keys.push(*old);
            contact.key = *met.key;
            contact.trust = met.trust;
            contact.meet(met);
            Ok(contact.clone())
        })
    }

    /// Gives a contact, named by petname or fingerprint, another petname.
    ///
    /// # Errors
    /// [`ContactsError::Unknown`], [`ContactsError::Ambiguous`], [`ContactsError::Taken`]; else as
    /// [`Contacts::list`].
    pub fn rename(&self, who: &str, petname: &DisplayName) -> Result<Contact, ContactsError> {
        self.change(|contacts| {
            let key = one(contacts, who)?;
            let looks = petname.skeleton();
            if contacts
                .iter()
                .any(|c| c.key != key && c.petname.skeleton() == looks)
            {
                return Err(ContactsError::Taken(petname.clone()));
            }
            let contact = contacts
                .iter_mut()
                .find(|c| c.key == key)
                .ok_or_else(|| unknown(who))?;
            contact.petname = petname.clone();
            Ok(contact.clone())
        })
    }

    /// Forgets a contact, named by petname or fingerprint.
    ///
    /// # Errors
    /// [`ContactsError::Unknown`], [`ContactsError::Ambiguous`]; else as [`Contacts::list`].
    pub fn forget(&self, who: &str) -> Result<Contact, ContactsError> {
        self.change(|contacts| {
            let key = one(contacts, who)?;
            let at = contacts
                .iter()
                .position(|c| c.key == key)
                .ok_or_else(|| unknown(who))?;
            Ok(contacts.remove(at))
        })
    }

    fn damaged(&self, why: String) -> ContactsError {
        let path = self.path.clone();
        ContactsError::Damaged { path, why }
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Contact>) -> Result<T, ContactsError>,
    ) -> Result<T, ContactsError> {
        let _lock = Lock::on(&self.path)?;
        let mut contacts = self.list()?;
        let result = change(&mut contacts)?;
        let bytes = file::write(&contacts).map_err(|why| self.damaged(why))?;
        store::replace(&self.path, &bytes)?;
        Ok(result)
    }
}

impl Contact {
    fn meet(&mut self, met: &Met<'_>) {
        self.trust = self.trust.max(met.trust);
        self.last_met = self.last_met.max(met.at);
        self.rooms.retain(|tag| tag != met.room_tag);
        self.rooms.push(*met.room_tag);
        let excess = self.rooms.len().saturating_sub(MAX_ROOMS);
        self.rooms.drain(..excess);
    }
}

fn unknown(who: &str) -> ContactsError {
    ContactsError::Unknown(Safe::name(who))
}

fn one(contacts: &[Contact], who: &str) -> Result<PublicKey, ContactsError> {
    let mut found = contacts.iter().filter(|c| c.is(who));
    match (found.next(), found.next()) {
        (None, _) => Err(unknown(who)),
        (Some(contact), None) => Ok(contact.key),
        _ => Err(ContactsError::Ambiguous(Safe::name(who))),
    }
}

/// `name`, or where a contact has one like it, `name 2`, `name 3` …
fn free_name(contacts: &[Contact], name: &DisplayName) -> DisplayName {
    let taken = |candidate: &DisplayName| {
        let looks = candidate.skeleton();
        contacts.iter().any(|c| c.petname.skeleton() == looks)
    };
    if !taken(name) {
        return name.clone();
    }
    (2..=contacts.len() + 2)
        .filter_map(|number| name.numbered(number))
        .find(|candidate| !taken(candidate))
        .unwrap_or_else(|| name.clone())
}

#[cfg(test)]
mod tests;
