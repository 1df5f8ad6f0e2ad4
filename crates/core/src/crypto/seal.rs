//! One `seal`, one `open`: AES-256-CBC, then HMAC-SHA-256 over all of it.
//!
//! ```text
//! okm(80) = HKDF(salt = 0³², ikm = k, info = label)      enc ‖ mac ‖ iv = okm[0..32] ‖ [32..64] ‖ [64..80]
//! ct      = AES-256-CBC(enc, iv, pt ‖ PKCS#7)
//! tag     = HMAC-SHA-256(mac, ad ‖ iv ‖ ct ‖ u64be(8·|ad|))
//! sealed  = ct ‖ tag
//! ```
//!
//! Keys as in Double Ratchet rev. 1 §5.2, layout as in RFC 7518 §5.2.2.1, order as in RFC 7366.
//! Every key seals one message, so the IV is derived and not sent. There is no way to decrypt
//! without verifying, and every failure is the same [`OpenError`].

use std::sync::LazyLock;

use aes::Aes256;
use aes::cipher::block_padding::{Padding, Pkcs7};
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use self::lanes::{Job, seal_in_turn};
pub use self::lanes::{LANES, Lane, seal_lanes};
pub use self::message_key::MessageKey;
use super::keys::{Key, SealLabel, hmac_sha256};
use super::secret::wiping_shallow_stack;

mod lanes;
mod message_key;

/// Bytes that sealing adds at most: a block of padding and the tag. At least 33 are added.
pub const OVERHEAD: usize = BLOCK + TAG;

const BLOCK: usize = 16;
const TAG: usize = 32;
/// Bytes that are decrypted at once.
const STRIDE: usize = 64 * BLOCK;

/// HKDF's extraction without a salt: HMAC under 0³² (RFC 5869 §2.2), set up once for all records.
static UNSALTED: LazyLock<Hmac<Sha256>> = LazyLock::new(|| hmac_sha256(&[0; 32]));

/// The message was not sealed with this key, label and associated data: nothing more is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is not authentic")]
pub struct OpenError;

impl Key {
    /// Seals `buf[from..]` in place: ct ‖ tag replace the plaintext.
    ///
    /// `buf` grows by at most [`OVERHEAD`]; nothing is allocated when it has that much room.
    /// `ad` is authenticated as the concatenation of its parts, so parts of varying length
    /// must carry their lengths. A `from` past the end means an empty plaintext.
    pub fn seal(self, label: SealLabel, ad: &[&[u8]], buf: &mut Vec<u8>, from: usize) {
        seal(&self, label, ad, buf, from);
    }

    /// Verifies, only then decrypts in place; the plaintext is the returned prefix of `buf`.
    ///
    /// # Errors
    /// [`OpenError`], whatever the cause; `buf` is then as it was.
    pub fn open<'a>(
        self,
        label: SealLabel,
        ad: &[&[u8]],
        buf: &'a mut [u8],
    ) -> Result<&'a mut [u8], OpenError> {
        open(&self, label, ad, buf)
    }
}

pub(super) fn seal(key: &Key, label: SealLabel, ad: &[&[u8]], buf: &mut Vec<u8>, from: usize) {
    wiping_shallow_stack(|| {
        let keys = MessageKeys::derive(key, label.as_bytes());
        seal_with::<Aes256, Hmac<Sha256>>(keys.split(), TAG, ad, buf, from);
    });
}

pub(super) fn open<'a>(
    key: &Key,
    label: SealLabel,
    ad: &[&[u8]],
    buf: &'a mut [u8],
) -> Result<&'a mut [u8], OpenError> {
    wiping_shallow_stack(|| {
        let keys = MessageKeys::derive(key, label.as_bytes());
        open_with::<Aes256, Hmac<Sha256>>(&keys.split(), TAG, ad, buf)
    })
}

/// enc ‖ mac ‖ iv of one message, on a stack that is wiped.
pub(super) struct MessageKeys([u8; 80]);

impl MessageKeys {
    #[allow(clippy::expect_used, reason = "80 bytes are below HKDF's 8,160")]
    pub(super) fn derive(key: &Key, info: &[u8]) -> Self {
        let mut okm = [0; 80];
        let prk = UNSALTED.clone().chain_update(key.as_bytes()).finalize();
        Hkdf::<Sha256>::from_prk(&prk.into_bytes())
            .expect("a hash's length")
            .expand(info, &mut okm)
            .expect("three blocks of output");
        Self(okm)
    }

    pub(super) fn split(&self) -> Parts<'_> {
        let (enc, rest) = self.0.split_at(32);
        let (mac, iv) = rest.split_at(32);
        Parts { enc, mac, iv }
    }
}

/// A key already cut in three; the lengths are those of the cipher, any, and one block.
pub(super) struct Parts<'a> {
    pub(super) enc: &'a [u8],
    pub(super) mac: &'a [u8],
    pub(super) iv: &'a [u8],
}

