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

use aes::Aes256;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit,
    KeyInit,
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::keys::{Key, SealLabel};

/// Bytes that sealing adds at most: a block of padding and the tag. At least 33 are added.
pub const OVERHEAD: usize = BLOCK + TAG;

const BLOCK: usize = 16;
const TAG: usize = 32;

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
        let keys = MessageKeys::derive(&self, label.as_bytes());
        seal_with::<Aes256, Hmac<Sha256>>(&keys.split(), TAG, ad, buf, from);
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
        let keys = MessageKeys::derive(&self, label.as_bytes());
        open_with::<Aes256, Hmac<Sha256>>(&keys.split(), TAG, ad, buf)
    }
}

/// enc ‖ mac ‖ iv of one message.
pub(super) struct MessageKeys(Zeroizing<[u8; 80]>);

impl MessageKeys {
    #[allow(clippy::expect_used, reason = "80 bytes are below HKDF's 8,160")]
    pub(super) fn derive(key: &Key, info: &[u8]) -> Self {
        let mut okm = Zeroizing::new([0; 80]);
        Hkdf::<Sha256>::new(None, key.as_bytes())
            .expand(info, okm.as_mut())
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
    fn cipher<C: KeyInit, M: InnerIvInit<Inner = C>>(&self) -> M {
        let cipher = C::new_from_slice(self.enc).expect("a key of the cipher's length");
        M::inner_iv_slice_init(cipher, self.iv).expect("an IV of one block")
    }

    /// HMAC over ad ‖ iv ‖ ct ‖ u64be(8·|ad|).
    #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn mac<M: Mac + KeyInit>(&self, ad: &[&[u8]], ct: &[u8]) -> M {
        let mut mac = <M as KeyInit>::new_from_slice(self.mac).expect("a key of any length");
        let mut bits = 0_u64;
        for part in ad {
            mac.update(part);
            bits = bits.wrapping_add(8 * part.len() as u64);
        }
        mac.update(self.iv);
        mac.update(ct);
        mac.update(&bits.to_be_bytes());
        mac
    }
}

/// CBC then MAC, for any cipher of 16-byte blocks, any MAC, its tag cut to `tag` bytes.
#[allow(
    clippy::expect_used,
    reason = "the buffer has just been given a whole block more"
)]
fn seal_with<C, M>(keys: &Parts<'_>, tag: usize, ad: &[&[u8]], buf: &mut Vec<u8>, from: usize)
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + KeyInit,
    M: Mac + KeyInit,
{
    let from = from.min(buf.len());
    let length = buf.len() - from;
    let padding = BLOCK - length % BLOCK;
    buf.reserve(padding + tag);
    buf.resize(from + length + padding, 0);
    let (_, body) = buf.split_at_mut(from);
    let ct = keys
        .cipher::<C, cbc::Encryptor<C>>()
        .encrypt_padded::<Pkcs7>(body, length)
        .expect("room for the padding");
    let mac = keys.mac::<M>(ad, ct).finalize().into_bytes();
    buf.extend(mac.iter().take(tag));
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
    let plain = keys
        .cipher::<C, cbc::Decryptor<C>>()
        .decrypt_padded::<Pkcs7>(ct)
        .map_err(|_| OpenError)?
        .len();
    ct.get_mut(..plain).ok_or(OpenError)
}

#[cfg(test)]
mod tests;
