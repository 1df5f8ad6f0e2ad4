//! Root and chain keys: the two derivations of the ratchet, and a chain's place.

use std::fmt;

use hkdf::Hkdf;
use hmac::Mac;
use sha2::Sha256;
use zeroize::Zeroize;

use super::{CHAIN_LIMIT, Header, OpenError, RatchetError};
use crate::crypto::keys::{Key, PublicKey, SharedSecret, hmac_sha256};
use crate::crypto::labels::{MESSAGE_KEY, NEXT_CHAIN_KEY};
use crate::crypto::seal::{LANES, MessageKey};
use crate::crypto::secret::{wiping_stack, wiping_step_stack};

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

    /// Whether `header` is this chain's next one.
    pub(super) fn expects(&self, header: &Header) -> Result<(), RatchetError> {
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
        // Only of the next one: another number is nothing that the other end counted.
        if self.number >= CHAIN_LIMIT {
            return Err(RatchetError::ChainEnd);
        }
        Ok(())
    }

    /// Goes on to the chain key in `next`, whose place is empty then.
    fn advance(&mut self, next: &mut Key) {
        std::mem::swap(&mut self.key, next);
        self.number += 1;
        next.place().zeroize();
    }
}

/// Where the keys of records are derived, aside of their chain. It stands as long as the ratchet,
/// so that a record allocates nothing, and is empty between two records.
pub(super) struct Aside {
    /// The chain key after the record.
    next: Key,
    /// Of the records that are sealed at a time.
    messages: [Key; LANES],
}

impl Aside {
    pub(super) fn new() -> Self {
        Self {
            next: Key::empty(),
            messages: std::array::from_fn(|_| Key::empty()),
        }
    }

    /// The message keys of the chain's next records.
    pub(super) fn sending<'a>(&'a mut self, key: PublicKey, chain: &'a mut Chain) -> Sending<'a> {
        Sending {
            key,
            chain,
            next: &mut self.next,
            messages: self.messages.iter_mut(),
        }
    }

    /// Hands the message key of the chain's next record to `open`; the chain moves on if that
    /// succeeds.
    pub(super) fn open<T>(
        &mut self,
        chain: &mut Chain,
        open: impl FnOnce(MessageKey<'_>) -> Result<T, OpenError>,
    ) -> Result<T, RatchetError> {
        let [message, ..] = &mut self.messages;
        kdf_ck(&chain.key, &mut self.next, message);
        let opened = open(MessageKey::new(message));
        match &opened {
            Ok(_) => chain.advance(&mut self.next),
            Err(_) => self.next.place().zeroize(),
        }
        Ok(opened?)
    }
}

/// Headers and message keys of a chain's next records, of so many as are sealed at a time; with each
/// that is taken the chain moves on. It ends where the chain does.
pub struct Sending<'a> {
    key: PublicKey,
    chain: &'a mut Chain,
    next: &'a mut Key,
    messages: std::slice::IterMut<'a, Key>,
}

impl<'a> Iterator for Sending<'a> {
    type Item = (Header, MessageKey<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let Self {
            key,
            chain,
            next,
            messages,
        } = self;
        if chain.number >= CHAIN_LIMIT {
            return None;
        }
        let message = messages.next()?;
        let header = Header {
            key: *key,
            previous: chain.previous,
            number: chain.number,
        };
        kdf_ck(&chain.key, next, message);
        chain.advance(next);
        Some((header, MessageKey::new(message)))
    }
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key: _,
            chain: _,
            next: _,
            messages: _,
        } = self;
        f.write_str("Sending(..)")
    }
}

/// KDF_CK(ck): ck = HMAC(ck, 0x02), mk = HMAC(ck, 0x01); one HMAC key set-up for both.
pub(super) fn kdf_ck(chain_key: &Key, next: &mut Key, message: &mut Key) {
    wiping_step_stack(|| {
        let keyed = hmac_sha256(chain_key.as_bytes());
        let derive = |constant: u8| keyed.clone().chain_update([constant]).finalize();
        *next.place() = derive(NEXT_CHAIN_KEY).into_bytes().into();
        *message.place() = derive(MESSAGE_KEY).into_bytes().into();
    });
}

/// KDF_RK(rk, dh) = HKDF(salt = rk, ikm = dh, info, 64): the new root key, the new chain key.
#[allow(clippy::expect_used, reason = "64 bytes are below HKDF's 8,160")]
pub(super) fn kdf_rk(root: &Key, shared: &SharedSecret, info: &[u8]) -> (Key, Key) {
    let (mut root_key, mut chain_key) = (Key::empty(), Key::empty());
    wiping_stack(|| {
        let mut okm = [[0; 32]; 2];
        Hkdf::<Sha256>::new(Some(root.as_bytes()), shared.as_bytes())
            .expand(info, okm.as_flattened_mut())
            .expect("two blocks of output");
        [*root_key.place(), *chain_key.place()] = okm;
    });
    (root_key, chain_key)
}
