//! The pairing: from two OFFERs to a confirmed pair of keys. One struct for
//! each awaited message, each spent by the message that it awaited:
//!
//! ```text
//! Offering ──their OFFER──▶ AwaitSealed ──their SEALED──▶ AwaitAgreement ──DH(s, E′)──▶ Matched
//! Matched ──as host──▶ HostConfirm   ──CONFIRM_B──▶ Established
//!         ──as guest─▶ GuestConfirm  ──CONFIRM_A──▶ Established
//! ```
//!
//! Of an identity only the public key is needed: DH(s, E′) may be computed where
//! the secret key stands, and be waited for.
//!
//! Owns the transcript hashes th0 … th3 and the chaining keys ck0 … ck3 of
//! PROTOCOL.md §4. No socket, no clock: bytes in, bytes out. What a failure
//! costs (a spent attempt or not) is for the caller to count: every error after
//! our SEALED went out is one.

mod candidates;
mod confirm;
mod error;
mod meeting;
mod offer;
mod role;
mod sealed;
mod unused;

pub use candidates::{Candidates, Hidden, Ice, MachineId};
pub use confirm::{
    CONFIRM_A_LEN, CONFIRM_B_LEN, CONFIRM_MAX, Established, FILES, GuestConfirm, HostConfirm,
    Introduction, KEEPS_NOTHING, LinkKeys, NAME_MAX, PeerIdentity, RatchetStart,
};
pub use error::PairingError;
pub use meeting::Meeting;
use offer::Offer;
pub use role::Role;
pub use sealed::{AwaitAgreement, AwaitSealed, Matched};
use unused::Unused;

use crate::crypto::cpace::Share;
use crate::crypto::keys::{
    ChainingKey, Label, PublicKey, SealLabel, SecretKey, channel, commitment, offers_hash,
};
use crate::crypto::secret::Secret;

/// The protocol version of an OFFER, and the only one there is.
pub const VERSION: u8 = 1;
/// The suite of an OFFER: X25519 and ML-KEM-768, CPace, HKDF-SHA-256, AES-256-CBC + HMAC-SHA-256.
pub const SUITE: u8 = 1;
/// Bytes of an OFFER of ours: ver ‖ suites ‖ features ‖ E ‖ Y ‖ C.
pub const OFFER_LEN: usize = 102;
/// Bytes of the longest OFFER: later ones may hold more.
pub const OFFER_MAX: usize = 1024;
/// Bytes of a SEALED: S ‖ n ‖ candidates, padded, and a tag. The longer one where the shorter does
/// not hold the candidates.
pub const SEALED_LENS: [usize; 2] = [512, 1008];

/// Bytes of what a SEALED holds: shorter, longer.
const SEALED_PLAIN: [usize; 2] = [464, 960];
/// S ‖ n.
const SEALED_HEAD: usize = 64;

/// What is another one in each attempt.
struct Fresh {
    ephemeral: SecretKey,
    share: Share,
    nonce: Secret<32>,
    unused: Unused,
}

/// Our OFFER is made; theirs is awaited.
#[derive(Debug)]
pub struct Offering {
    meeting: Meeting,
    identity: PublicKey,
    ephemeral: SecretKey,
    share: Share,
    nonce: Secret<32>,
    unused: Unused,
    offer: Offer,
}

impl Offering {
    /// A fresh attempt under this identity: ephemeral key, CPace share and nonce are new each
    /// time.
    pub fn new(meeting: Meeting, identity: PublicKey) -> Self {
        let share = Share::new(&meeting.prs, &channel(&meeting.tag), &[]);
        let fresh = Fresh {
            ephemeral: SecretKey::generate(),
            share,
            nonce: Secret::random(),
            unused: Unused::random(),
        };
        Self::with(meeting, identity, fresh)
    }

    fn with(meeting: Meeting, identity: PublicKey, fresh: Fresh) -> Self {
        let Fresh {
            ephemeral,
            share,
            nonce,
            unused,
        } = fresh;
        let (e, y) = (ephemeral.public(), *share.public());
        let c = commitment(&e, &y, &identity, nonce.as_bytes());
        let offer = Offer::new(unused.suite(), unused.offered(), e, y, c);
        Self {
            meeting,
            identity,
            ephemeral,
            share,
            nonce,
            unused,
            offer,
        }
    }

    /// OFFER, for `join`: [`OFFER_LEN`] bytes.
    pub fn offer(&self) -> &[u8] {
        self.offer.as_bytes()
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
    ) -> Result<(AwaitSealed, Vec<u8>), PairingError> {
        let theirs = Offer::decode(their_offer)?;
        let ours = self.offer;
        if theirs.e == ours.e || theirs.y == ours.y || theirs.c == ours.c {
            return Err(PairingError::Reflected);
        }
        let (a, b) = role.order(&ours, &theirs);
        let th0 = offers_hash(&self.meeting.tag, a.as_bytes(), b.as_bytes());
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

        let mut sealed = Vec::with_capacity(SEALED_LENS[1]);
        sealed.extend_from_slice(self.identity.as_bytes());
        sealed.extend_from_slice(self.nonce.as_bytes());
        candidates.encode(&mut sealed, &th0, role, &self.unused);
        let len = match sealed.len() <= SEALED_PLAIN[0] {
            true => SEALED_PLAIN[0],
            false => SEALED_PLAIN[1],
        };
        sealed.resize(len, 0);
        ck0.expand(sealed_label(role), &th0)
            .seal(SealLabel::Sealed, &[&th0], &mut sealed, 0);

        let awaiting = AwaitSealed {
            role,
            identity: self.identity,
            ephemeral: self.ephemeral,
            nonce: self.nonce,
            unused: self.unused,
            machine: candidates.machine().cloned(),
            theirs,
            th0,
            ck0,
            sealed: sealed.clone(),
        };
        Ok((awaiting, sealed))
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
