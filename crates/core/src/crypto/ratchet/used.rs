//! The ratchet keys that a link has used, so that none comes back.

use std::collections::HashSet;

use super::KEYS_LIMIT;
use crate::crypto::keys::PublicKey;

/// Every ratchet key of this link, ours and theirs, by its first eight bytes.
///
/// Keys are as good as random, so two honest ones meet there with a chance of 2⁻³¹ in a link of
/// [`KEYS_LIMIT`] keys, and then the link ends; a quarter of the memory is worth that.
#[derive(Default)]
pub(super) struct UsedKeys(pub(super) HashSet<u64>);

impl UsedKeys {
    fn short(key: &PublicKey) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = *key.as_bytes();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// False when the key was there already.
    pub(super) fn insert(&mut self, key: &PublicKey) -> bool {
        self.0.insert(Self::short(key))
    }

    pub(super) fn contains(&self, key: &PublicKey) -> bool {
        self.0.contains(&Self::short(key))
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= KEYS_LIMIT
    }
}
