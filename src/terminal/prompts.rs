//! The questions at the start: name and room.
//!
//! Owns: what is asked on the terminal (stderr, so that stdout stays the messages') and what is
//! taken for an answer. `question` asks, `theme` has how that looks, `last` keeps the last answers. Does not own: what flags
//! and environment already answered.

mod last;
mod question;
mod theme;

use std::io::{self, IsTerminal};

use undertone_core::room::{Invite, words_for};
use undertone_core::text::display_name::DisplayName;
use undertone_core::text::safe::Safe;

use crate::exit::Exit;
pub(crate) use last::FILE as LAST;
pub use last::Last;
pub(crate) use question::Asker;
use question::Question;

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
    /// A signal came, which asks for this exit.
    #[error("ended by a signal")]
    Signal(Exit),
    /// The terminal refused.
    #[error(
        "cannot ask on this terminal: {0}\n  Give --name and a room on the command line instead."
    )]
    Io(#[from] io::Error),
}

/// Whether there is a person to ask: stdin and stderr are both terminals.
#[must_use]
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

impl Asker {
    /// Asks for the name; `offered` is taken by Enter.
    ///
    /// # Errors
    /// [`PromptError`].
    pub(crate) async fn name(
        &mut self,
        offered: Option<&DisplayName>,
    ) -> Result<DisplayName, PromptError> {
        let question = Question {
            text: NAME,
            offered: offered.map(DisplayName::as_str),
            earlier: None,
            words: |_| &[],
            shown: str::to_owned,
        };
        self.ask(&question, read_name).await
    }

    /// Asks for the room; `None`: make one up. The `last` one is an arrow away: blank means a new
    /// room always.
    ///
    /// # Errors
    /// [`PromptError`].
    pub(crate) async fn room(&mut self, last: Option<&str>) -> Result<Option<Invite>, PromptError> {
        if let Some(last) = last {
            let last = Safe::name(last);
            self.say(&format!("  Your last room was {last}: ↑ brings it back."))?;
        }
        let question = Question {
            text: ROOM,
            offered: None,
            earlier: last,
            words: words_for,
            shown: masked,
        };
        self.ask(&question, read_room).await
    }

    /// Says why, and asks whether; Enter says no.
    ///
    /// # Errors
    /// [`PromptError`].
    pub(crate) async fn confirm(&mut self, why: &str, text: &str) -> Result<bool, PromptError> {
        self.say(why)?;
        let question = Question {
            text,
            offered: None,
            earlier: None,
            words: |_| &[],
            shown: str::to_owned,
        };
        self.ask(&question, read_consent).await
    }

    /// Says what there is to choose from, numbered from 1, and asks for one: its place from 0.
    ///
    /// # Errors
    /// [`PromptError`].
    pub(crate) async fn choose(
        &mut self,
        list: &[String],
        most: usize,
    ) -> Result<usize, PromptError> {
        for line in list {
            self.say(line)?;
        }
        let question = Question {
            text: &format!("Which one? (1-{most})"),
            offered: None,
            earlier: None,
            words: |_| &[],
            shown: str::to_owned,
        };
        self.ask(&question, |text| read_choice(text, most)).await
    }
}

/// The number of a choice, from 1, as its place from 0.
fn read_choice(text: &str, most: usize) -> Result<usize, String> {
    match text.trim().parse::<usize>() {
        Ok(number) if (1..=most).contains(&number) => Ok(number - 1),
        _ => Err(format!("a number from 1 to {most}; Ctrl-C changes nothing")),
    }
}

/// Who types a command here takes the question for the chat.
fn check_command(text: &str) -> Result<(), String> {
    match text.starts_with('/') {
        true => Err("there is no chat yet to take a command; /quit leaves".into()),
        false => Ok(()),
    }
}

fn read_name(text: &str) -> Result<DisplayName, String> {
    check_command(text)?;
    if text.contains('#') || text.contains("://") {
        return Err("that looks like a room or an invite: it is asked for next".into());
    }
    DisplayName::parse(text).map_err(|why| why.to_string())
}

fn read_consent(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "" | "n" | "no" => Ok(false),
        _ => Err("y or n".into()),
    }
}

fn read_room(text: &str) -> Result<Option<Invite>, String> {
    check_command(text)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|why: undertone_core::room::RoomError| why.to_string())
}

/// The room or link with its secret left out, whatever else is wrong or right with it.
fn masked(answer: &str) -> String {
    match answer.parse::<Invite>() {
        Ok(Invite { mediator, room }) => {
            let place = mediator.map(|url| format!("{url}/#")).unwrap_or_default();
            let secret = if room.secret().is_some() { "#…" } else { "" };
            format!("{place}{}{secret}", room.name())
        }
        Err(_) => String::new(),
    }
}

/// The name that the system knows the user by, where it can be one.
#[must_use]
pub fn login_name() -> Option<DisplayName> {
    let login = ["USER", "LOGNAME"].into_iter().find_map(|name| {
        let login = std::env::var(name).ok()?;
        (!login.is_empty()).then_some(login)
    });
    DisplayName::parse(&login?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invite_is_no_name() {
        for text in ["den#otter", "http://10.0.0.1/#den#otter"] {
            assert!(read_name(text).unwrap_err().contains("asked for next"));
        }
        assert_eq!(read_name("ada").unwrap().as_str(), "ada");
    }

    #[test]
    fn the_secret_does_not_stay_on_the_screen() {
        assert_eq!(masked("lab#otter"), "lab#…");
        assert_eq!(masked("http://a/#lab#otter"), "http://a:7700/#lab#…");
        assert_eq!(masked("lab"), "lab");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn a_blank_room_is_made_up_and_a_wrong_one_has_a_reason() {
        assert_eq!(read_room(" "), Ok(None));
        assert!(read_room("a#b").unwrap().is_some());
        assert!(read_room("a b").unwrap_err().contains("no spaces"));
        assert!(read_room("/help").unwrap_err().contains("no chat yet"));
    }
}
