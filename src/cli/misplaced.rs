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
    let Some(flag) = typed(command, matches, is_of_chat) else {
        return Ok(());
    };
    let text = format!("put --{flag} behind the command: undertone {name} --{flag} …\n");
    Err(clap::Error::raw(ErrorKind::ArgumentConflict, text))
}

/// `undertone peers --json forget bob`: how a list is shown means nothing to what is done instead
/// of showing it. What holds for every command may stand there.
pub(super) fn refuse_flags_of_a_list(
    command: &Command,
    matches: &ArgMatches,
) -> Result<(), clap::Error> {
    let Some((list, matches)) = matches.subcommand() else {
        return Ok(());
    };
    let (Some((action, _)), Some(command)) = (matches.subcommand(), command.find_subcommand(list))
    else {
        return Ok(());
    };
    let Some(flag) = typed(command, matches, |arg| !arg.is_global_set()) else {
        return Ok(());
    };
    let text = format!("--{flag} is for the list: undertone {list} {action} does not take it\n");
    Err(clap::Error::raw(ErrorKind::ArgumentConflict, text))
}

/// The first of these flags of the command that stands on the command line.
fn typed<'a>(
    command: &'a Command,
    matches: &ArgMatches,
    is_of_these: impl Fn(&Arg) -> bool,
) -> Option<&'a str> {
    let mut typed = command.get_arguments().filter(|arg| {
        let source = || matches.value_source(arg.get_id().as_str());
        is_of_these(arg) && source() == Some(ValueSource::CommandLine)
    });
    typed.find_map(Arg::get_long)
}
