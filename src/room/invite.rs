//! An invite: a room, and the mediator where it is, in one link that can be pasted.
//!
//! ```text
//! invite = ( "http" / "https" ) "://" HOST [":" PORT] "/" "#" room
//! ```
//!
//! In a link `%` is written `%25`, and `%XX` is read back, because browsers write other letters so.

use std::str::FromStr;

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

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
        Zeroizing::new(format!("{mediator}/#{}", typed.replace('%', "%25")))
    }
}

impl FromStr for Invite {
    type Err = RoomError;

    fn from_str(text: &str) -> Result<Self, RoomError> {
        let text = text.trim();
        let is_link = ["http://", "https://"].iter().any(|scheme| {
            text.get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        if !is_link {
            return Ok(Self {
                mediator: None,
                room: text.parse()?,
            });
        }
        if text.len() > MAX_INPUT_BYTES {
            return Err(RoomError::NameTooLong);
        }
        let (mediator, room) = text.split_once('#').ok_or(RoomError::NoRoomInLink)?;
        let mediator = mediator.parse()?;
        Ok(Self {
            mediator: Some(mediator),
            room: percent_decoded(room)?.parse()?,
        })
    }
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
