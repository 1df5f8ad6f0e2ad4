//! What stands where it does not belong on the command line: a room or an invite where a command
//! should be, a flag of the chat before one.

use std::ffi::OsString;

use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use undertone_core::room::Invite;

use super::chat::is_of_chat;

/// What stands where a command should be, where that is none. Those of `peers` and `files` are their
/// own.
fn no_command(error: &clap::Error) -> Option<String> {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    let is_of = |command: &str| usage.as_ref().is_some_and(|usage| usage.contains(command));
    if is_of("undertone peers") || is_of("undertone files") {
        return None;
    }
    let said = error.get(ContextKind::InvalidSubcommand);
    said.map(ToString::to_string)
}

/// A room where a command should be: says where it goes, and does not repeat the secret. What
/// looks like a typing error stays one.
pub(super) fn room_without_chat(error: clap::Error) -> clap::Error {
    let Some(command) = no_command(&error) else {
        return error;
    };
    if error.get(ContextKind::SuggestedSubcommand).is_some() && !command.contains('#') {
        return error;
    }
    let text = "no such command\n  A room goes after `chat`: undertone chat ROOM. Or run undertone alone, which\n  asks for it: a secret in an argument can be seen by others here.\n\nFor more information, try '--help'.\n";
    clap::Error::raw(ErrorKind::InvalidSubcommand, text)
}

/// The same arguments with `chat` before an invite that stands alone: a link cannot be a command
/// that was misspelt.
pub(super) fn with_chat(arguments: &[OsString], error: &clap::Error) -> Option<Vec<OsString>> {
    let link = no_command(error)?;
    let invite = link.parse::<Invite>().ok()?;
    invite.mediator?;
    let at = arguments.iter().position(|argument| **argument == *link)?;
    let (before, after) = arguments.split_at(at);
    Some([before, &["chat".into()], after].concat())
}

/// `undertone --json peers` must not chat, nor quietly drop the flag.
pub(super) fn refuse_early_flags(
    command: &Command,
    matches: &ArgMatches,
) -> Result<(), clap::Error> {
    let Some((name, _)) = matches.subcommand() else {
        return Ok(());
    };
    let stands =
        |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let mut of_chat = command.get_arguments().filter(|arg| is_of_chat(arg));
    let early = of_chat.find(stands);
    let Some(flag) = early.and_then(Arg::get_long) else {
        return Ok(());
    };
    let text = format!("put --{flag} behind the command: undertone {name} --{flag} …\n");
    Err(clap::Error::raw(ErrorKind::ArgumentConflict, text))
}
