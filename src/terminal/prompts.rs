//! The questions at the start: name and room.
//!
//! Owns: asking on the terminal (stderr, so that stdout stays the messages'), and the last answers,
//! kept in `last.json` in the data directory; a room with a secret is not, for without the secret it
//! is another one. Does not own: what flags and environment already answered.
//!
//! dialoguer reads the keyboard even when stdin is a pipe, so the caller asks [`can_ask`] first. It
//! also ignores Ctrl-D, and on Ctrl-C it raises SIGINT: hence the first key of every answer is read
//! here, and SIGINT is taken from the system's hands for as long as the program runs.

use std::fmt;
use std::io::{self, IsTerminal};

use console::{Key, Term};
use dialoguer::Input;
use dialoguer::theme::Theme;
use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;

use super::name::DisplayName;
use super::safe::Safe;
use crate::room::{Invite, Room};
use crate::store::{self, Store, StoreError};

const FILE: &str = "last.json";
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

/// What was answered last time: the defaults of the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Last {
    /// The name.
    pub name: Option<DisplayName>,
    /// ROOM, if it has no secret.
    pub room: Option<String>,
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
    let check = |text: &str| {
        check_command(text)?;
        DisplayName::parse(text)
            .map(drop)
            .map_err(|why| why.to_string())
    };
    let answer = ask(
        &Question {
            text: NAME,
            masked: false,
        },
        offered,
        "",
        check,
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

impl Last {
    /// The last answers. A file that cannot be read is as good as none: they are a convenience.
    #[must_use]
    pub fn load(store: &Store) -> Self {
        let bytes = store::read(&store.path(FILE))
            .ok()
            .flatten()
            .unwrap_or_default();
        let file: LastFile = serde_json::from_slice(&bytes).unwrap_or_default();
        let plain =
            |room: &String| matches!(room.parse::<Room>(), Ok(room) if room.secret().is_none());
        Self {
            name: file.name.and_then(|name| DisplayName::parse(&name).ok()),
            room: file.room.filter(plain),
        }
    }

    /// Keeps these answers; writes nothing where they are the same as last time.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be written.
    pub fn save(store: &Store, name: &DisplayName, room: &Room) -> Result<(), StoreError> {
        let file = LastFile {
            name: Some(name.as_str().to_owned()),
            room: room.secret().is_none().then(|| room.name().to_owned()),
        };
        let path = store.path(FILE);
        let bytes = serde_json::to_vec(&file)
            .map_err(|error| StoreError::io("write", &path)(error.into()))?;
        if matches!(store::read(&path), Ok(Some(kept)) if kept == bytes) {
            return Ok(());
        }
        store::replace(&path, &bytes)
    }
}

#[derive(Serialize, Deserialize, Default)]
struct LastFile {
    name: Option<String>,
    room: Option<String>,
}

/// Puts the cursor back, whatever ends the question.
struct CursorGuard<'a>(&'a Term);

impl Drop for CursorGuard<'_> {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
    }
}

