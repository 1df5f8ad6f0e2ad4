//! What people read to each other: verification words and fingerprints, and the word lists.
//!
//! ```text
//! SAS(8)      = HKDF(salt = "undertone/1 words", ikm = n_A ‖ n_B, info = th0 ‖ S_A ‖ S_B)
//! fingerprint = H(lv("undertone/1 fingerprint") ‖ S)[0..16]
//! ```
//!
//! Bytes become words of the PGP word list: even positions take its two-syllable words, odd
//! ones its three-syllable words, so that a word left out or swapped is heard. Where the lists
//! come from is said in `tests/vectors/README.md`.

use std::fmt;
use std::sync::LazyLock;

use hkdf::Hkdf;
use sha2::Sha256;

use super::keys::{self, PublicKey};
use super::labels;
use super::secret::Secret;

static PGP: LazyLock<[[&'static str; 2]; 256]> = LazyLock::new(|| {
    let mut words = [[""; 2]; 256];
    let lines = include_str!("words/pgp.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    for (entry, line) in words.iter_mut().zip(lines) {
        for (word, field) in entry.iter_mut().zip(line.split('\t').skip(1)) {
            *word = field;
        }
    }
    words
});

static BIP39: LazyLock<[&'static str; 2048]> = LazyLock::new(|| {
    let mut words = [""; 2048];
    let listed = include_str!("words/bip39.txt").split_ascii_whitespace();
    for (word, listed) in words.iter_mut().zip(listed) {
        *word = listed;
    }
    words
});

/// The 2,048 words of the BIP-39 English list, in order: 11 bits a word.
pub fn bip39() -> &'static [&'static str; 2048] {
    &BIP39
}

/// All 512 words of the PGP word list, even before odd for every byte.
pub fn pgp_words() -> impl Iterator<Item = &'static str> {
    PGP.iter().flatten().copied()
}

/// The word for `byte` at `position`: 256 pairs and two columns, so that both always exist.
fn pgp_word(position: usize, byte: u8) -> &'static str {
    let [even, odd] = PGP.get(usize::from(byte)).copied().unwrap_or_default();
    if position.is_multiple_of(2) {
        even
    } else {
        odd
    }
}

