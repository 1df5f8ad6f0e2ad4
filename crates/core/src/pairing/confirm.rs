//! CONFIRM: each end shows that it holds ck2, says what it can do and what it is called, and gives
//! its part of the keys that only both ends of a link have. The guest speaks first on every link;
//! the same bytes go over each of a pairing's links.
//!
//! ```text
//! CONFIRM_B = seal(exp(ck2, "confirm B", th1), …, th1, caps ‖ name ‖ R_B ‖ EK)   1,328 bytes
//! CONFIRM_A = seal(exp(ck2, "confirm A", th2), …, th2, caps ‖ name ‖ CT)         1,200 bytes
//! th2 = H(th1 ‖ CONFIRM_B) · th3 = H(th2 ‖ CONFIRM_A) · ck3 = ext(ck2, ss)
//! ```

mod established;
mod introduction;

pub use established::{Established, LinkKeys, PeerIdentity, RatchetStart};
pub(super) use introduction::FEATURES;
pub use introduction::{FILES, Introduction, KEEPS_NOTHING, NAME_MAX};
use introduction::{INTRODUCTION_LEN, check_caps};
use zeroize::Zeroizing;

use super::{Matched, PairingError};
use crate::crypto::kem::{
    CIPHERTEXT_LEN, DecapsulationSeed, ENCAPSULATION_KEY_LEN, encapsulate_with,
};
use crate::crypto::keys::{ChainingKey, Label, PublicKey, SealLabel, SecretKey, hash};
use crate::crypto::secret::Secret;

/// Bytes of a CONFIRM_B of ours, the guest's.
pub const CONFIRM_B_LEN: usize = 1328;
/// Bytes of a CONFIRM_A of ours, the host's.
pub const CONFIRM_A_LEN: usize = 1200;
/// Bytes of the longest CONFIRM: later ones may hold more.
pub const CONFIRM_MAX: usize = 4096;

/// The host: CONFIRM_B is awaited, on any number of sockets.
#[derive(Debug)]
pub struct HostConfirm {
    matched: Matched,
    introduction: Introduction,
    answered: Option<Answered>,
}

/// The first valid CONFIRM_B, and the CONFIRM_A that answers it.
#[derive(Debug)]
struct Answered {
    confirm_b: Box<[u8]>,
    confirm_a: Box<[u8]>,
}

/// The guest: CONFIRM_B goes out on every socket, CONFIRM_A is awaited.
#[derive(Debug)]
pub struct GuestConfirm {
    matched: Matched,
    ratchet: SecretKey,
    kem: DecapsulationSeed,
    confirm_b: Box<[u8]>,
}

impl Matched {
    /// As a program with these features and no others.
    #[must_use]
    pub fn featuring(self, features: u32) -> Self {
        Self { features, ..self }
    }

    /// Ours, and one that means nothing.
    fn said_features(&self) -> u32 {
        self.features | self.unused.feature()
    }

    /// Goes on as the host, under this display name.
    ///
    /// # Errors
    /// [`PairingError::Name`] unless `name` has 1 to 64 bytes.
    pub fn host(self, name: &str) -> Result<HostConfirm, PairingError> {
        let introduction = Introduction::named(name, self.said_features())?;
        Ok(self.host_as(introduction))
    }

    /// Goes on as the host who says this of itself.
    #[must_use]
    pub fn host_as(self, introduction: Introduction) -> HostConfirm {
        HostConfirm {
            introduction,
            matched: self,
            answered: None,
        }
    }

    /// Goes on as the guest, under this display name.
    ///
    /// # Errors
    /// [`PairingError::Name`] unless `name` has 1 to 64 bytes.
    pub fn guest(self, name: &str) -> Result<GuestConfirm, PairingError> {
        self.guest_with(name, SecretKey::generate(), DecapsulationSeed::generate())
    }

    pub(super) fn guest_with(
        self,
        name: &str,
        ratchet: SecretKey,
        kem: DecapsulationSeed,
    ) -> Result<GuestConfirm, PairingError> {
        let introduction = Introduction::named(name, self.said_features())?;
        Ok(self.guest_as(introduction, ratchet, kem))
    }

    /// Goes on as the guest who says this of itself, with its first ratchet key and the key that the
    /// host encapsulates for.
    #[must_use]
    pub fn guest_as(
        self,
        introduction: Introduction,
        ratchet: SecretKey,
        kem: DecapsulationSeed,
    ) -> GuestConfirm {
        let (r_b, key) = (ratchet.public(), kem.encapsulation_key());
        let plain = [introduction.as_bytes(), r_b.as_bytes(), key.as_slice()].concat();
        let confirm_b = seal(&self.ck2, Label::ConfirmB, &self.th1, plain);
        GuestConfirm {
            matched: self,
            ratchet,
            kem,
            confirm_b,
        }
    }
}

