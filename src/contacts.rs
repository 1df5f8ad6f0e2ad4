//! Contacts: whom we have met, by what name we know them, and how sure we are.
//!
//! Owns: the file `contacts.json` in the data directory (mode 0600; read, changed and replaced
//! whole under a lock, so that two clients share it), with `contact`, somebody in it, and
//! `identity_check`, whom that makes of the other person. Does not own: what is done about an
//! alarm.
//!
//! Rooms are kept as tags, keys as base64url; no secret of a room enters.

use std::path::{Path, PathBuf};

use undertone_core::crypto::keys::PublicKey;
use undertone_core::crypto::words::fingerprint;
use undertone_core::text::display_name::DisplayName;
use undertone_core::text::safe::Safe;

use crate::store::{self, Lacks, Lock, Store, StoreError};

mod contact;
mod file;
mod identity_check;

pub(crate) use contact::begins_with_words;
pub use contact::{Contact, Encounter};
pub use identity_check::{Alarm, AlarmKind, IdentityCheck};

/// Its name in the data directory.
pub(crate) const FILE: &str = "contacts.json";

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
        read(&self.path)
    }

    /// Whether they can be read and changed: tried, so that it is found before anybody comes.
    ///
    /// # Errors
    /// As [`Contacts::list`].
    pub fn probe(&self) -> Result<Lacks, ContactsError> {
        self.list()?;
        Ok(store::probe_lock(&self.path)?)
    }

    /// The keys of those met in the room with this tag, `most` at the most, the last first.
    ///
    /// # Errors
    /// As [`Contacts::list`].
    pub fn met_in(
        &self,
        room_tag: &[u8; 32],
        most: usize,
    ) -> Result<Vec<PublicKey>, ContactsError> {
        let mut met = self.list()?;
        met.retain(|c| c.rooms.contains(room_tag) && c.key != self.own);
        met.sort_by_key(|c| std::cmp::Reverse(c.last_met));
        Ok(met.iter().take(most).map(|c| c.key).collect())
    }

    /// Remembers a meeting: a new contact, or a known one met again. A new one whose name is taken
    /// (the user let them in all the same) gets a number behind it.
    ///
    /// # Errors
    /// As [`Contacts::list`].
    pub fn record_met(&self, met: &Encounter<'_>) -> Result<Contact, ContactsError> {
        self.change(|contacts| {
            if let Some(contact) = contacts.iter_mut().find(|c| c.key == *met.key) {
                contact.meet(met);
                return Ok(contact.clone());
            }
            let mut contact = Contact {
                petname: free_name(contacts, met.name),
                given: Vec::new(),
                key: *met.key,
                trust: met.trust,
                rooms: Vec::new(),
                first_met: met.at,
                last_met: met.at,
                former_keys: Vec::new(),
                features: met.features,
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
    pub fn replace_key(
        &self,
        old: &PublicKey,
        met: &Encounter<'_>,
    ) -> Result<Contact, ContactsError> {
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

    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Contact>) -> Result<T, ContactsError>,
    ) -> Result<T, ContactsError> {
        let _lock = Lock::on(&self.path)?;
        let mut contacts = self.list()?;
        let result = change(&mut contacts)?;
        let bytes = file::write(&contacts).map_err(damaged(&self.path))?;
        store::replace(&self.path, &bytes)?;
        Ok(result)
    }
}

/// How many contacts there are in this data directory. Makes and changes nothing.
///
/// # Errors
/// As [`Contacts::list`].
pub fn count(dir: &Path) -> Result<usize, ContactsError> {
    read(&dir.join(FILE)).map(|contacts| contacts.len())
}

fn read(path: &Path) -> Result<Vec<Contact>, ContactsError> {
    match store::read(path)? {
        None => Ok(Vec::new()),
        Some(bytes) => file::parse(&bytes).map_err(damaged(path)),
    }
}

fn damaged(path: &Path) -> impl FnOnce(String) -> ContactsError + use<> {
    let path = path.to_owned();
    move |why| ContactsError::Damaged { path, why }
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
