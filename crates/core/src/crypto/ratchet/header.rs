//! The header of a record: in clear, authenticated as part of its associated data.
//!
//! ```text
//! ratchet key(32) ‖ u32be PN ‖ u32be N
//! ```

use crate::crypto::keys::{InvalidPoint, PublicKey};

/// What precedes a record's ciphertext, in clear and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The sender's current ratchet key.
    pub key: PublicKey,
    /// PN: how many records the sender's previous chain had.
    pub previous: u32,
    /// N: the place of this record in its chain, from 0.
    pub number: u32,
}

impl Header {
    /// Bytes of an encoded header.
    pub const LEN: usize = 40;

    /// ratchet key(32) ‖ u32be PN ‖ u32be N.
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let (key, numbers) = out.split_at_mut(32);
        let (previous, number) = numbers.split_at_mut(4);
        key.copy_from_slice(self.key.as_bytes());
        previous.copy_from_slice(&self.previous.to_be_bytes());
        number.copy_from_slice(&self.number.to_be_bytes());
        out
    }

    /// The header in `bytes`.
    ///
    /// # Errors
    /// [`InvalidPoint`] when the key is not canonical.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self, InvalidPoint> {
        let [key @ .., p0, p1, p2, p3, n0, n1, n2, n3] = *bytes;
        Ok(Self {
            key: PublicKey::from_bytes(key)?,
            previous: u32::from_be_bytes([p0, p1, p2, p3]),
            number: u32::from_be_bytes([n0, n1, n2, n3]),
        })
    }
}
