//! An invite: a room, and the mediator where it is, in one link that can be pasted.
//!
//! ```text
//! invite = ( "http" / "https" ) "://" HOST [":" PORT] "/" "#" room
//! ```
//!
//! In a link every character of the room but letters, digits, `-` and `#` is written `%XX`: chat
//! apps and browsers take the others for their own. `%XX` is read back for any.

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

use super::query::{place_without_query, without_query};
use super::{MAX_INPUT_BYTES, Room, RoomError};
use crate::mediator_url::MediatorUrl;

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
        mediator: Some(place_without_query(place).parse()?),
        room: percent_decoded(&without_query(room))?.parse()?,
    })
}

/// The text in which each `%XX` is the byte that it stands for.
pub(super) fn percent_decoded(text: &str) -> Result<Zeroizing<String>, RoomError> {
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
