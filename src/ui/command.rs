//! What a conversation is to do about what is said. What is for the face alone goes through it all the
//! same, and comes back in its turn.

use std::path::PathBuf;

use super::clipboard::Clipboard;
use super::help::help;
use super::input::Input;
use super::output::Face;
use crate::engine::Command;
use crate::engine::event::Event;
use crate::exit::Exit;
use crate::files::source::Filter;
use crate::files::typed::{self, TypedError};

/// The command that an input asks for.
pub(super) fn command(input: Input, clipboard: &Clipboard, face: Face) -> Command {
    match input {
        Input::Say(text) => Command::Say(text),
        Input::TooLong => Command::TooLong,
        Input::Verify(words) => Command::Verify(words),
        Input::VerifyLater => Command::VerifyLater,
        Input::Trust(words) => Command::Trust(words),
        Input::Who => Command::Who,
        Input::Peers => Command::Peers,
        Input::Send(text) => send(&text),
        Input::Accept(number, folder) => accept(number, folder.as_deref()),
        Input::Reject(number) => Command::declined(number),
        Input::Cancel(number) => Command::Cancel(number),
        Input::Files(number) => Command::Files(number),
        Input::Relay => Command::AllowRelay,
        Input::Quit => Command::Leave(Exit::Done),
        Input::End => Command::EndInput,
        Input::Interrupt => Command::Leave(Exit::Interrupted),
        Input::Help => Command::Show(help()),
        Input::Invite => Command::Show(clipboard.copy(face)),
        Input::Unknown(name, meant) => Command::Show(unknown(&name, meant)),
        Input::Clear => Command::Show(Event::Clear),
    }
}

fn send(text: &str) -> Command {
    let words = match typed::paths(text, home().as_deref()) {
        Ok(words) => words,
        Err(error) => return Command::Show(wrong_path(&error)),
    };
    let (mut paths, mut exclude, mut git) = (Vec::new(), Vec::new(), false);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--git") => git = true,
            Some("--exclude") => {
                let pattern = words.next().unwrap_or_default();
                exclude.push(pattern.to_string_lossy().into_owned());
            }
            _ => paths.push(word),
        }
    }
    let filter = match Filter::new(&exclude, git) {
        Ok(filter) => filter,
        Err(error) => {
            let hint = "Nothing was offered.";
            return Command::Show(Event::error("usage", &error.to_string(), hint));
        }
    };
    if paths.is_empty() {
        let hint = "Name a file or folder: /send report.pdf";
        return Command::Show(Event::error("usage", "nothing to send was named", hint));
    }
    Command::Send { paths, filter }
}

fn accept(number: Option<u32>, folder: Option<&str>) -> Command {
    let Some(folder) = folder else {
        return Command::Accept { number, into: None };
    };
    match typed::paths(folder, home().as_deref()) {
        Ok(paths) => match <[PathBuf; 1]>::try_from(paths) {
            Ok([into]) => Command::Accept {
                number,
                into: Some(into),
            },
            Err(_) => {
                let hint = "Put a name with blanks in quotes: /accept 1 \"my files\"";
                Command::Show(Event::error(
                    "usage",
                    "more than one folder was named",
                    hint,
                ))
            }
        },
        Err(error) => Command::Show(wrong_path(&error)),
    }
}

fn wrong_path(error: &TypedError) -> Event {
    Event::error("usage", &error.to_string(), "Nothing was done.")
}

fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

fn unknown(name: &str, meant: Option<&'static str>) -> Event {
    let message = format!("no command /{name}; nothing was sent");
    let hint = match meant {
        Some(meant) => format!("Did you mean /{meant}? To send it as it is, type //{name}."),
        None => format!("/help lists the commands. To send it as it is, type //{name}."),
    };
    Event::error("unknown-command", &message, &hint)
}
