//! Who we are, and who came.

use std::fmt;

use undertone_core::crypto::keys::{PublicKey, SecretKey};
use undertone_core::crypto::words::{are_words, fingerprint, same_words};
use undertone_core::pairing::{PeerIdentity, Role};

use crate::event::{Kind, Verdict, emit};
use crate::fields::Fields;

/// Our identity key: made for as long as the page lives, or kept by the browser, which agrees with
/// others in our stead.
#[derive(Debug)]
pub(crate) enum Identity {
    Here(SecretKey),
    Elsewhere(PublicKey),
}

impl Identity {
    pub(crate) fn public(&self) -> PublicKey {
        match self {
            Self::Here(key) => key.public(),
            Self::Elsewhere(key) => *key,
        }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self::Here(SecretKey::generate())
    }
}

/// Who came, and the words of its link.
pub(crate) struct Person {
    pub(crate) identity: PublicKey,
    ours: [&'static str; 4],
    theirs: [&'static str; 4],
}

impl fmt::Debug for Person {
    /// Words that nobody has compared yet stay out of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// Who a confirmed pairing shows; told to the page.
    pub(crate) fn met(peer: &PeerIdentity, role: Role, out: &mut Vec<u8>) -> Self {
        let [ours, theirs] = peer.words_as(role);
        let key = fingerprint(&peer.identity).words();
        emit(out, Kind::Peer, |fields| {
            fields
                .text(peer.display_name().as_str())
                .extend_from_slice(peer.identity.as_bytes());
            fields.text(&key.join(" ")).text(&ours.join(" "));
            fields.extend_from_slice(&peer.assigned_features().to_be_bytes());
        });
        Self {
            identity: peer.identity,
            ours,
            theirs,
        }
    }

    /// What comes of words that were heard.
    pub(crate) fn verify(&self, heard: &str) -> Verdict {
        if same_words(&self.theirs, heard) {
            Verdict::Same
        } else if same_words(&self.ours, heard) {
            Verdict::Own
        } else if are_words(heard) {
            Verdict::Differ
        } else {
            Verdict::NotWords
        }
    }
}
