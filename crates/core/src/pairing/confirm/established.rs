//! What two ends have of each other once both have confirmed: who the peer is, and the keys of one
//! link.

use std::sync::Arc;

use crate::crypto::keys::{Key, Label, PublicKey, ResumeSecret, SecretKey};
use crate::crypto::secret::Secret;
use crate::crypto::words::{Words, fingerprint};
use crate::pairing::unused::UNASSIGNED;
use crate::pairing::{Matched, Role};
use crate::text::display_name::DisplayName;

/// What a pairing yields once both ends have confirmed.
#[derive(Debug)]
pub struct Established {
    /// Who the peer is.
    pub peer: PeerIdentity,
    /// The keys of the one link that this pairing is good for.
    pub link: LinkKeys,
    /// What a session that begins here is resumed by.
    pub resume: Arc<ResumeSecret>,
}

/// Who the peer is, as a confirmed pairing shows it.
#[derive(Clone, Debug)]
pub struct PeerIdentity {
    /// Its identity key, proved.
    pub identity: PublicKey,
    /// What it calls itself: 1 to 64 bytes of UTF-8 from a stranger.
    pub name: String,
    /// What its program can do: the bits of CONFIRM.
    pub features: u32,
    /// The words that ours are compared with: those that we read out, and those
    /// that we must hear.
    pub words: Words,
}

impl PeerIdentity {
    /// What it may be shown as: its name, or the first words of its key where that is none.
    #[must_use]
    #[allow(clippy::expect_used, reason = "two words of the PGP list are a name")]
    pub fn display_name(&self) -> DisplayName {
        DisplayName::parse(&self.name).unwrap_or_else(|_| {
            let [first, second, ..] = fingerprint(&self.identity).words();
            DisplayName::parse(&format!("{first}-{second}")).expect("letters and a dash")
        })
    }

    /// The words that we read out, in this role, and those that we must hear.
    #[must_use]
    pub fn words_as(&self, role: Role) -> [[&'static str; 4]; 2] {
        let (ours, theirs) = role.order(self.words.a, self.words.b);
        [ours, theirs]
    }

    /// [`features`](Self::features) without the bit that means nothing.
    #[must_use]
    pub fn assigned_features(&self) -> u32 {
        self.features & !UNASSIGNED
    }
}

/// Everything that the record layer of one link starts from.
#[derive(Debug)]
pub struct LinkKeys {
    /// Our role in the pairing.
    pub role: Role,
    /// SK, the first root key.
    pub root: Key,
    /// Our first ratchet key, or theirs.
    pub ratchet: RatchetStart,
    /// exp(ck3, "session id", th3).
    pub session_id: [u8; 32],
    /// The host's identity.
    pub s_a: PublicKey,
    /// The guest's identity.
    pub s_b: PublicKey,
}

/// Where the Double Ratchet starts: with R_B, of which the guest holds the secret.
#[derive(Debug)]
pub enum RatchetStart {
    /// The host is the specification's Alice.
    Initiator(PublicKey),
    /// The guest is its Bob.
    Responder(SecretKey),
}

impl Matched {
    pub(super) fn establish(
        &self,
        name: String,
        features: u32,
        shared: &Secret<32>,
        th3: &[u8; 32],
        ratchet: RatchetStart,
    ) -> Established {
        let Self {
            role,
            identity,
            words,
            s_a,
            s_b,
            ck2,
            ..
        } = self;
        let ck3 = ck2.extract(shared.as_bytes());
        Established {
            peer: PeerIdentity {
                identity: *identity,
                name,
                features,
                words: *words,
            },
            link: LinkKeys {
                role: *role,
                root: ck3.expand(Label::Ratchet, th3),
                ratchet,
                session_id: *ck3.expand(Label::SessionId, th3).as_bytes(),
                s_a: *s_a,
                s_b: *s_b,
            },
            resume: Arc::new(ResumeSecret::new(ck3.expand(Label::Resume, th3))),
        }
    }
}
