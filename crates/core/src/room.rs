//! What two people name to meet: `ROOM`, `ROOM#SECRET`, or an invite link (`link`).
//!
//! Owns: the grammar, and what the room gives to the protocol (its tag, and the PRS of the
//! password-authenticated exchange). `normal` has the normal form, `made_up` the rooms that the
//! program makes, `invite` reads what was typed or pasted, `pasted` finds a link in what chat apps
//! make of it, `query` what trackers append to it. Nothing after the first `#` enters the tag, a
//! file or a `Debug`.
//!
//! ```text
//! room   = ROOM [ "#" SECRET ]                         trimmed, NFC, lower case
//! tag    = H(lv("undertone/1 room") ‖ lv(ROOM))        PRS = "S" ‖ SECRET  or  "N"
//! ```

mod invite;
mod link;
mod made_up;
mod normal;
mod pasted;
mod query;
mod unseen;

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use zeroize::{Zeroize, Zeroizing};

use crate::crypto::keys;
use crate::mediator_url::MediatorUrlError;
pub use link::Invite;
pub use made_up::words_for;
use normal::{is_hash, normal};
use unseen::is_unseen;

/// Bytes of a ROOM at most.
pub const MAX_ROOM_BYTES: usize = 64;
/// Bytes of a SECRET at most.
pub const MAX_SECRET_BYTES: usize = 128;
/// Bytes of an input at most: both at their longest, each byte as `%XX`, and a mediator's address.
const MAX_INPUT_BYTES: usize = 2048;

/// What a ROOM cannot hold: who types it means a link, or something around one.
const OF_LINKS: [char; 15] = [
    ':', '%', '&', '/', '\\', '<', '>', '(', ')', '[', ']', '{', '}', '"', '|',
];

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
        "the room has no name\n  Write ROOM or ROOM#SECRET, for example ocean-panda#tiger-velvet-olive-table."
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
        "a room and its secret have no spaces and no hidden characters\n  Join words with a dash: ocean-panda#tiger-velvet-olive-table."
    )]
    Forbidden,
    /// The name has what only links have: a slash, a colon, a bracket, a host.
    #[error(
        "that is no room's name, and not quite an invite\n  An invite begins with http:// or https://, and looks like http://192.168.1.20:7700/#ocean-panda#tiger-velvet-olive-table."
    )]
    NearlyLink,
    /// A link without its scheme; with the mediator that it names.
    #[error(
        "that invite lacks http:// or https:// before it\n  Write {0}/#ROOM#SECRET, or https:// where the mediator speaks TLS."
    )]
    NoScheme(String),
    /// A link among words that are not part of it, as far as can be told.
    #[error("there are other words beside the link\n  Paste the link alone, in one line: {0}")]
    OtherWords(String),
    /// Two links that differ.
    #[error("there is more than one link\n  Paste one of them.")]
    TwoLinks,
    /// The "room" or the "secret" looks made up, and this word of it, from 1, is none of the list.
    #[error(
        "word {1} of the {0} is not one that undertone makes up: is it misspelt?\n  Look at the invite again. A secret of your own goes behind a room of your own."
    )]
    Misspelt(&'static str, usize),
    /// A made-up secret of fewer than four words.
    #[error(
        "the secret is cut off: a made-up one has four words\n  Paste the whole invite; it may go on in the next line."
    )]
    Cut,
    /// Four words of the list, and no room before them.
    #[error(
        "that looks like a secret without its room\n  Paste the whole invite, or type ROOM#SECRET."
    )]
    SecretAlone,
    /// More than any room or link.
    #[error("that is too long for a room or an invite\n  Paste the link alone.")]
    TooLong,
    /// A link without a `#`.
    #[error(
        "that link names no room\n  An invite looks like http://192.168.1.20:7700/#ocean-panda#tiger-velvet-olive-table."
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

    /// Wipes the secret once nobody is to be met by it any more. That there was one stays known.
    pub fn forget_secret(&mut self) {
        if let Some(Secret(secret)) = &mut self.secret {
            secret.zeroize();
        }
    }

    /// Whether there was a secret that is not kept any more: no invite can be made.
    #[must_use]
    pub fn has_forgotten(&self) -> bool {
        let secret = self.secret.as_ref();
        secret.is_some_and(|Secret(secret)| secret.is_empty())
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
            return Err(RoomError::TooLong);
        }
        let (name, secret) = match text.split_once(is_hash) {
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
        check_name(&name)?;
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

fn check_name(name: &str) -> Result<(), RoomError> {
    let is_host = name.starts_with("www.") || name.parse::<IpAddr>().is_ok();
    match name.contains(OF_LINKS) || is_host {
        true => Err(RoomError::NearlyLink),
        false => Ok(()),
    }
}

fn check(text: &str, most: usize, blank: RoomError, long: RoomError) -> Result<(), RoomError> {
    if text.is_empty() {
        Err(blank)
    } else if text.len() > most {
        Err(long)
    } else if text.chars().any(is_unseen) {
        Err(RoomError::Forbidden)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
