//! Root and chain keys: the two derivations of the ratchet, and a chain's place.

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Header, RatchetError};
use crate::crypto::keys::{Key, MESSAGE_KEY, NEXT_CHAIN_KEY, SharedSecret, hmac_sha256};

/// One sending or receiving chain.
pub(super) struct Chain {
    pub(super) key: Key,
    /// N of the next record.
    pub(super) number: u32,
    /// PN: the length of the chain before it, the same in every header of this one.
    pub(super) previous: u32,
}

impl Chain {
    pub(super) fn new(key: Key, previous: u32) -> Self {
        Self {
            key,
            number: 0,
            previous,
        }
    }

    /// A copy of this chain, aside, if `header` is its next one.
    pub(super) fn after(&self, header: &Header) -> Result<Self, RatchetError> {
        if header.previous != self.previous {
            return Err(RatchetError::Previous {
                expected: self.previous,
                got: header.previous,
            });
        }
        if header.number != self.number {
            return Err(RatchetError::Order {
                expected: self.number,
                got: header.number,
            });
        }
        Ok(Self {
            key: Key::from_bytes(*self.key.as_bytes()),
            number: self.number,
            previous: self.previous,
        })
    }

    /// KDF_CK: the message key; the chain moves on.
    pub(super) fn advance(&mut self) -> Key {
        let (chain_key, message_key) = kdf_ck(&self.key);
        self.key = chain_key;
        self.number += 1;
        message_key
    }
}

/// KDF_CK(ck): ck = HMAC(ck, 0x02), mk = HMAC(ck, 0x01); one HMAC key set-up for both.
pub(super) fn kdf_ck(chain_key: &Key) -> (Key, Key) {
    let keyed = hmac_sha256(chain_key.as_bytes());
    let derive = |mac: Hmac<Sha256>, constant: u8| {
        let out = mac.chain_update([constant]).finalize();
        Key::from_bytes((*out.as_bytes()).into())
    };
    let message_key = derive(keyed.clone(), MESSAGE_KEY);
    (derive(keyed, NEXT_CHAIN_KEY), message_key)
}

/// KDF_RK(rk, dh) = HKDF(salt = rk, ikm = dh, info, 64): the new root key, the new chain key.
#[allow(clippy::expect_used, reason = "64 bytes are below HKDF's 8,160")]
pub(super) fn kdf_rk(root: &Key, shared: &SharedSecret, info: &[u8]) -> (Key, Key) {
    let mut okm = Zeroizing::new([[0; 32]; 2]);
    Hkdf::<Sha256>::new(Some(root.as_bytes()), shared.as_bytes())
        .expand(info, okm.as_flattened_mut())
        .expect("two blocks of output");
    let [root_key, chain_key] = *okm;
    (Key::from_bytes(root_key), Key::from_bytes(chain_key))
}
