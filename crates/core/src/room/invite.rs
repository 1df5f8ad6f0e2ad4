//! An invite: a room, and the mediator where it is, in one link that can be pasted.
//!
//! ```text
//! invite = ( "http" / "https" ) "://" HOST [":" PORT] "/" "#" room
//! ```
//!
//! In a link every character of the room but letters, digits, `-` and `#` is written `%XX`: chat
//! apps and browsers take the others for their own. `%XX` is read back for any.

use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

use super::normal::is_hash;
use super::{MAX_INPUT_BYTES, Room, RoomError, check_name, pasted};
use crate::mediator_url::{MediatorUrl, MediatorUrlError};

/// A room, and the mediator where it is, if that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The mediator that a link names; `None` for a room alone.
    pub mediator: Option<MediatorUrl>,
    /// The room.
    pub room: Room,
}

impl Room {
    /// The one link that says mediator, room and secret; for the invite only.
    #[must_use]
    pub fn invite_link(&self, mediator: &MediatorUrl) -> Zeroizing<String> {
        let typed = self.typed();
        // At its longest from the start: a longer one would leave a copy behind as it grows.
        let mut link = Zeroizing::new(String::with_capacity(MAX_INPUT_BYTES));
        link.push_str(&format!("{mediator}/#"));
        for c in typed.chars() {
            if c.is_alphanumeric() || matches!(c, '-' | '#') {
                link.push(c);
                continue;
            }
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                link.push_str(&format!("%{byte:02X}"));
            }
        }
        link
    }
}

impl FromStr for Invite {
    type Err = RoomError;

    /// Reads a room, a link, or a text in which one link stands among quotes, brackets and marks.
    fn from_str(text: &str) -> Result<Self, RoomError> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(RoomError::TooLong);
        }
        let text = pasted::decoded(text);
        let invite = match pasted::link(&text)? {
            Some(link) => read(&link)?,
            None => Self {
                mediator: None,
                room: alone(pasted::bare(&text))?,
            },
        };
        invite.room.check_words()?;
        Ok(invite)
    }
}

/// Reads a room. Where it is a link without `http://`, that is said, with what was understood of
/// the mediator; nothing behind the `#` is repeated.
fn alone(text: &str) -> Result<Room, RoomError> {
    let name = text.split(is_hash).next().unwrap_or_default();
    if name.contains("%23") && !name.contains("//") {
        return percent_decoded(text)?.parse();
    }
    let ascii = pasted::folded(text);
    if let Ok(room) = ascii.parse::<Room>()
        && room.is_made_up()
    {
        return Ok(room);
    }
    let room = text.parse();
    let place = ascii.split('#').next().unwrap_or_default();
    let mediator = place.parse::<MediatorUrl>();
    let is_nearly_link = match &mediator {
        _ if room == Err(RoomError::NearlyLink) || name.contains(pasted::is_bracket) => true,
        // Full-width letters and marks, which a room may have.
        Err(MediatorUrlError::Host(_)) => place.contains("//"),
        _ => check_name(place).is_err(),
    };
    if !is_nearly_link {
        return room;
    }
    Err(match mediator {
        Ok(url) => RoomError::NoScheme(url.to_string()),
        Err(MediatorUrlError::NoScheme(url)) => RoomError::NoScheme(url),
        Err(error @ MediatorUrlError::Scheme(_)) => error.into(),
        Err(_) => RoomError::NearlyLink,
    })
}

/// Reads a link with nothing around it.
pub(super) fn read(link: &str) -> Result<Invite, RoomError> {
    // Some apps write a `#` as `%23`.
    let hash = [
        link.find('#').map(|at| (at, 1)),
        link.find("%23").map(|at| (at, 3)),
    ];
    let Some((at, long)) = hash.into_iter().flatten().min() else {
        // Escaped twice.
        return match link.contains("%2523") {
            true => read(&percent_decoded(link)?),
            false => Err(RoomError::NoRoomInLink),
        };
    };
    let (place, room) = (link.get(..at), link.get(at + long..));
    let (place, room) = place.zip(room).ok_or(RoomError::NoRoomInLink)?;
    Ok(Invite {
        mediator: Some(pasted::place_without_query(place).parse()?),
        room: percent_decoded(&pasted::without_query(room))?.parse()?,
    })
}

fn percent_decoded(text: &str) -> Result<Zeroizing<String>, RoomError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or(RoomError::Percent)?;
        let byte = HEXLOWER_PERMISSIVE
            .decode(digits.as_bytes())
            .map_err(|_| RoomError::Percent)?;
        bytes.extend_from_slice(&byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| RoomError::Percent)?;
    Ok(Zeroizing::new(text.to_owned()))
}
