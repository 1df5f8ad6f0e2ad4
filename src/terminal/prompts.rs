//! The questions at the start: name and room.
//!
//! Owns: what is asked on the terminal (stderr, so that stdout stays the messages') and what is
//! taken for an answer. `question` asks, `last` keeps the last answers. Does not own: what flags
//! and environment already answered.

mod last;
mod question;

use std::io::{self, IsTerminal};

use super::name::DisplayName;
use crate::room::Invite;
pub use last::Last;
use question::{Question, ask};

const NAME: &str = "Your name";
const ROOM: &str = "Room (blank makes one, or paste an invite)";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Ctrl-C: exit 130.
    #[error("interrupted")]
    Interrupted,
    /// Ctrl-D, or the terminal is gone: exit 0.
    #[error("left")]
    Left,
    /// The terminal refused.
    #[error(
        "cannot ask on this terminal: {0}\n  Give --name and a room on the command line instead."
    )]
    Io(io::Error),
}

/// Whether there is a person to ask: stdin and stderr are both terminals.
#[must_use]
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for the name; `offered` is taken by Enter. Blocks the thread.
///
/// # Errors
/// [`PromptError`]; the terminal is then as it was before.
pub fn ask_name(offered: Option<&DisplayName>) -> Result<DisplayName, PromptError> {
    let offered = offered.map(|name| name.as_str().to_owned());
    let answer = ask(
        &Question {
            text: NAME,
            masked: false,
        },
        offered,
        "",
        check_name,
    )?;
    // Checked already; a name that passed once passes again.
    DisplayName::parse(&answer).map_err(|why| PromptError::Io(io::Error::other(why)))
}

/// Asks for the room; `None`: make one up. Blocks the thread.
///
/// `last` stands there as a selection does: Enter takes it, a letter or a pasted invite takes its
/// place, Backspace clears it, an arrow key begins to edit it.
///
/// # Errors
/// [`PromptError`]; the terminal is then as it was before.
pub fn ask_room(last: Option<&str>) -> Result<Option<Invite>, PromptError> {
    let check = |text: &str| read_room(text).map(drop);
    let answer = ask(
        &Question {
            text: ROOM,
            masked: true,
        },
        None,
        last.unwrap_or(""),
        check,
    )?;
    read_room(&answer).map_err(|why| PromptError::Io(io::Error::other(why)))
}

/// Who types a command here takes the question for the chat.
fn check_command(text: &str) -> Result<(), String> {
    match text.starts_with('/') {
        true => Err("there is no chat yet to take a command; /quit leaves".into()),
        false => Ok(()),
    }
}

fn check_name(text: &str) -> Result<(), String> {
    check_command(text)?;
    if text.contains('#') || text.contains("://") {
        return Err("that looks like a room or an invite: it is asked for next".into());
    }
    let name = DisplayName::parse(text);
    name.map(drop).map_err(|why| why.to_string())
}

fn read_room(text: &str) -> Result<Option<Invite>, String> {
    check_command(text)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|why: crate::room::RoomError| why.to_string())
}

/// The name that the system knows the user by, where it can be one.
#[must_use]
pub fn login_name() -> Option<DisplayName> {
    let login = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    DisplayName::parse(&login.ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_no_name() {
        for text in ["den#otter", "http://10.0.0.1/#den#otter"] {
            assert!(check_name(text).unwrap_err().contains("asked for next"));
        }
        assert_eq!(check_name("ada"), Ok(()));
    }

    #[test]
    fn a_blank_room_is_made_up_and_a_wrong_one_has_a_reason() {
        assert_eq!(read_room(" "), Ok(None));
        assert!(read_room("a#b").unwrap().is_some());
        assert!(read_room("a b").unwrap_err().contains("no spaces"));
        assert!(read_room("/help").unwrap_err().contains("no chat yet"));
    }
}
