//! Several messages sealed in turn, block by block.
//!
//! In CBC each block waits for the one before it, and so does each block of a hash: of one message
//! alone, a processor has one thing to do at a time. Blocks of other messages fill its pipelines.
//! Each message has its own keys, and comes out as if it were sealed alone.
//!
//! ```text
//! CBC     1.1  2.1  3.1  4.1  1.2  2.2  …     message.block; four hide the latency of AES-NI
//! HMAC    1.1  2.1  1.2  2.2  …               two fill the unit of SHA-NI, which has no more to give
//! ```

use std::fmt;

use aes::Aes256;
use aes::cipher::block_padding::{Padding, Pkcs7};
use aes::cipher::consts::U16;
use aes::cipher::{Array, BlockCipherEncrypt, BlockModeEncrypt, InnerIvInit, KeyInit};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{MessageKey, MessageKeys, Parts, TAG};
use crate::crypto::keys::SealLabel;
use crate::crypto::secret::{wiping_shallow_stack, wiping_stack};

/// Messages that are sealed at a time, at most.
pub const LANES: usize = 4;

/// Bytes of a block of SHA-256.
const HASH_BLOCK: usize = 64;

/// A message that is sealed beside others, where it stands.
pub struct Lane<'a> {
    key: MessageKey<'a>,
    ad: [&'a [u8]; 2],
    body: &'a mut [u8],
}

impl<'a> Lane<'a> {
    /// The message in `body`, which ct ‖ tag will replace; `ad` is authenticated with it, as the
    /// concatenation of its parts. `None` where `body` is not what [`make_room`](super::make_room)
    /// left.
    pub fn new(key: MessageKey<'a>, ad: [&'a [u8]; 2], body: &'a mut [u8]) -> Option<Self> {
        let (padded, _) = body.split_at_checked(body.len().checked_sub(TAG)?)?;
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks(padded);
        let is_padded = rest.is_empty() && Pkcs7::unpad_blocks(blocks).is_ok();
        is_padded.then_some(Self { key, ad, body })
    }
}

impl fmt::Debug for Lane<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key: _,
            ad: _,
            body,
        } = self;
        f.debug_struct("Lane")
            .field("len", &body.len())
            .finish_non_exhaustive()
    }
}

/// Seals them all, each as [`Key::seal`](crate::crypto::keys::Key::seal) would.
pub fn seal_lanes(label: SealLabel, lanes: [Option<Lane<'_>>; LANES]) {
    match lanes {
        [Some(lane), None, None, None] => wiping_shallow_stack(|| seal_all(label, [Some(lane)])),
        lanes => wiping_stack(|| seal_all(label, lanes)),
    }
}

fn seal_all<const N: usize>(label: SealLabel, mut lanes: [Option<Lane<'_>>; N]) {
    let mut lanes = lanes.each_mut().map(|lane| {
        let lane = lane.as_mut()?;
        Some((MessageKeys::derive(lane.key.key(), label.as_bytes()), lane))
    });
    let jobs = lanes.each_mut().map(|lane| {
        let (keys, Lane { key: _, ad, body }) = lane.as_mut()?;
        let keys = keys.split();
        Some(Job { keys, ad, body })
    });
    seal_in_turn::<Aes256, Hmac<Sha256>, N>(jobs, TAG);
}

/// What is sealed in one lane: whole blocks of padded plaintext, and room for the tag.
pub(super) struct Job<'a> {
    pub(super) keys: Parts<'a>,
    pub(super) ad: &'a [&'a [u8]],
    pub(super) body: &'a mut [u8],
}

/// A lane under way.
struct Work<'a, C: BlockCipherEncrypt, M> {
    cbc: cbc::Encryptor<C>,
    mac: M,
    /// Bytes that `mac` has had.
    macked: usize,
    /// The length of the associated data, as it stands behind the ciphertext.
    bits: [u8; 8],
    ct: &'a mut [u8],
    tag: &'a mut [u8],
}

