//! OFFER, the first message: what goes into `join`.

use super::{OFFER_LEN, PairingError, SUITE, VERSION, fixed};
use crate::crypto::keys::PublicKey;

/// An OFFER taken apart: ver(1) ‖ suites(1) ‖ E(32) ‖ Y(32) ‖ C(32).
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub e: PublicKey,
    pub y: [u8; 32],
    pub c: [u8; 32],
}

impl Offer {
    pub(super) fn encode(&self) -> [u8; OFFER_LEN] {
        let mut out = [0; OFFER_LEN];
        let parts = [VERSION, SUITE].into_iter();
        let parts = parts.chain(*self.e.as_bytes()).chain(self.y).chain(self.c);
        out.iter_mut()
            .zip(parts)
            .for_each(|(slot, byte)| *slot = byte);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PairingError> {
        let bytes: [u8; OFFER_LEN] = fixed(bytes, "OFFER")?;
        let (head, rest) = bytes.split_at(2);
        if head != [VERSION, SUITE] {
            return Err(PairingError::Version);
        }
        let (e, rest) = rest.split_at(32);
        let (y, c) = rest.split_at(32);
        Ok(Self {
            e: PublicKey::from_bytes(fixed(e, "E")?)?,
            y: fixed(y, "Y")?,
            c: fixed(c, "C")?,
        })
    }

    /// CPace's ADa or ADb: letter ‖ ver ‖ suites ‖ E ‖ C.
    pub(super) fn associated_data(&self, letter: u8) -> Vec<u8> {
        [
            &[letter, VERSION, SUITE],
            self.e.as_bytes().as_slice(),
            &self.c,
        ]
        .concat()
    }
}
