//! What was typed or pasted, read as an invite: a room alone, or a link with whatever is around it.

use std::str::FromStr;

use super::link::{Invite, percent_decoded, read};
use super::normal::is_hash;
use super::{MAX_INPUT_BYTES, Room, RoomError, check_name, pasted};
use crate::mediator_url::{MediatorUrl, MediatorUrlError};

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
