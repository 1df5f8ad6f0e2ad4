//! CPace, the password-authenticated exchange: CPACE-RISTR255-SHA512 of
//! draft-irtf-cfrg-cpace-21, initiator-responder mode.
//!
//! ```text
//! g   = map(SHA-512(lv(DSI) ‖ lv(PRS) ‖ lv(zeros) ‖ lv(CI) ‖ lv(sid)))      §7.1, §7.3
//! Y   = y·g        K = y·Y′, abort on the identity                             §7.3
//! ISK = SHA-512(lv(DSI_ISK) ‖ lv(sid) ‖ lv(K) ‖ lv(Ya) ‖ lv(ADa) ‖ lv(Yb) ‖ lv(ADb))
//! ```
//!
//! `lv` is the draft's (a LEB128 length), not the protocol's. What PRS, CI and the associated
//! data are made of is in [`super::keys`] and in the pairing.

use std::fmt;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};

use super::keys::InvalidPoint;
use super::random::fill_random;
use super::secret::{Secret, wiping_stack};

const DSI: &[u8] = b"CPaceRistretto255";
const DSI_ISK: &[u8] = b"CPaceRistretto255_ISK";
/// Input block of SHA-512: DSI and PRS are padded to fill one, so that PRS alone stands in it.
const HASH_BLOCK: usize = 128;

/// Our side of one exchange: y and Y = y·g. Spent by [`finish`](Self::finish).
pub struct Share {
    /// y, little-endian, reduced.
    secret: Secret<32>,
    public: [u8; 32],
    sid: Vec<u8>,
}

impl Share {
    /// A fresh share for password `prs` on channel `ci`; `sid` is empty in our use.
    ///
    /// # Panics
    /// As [`random`](super::keys::random).
    pub fn new(prs: &[u8], ci: &[u8], sid: &[u8]) -> Self {
        let secret = Secret::derive(|y| {
            let mut wide = [0; 64];
            fill_random(&mut wide);
            *y = Scalar::from_bytes_mod_order_wide(&wide).to_bytes();
        });
        Self::with(prs, ci, sid, secret)
    }

    /// The share with scalar `y` (little-endian, reduced): only for fixed transcripts.
    pub fn with_scalar(prs: &[u8], ci: &[u8], sid: &[u8], y: &[u8; 32]) -> Self {
        let secret = Secret::derive(|reduced| *reduced = scalar(y).to_bytes());
        Self::with(prs, ci, sid, secret)
    }

    fn with(prs: &[u8], ci: &[u8], sid: &[u8], secret: Secret<32>) -> Self {
        let share = || scalar(secret.as_bytes()) * generator(prs, ci, sid);
        let public = wiping_stack(|| share().compress().to_bytes());
        Self {
            secret,
            public,
            sid: sid.to_vec(),
        }
    }

    /// Y, 32 bytes of a ristretto255 encoding (RFC 9496 §4.3.2).
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// y, for the tests that look for it.
    #[cfg(test)]
    pub(crate) fn scalar(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }

    /// ISK, with the other side's Y and both sides' associated data.
    ///
    /// `ada` is the initiator's and `adb` the responder's; `initiator` says which one we are.
    ///
    /// # Errors
    /// [`InvalidPoint`] when `theirs` is not an encoding, or the shared point is the identity.
    pub fn finish(
        self,
        theirs: &[u8; 32],
        ada: &[u8],
        adb: &[u8],
        initiator: bool,
    ) -> Result<Isk, InvalidPoint> {
        let k = scalar_mult_vfy(&self.secret, theirs)?;
        let k = k.as_bytes();
        let (ya, yb) = if initiator {
            (&self.public, theirs)
        } else {
            (theirs, &self.public)
        };
        Ok(Isk(Secret::derive(|isk| {
            let mut hash = Sha512::new();
            for part in [DSI_ISK, &self.sid, k, ya, ada, yb, adb] {
                update_lv(&mut hash, part);
            }
            *isk = hash.finalize().into();
        })))
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            secret: _,
            public: _,
            sid: _,
        } = self;
        f.write_str("Share(..)")
    }
}

/// ISK, the intermediate session key: 64 bytes, for a derivation only.
pub struct Isk(Secret<64>);

impl Isk {
    /// The 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Isk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Isk(..)")
    }
}

/// K = y·Y′ encoded (§7.3): decoding and the identity are checked here and nowhere else.
fn scalar_mult_vfy(y: &Secret<32>, theirs: &[u8; 32]) -> Result<Secret<32>, InvalidPoint> {
    let theirs = CompressedRistretto(*theirs)
        .decompress()
        .ok_or(InvalidPoint)?;
    let mut identity = true;
    let encoded = Secret::derive(|encoded| {
        let k = scalar(y.as_bytes()) * theirs;
        identity = k.is_identity();
        *encoded = k.compress().to_bytes();
    });
    match identity {
        true => Err(InvalidPoint),
        false => Ok(encoded),
    }
}

/// A scalar as the curve's code takes it: a copy, for a stack that is wiped.
fn scalar(y: &[u8; 32]) -> Scalar {
    Scalar::from_bytes_mod_order(*y)
}

/// On a stack that is wiped: g = element_derivation(SHA-512(generator_string(DSI, PRS, CI, sid, 128))), §7.1.
fn generator(prs: &[u8], ci: &[u8], sid: &[u8]) -> RistrettoPoint {
    let (_, dsi_prefix) = leb128(DSI.len());
    let (_, prs_prefix) = leb128(prs.len());
    let used = 1 + dsi_prefix + DSI.len() + prs_prefix + prs.len();
    let mut hash = Sha512::new();
    update_lv(&mut hash, DSI);
    update_lv(&mut hash, prs);
    let zeros = [0; HASH_BLOCK];
    update_lv(&mut hash, zeros.get(used.min(HASH_BLOCK)..).unwrap_or(&[]));
    update_lv(&mut hash, ci);
    update_lv(&mut hash, sid);
    RistrettoPoint::from_uniform_bytes(&hash.finalize().into())
}

/// The draft's prepend_len: LEB128(len x) ‖ x.
fn update_lv(hash: &mut Sha512, x: &[u8]) {
    let (bytes, used) = leb128(x.len());
    hash.update(bytes.get(..used).unwrap_or(&bytes));
    hash.update(x);
}

/// Unsigned LEB128 of a length, and how many bytes it takes.
fn leb128(mut n: usize) -> ([u8; 10], usize) {
    let mut bytes = [0; 10];
    let mut used = 0;
    for byte in &mut bytes {
        used += 1;
        *byte = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            break;
        }
        *byte |= 0x80;
    }
    (bytes, used)
}

#[cfg(test)]
mod tests;
