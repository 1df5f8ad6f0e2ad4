//! Rooms that the program makes up, and what is known of them when they are typed: each word is one
//! of a list, so a slip shows before an attempt is spent on it.

use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::{Room, RoomError, Secret};
use crate::crypto::{keys, words};

/// Words of a made-up room's name.
const NAME_WORDS: usize = 2;
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
            name: random_words::<NAME_WORDS>(),
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
            name: random_words::<NAME_WORDS>(),
            secret: Some(Secret(secret)),
        }
    }

    /// Whether it is, to the last letter, as the two above make them.
    pub(super) fn is_made_up(&self) -> bool {
        let complete = |Secret(secret): &Secret| {
            let words = Words::of(secret);
            let base32 = |c: u8| matches!(c, b'a'..=b'z' | b'2'..=b'7');
            words.count() == SECRET_WORDS && words.are_listed()
                || secret.len() == LONG_SECRET && secret.bytes().all(base32)
        };
        let name = Words::of(&self.name);
        name.count() == NAME_WORDS
            && name.are_listed()
            && self.secret.as_ref().is_some_and(complete)
    }

    /// Finds the slip in what nearly is a made-up room: a word that is none of the list, one that is
    /// missing, or the secret without its room.
    ///
    /// # Errors
    /// [`RoomError::Misspelt`], [`RoomError::Cut`], [`RoomError::SecretAlone`].
    pub(super) fn check_words(&self) -> Result<(), RoomError> {
        let name = Words::of(&self.name);
        let Some(Secret(secret)) = &self.secret else {
            let alone = name.count() == SECRET_WORDS && name.are_listed();
            return if alone {
                Err(RoomError::SecretAlone)
            } else {
                Ok(())
            };
        };
        let secret = Words::of(secret);
        let secret_is_whole = secret.count() == SECRET_WORDS && secret.are_listed();
        if secret_is_whole && name.count() == NAME_WORDS && name.listed == 1 {
            return Err(RoomError::Misspelt("room", name.slip()));
        }
        if name.count() != NAME_WORDS || !name.are_listed() {
            return Ok(());
        }
        match secret.count() {
            // Also where the last word is cut off in the middle.
            1..SECRET_WORDS if secret.are_listed() || secret.last_is_begun() => Err(RoomError::Cut),
            _ if secret.listed > 0 && secret.listed >= secret.others => match secret.others {
                0 => Ok(()),
                _ => Err(RoomError::Misspelt("secret", secret.slip())),
            },
            _ => Ok(()),
        }
    }
}

/// A text as words between dashes.
struct Words<'a> {
    text: &'a str,
    listed: usize,
    others: usize,
}

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        let listed = text.split('-').filter(|word| is_listed(word)).count();
        let others = text.split('-').count() - listed;
        Words {
            text,
            listed,
            others,
        }
    }

    fn count(&self) -> usize {
        self.listed + self.others
    }

    fn are_listed(&self) -> bool {
        self.others == 0
    }

    /// Which one is none of the list, from 1.
    fn slip(&self) -> usize {
        let slip = self.text.split('-').position(|word| !is_listed(word));
        slip.map_or(0, |at| at + 1)
    }

    /// Whether all but the last are listed, and that may become one.
    fn last_is_begun(&self) -> bool {
        let last = self.text.rsplit('-').next().unwrap_or_default();
        let begun = words::bip39().iter().any(|word| word.starts_with(last));
        self.others == 1 && !is_listed(last) && begun
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