/// Four words for each side: each one reads out their own and types the other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// What A reads out.
    pub a: [&'static str; 4],
    /// What B reads out.
    pub b: [&'static str; 4],
}

/// The words of a pairing, from committed values only: both nonces, th0, both identity keys.
#[allow(clippy::expect_used, reason = "8 bytes are below HKDF's 8,160")]
pub fn verification_words(
    n_a: &[u8; 32],
    n_b: &[u8; 32],
    th0: &[u8; 32],
    s_a: &PublicKey,
    s_b: &PublicKey,
) -> Words {
    let sas = Secret::<8>::derive(|sas| {
        let mut hkdf = hkdf::HkdfExtract::<Sha256>::new(Some(labels::WORDS));
        hkdf.input_ikm(n_a);
        hkdf.input_ikm(n_b);
        let (_, hkdf): (_, Hkdf<Sha256>) = hkdf.finalize();
        hkdf.expand_multi_info(&[th0, s_a.as_bytes(), s_b.as_bytes()], sas)
            .expect("one block of output");
    });
    let [a0, a1, a2, a3, b0, b1, b2, b3] = *sas.as_bytes();
    let four = |[w, x, y, z]: [u8; 4]| {
        [
            pgp_word(0, w),
            pgp_word(1, x),
            pgp_word(2, y),
            pgp_word(3, z),
        ]
    };
    Words {
        a: four([a0, a1, a2, a3]),
        b: four([b0, b1, b2, b3]),
    }
}

/// Whether `typed` is these words: case does not matter, anything but letters separates them.
pub fn same_words(words: &[&'static str], typed: &str) -> bool {
    let words = words.iter().map(|word| word.to_ascii_lowercase());
    in_words(typed).eq(words)
}

/// Whether `typed` is four words of the list, right or wrong.
pub fn are_words(typed: &str) -> bool {
    in_words(typed).count() == 4 && unlisted(typed).next().is_none()
}

/// What in `typed` is no word of the list.
pub fn unlisted(typed: &str) -> impl Iterator<Item = String> {
    let is_listed = |word: &str| pgp_words().any(|listed| listed.eq_ignore_ascii_case(word));
    in_words(typed).filter(move |word| !is_listed(word))
}

/// The words in `typed` that are not the one in their place, and that place, from 1.
pub fn unlike(words: &[&'static str], typed: &str) -> Vec<(usize, String)> {
    let pairs = (1..).zip(words.iter().zip(in_words(typed)));
    pairs
        .filter(|(_, (word, typed))| !word.eq_ignore_ascii_case(typed))
        .map(|(place, (_, typed))| (place, typed))
        .collect()
}

/// The words in `typed`, small.
pub fn in_words(typed: &str) -> impl Iterator<Item = String> {
    typed
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

/// 128 bits of an identity key's hash, as sixteen words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

/// The fingerprint of identity key S.
pub fn fingerprint(s: &PublicKey) -> Fingerprint {
    let mut bytes = [0; 16];
    for (byte, hash) in bytes.iter_mut().zip(keys::fingerprint_hash(s)) {
        *byte = hash;
    }
    Fingerprint(bytes)
}

impl Fingerprint {
    /// Its words, in order.
    pub fn words(&self) -> [&'static str; 16] {
        let mut words = [""; 16];
        for (place, (word, byte)) in words.iter_mut().zip(self.0).enumerate() {
            *word = pgp_word(place, byte);
        }
        words
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join("-"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crypto::keys::SecretKey;

    fn keys() -> (PublicKey, PublicKey) {
        let public = |byte| SecretKey::from_bytes(&[byte; 32]).public();
        (public(1), public(2))
    }

    #[test]
    fn what_is_wrong_in_typed_words_is_found_by_its_place() {
        let words = ["absurd", "adroitness", "Aztec", "amulet"];
        assert_eq!(unlike(&words, "ABSURD-adroitness, aztec amulet."), []);
        let typed = "absurd adviser aztec absurd";
        let wrong = [(2, "adviser".to_owned()), (4, "absurd".to_owned())];
        assert!(are_words(typed));
        assert_eq!(unlike(&words, typed), wrong);
        let not_words = "absurd adroitnes \u{e4} aztec amulet";
        assert!(!are_words(not_words));
        assert!(unlisted(not_words).eq(["adroitnes"]));
    }

    #[test]
    fn both_lists_are_whole() {
        let pgp: HashSet<_> = pgp_words().map(str::to_lowercase).collect();
        assert_eq!(pgp.len(), 512);
        assert!(
            pgp.iter()
                .all(|w| w.chars().all(|c| c.is_ascii_lowercase()))
        );
        assert_eq!((pgp_word(0, 0), pgp_word(1, 0)), ("aardvark", "adroitness"));
        assert_eq!((pgp_word(2, 255), pgp_word(3, 255)), ("Zulu", "Yucatan"));
        for (byte, line) in (0..=255_u8).zip(include_str!("words/pgp.tsv").lines().skip(1)) {
            assert!(line.starts_with(&format!("{byte:02X}\t")), "{line}");
        }

        let bip39: HashSet<_> = bip39().iter().collect();
        assert_eq!(bip39.len(), 2048);
        assert!(super::bip39().is_sorted());
        assert_eq!(
            (super::bip39()[0], super::bip39()[2047]),
            ("abandon", "zoo")
        );
    }

    #[test]
    fn words_are_the_documented_formula() {
        let (s_a, s_b) = keys();
        let mut sas = [0; 8];
        let ikm = [[3; 32], [4; 32]].concat();
        let info = [[5; 32], *s_a.as_bytes(), *s_b.as_bytes()].concat();
        Hkdf::<Sha256>::new(Some(b"undertone/1 words"), &ikm)
            .expand(&info, &mut sas)
            .unwrap();
        let words = verification_words(&[3; 32], &[4; 32], &[5; 32], &s_a, &s_b);
        let all: Vec<_> = words.a.into_iter().chain(words.b).collect();
        let expected: Vec<_> = (0..8).map(|i| pgp_word(i, sas[i])).collect();
        assert_eq!(all, expected);
    }

    #[test]
    fn every_input_changes_the_words() {
        let (s_a, s_b) = keys();
        let base = verification_words(&[3; 32], &[4; 32], &[5; 32], &s_a, &s_b);
        for other in [
            verification_words(&[0; 32], &[4; 32], &[5; 32], &s_a, &s_b),
            verification_words(&[3; 32], &[0; 32], &[5; 32], &s_a, &s_b),
            verification_words(&[3; 32], &[4; 32], &[0; 32], &s_a, &s_b),
            verification_words(&[3; 32], &[4; 32], &[5; 32], &s_b, &s_b),
            verification_words(&[3; 32], &[4; 32], &[5; 32], &s_a, &s_a),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn typed_words_may_differ_in_case_and_separators_only() {
        let words = ["Zulu", "Yucatan", "absurd", "adviser"];
        for same in [
            "zulu yucatan absurd adviser",
            " ZULU-yucatan,absurd  Adviser\n",
        ] {
            assert!(same_words(&words, same));
        }
        for other in [
            "",
            "y",
            "zulu yucatan absurd",
            "zulu yucatan absurd adviser adviser",
            "yucatan zulu absurd adviser",
            "zuluyucatanabsurdadviser",
        ] {
            assert!(!same_words(&words, other), "{other}");
        }
    }

    #[test]
    fn a_fingerprint_is_sixteen_words() {
        let (s_a, s_b) = keys();
        let shown = fingerprint(&s_a).to_string();
        let hash = keys::hash(&[b"\x00\x17undertone/1 fingerprint", s_a.as_bytes()]);
        let expected: Vec<_> = (0..16).map(|i| pgp_word(i, hash[i])).collect();
        assert_eq!(shown, expected.join("-"));
        assert_ne!(shown, fingerprint(&s_b).to_string());
    }
}
