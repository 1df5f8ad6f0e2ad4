//! What a conversation is to do about what is said. What is for the face alone goes through it all the
//! same, and comes back in its turn.

use super::clipboard::Clipboard;
use super::help::help;
use super::input::Input;
use super::output::Face;
use crate::engine::Command;
use crate::engine::event::Event;
use crate::exit::Exit;

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

fn unknown(name: &str, meant: Option<&'static str>) -> Event {
    let message = format!("no command /{name}; nothing was sent");
    let hint = match meant {
        Some(meant) => format!("Did you mean /{meant}? To send it as it is, type //{name}."),
        None => format!("/help lists the commands. To send it as it is, type //{name}."),
    };
    Event::error("unknown-command", &message, &hint)
}
