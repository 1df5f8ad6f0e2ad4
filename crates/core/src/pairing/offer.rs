//! OFFER, the first message: what goes into `join`.
//!
//! ```text
//! OFFER = ver(1) ‖ suites(1) ‖ features(4) ‖ E(32) ‖ Y(32) ‖ C(32) ‖ further bytes, none yet
//! ```

use super::{OFFER_LEN, OFFER_MAX, PairingError, SUITE, VERSION, fixed};
use crate::crypto::keys::PublicKey;

/// The bitmap of our suites: suite n at bit n − 1.
pub(super) const SUITES: u8 = 1 << (SUITE - 1);
/// ver ‖ suites ‖ features.
const HEAD_LEN: usize = 6;

/// An OFFER taken apart.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub e: PublicKey,
    pub y: [u8; 32],
    pub c: [u8; 32],
    head: [u8; HEAD_LEN],
    /// All of it.
    bytes: Vec<u8>,
}

impl Offer {
    /// Ours. `suites` and `features` are those that mean nothing.
    pub(super) fn new(suites: u8, features: u32, e: PublicKey, y: [u8; 32], c: [u8; 32]) -> Self {
        let [f0, f1, f2, f3] = features.to_be_bytes();
        let head = [VERSION, SUITES | suites, f0, f1, f2, f3];
        let bytes = [&head, e.as_bytes().as_slice(), &y, &c].concat();
        Self {
            e,
            y,
            c,
            head,
            bytes,
        }
    }

    /// Theirs: of the suites in common it must be ours that is the highest, and the only one.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PairingError> {
        if !(OFFER_LEN..=OFFER_MAX).contains(&bytes.len()) {
            return Err(PairingError::Length("OFFER"));
        }
        let (head, rest) = bytes.split_at(HEAD_LEN);
        let head: [u8; HEAD_LEN] = fixed(head, "OFFER")?;
        let [version, suites, ..] = head;
        if version != VERSION || suites & SUITES == 0 {
            return Err(PairingError::Version);
        }
        let (e, rest) = rest.split_at(32);
        let (y, rest) = rest.split_at(32);
        let (c, _) = rest.split_at(32);
        Ok(Self {
            e: PublicKey::from_bytes(fixed(e, "E")?)?,
            y: fixed(y, "Y")?,
            c: fixed(c, "C")?,
            head,
            bytes: bytes.to_vec(),
        })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// CPace's ADa or ADb: letter ‖ ver ‖ suites ‖ features ‖ E ‖ C.
    pub(super) fn associated_data(&self, letter: u8) -> Vec<u8> {
        [&[letter], self.head.as_slice(), self.e.as_bytes(), &self.c].concat()
    }
}
