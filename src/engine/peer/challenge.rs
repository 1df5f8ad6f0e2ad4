//! What must be typed to let a changed key in without comparing words.
//!
//! Words of the new fingerprint, at places that are drawn at random among those where it differs
//! from the known one. Whoever types them has looked at the new key; whoever asks the other person
//! for them learns of a key that was made to look like theirs: SECURITY.md counts the bits.

use undertone_core::crypto::keys::random;
use undertone_core::crypto::words::{Fingerprint, same_words};

/// So many words are asked for.
const WORDS: usize = 6;

/// Words of a fingerprint, and where they stand in it.
#[derive(Debug)]
pub(super) struct Challenge {
    /// Counted from 1, rising.
    places: Vec<usize>,
    words: Vec<&'static str>,
}

impl Challenge {
    /// Draws words of `is`, none of which is in its place in `was`.
    pub(super) fn draw(was: &Fingerprint, is: &Fingerprint) -> Self {
        let draws = random::<32>();
        let pairs = was.words().into_iter().zip(is.words());
        let mut drawn: Vec<_> = pairs
            .enumerate()
            .zip(draws.chunks(2))
            .filter(|((_, (was, is)), _)| was != is)
            .map(|((at, (_, is)), draw)| (draw.to_vec(), at + 1, is))
            .collect();
        drawn.sort();
        drawn.truncate(WORDS);
        drawn.sort_by_key(|(_, place, _)| *place);
        let (places, words) = drawn.iter().map(|(_, place, word)| (place, word)).unzip();
        Self { places, words }
    }

    /// Which words are asked for.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// Whether `typed` is those words. Two keys of one fingerprint have none.
    pub(super) fn is_met(&self, typed: &str) -> bool {
        !self.words.is_empty() && same_words(&self.words, typed)
    }

    /// The command that lets the key in.
    pub(super) fn command(&self) -> String {
        format!("/trust {}", self.words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use undertone_core::crypto::keys::SecretKey;
    use undertone_core::crypto::words::fingerprint;

    fn of(byte: u8) -> Fingerprint {
        fingerprint(&SecretKey::from_bytes(&[byte; 32]).public())
    }

    #[test]
    fn six_words_that_differ_are_drawn_anew_each_time() {
        let (was, is) = (of(1), of(2));
        let mut draws = HashSet::new();
        for _ in 0..64 {
            let challenge = Challenge::draw(&was, &is);
            assert_eq!(challenge.places().len(), WORDS);
            assert!(challenge.places().is_sorted());
            for (place, word) in challenge.places().iter().zip(&challenge.words) {
                assert_eq!(is.words()[place - 1], *word);
                assert_ne!(was.words()[place - 1], *word);
            }
            draws.insert(challenge.places().to_vec());
        }
        assert!(draws.len() > 32, "{}", draws.len());
    }

    #[test]
    fn nothing_but_these_words_in_this_order_meets_it() {
        let challenge = Challenge::draw(&of(1), &of(2));
        let typed = challenge.command()["/trust ".len()..].to_owned();
        assert!(challenge.is_met(&typed) && challenge.is_met(&typed.to_uppercase()));
        assert!(challenge.is_met(&typed.replace(' ', "-")));
        let five = typed.rsplit_once(' ').unwrap().0;
        for wrong in [
            "",
            "yes",
            five,
            &format!("{typed} zulu"),
            &of(2).to_string(),
        ] {
            assert!(!challenge.is_met(wrong), "{wrong}");
        }
        assert!(!Challenge::draw(&of(1), &of(1)).is_met(""));
    }
}