impl HostConfirm {
    /// Checks a CONFIRM_B and gives the CONFIRM_A to answer it with. Of further
    /// sockets only those are answered whose CONFIRM_B is byte for byte the
    /// first valid one. The first to come yields the keys as well.
    ///
    /// # Errors
    /// What [`PairingError::is_authentic`] ends the pairing; any other concerns
    /// that one socket only.
    pub fn confirm(
        &mut self,
        confirm_b: &[u8],
    ) -> Result<(Box<[u8]>, Option<Established>), PairingError> {
        self.confirm_with(confirm_b, &Secret::random())
    }

    /// The same; ss is encapsulated with `m`.
    pub(super) fn confirm_with(
        &mut self,
        confirm_b: &[u8],
        m: &Secret<32>,
    ) -> Result<(Box<[u8]>, Option<Established>), PairingError> {
        if let Some(first) = &self.answered {
            return if *first.confirm_b == *confirm_b {
                Ok((first.confirm_a.clone(), None))
            } else {
                Err(PairingError::Confirm)
            };
        }
        let Matched { ck2, th1, .. } = &self.matched;
        let plain = open(ck2, Label::ConfirmB, th1, confirm_b, CONFIRM_B_LEN)?;
        let (caps, rest) = plain.split_at(INTRODUCTION_LEN);
        let (name, features) = check_caps(caps)?;
        let (r_b, rest) = rest.split_first_chunk().ok_or(PairingError::Confirm)?;
        let key = rest.first_chunk::<ENCAPSULATION_KEY_LEN>();
        let key = key.ok_or(PairingError::Confirm)?;
        let ratchet = PublicKey::from_bytes(*r_b)?;
        let encapsulated = encapsulate_with(key, m);
        let (ciphertext, shared) = encapsulated.map_err(|_| PairingError::Encapsulation)?;

        let (confirm_a, th3) = self.answer(confirm_b, &ciphertext);
        let start = RatchetStart::Initiator(ratchet);
        let established = self.matched.establish(name, features, &shared, &th3, start);
        self.answered = Some(Answered {
            confirm_b: confirm_b.into(),
            confirm_a: confirm_a.clone(),
        });
        Ok((confirm_a, Some(established)))
    }

    /// The CONFIRM_A by which the guest of this authentic CONFIRM_B learns why the
    /// pairing ends: no version or suite is common to both.
    pub fn refusal(&self, confirm_b: &[u8]) -> Box<[u8]> {
        self.answer(confirm_b, &[0; CIPHERTEXT_LEN]).0
    }

    /// CONFIRM_A, and th3.
    fn answer(&self, theirs: &[u8], ciphertext: &[u8; CIPHERTEXT_LEN]) -> (Box<[u8]>, [u8; 32]) {
        let Matched { ck2, th1, .. } = &self.matched;
        let th2 = hash(&[th1, theirs]);
        let plain = [self.introduction.as_bytes(), ciphertext].concat();
        let answer = seal(ck2, Label::ConfirmA, &th2, plain);
        let th3 = hash(&[&th2, &answer]);
        (answer, th3)
    }
}

impl GuestConfirm {
    /// CONFIRM_B, the first bytes on every link: [`CONFIRM_B_LEN`] of them.
    pub fn confirm_b(&self) -> &[u8] {
        &self.confirm_b
    }

    /// Checks a CONFIRM_A and yields the keys. They are for one link: of several
    /// answered ones, the link on which the host's `go` opens.
    ///
    /// # Errors
    /// As [`HostConfirm::confirm`].
    pub fn confirm(&self, confirm_a: &[u8]) -> Result<Established, PairingError> {
        let Matched { ck2, th1, .. } = &self.matched;
        let th2 = hash(&[th1, &self.confirm_b]);
        let plain = open(ck2, Label::ConfirmA, &th2, confirm_a, CONFIRM_A_LEN)?;
        let (caps, rest) = plain.split_at(INTRODUCTION_LEN);
        let (name, features) = check_caps(caps)?;
        let ciphertext = rest.first_chunk().ok_or(PairingError::Confirm)?;
        let shared = self.kem.decapsulate(ciphertext);
        let th3 = hash(&[&th2, confirm_a]);
        let start = RatchetStart::Responder(SecretKey::from_bytes(self.ratchet.as_bytes()));
        Ok(self.matched.establish(name, features, &shared, &th3, start))
    }
}

fn seal(ck2: &ChainingKey, label: Label, th: &[u8; 32], mut plain: Vec<u8>) -> Box<[u8]> {
    ck2.expand(label, th)
        .seal(SealLabel::Confirm, &[th], &mut plain, 0);
    plain.into()
}

/// What a CONFIRM holds; not shorter than one of ours of `least` bytes.
fn open(
    ck2: &ChainingKey,
    label: Label,
    th: &[u8; 32],
    sealed: &[u8],
    least: usize,
) -> Result<Zeroizing<Vec<u8>>, PairingError> {
    if !(least..=CONFIRM_MAX).contains(&sealed.len()) {
        return Err(PairingError::Length("CONFIRM"));
    }
    let mut buf = sealed.to_vec();
    let plain = ck2
        .expand(label, th)
        .open(SealLabel::Confirm, &[th], &mut buf)
        .map_err(|_| PairingError::Confirm)?;
    Ok(Zeroizing::new(plain.to_vec()))
}
