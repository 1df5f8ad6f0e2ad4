//! Somebody whom we have met, and what another meeting adds to that.

use jiff::Timestamp;
use undertone_core::crypto::keys::PublicKey;
use undertone_core::crypto::words::{Fingerprint, fingerprint};
use undertone_core::text::display_name::DisplayName;

use crate::trust::Trust;

/// Rooms that are remembered of one contact: the latest ones. Made-up rooms are new every time.
pub(super) const MAX_ROOMS: usize = 256;

/// Names that are remembered of one contact.
pub(super) const MAX_NAMES: usize = 8;

/// Somebody whom we have met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The name by which we know them: at first the one they gave, then ours to change.
    pub petname: DisplayName,
    /// The names that they gave, the latest last.
    pub given: Vec<DisplayName>,
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
    /// What their program could do when we last met: features as of PROTOCOL.md §4.
    pub features: u32,
}

/// A meeting, to be remembered.
#[derive(Debug, Clone)]
pub struct Encounter<'a> {
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
    /// What their program can do.
    pub features: u32,
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

    /// What they may be called: by us, or by themselves.
    pub(super) fn names(&self) -> impl Iterator<Item = &DisplayName> {
        self.given.iter().chain([&self.petname])
    }

    pub(super) fn meet(&mut self, met: &Encounter<'_>) {
        self.trust = self.trust.max(met.trust);
        self.last_met = self.last_met.max(met.at);
        self.features = met.features;
        self.given.retain(|name| name != met.name);
        self.given.push(met.name.clone());
        let excess = self.given.len().saturating_sub(MAX_NAMES);
        self.given.drain(..excess);
        self.rooms.retain(|tag| tag != met.room_tag);
        self.rooms.push(*met.room_tag);
        let excess = self.rooms.len().saturating_sub(MAX_ROOMS);
        self.rooms.drain(..excess);
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
