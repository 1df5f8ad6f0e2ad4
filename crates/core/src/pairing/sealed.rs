//! SEALED, and the agreement of keys that follows: who the peer claims to be, and where it
//! listens.

use zeroize::Zeroizing;

use super::confirm::FEATURES;
use super::offer::Offer;
use super::{
    Candidates, MachineId, PairingError, Role, SEALED_HEAD, SEALED_LENS, SEALED_PLAIN, Unused,
    fixed, sealed_label,
};
use crate::crypto::keys::{
    ChainingKey, PublicKey, SealLabel, SecretKey, SharedSecret, commitment, sealed_hash,
};
use crate::crypto::secret::Secret;
use crate::crypto::words::{Words, verification_words};

/// Our SEALED is out; theirs is awaited. From here on a failure is a spent attempt.
#[derive(Debug)]
pub struct AwaitSealed {
    pub(super) role: Role,
    pub(super) identity: PublicKey,
    pub(super) ephemeral: SecretKey,
    pub(super) nonce: Secret<32>,
    pub(super) unused: Unused,
    /// Which machine this is, where the peer may learn that it is on the same one.
    pub(super) machine: Option<MachineId>,
    pub(super) theirs: Offer,
    pub(super) th0: [u8; 32],
    pub(super) ck0: ChainingKey,
    pub(super) sealed: Vec<u8>,
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
    ) -> Result<AwaitAgreement, PairingError> {
        if !SEALED_LENS.contains(&their_sealed.len()) {
            return Err(PairingError::Length("SEALED"));
        }
        let mut buf = Zeroizing::new(their_sealed.to_vec());
        let plain = self
            .ck0
            .expand(sealed_label(self.role.other()), &self.th0)
            .open(SealLabel::Sealed, &[&self.th0], &mut buf)
            .map_err(|_| PairingError::Secret)?;
        if !SEALED_PLAIN.contains(&plain.len()) {
            return Err(PairingError::Length("what SEALED holds"));
        }
        let (head, candidates) = plain.split_at(SEALED_HEAD);
        let (s, n) = head.split_at(32);
        let s = PublicKey::from_bytes(fixed(s, "identity")?)?;
        let n = n.try_into().map_err(|_| PairingError::Length("nonce"))?;
        if commitment(&self.theirs.e, &self.theirs.y, &s, n) != self.theirs.c {
            return Err(PairingError::Commitment);
        }
        if pin.is_some_and(|pin| *pin != s) {
            return Err(PairingError::Identity);
        }
        let (candidates, shown) = Candidates::decode(candidates)?;
        let shows = |machine: &MachineId| {
            shown.is_some_and(|shown| machine.is_shown(&shown, &self.th0, self.role.other()))
        };
        let is_same_machine = self.machine.as_ref().is_some_and(shows);

        let (sealed_a, sealed_b) = self.role.order(self.sealed.as_slice(), their_sealed);
        let (s_a, s_b) = self.role.order(self.identity, s);
        let (n_a, n_b) = self.role.order(self.nonce.as_bytes(), n);
        Ok(AwaitAgreement {
            role: self.role,
            identity: s,
            candidates,
            is_same_machine,
            unused: self.unused,
            words: verification_words(n_a, n_b, &self.th0, &s_a, &s_b),
            s_a,
            s_b,
            th1: sealed_hash(&self.th0, sealed_a, sealed_b),
            ephemeral_identity: self.ephemeral.diffie_hellman(&s)?,
            their_ephemeral: self.theirs.e,
            ck0: self.ck0,
        })
    }
}

/// Both SEALED opened; DH(s, E′) is awaited: our identity's agreement with their ephemeral key.
#[derive(Debug)]
pub struct AwaitAgreement {
    role: Role,
    identity: PublicKey,
    candidates: Candidates,
    is_same_machine: bool,
    unused: Unused,
    words: Words,
    s_a: PublicKey,
    s_b: PublicKey,
    th1: [u8; 32],
    ephemeral_identity: SharedSecret,
    their_ephemeral: PublicKey,
    ck0: ChainingKey,
}

impl AwaitAgreement {
    /// E′, which our identity must agree with.
    pub fn their_ephemeral(&self) -> &PublicKey {
        &self.their_ephemeral
    }

    /// Agrees here, with the secret key of the identity that the attempt was made under.
    ///
    /// # Errors
    /// [`PairingError::Point`] when E′ is of low order.
    pub fn agree(self, identity: &SecretKey) -> Result<Matched, PairingError> {
        let shared = identity.diffie_hellman(&self.their_ephemeral)?;
        Ok(self.agreed(shared))
    }

    /// Takes DH(s, E′) from where the secret key stands. Anything else gives keys under which
    /// no CONFIRM opens.
    #[must_use]
    pub fn agreed(self, identity_ephemeral: SharedSecret) -> Matched {
        // DH(e_A, S_B) then DH(s_A, E_B): each end does its half of both.
        let (first, second) = self.role.order(self.ephemeral_identity, identity_ephemeral);
        Matched {
            role: self.role,
            identity: self.identity,
            candidates: self.candidates,
            is_same_machine: self.is_same_machine,
            unused: self.unused,
            features: FEATURES,
            words: self.words,
            s_a: self.s_a,
            s_b: self.s_b,
            th1: self.th1,
            ck2: self.ck0.mix_dh(&first).mix_dh(&second),
        }
    }
}

/// Both SEALED opened, and ck2 derived: who the peer claims to be and where it listens.
/// Nothing of it is shown, and no contact touched, before a CONFIRM verifies.
#[derive(Debug)]
pub struct Matched {
    pub(super) role: Role,
    pub(super) identity: PublicKey,
    pub(super) candidates: Candidates,
    pub(super) is_same_machine: bool,
    pub(super) unused: Unused,
    /// What this end can do beside what all do.
    pub(super) features: u32,
    pub(super) words: Words,
    pub(super) s_a: PublicKey,
    pub(super) s_b: PublicKey,
    pub(super) th1: [u8; 32],
    pub(super) ck2: ChainingKey,
}

impl Matched {
    /// Where the peer says it listens.
    pub fn candidates(&self) -> &Candidates {
        &self.candidates
    }

    /// Whether the peer has shown that it runs on this machine: only then may an address of this
    /// machine be dialled for it.
    pub fn is_same_machine(&self) -> bool {
        self.is_same_machine
    }
}
