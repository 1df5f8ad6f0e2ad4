//! The pairing: from two OFFERs to a confirmed pair of keys. One struct for
//! each awaited message, each spent by the message that it awaited:
//!
//! ```text
//! Offering ──their OFFER──▶ AwaitSealed ──their SEALED──▶ Matched
//! Matched ──as host──▶ HostConfirm   ──CONFIRM_B──▶ Established
//!         ──as guest─▶ GuestConfirm  ──CONFIRM_A──▶ Established
//! ```
//!
//! Owns the transcript hashes th0 … th3 and the chaining keys ck0 … ck2 of
//! PROTOCOL.md §4. No socket, no clock: bytes in, bytes out. What a failure
//! costs (a spent attempt or not) is for the caller to count: every error after
//! our SEALED went out is one.

mod candidates;
mod confirm;
mod error;
mod meeting;
mod offer;
mod role;

use std::sync::Arc;

use zeroize::Zeroizing;

pub use candidates::Candidates;
pub use confirm::{
    CONFIRM_A_LEN, CONFIRM_B_LEN, Established, GuestConfirm, HostConfirm, Introduction, LinkKeys,
    NAME_MAX, Peer, RatchetStart,
};
pub use error::PairingError;
pub use meeting::Meeting;
use offer::Offer;
pub use role::Role;

use crate::crypto::cpace::Share;
use crate::crypto::keys::{
    ChainingKey, Label, PublicKey, SealLabel, SecretKey, channel, commitment, hash, offers_hash,
};
use crate::crypto::secret::Secret;
use crate::crypto::words::{Words, verification_words};

/// The protocol version of an OFFER, and the only one there is.
pub const VERSION: u8 = 1;
/// The suite of an OFFER: X25519, CPace, HKDF-SHA-256, AES-256-CBC + HMAC-SHA-256.
pub const SUITE: u8 = 1;
/// Bytes of an OFFER: ver ‖ suites ‖ E ‖ Y ‖ C.
pub const OFFER_LEN: usize = 98;
/// Bytes of a SEALED: S ‖ n ‖ candidates, padded to 224, and a tag.
pub const SEALED_LEN: usize = 256;

const SEALED_PLAIN: usize = 64 + candidates::ENCODED_LEN;

/// Our OFFER is made; theirs is awaited.
pub struct Offering {
    meeting: Meeting,
    identity: Arc<SecretKey>,
    ephemeral: SecretKey,
    share: Share,
    nonce: Secret<32>,
    offer: [u8; OFFER_LEN],
}

impl Offering {
    /// A fresh attempt: ephemeral key, CPace share and nonce are new each time.
    pub fn new(meeting: Meeting, identity: Arc<SecretKey>) -> Self {
        let share = Share::new(&meeting.prs, &channel(&meeting.tag), &[]);
        Self::from_parts(
            meeting,
            identity,
            SecretKey::generate(),
            share,
            Secret::random(),
        )
    }

    fn from_parts(
        meeting: Meeting,
        identity: Arc<SecretKey>,
        ephemeral: SecretKey,
        share: Share,
        nonce: Secret<32>,
    ) -> Self {
        let e = ephemeral.public();
        let c = commitment(&e, share.public(), &identity.public(), nonce.as_bytes());
        let offer = Offer {
            e,
            y: *share.public(),
            c,
        }
        .encode();
        Offering {
            meeting,
            identity,
            ephemeral,
            share,
            nonce,
            offer,
        }
    }

    /// OFFER, for `join`.
    pub fn offer(&self) -> &[u8; OFFER_LEN] {
        &self.offer
    }

    /// Takes their OFFER and answers with SEALED, which carries `candidates`.
    ///
    /// # Errors
    /// Any [`PairingError`] that an OFFER can cause; ours has not been answered
    /// then, and nothing is spent.
    pub fn paired(
        self,
        role: Role,
        their_offer: &[u8],
        candidates: &Candidates,
    ) -> Result<(AwaitSealed, [u8; SEALED_LEN]), PairingError> {
        let theirs = Offer::decode(their_offer)?;
        let ours = Offer::decode(&self.offer)?;
        if theirs.e == ours.e || theirs.y == ours.y || theirs.c == ours.c {
            return Err(PairingError::Reflected);
        }
        let (a, b) = role.order(&ours, &theirs);
        let th0 = offers_hash(&self.meeting.tag, &a.encode(), &b.encode());
        let isk = self.share.finish(
            &theirs.y,
            &a.associated_data(b'A'),
            &b.associated_data(b'B'),
            role == Role::Host,
        )?;
        let dh = self.ephemeral.diffie_hellman(&theirs.e)?;
        let ck0 = ChainingKey::new(&th0)
            .extract(&self.meeting.prs)
            .mix_dh(&dh)
            .extract(isk.as_bytes());

        let mut sealed = Vec::with_capacity(SEALED_LEN);
        sealed.extend_from_slice(self.identity.public().as_bytes());
        sealed.extend_from_slice(self.nonce.as_bytes());
        sealed.extend_from_slice(&candidates.encode());
        ck0.expand(sealed_label(role), &th0)
            .seal(SealLabel::Sealed, &[&th0], &mut sealed, 0);
        let sealed = fixed(&sealed, "SEALED")?;

        let Offering {
            identity,
            ephemeral,
            nonce,
            ..
        } = self;
        let awaiting = AwaitSealed {
            role,
            identity,
            ephemeral,
            nonce,
            theirs,
            th0,
            ck0,
            sealed,
        };
        Ok((awaiting, sealed))
    }
}

