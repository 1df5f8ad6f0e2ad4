//! Derived secrets. The labels that they are derived by stand in `labels`.
//!
//! ```text
//! lv(x)            = u16be(len x) ‖ x
//! ext(ck, ikm)     = HKDF-Extract(salt = ck, ikm)
//! exp(ck, L, ctx)  = HKDF-Expand(ck, lv("undertone/1 " ‖ L) ‖ ctx, 32)
//! ck0              = ext(ext(ext(th0, PRS), DH(e, E′)), ISK)
//! ```
//!
//! HKDF is RFC 5869 with SHA-256. What the derived keys are then used for is not here: see
//! [`super::seal`] and [`super::ratchet`].

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::labels::{CHANNEL, COMMIT, FINGERPRINT, MACHINE, OFFERS, ROOM};
pub use super::labels::{Label, SealLabel};
pub use super::random::random;
pub use super::resume::ResumeSecret;
use super::secret::{Secret, wiping_stack};
pub use super::x25519::{InvalidPoint, PublicKey, SecretKey, SharedSecret};

/// SHA-256 of the concatenation of `parts`.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// `lv(x)` = u16be(len x) ‖ x.
///
/// `x` is at most 65,535 bytes. All that the protocol puts through it is at most 1,024 bytes long
/// and bounded before it comes here.
pub fn lv(x: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + x.len());
    out.extend_from_slice(&lv_len(x));
    out.extend_from_slice(x);
    out
}

fn lv_len(x: &[u8]) -> [u8; 2] {
    debug_assert!(x.len() <= usize::from(u16::MAX));
    u16::try_from(x.len()).unwrap_or(u16::MAX).to_be_bytes()
}

/// tag = H(lv("undertone/1 room") ‖ lv(ROOM)): all that a mediator sees of a room.
pub fn room_tag(room: &[u8]) -> [u8; 32] {
    wiping_stack(|| hash(&[&lv_len(ROOM), ROOM, &lv_len(room), room]))
}

/// C = H(lv("undertone/1 commit") ‖ E ‖ Y ‖ S ‖ n), the commitment in an OFFER (RFC 6189 §4.4.1.1).
pub fn commitment(e: &PublicKey, y: &[u8; 32], s: &PublicKey, n: &[u8; 32]) -> [u8; 32] {
    wiping_stack(|| hash(&[&lv_len(COMMIT), COMMIT, e.as_bytes(), y, s.as_bytes(), n]))
}

/// th0 = H(lv("undertone/1 offers") ‖ lv(tag) ‖ lv(OFFER_A) ‖ lv(OFFER_B)).
pub fn offers_hash(tag: &[u8; 32], offer_a: &[u8], offer_b: &[u8]) -> [u8; 32] {
    hash(&[
        &lv_len(OFFERS),
        OFFERS,
        &lv_len(tag),
        tag,
        &lv_len(offer_a),
        offer_a,
        &lv_len(offer_b),
        offer_b,
    ])
}

/// th1 = H(th0 ‖ lv(SEALED_A) ‖ lv(SEALED_B)).
pub fn sealed_hash(th0: &[u8; 32], sealed_a: &[u8], sealed_b: &[u8]) -> [u8; 32] {
    hash(&[
        th0,
        &lv_len(sealed_a),
        sealed_a,
        &lv_len(sealed_b),
        sealed_b,
    ])
}

/// H(lv("undertone/1 fingerprint") ‖ S): its first 16 bytes are what people compare.
pub(super) fn fingerprint_hash(s: &PublicKey) -> [u8; 32] {
    hash(&[&lv_len(FINGERPRINT), FINGERPRINT, s.as_bytes()])
}

/// HMAC-SHA-256(machine, lv("undertone/1 same machine") ‖ th0 ‖ role): shows to who has the same id
/// that this end runs on that machine, and to nobody else what the id is.
pub fn machine_tag(machine: &[u8], th0: &[u8; 32], role: u8) -> [u8; 32] {
    let parts: [&[u8]; 4] = [&lv_len(MACHINE), MACHINE, th0, &[role]];
    wiping_stack(|| {
        let mac = parts.iter().fold(hmac_sha256(machine), Mac::chain_update);
        mac.finalize().into_bytes().into()
    })
}

/// PRS of CPace = "S" ‖ SECRET, or "N" where there is none.
pub fn prs(secret: Option<&[u8]>) -> Zeroizing<Vec<u8>> {
    let mut prs = Zeroizing::new(Vec::with_capacity(1 + secret.map_or(0, <[u8]>::len)));
    match secret {
        Some(secret) => {
            prs.push(b'S');
            prs.extend_from_slice(secret);
        }
        None => prs.push(b'N'),
    }
    prs
}

/// CI of CPace = lv("undertone/1") ‖ lv(tag).
pub fn channel(tag: &[u8; 32]) -> Vec<u8> {
    [lv(CHANNEL), lv(tag)].concat()
}

/// 32 derived secret bytes, for one use: neither `Clone` nor `Copy`, wiped on drop.
pub struct Key(Secret<32>);

impl Key {
    /// A key from its bytes, which are the caller's to wipe.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::copy(bytes))
    }

    /// What `fill` writes; see [`Secret::derive`].
    pub(super) fn derive(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        Self(Secret::derive(fill))
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The place of a key that is yet to come.
    pub(super) fn empty() -> Self {
        Self(Secret::empty())
    }

    /// The bytes, to be written where they stand; see [`Secret::place`].
    pub(super) fn place(&mut self) -> &mut [u8; 32] {
        self.0.place()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Key(..)")
    }
}

/// ck of the pairing: takes in one secret after the other, gives out keys.
pub struct ChainingKey(Secret<32>);

impl ChainingKey {
    /// The salt that the first [`extract`](Self::extract) starts from: th0, which is public.
    pub fn new(th0: &[u8; 32]) -> Self {
        Self(Secret::copy(th0))
    }

    /// ext(ck, ikm) = HKDF-Extract(salt = ck, ikm), RFC 5869 §2.2.
    #[must_use]
    pub fn extract(&self, ikm: &[u8]) -> Self {
        Self(Secret::derive(|next| {
            *next = Hkdf::<Sha256>::extract(Some(self.0.as_bytes()), ikm)
                .0
                .into();
        }))
    }

    /// ext(ck, DH(x, X)).
    #[must_use]
    pub fn mix_dh(&self, shared: &SharedSecret) -> Self {
        self.extract(shared.as_bytes())
    }

    /// The bytes, for the tests that look for them.
    #[cfg(test)]
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// exp(ck, L, ctx) = HKDF-Expand(ck, lv("undertone/1 " ‖ L) ‖ ctx, 32), RFC 5869 §2.3.
    pub fn expand(&self, label: Label, context: &[u8]) -> Key {
        expand(self.0.as_bytes(), label, context)
    }
}

impl fmt::Debug for ChainingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("ChainingKey(..)")
    }
}

#[allow(
    clippy::expect_used,
    reason = "a 32-byte PRK and 32 bytes of output are always allowed"
)]
pub(super) fn expand(prk: &[u8; 32], label: Label, context: &[u8]) -> Key {
    let label = label.as_bytes();
    Key::derive(|okm| {
        Hkdf::<Sha256>::from_prk(prk)
            .expect("a PRK as long as the hash")
            .expand_multi_info(&[&lv_len(label), label, context], okm)
            .expect("one block of output");
    })
}

/// HMAC-SHA-256 (RFC 2104), keyed: its state is as secret as the key, and stays inside of
/// [`wiping_stack`].
#[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
pub(super) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("a key of any length")
}

#[cfg(test)]
mod tests;
