//! What two people name to meet: `ROOM`, `ROOM#SECRET`, or an invite link (`invite`).
//!
//! Owns: the grammar, the normal form, made-up rooms, and what the room gives to the protocol (its
//! tag, and the PRS of the password-authenticated exchange). Nothing after the first `#` enters the
//! tag, a file or a `Debug`.
//!
//! ```text
//! room   = ROOM [ "#" SECRET ]                         trimmed, NFC, lower case
//! tag    = H(lv("undertone/1 room") ‖ lv(ROOM))        PRS = "S" ‖ SECRET  or  "N"
//! ```

mod invite;

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::crypto::{keys, words};
use crate::mediator_url::MediatorUrlError;
use crate::terminal::safe::is_hidden;
pub use invite::Invite;

/// Bytes of a ROOM at most.
pub const MAX_ROOM_BYTES: usize = 64;
/// Bytes of a SECRET at most.
pub const MAX_SECRET_BYTES: usize = 128;
/// Bytes of an input at most: both at their longest, each byte as `%XX`, and a mediator's address.
const MAX_INPUT_BYTES: usize = 2048;

/// A room, in its normal form. Made by `parse`, [`Room::made_up`] or [`Room::made_up_long`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    name: String,
    secret: Option<Secret>,
}

/// What follows the `#`. It never leaves the computer; only its proof does.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

/// Why a text is no room. No message repeats what was typed: it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// Nothing before the `#`.
    #[error(
        "the room has no name\n  Write ROOM or ROOM#SECRET, for example amber-falcon#cedar-otter."
    )]
    NoName,
    /// A `#` with nothing behind it.
    #[error("there is no secret after the #\n  Write ROOM#SECRET, or leave the # out.")]
    NoSecret,
    /// The room's name takes more than 64 bytes.
    #[error(
        "the room's name is too long\n  It takes at most 64 bytes; a secret after # may have 128."
    )]
    NameTooLong,
    /// The secret takes more than 128 bytes.
    #[error("the secret is too long\n  It takes at most 128 bytes.")]
    SecretTooLong,
    /// A space, a control character, or one that cannot be seen.
    #[error(
        "a room and its secret have no spaces and no hidden characters\n  Join words with a dash: amber-falcon#cedar-otter."
    )]
    Forbidden,
    /// A link without a `#`.
    #[error(
        "that link names no room\n  An invite looks like http://192.168.1.20:7700/#amber-falcon#cedar-otter."
    )]
    NoRoomInLink,
    /// `%` in a link without two digits behind it, or what it spells is no text.
    #[error(
        "that link is damaged: a % in it does not stand for a letter\n  Ask for it again, or type the room."
    )]
    Percent,
    /// The link's mediator cannot be read.
    #[error(transparent)]
    Mediator(#[from] MediatorUrlError),
}

impl Room {
    /// A new room `word-word#word-word-word-word`: 44 bits of secret, which is enough, because a
    /// guess costs a live attempt.
    #[must_use]
    pub fn made_up() -> Self {
        Self {
            name: random_words::<2>(),
            secret: Some(Secret(Zeroizing::new(random_words::<4>()))),
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

    /// ROOM: what may be shown and kept.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SECRET, where there is one.
    #[must_use]
    pub fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    /// All that the mediator sees of the room.
    #[must_use]
    pub fn tag(&self) -> [u8; 32] {
        keys::room_tag(self.name.as_bytes())
    }

    /// The password of the exchange: `"S"‖SECRET`, or `"N"` where there is none.
    #[must_use]
    pub fn prs(&self) -> Zeroizing<Vec<u8>> {
        keys::prs(self.secret.as_ref().map(|Secret(secret)| secret.as_bytes()))
    }

    /// `ROOM` or `ROOM#SECRET`, to be typed on the other side. For the invite only: it holds the
    /// secret.
    #[must_use]
    pub fn typed(&self) -> Zeroizing<String> {
        Zeroizing::new(match &self.secret {
            Some(Secret(secret)) => [&self.name, "#", secret].concat(),
            None => self.name.clone(),
        })
    }
}

impl FromStr for Room {
    type Err = RoomError;

    fn from_str(text: &str) -> Result<Self, RoomError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(RoomError::NameTooLong);
        }
        let (name, secret) = match text.split_once('#') {
            Some((name, secret)) => (name, Some(secret)),
            None => (text, None),
        };
        let name = normal(name);
        check(
            &name,
            MAX_ROOM_BYTES,
            RoomError::NoName,
            RoomError::NameTooLong,
        )?;
        let secret = match secret.map(normal) {
            Some(secret) => {
                check(
                    &secret,
                    MAX_SECRET_BYTES,
                    RoomError::NoSecret,
                    RoomError::SecretTooLong,
                )?;
                Some(Secret(secret))
            }
            None => None,
        };
        Ok(Self {
            name: name.to_string(),
            secret,
        })
    }
}

impl Secret {
    /// The secret's text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Secret(..)")
    }
}

/// The normal form: trimmed, NFC, lower case. Lower-casing can undo NFC, hence twice.
fn normal(text: &str) -> Zeroizing<String> {
    let composed = Zeroizing::new(text.trim().nfc().collect::<String>());
    let lower = Zeroizing::new(composed.to_lowercase());
    Zeroizing::new(lower.nfc().collect())
}

fn check(text: &str, most: usize, blank: RoomError, long: RoomError) -> Result<(), RoomError> {
    if text.is_empty() {
        Err(blank)
    } else if text.len() > most {
        Err(long)
    } else if text.chars().any(|c| c.is_whitespace() || is_hidden(c)) {
        Err(RoomError::Forbidden)
    } else {
        Ok(())
    }
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

#[cfg(test)]
mod tests;
