//! X25519 (RFC 7748): identity, ephemeral and ratchet key pairs.
//!
//! Owns the two checks that every use of a foreign key needs: its encoding is canonical, so
//! that comparing bytes compares keys, and the shared secret is not all zero (RFC 7748 §6.1).
//! Derives nothing: see [`super::keys`].

use std::fmt;

use x25519_dalek::{PublicKey as DalekPublic, StaticSecret};
use zeroize::Zeroizing;

use super::keys::random;

/// A public key or share that is not one: not canonical, not on the curve, or of low order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid curve point")]
pub struct InvalidPoint;

/// A canonical X25519 u-coordinate, 32 bytes little-endian, below p = 2²⁵⁵ − 19.
///
/// It may still be of low order; [`SecretKey::diffie_hellman`] refuses those.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Takes a foreign encoding.
    ///
    /// # Errors
    /// [`InvalidPoint`] when the top bit is set or the value is not below p: X25519 itself
    /// would accept those, and one key would have two encodings.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, InvalidPoint> {
        let [lowest, middle @ .., highest] = &bytes;
        let not_reduced = *highest == 0x7f && middle.iter().all(|b| *b == 0xff) && *lowest >= 0xed;
        if *highest > 0x7f || not_reduced {
            return Err(InvalidPoint);
        }
        Ok(Self(bytes))
    }

    /// The encoding, 32 bytes little-endian.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = &self.0;
        write!(f, "PublicKey({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}

/// The secret half of a key pair; wiped on drop, never shown.
///
/// Clamping (RFC 7748 §5) happens at every use, so the stored bytes are those that were drawn.
pub struct SecretKey(StaticSecret);

impl SecretKey {
    /// A fresh key from the operating system's randomness.
    ///
    /// # Panics
    /// As [`random`].
    pub fn generate() -> Self {
        let bytes = Zeroizing::new(random::<32>());
        Self::from_bytes(*bytes)
    }

    /// A key from its 32 stored bytes; all values are valid.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(StaticSecret::from(*bytes))
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half, X25519(x, 9).
    pub fn public(&self) -> PublicKey {
        PublicKey(DalekPublic::from(&self.0).to_bytes())
    }

    /// X25519(x, X), RFC 7748 §6.1.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `theirs` is of low order, that is when the result is all zero.
    pub fn diffie_hellman(&self, theirs: &PublicKey) -> Result<SharedSecret, InvalidPoint> {
        let shared = self.0.diffie_hellman(&DalekPublic::from(theirs.0));
        if !shared.was_contributory() {
            return Err(InvalidPoint);
        }
        Ok(SharedSecret(shared))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("SecretKey(..)")
    }
}

/// What a Diffie-Hellman gives: not uniform, so only ever the input of a derivation.
pub struct SharedSecret(x25519_dalek::SharedSecret);

impl SharedSecret {
    /// The 32 bytes of the u-coordinate.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("SharedSecret(..)")
    }
}