/// CBC then MAC, for any cipher of 16-byte blocks, any MAC, its tag cut to `tag` bytes.
pub(super) fn seal_in_turn<C, M, const N: usize>(jobs: [Option<Job<'_>>; N], tag: usize)
where
    C: BlockCipherEncrypt<BlockSize = U16> + KeyInit,
    M: Mac + KeyInit,
{
    let mut lanes = jobs.map(|job| job.map(|job| Work::<C, M>::begin(job, tag)));
    encrypt_in_turn(&mut lanes);
    for pair in lanes.chunks_mut(2) {
        match pair {
            [Some(a), Some(b)] => mac_in_turn(a, b),
            others => others.iter_mut().flatten().for_each(|lane| {
                lane.mac.update(lane.ct);
            }),
        }
    }
    lanes.into_iter().flatten().for_each(Work::finish);
}

impl<'a, C, M> Work<'a, C, M>
where
    C: BlockCipherEncrypt<BlockSize = U16> + KeyInit,
    M: Mac + KeyInit,
{
    #[allow(clippy::expect_used, reason = "the IV is one block")]
    fn begin(Job { keys, ad, body }: Job<'a>, tag: usize) -> Self {
        let (ct, tag) = body.split_at_mut(body.len().saturating_sub(tag));
        let cbc = cbc::Encryptor::inner_iv_slice_init(keys.cipher(), keys.iv);
        let (mac, macked) = keys.begin_mac(ad);
        Self {
            cbc: cbc.expect("an IV of one block"),
            mac,
            macked,
            bits: super::bits(ad),
            ct,
            tag,
        }
    }

    /// Takes the ciphertext in up to where a block of the hash is full; gives what is left of it.
    fn align(&mut self) -> (&mut M, &[u8]) {
        let Self {
            mac, macked, ct, ..
        } = self;
        let head = macked.next_multiple_of(HASH_BLOCK) - *macked;
        let (head, rest) = ct.split_at(head.min(ct.len()));
        mac.update(head);
        (mac, rest)
    }

    fn finish(mut self) {
        self.mac.update(&self.bits);
        let mac = self.mac.finalize().into_bytes();
        self.tag
            .iter_mut()
            .zip(mac)
            .for_each(|(to, from)| *to = from);
    }
}

fn encrypt_in_turn<C, M, const N: usize>(lanes: &mut [Option<Work<'_, C, M>>; N])
where
    C: BlockCipherEncrypt<BlockSize = U16>,
{
    let mut lanes = lanes.each_mut().map(|lane| {
        let Work { cbc, ct, .. } = lane.as_mut()?;
        Some((cbc, Array::slice_as_chunks_mut(ct).0.iter_mut()))
    });
    let lengths = lanes.iter().flatten().map(|(_, blocks)| blocks.len());
    for _ in 0..lengths.max().unwrap_or_default() {
        for (cbc, blocks) in lanes.iter_mut().flatten() {
            if let Some(block) = blocks.next() {
                cbc.encrypt_block(block);
            }
        }
    }
}

/// The MACs of two ciphertexts, in turn as far as both go.
fn mac_in_turn<C, M>(a: &mut Work<'_, C, M>, b: &mut Work<'_, C, M>)
where
    C: BlockCipherEncrypt<BlockSize = U16> + KeyInit,
    M: Mac + KeyInit,
{
    let ((a, a_ct), (b, b_ct)) = (a.align(), b.align());
    let both = a_ct.len().min(b_ct.len()) / HASH_BLOCK * HASH_BLOCK;
    let ((a_ct, a_rest), (b_ct, b_rest)) = (a_ct.split_at(both), b_ct.split_at(both));
    let blocks = a_ct
        .chunks_exact(HASH_BLOCK)
        .zip(b_ct.chunks_exact(HASH_BLOCK));
    for (a_block, b_block) in blocks {
        a.update(a_block);
        b.update(b_block);
    }
    a.update(a_rest);
    b.update(b_rest);
}

#[cfg(test)]
mod tests;
