//! What the use of a key could leave in memory, for tests that look for it there: everything that
//! is derived on the way, of which the key or what it sealed could be had again.

use hkdf::Hkdf;
use sha2::Sha256;
use sha2::block_api::compress256;

use super::keys::{Key, SealLabel};
use super::seal::MessageKeys;
use super::secret::wiping_stack;
use crate::memory::Needle;

/// SHA-256's first state (FIPS 180-4 §5.3.3).
const START: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// Of a key that seals or opens one message.
pub(crate) fn of_sealing(key: &Key, label: SealLabel) -> Vec<Needle> {
    let mut traces = vec![Needle::of("message key", key.as_bytes())];
    wiping_stack(|| {
        let (prk, _) = Hkdf::<Sha256>::extract(None, key.as_bytes());
        traces.push(Needle::of("PRK of the message keys", &prk));
        traces.extend(of_hmac("PRK of the message keys", &prk));
        let keys = MessageKeys::derive(key, label.as_bytes());
        let parts = keys.split();
        traces.push(Needle::of("MAC key", parts.mac));
        traces.push(Needle::of("IV", parts.iv));
        traces.extend(of_hmac("MAC key", parts.mac));
        traces.extend(of_aes(parts.enc));
    });
    traces
}

/// Of a key with which HMAC-SHA-256 is keyed: its padded blocks, and the hash's states behind
/// them, by which everything can be computed that the key is good for.
pub(crate) fn of_hmac(name: &str, key: &[u8]) -> Vec<Needle> {
    let mut traces = Vec::new();
    wiping_stack(|| {
        for (pad, byte) in [("inner", 0x36), ("outer", 0x5c)] {
            let mut block = [byte; 64];
            block.iter_mut().zip(key).for_each(|(to, from)| *to ^= from);
            let mut state = START;
            compress256(&mut state, &[block]);
            let mut bytes = [0; 32];
            for (to, word) in bytes.chunks_exact_mut(4).zip(state) {
                to.copy_from_slice(&word.to_ne_bytes());
            }
            traces.push(Needle::of(format!("{name}, {pad} block"), &block[..32]));
            traces.push(Needle::of(format!("{name}, {pad} state"), &bytes));
        }
    });
    traces
}

/// Of an AES-256 key: its round keys for both directions (FIPS 197 §5.2, §5.3.5).
fn of_aes(key: &[u8]) -> Vec<Needle> {
    let mut words = [[0_u8; 4]; 60];
    for (word, bytes) in words.iter_mut().zip(key.chunks_exact(4)) {
        word.copy_from_slice(bytes);
    }
    for i in 8..60 {
        let mut next = words[i - 1];
        if i % 8 == 0 {
            next.rotate_left(1);
            next = next.map(substitute);
            next[0] ^= 1 << (i / 8 - 1);
        } else if i % 8 == 4 {
            next = next.map(substitute);
        }
        words[i] = std::array::from_fn(|byte| words[i - 8][byte] ^ next[byte]);
    }
    let (rounds, _) = words.as_chunks::<4>();
    let mut traces = Vec::new();
    for (round, key) in rounds.iter().enumerate() {
        traces.push(Needle::of(
            format!("AES round key {round}"),
            key.as_flattened(),
        ));
        if (1..14).contains(&round) {
            let inverse = key.map(unmix);
            traces.push(Needle::of(
                format!("AES inverse round key {round}"),
                inverse.as_flattened(),
            ));
        }
    }
    traces
}

/// A product in GF(2⁸), FIPS 197 §4.2.
fn times(a: u8, b: u8) -> u8 {
    let doubled = |a: u8| (a << 1) ^ if a & 0x80 == 0 { 0 } else { 0x1b };
    let powers = std::iter::successors(Some(a), |a| Some(doubled(*a)));
    let taken = powers
        .take(8)
        .enumerate()
        .filter(|(bit, _)| b >> bit & 1 == 1);
    taken.fold(0, |sum, (_, power)| sum ^ power)
}

/// The S-box, §5.1.1.
fn substitute(a: u8) -> u8 {
    let inverse = (1..=255).find(|b| times(a, *b) == 1).unwrap_or(0);
    (0..5).fold(0x63, |sum, by| sum ^ inverse.rotate_left(by))
}

/// InvMixColumns of one column, §5.3.3.
fn unmix(column: [u8; 4]) -> [u8; 4] {
    let factors = [14, 11, 13, 9];
    std::array::from_fn(|row| {
        let product = |at: usize| times(column[at], factors[(at + 4 - row) % 4]);
        (0..4).fold(0, |sum, at| sum ^ product(at))
    })
}

/// FIPS 197, A.3: what is looked for is what AES computes.
#[test]
fn round_keys_are_those_of_fips_197() {
    let key: Vec<u8> =
        super::testing::hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    let last = super::testing::hex("fe4890d1e6188d0b046df344706c631e");
    let traces = of_aes(&key);
    assert!(traces.iter().any(|trace| *trace == Needle::of("", &last)));
    assert_eq!(traces.len(), 15 + 13);
}