impl Parts<'_> {
    #[allow(
        clippy::expect_used,
        reason = "every caller cuts the lengths that its cipher takes"
    )]
    fn cipher<C: KeyInit>(&self) -> C {
        C::new_from_slice(self.enc).expect("a key of the cipher's length")
    }

    /// HMAC over ad ‖ iv ‖ ct ‖ u64be(8·|ad|), as far as ct; and how many bytes those are.
    #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn begin_mac<M: Mac + KeyInit>(&self, ad: &[&[u8]]) -> (M, usize) {
        let mut mac = <M as KeyInit>::new_from_slice(self.mac).expect("a key of any length");
        let parts = ad.iter().chain([&self.iv]);
        let length = parts.map(|part| {
            mac.update(part);
            part.len()
        });
        let length = length.sum();
        (mac, length)
    }

    /// HMAC over ad ‖ iv ‖ ct ‖ u64be(8·|ad|).
    fn mac<M: Mac + KeyInit>(&self, ad: &[&[u8]], ct: &[u8]) -> M {
        let (mut mac, _) = self.begin_mac::<M>(ad);
        mac.update(ct);
        mac.update(&bits(ad));
        mac
    }
}

/// u64be(8·|ad|).
fn bits(ad: &[&[u8]]) -> [u8; 8] {
    let bits = |part: &&[u8]| 8 * part.len() as u64;
    ad.iter().map(bits).fold(0, u64::wrapping_add).to_be_bytes()
}

/// Makes `buf[from..]` what [`seal_lanes`] takes: the plaintext, its padding (PKCS#7), and room for
/// the tag. `buf` grows by at most [`OVERHEAD`].
pub fn make_room(buf: &mut Vec<u8>, from: usize) {
    make_room_for(TAG, buf, from);
}

fn make_room_for(tag: usize, buf: &mut Vec<u8>, from: usize) {
    let padding = BLOCK - (buf.len() - from) % BLOCK;
    buf.reserve(padding + tag);
    buf.extend(std::iter::repeat_n(padding as u8, padding));
    buf.resize(buf.len() + tag, 0);
}

/// CBC then MAC, for any cipher of 16-byte blocks, any MAC, its tag cut to `tag` bytes.
fn seal_with<C, M>(keys: Parts<'_>, tag: usize, ad: &[&[u8]], buf: &mut Vec<u8>, from: usize)
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + KeyInit,
    M: Mac + KeyInit,
{
    let from = from.min(buf.len());
    make_room_for(tag, buf, from);
    let (_, body) = buf.split_at_mut(from);
    seal_in_turn::<C, M, 1>([Some(Job { keys, ad, body })], tag);
}

/// Verifies the MAC in constant time, only then decrypts.
fn open_with<'a, C, M>(
    keys: &Parts<'_>,
    tag: usize,
    ad: &[&[u8]],
    buf: &'a mut [u8],
) -> Result<&'a mut [u8], OpenError>
where
    C: BlockCipherDecrypt<BlockSize = aes::cipher::consts::U16> + KeyInit,
    M: Mac + KeyInit,
{
    let length = buf.len().checked_sub(tag).ok_or(OpenError)?;
    if length < BLOCK || length % BLOCK != 0 {
        return Err(OpenError);
    }
    let (ct, tag) = buf.split_at_mut(length);
    keys.mac::<M>(ad, ct)
        .verify_truncated_left(tag)
        .map_err(|_| OpenError)?;
    cbc_decrypt(&keys.cipher::<C>(), keys.iv, ct);
    let (blocks, _) = Array::<u8, C::BlockSize>::slice_as_chunks(ct);
    let plain = Pkcs7::unpad_blocks(blocks).map_err(|_| OpenError)?.len();
    ct.get_mut(..plain).ok_or(OpenError)
}

/// CBC decryption of whole blocks in place. Unlike encryption no block waits for the one before
/// it, and processors decrypt many at once. `cbc::Decryptor` leaves that to how the compiler
/// happens to lay out its few blocks at a time: a stride that is decrypted, then combined, has the
/// speed of the bare cipher everywhere.
fn cbc_decrypt<C>(cipher: &C, iv: &[u8], buf: &mut [u8])
where
    C: BlockCipherDecrypt<BlockSize = aes::cipher::consts::U16>,
{
    // The ciphertext of the block before a stride, then of the stride.
    let mut before = [0; BLOCK + STRIDE];
    let (previous, _) = before.split_at_mut(BLOCK);
    previous.copy_from_slice(iv);
    for stride in buf.chunks_mut(STRIDE) {
        let length = stride.len();
        let (_, ct) = before.split_at_mut(BLOCK);
        ct.iter_mut()
            .zip(&*stride)
            .for_each(|(to, from)| *to = *from);
        cipher.decrypt_blocks(Array::slice_as_chunks_mut(stride).0);
        // By words: a program that is linked for size makes no vectors of bytes.
        let (blocks, _) = stride.as_chunks_mut::<BLOCK>();
        let plain = blocks.iter_mut().zip(before.as_chunks().0);
        plain.for_each(|(plain, before)| {
            let word = u128::from_ne_bytes(*plain) ^ u128::from_ne_bytes(*before);
            *plain = word.to_ne_bytes();
        });
        before.copy_within(length..length + BLOCK, 0);
    }
}

#[cfg(test)]
mod tests;