fn ask(
    question: &Question,
    default: Option<String>,
    initial: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<String, PromptError> {
    let term = Term::stderr();
    let _cursor = CursorGuard(&term);
    outlive_sigint().map_err(PromptError::Io)?;
    loop {
        let answer = match first_key(&term, question, default.as_deref(), initial)? {
            First::Enter if initial.is_empty() => default.clone().unwrap_or_default(),
            First::Enter => initial.to_owned(),
            First::Draft(text) => edit(&term, question, default.clone(), text)?,
        };
        if answer.trim() == "/quit" {
            return Err(PromptError::Left);
        }
        // Checked here and not by dialoguer, which would ask again from the first key on.
        let verdict = check(&answer);
        let mut line = String::new();
        match &verdict {
            Ok(()) => question.format_input_prompt_selection(&mut line, question.text, &answer),
            Err(why) => question.format_error(&mut line, why),
        }
        .map_err(|error| PromptError::Io(io::Error::other(error)))?;
        term.write_line(&line).map_err(PromptError::Io)?;
        if verdict.is_ok() {
            return Ok(answer);
        }
    }
}

fn edit(
    term: &Term,
    question: &Question,
    default: Option<String>,
    text: String,
) -> Result<String, PromptError> {
    let mut input = Input::<String>::with_theme(question)
        .with_prompt(question.text)
        .with_initial_text(text)
        .allow_empty(true)
        .report(false);
    if let Some(default) = default {
        input = input.default(default);
    }
    let answer = input.interact_text_on(term);
    let answer = answer.map_err(|error| ended(term, error.into()))?;
    // dialoguer takes away the last row of a wrapped answer only; a secret may stand in the others.
    let above = rows(term, &format!("? {} › {answer}", question.text)) - 1;
    term.clear_last_lines(above).map_err(PromptError::Io)?;
    Ok(answer)
}

/// What the first key made of an answer.
enum First {
    /// This is to be edited on.
    Draft(String),
    /// What was offered is taken.
    Enter,
}

/// Shows the question, waits for the first key, and takes the line away again for dialoguer.
fn first_key(
    term: &Term,
    question: &Question,
    default: Option<&str>,
    initial: &str,
) -> Result<First, PromptError> {
    let mut line = String::new();
    question
        .format_input_prompt(&mut line, question.text, default)
        .map_err(|error| PromptError::Io(io::Error::other(error)))?;
    line.push_str(initial);
    term.write_str(&line).map_err(PromptError::Io)?;
    let key = term.read_key_raw().map_err(|error| ended(term, error))?;
    let mut text = initial.to_owned();
    let enter = key == Key::Enter;
    match key {
        Key::CtrlC | Key::Char('\u{3}') => {
            return Err(ended(term, io::ErrorKind::Interrupted.into()));
        }
        // A Ctrl-D that came before the terminal was raw is read as 0 (Linux).
        Key::Char('\u{4}' | '\0') => return Err(ended(term, io::ErrorKind::UnexpectedEof.into())),
        Key::Char(c) if !c.is_control() => text = c.to_string(),
        Key::Backspace => text.clear(),
        _ => {}
    }
    term.clear_line().map_err(PromptError::Io)?;
    term.clear_last_lines(rows(term, &line) - 1)
        .map_err(PromptError::Io)?;
    Ok(if enter {
        First::Enter
    } else {
        First::Draft(text)
    })
}

/// How many rows of the terminal a line takes; at least one.
fn rows(term: &Term, line: &str) -> usize {
    let columns = usize::from(term.size().1).max(1);
    line.width().div_ceil(columns).max(1)
}

fn ended(term: &Term, error: io::Error) -> PromptError {
    // The next line of ours must not run into the question.
    let _ = term.write_line("");
    match error.kind() {
        io::ErrorKind::Interrupted => PromptError::Interrupted,
        io::ErrorKind::UnexpectedEof => PromptError::Left,
        _ => PromptError::Io(error),
    }
}

/// Has SIGINT delivered to tokio, not to the system's default: dialoguer raises it at Ctrl-C, and
/// the process would be gone before the cursor is back. tokio's handler stays once it is there.
#[cfg(unix)]
fn outlive_sigint() -> io::Result<()> {
    use tokio::runtime::{Builder, Handle};
    use tokio::signal::unix::{SignalKind, signal};
    if Handle::try_current().is_ok() {
        return signal(SignalKind::interrupt()).map(drop);
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let _inside = runtime.enter();
    signal(SignalKind::interrupt()).map(drop)
}

#[cfg(not(unix))]
fn outlive_sigint() -> io::Result<()> {
    Ok(())
}

/// One question, and how it looks.
struct Question {
    text: &'static str,
    /// Whether what follows a `#` is kept out of the line that stays on the screen.
    masked: bool,
}

impl Theme for Question {
    fn format_input_prompt(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        default: Option<&str>,
    ) -> fmt::Result {
        match default {
            Some(default) => write!(f, "? {prompt} ({}) › ", Safe::line(default)),
            None => write!(f, "? {prompt} › "),
        }
    }

    fn format_input_prompt_selection(
        &self,
        f: &mut dyn fmt::Write,
        prompt: &str,
        selection: &str,
    ) -> fmt::Result {
        let shown = if self.masked {
            masked(selection)
        } else {
            selection.to_owned()
        };
        write!(f, "? {prompt} › {}", Safe::line(&shown))
    }

    fn format_error(&self, f: &mut dyn fmt::Write, why: &str) -> fmt::Result {
        write!(f, "✗ {}", Safe::message(why))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_answers_are_kept_and_no_room_that_has_a_secret() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(Some(&dir.path().join("data"))).unwrap();
        assert_eq!(Last::load(&store), Last::default());
        let ada = DisplayName::parse("ada").unwrap();
        for (room, kept) in [("lab", Some("lab")), ("lab#otter", None)] {
            Last::save(&store, &ada, &room.parse().unwrap()).unwrap();
            let last = Last::load(&store);
            assert_eq!((last.name, last.room.as_deref()), (Some(ada.clone()), kept));
        }
        let text = std::fs::read_to_string(store.path(FILE)).unwrap();
        assert!(!text.contains("otter"), "{text}");
        for damaged in [
            "{",
            r#"{"name":"◆","room":"a#b"}"#,
            r#"{"room":"\u001b[2J"}"#,
        ] {
            std::fs::write(store.path(FILE), damaged).unwrap();
            assert_eq!(Last::load(&store), Last::default(), "{damaged}");
        }
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