/// Our SEALED is out; theirs is awaited. From here on a failure is a spent attempt.
pub struct AwaitSealed {
    role: Role,
    identity: Arc<SecretKey>,
    ephemeral: SecretKey,
    nonce: Secret<32>,
    theirs: Offer,
    th0: [u8; 32],
    ck0: ChainingKey,
    sealed: [u8; SEALED_LEN],
}

impl AwaitSealed {
    /// Opens their SEALED. `pin` is the identity that must stand in it, where
    /// one is expected.
    ///
    /// # Errors
    /// [`PairingError::Secret`] when it does not open; the others for what it
    /// holds.
    pub fn sealed(
        self,
        their_sealed: &[u8],
        pin: Option<&PublicKey>,
    ) -> Result<Matched, PairingError> {
        let theirs: [u8; SEALED_LEN] = fixed(their_sealed, "SEALED")?;
        let mut buf = Zeroizing::new(theirs);
        let plain = self
            .ck0
            .expand(sealed_label(self.role.other()), &self.th0)
            .open(SealLabel::Sealed, &[&self.th0], buf.as_mut_slice())
            .map_err(|_| PairingError::Secret)?;
        if plain.len() != SEALED_PLAIN {
            return Err(PairingError::Length("what SEALED holds"));
        }
        let (head, candidates) = plain.split_at(64);
        let (s, n) = head.split_at(32);
        let s = PublicKey::from_bytes(fixed(s, "identity")?)?;
        let n = n.try_into().map_err(|_| PairingError::Length("nonce"))?;
        if commitment(&self.theirs.e, &self.theirs.y, &s, n) != self.theirs.c {
            return Err(PairingError::Commitment);
        }
        if pin.is_some_and(|pin| *pin != s) {
            return Err(PairingError::Identity);
        }
        let candidates = Candidates::decode(candidates).ok_or(PairingError::Candidates)?;

        let (sealed_a, sealed_b) = self.role.order(&self.sealed, &theirs);
        let th1 = hash(&[&self.th0, sealed_a, sealed_b]);
        // DH(e_A, S_B) then DH(s_A, E_B): each end does its half of both.
        let ephemeral_identity = self.ephemeral.diffie_hellman(&s)?;
        let identity_ephemeral = self.identity.diffie_hellman(&self.theirs.e)?;
        let (first, second) = self.role.order(ephemeral_identity, identity_ephemeral);
        let ck2 = self.ck0.mix_dh(&first).mix_dh(&second);

        let ours = self.identity.public();
        let (s_a, s_b) = self.role.order(ours, s);
        let (n_a, n_b) = self.role.order(self.nonce.as_bytes(), n);
        Ok(Matched {
            role: self.role,
            identity: s,
            candidates,
            words: verification_words(n_a, n_b, &self.th0, &s_a, &s_b),
            s_a,
            s_b,
            th1,
            ck2,
        })
    }
}

/// Both SEALED opened: who the other one claims to be and where it listens.
/// Nothing of it is shown, and no contact touched, before a CONFIRM verifies.
pub struct Matched {
    role: Role,
    identity: PublicKey,
    candidates: Candidates,
    words: Words,
    s_a: PublicKey,
    s_b: PublicKey,
    th1: [u8; 32],
    ck2: ChainingKey,
}

impl Matched {
    /// Where the other one says it listens.
    pub fn candidates(&self) -> &Candidates {
        &self.candidates
    }

    /// The names by which this end and the other one show each other that they run on the same
    /// machine. They are for nobody to know, and give nothing away.
    pub fn here_names(&self) -> [[u8; 32]; 2] {
        let name = |label| *self.ck2.expand(label, &self.th1).as_bytes();
        match self.role {
            Role::Host => [name(Label::HereA), name(Label::HereB)],
            Role::Guest => [name(Label::HereB), name(Label::HereA)],
        }
    }
}

fn sealed_label(role: Role) -> Label {
    match role {
        Role::Host => Label::SealedA,
        Role::Guest => Label::SealedB,
    }
}

fn fixed<const N: usize>(bytes: &[u8], what: &'static str) -> Result<[u8; N], PairingError> {
    bytes.try_into().map_err(|_| PairingError::Length(what))
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod tests;
