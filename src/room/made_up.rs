//! Rooms that the program makes up, and what is known of them when they are typed: each word is one
//! of a list, so a slip shows before an attempt is spent on it.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::{Room, RoomError, Secret};
use crate::crypto::{keys, words};

/// Words of a made-up secret.
const SECRET_WORDS: usize = 4;
/// Letters of a secret of 128 bits.
const LONG_SECRET: usize = 26;

impl Room {
    /// A new room `word-word#word-word-word-word`: 44 bits of secret, which is enough, because a
    /// guess costs a live attempt.
    #[must_use]
    pub fn made_up() -> Self {
        Self {
            name: random_words::<2>(),
            secret: Some(Secret(Zeroizing::new(random_words::<SECRET_WORDS>()))),
        }
    }

    /// A new room with a secret of 128 random bits, in base32: letters that survive lower-casing.
    #[must_use]
    pub fn made_up_long() -> Self {
        let bytes = Zeroizing::new(keys::random::<16>());
        let mut secret = Zeroizing::new(BASE32_NOPAD.encode(&*bytes));
        secret.make_ascii_lowercase();
        Self {
            name: random_words::<2>(),
            secret: Some(Secret(secret)),
        }
    }

    /// Whether it is, to the last letter, as the two above make them.
    pub(super) fn is_made_up(&self) -> bool {
        let complete = |Secret(secret): &Secret| {
            let words = secret.split('-').count() == SECRET_WORDS;
            let base32 = |c: u8| matches!(c, b'a'..=b'z' | b'2'..=b'7');
            words && secret.split('-').all(is_listed)
                || secret.len() == LONG_SECRET && secret.bytes().all(base32)
        };
        self.has_made_up_name() && self.secret.as_ref().is_some_and(complete)
    }

    fn has_made_up_name(&self) -> bool {
        let mut words = self.name.split('-');
        words.clone().count() == 2 && words.all(is_listed)
    }

    /// Finds the slip in a made-up secret: behind a made-up name, most of its words are listed and
    /// one is not, or one is missing behind a dash.
    ///
    /// # Errors
    /// [`RoomError::Misspelt`], [`RoomError::Cut`].
    pub(super) fn check_words(&self) -> Result<(), RoomError> {
        let Some(Secret(secret)) = self.secret.as_ref().filter(|_| self.has_made_up_name()) else {
            return Ok(());
        };
        let (listed, others): (Vec<_>, Vec<_>) = secret
            .split('-')
            .enumerate()
            .partition(|(_, word)| is_listed(word));
        match others.first() {
            Some((_, "")) if !listed.is_empty() => Err(RoomError::Cut),
            Some((at, _)) if listed.len() >= others.len() => Err(RoomError::Misspelt(at + 1)),
            _ => Ok(()),
        }
    }
}

/// What the word of a made-up room may be that is begun at the end of `text`: any of the list, once
/// there is a dash or a `#` before it.
pub fn words_for(text: &str) -> &'static [&'static str] {
    let begun = text.rsplit(['-', '#']).next().unwrap_or_default();
    match !begun.is_empty() && begun.len() < text.len() {
        true => words::bip39(),
        false => &[],
    }
}

fn is_listed(word: &str) -> bool {
    words::bip39().binary_search(&word).is_ok()
}

/// `N` words of the BIP-39 list joined by dashes, uniform: 11 bits of 16 each, and the list has 2¹¹.
fn random_words<const N: usize>() -> String {
    let list = words::bip39();
    let picks: [&str; N] = std::array::from_fn(|_| {
        let draw = Zeroizing::new(keys::random::<2>());
        let index = usize::from(u16::from_be_bytes(*draw)) % list.len();
        list.get(index).copied().unwrap_or_default()
    });
    picks.join("-")
}
