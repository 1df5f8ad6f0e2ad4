//! One question on the terminal: how it looks, its first key, and the answer edited.
//!
//! dialoguer reads the keyboard even when stdin is a pipe, so the caller asks
//! [`can_ask`](super::can_ask) first. It also ignores Ctrl-D, and on Ctrl-C it raises SIGINT: hence
//! the first key of every answer is read here, and SIGINT is taken from the system's hands for as
//! long as the program runs.

use std::fmt;
use std::io;

use console::{Key, Term};
use dialoguer::Input;
use dialoguer::theme::Theme;
use unicode_width::UnicodeWidthStr;

use super::PromptError;
use crate::room::Invite;
use crate::terminal::safe::Safe;

/// One question, and how it looks.
pub(super) struct Question {
    pub(super) text: &'static str,
    /// Whether what follows a `#` is kept out of the line that stays on the screen.
    pub(super) masked: bool,
}

pub(super) fn ask(
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

/// Puts the cursor back, whatever ends the question.
struct CursorGuard<'a>(&'a Term);

impl Drop for CursorGuard<'_> {
    fn drop(&mut self) {
        let _ = self.0.show_cursor();
    }
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
    fn the_secret_does_not_stay_on_the_screen() {
        assert_eq!(masked("lab#otter"), "lab#…");
        assert_eq!(masked("http://a/#lab#otter"), "http://a:7700/#lab#…");
        assert_eq!(masked("lab"), "lab");
        assert_eq!(masked(""), "");
    }
}
