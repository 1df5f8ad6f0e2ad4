//! Options that come from environment variables, in both programs.
//!
//! An option's empty variable is one that is not set, and one whose option is given is not read, wherever
//! among the commands both may stand. A fault that a variable brings is told of the
//! variable, not of an option that nobody typed: it is one without which the fault would not be.

use std::ffi::{OsStr, OsString};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// Reads a command line: `arguments` with the program's name first. Gives the command too, as it
/// was read.
///
/// # Errors
/// clap's, which is also how help and version come; where variables are at fault, it names them.
pub fn matches(
    define: &dyn Fn() -> Command,
    arguments: &[OsString],
) -> Result<(Command, ArgMatches), clap::Error> {
    let read = |passed_over: &dyn Fn(&Arg) -> bool| {
        let (mut command, mut any) = (define(), false);
        // Without a value there is nothing to pass over.
        each_variable(&command, &mut |arg, name| {
            any |= std::env::var_os(name).is_some() && passed_over(arg);
        });
        if any {
            command = without(command, passed_over);
        }
        let matches = command.try_get_matches_from_mut(arguments)?;
        Ok((command, matches))
    };
    // clap itself reads no variable of an option that is given, within one command. It is when it
    // refuses something that the variables of all commands matter.
    if let done @ Ok(_) = read(&is_empty) {
        return done;
    }
    let given = given(define(), arguments);
    let unread = |arg: &Arg| {
        is_empty(arg)
            || given
                .iter()
                .any(|given| arg.get_env() == Some(given.as_os_str()))
    };
    let error = match read(&unread) {
        Err(error) if error.use_stderr() => error,
        read => return read,
    };
    let (command, mut guilty) = (define(), Vec::new());
    each_variable(&command, &mut |arg, name| {
        if unread(arg) || guilty.contains(&name) {
            return;
        }
        let differs = match read(&|it| it.get_env() == Some(name) || unread(it)) {
            Ok(_) => true,
            Err(other) => said(&other) != said(&error),
        };
        if differs {
            guilty.push(name);
        }
    });
    Err(match guilty.is_empty() {
        true => error,
        false => blaming(&guilty, &error),
    })
}

/// Why an option takes no such value, and on a second line what it takes.
#[must_use]
pub fn why(error: &clap::Error) -> Option<String> {
    if let Some(why) = std::error::Error::source(error) {
        return Some(why.to_string());
    }
    let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue) else {
        return None;
    };
    let valid = valid.join(", ");
    Some(format!("not possible\n  Write one of: {valid}."))
}

/// Whether the option's variable is empty, or not there at all. What is no option may be blank.
fn is_empty(arg: &Arg) -> bool {
    let value = arg.get_env().and_then(std::env::var_os);
    value.is_none_or(|value| value.is_empty() && arg.get_long().is_some())
}

/// The variables of the options that stand on the command line, as far as it can be read.
fn given(command: Command, arguments: &[OsString]) -> Vec<OsString> {
    let lenient = without(command.clone(), &|_| true).ignore_errors(true);
    let mut given = Vec::new();
    if let Ok(matches) = lenient.try_get_matches_from(arguments) {
        add_given(&command, &matches, &mut given);
    }
    given
}

fn add_given(command: &Command, matches: &ArgMatches, given: &mut Vec<OsString>) {
    let stands =
        |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let arguments = command.get_arguments().filter(stands);
    given.extend(arguments.filter_map(Arg::get_env).map(OsStr::to_owned));
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        add_given(command, matches, given);
    }
}

/// The command without the variables that are `passed_over`.
fn without(command: Command, passed_over: &dyn Fn(&Arg) -> bool) -> Command {
    let keep = |arg: Arg| match arg.get_env().is_some() && passed_over(&arg) {
        true => arg.env(Resettable::Reset),
        false => arg,
    };
    command
        .mut_args(keep)
        .mut_subcommands(|command| without(command, passed_over))
}

fn each_variable<'a>(command: &'a Command, see: &mut impl FnMut(&'a Arg, &'a OsStr)) {
    for arg in command.get_arguments() {
        if let Some(name) = arg.get_env() {
            see(arg, name);
        }
    }
    for command in command.get_subcommands() {
        each_variable(command, see);
    }
}

/// What an error says, without the usage behind it, which depends on all that is set.
fn said(error: &clap::Error) -> (ErrorKind, String) {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let first = first.trim_start_matches("error: ");
    (error.kind(), first.to_owned())
}

fn blaming(guilty: &[&OsStr], error: &clap::Error) -> clap::Error {
    let names: Vec<_> = guilty.iter().map(|name| name.to_string_lossy()).collect();
    let names = names.join(" and ");
    let option = error.get(ContextKind::InvalidArg);
    let text = match (why(error), option) {
        (Some(why), Some(ContextValue::String(option))) => {
            let value = error.get(ContextKind::InvalidValue);
            let value = value.map(ToString::to_string).unwrap_or_default();
            format!("{names} is {value:?}: {why}\n  It stands for {option}: correct or unset it.")
        }
        _ => {
            let (_, said) = said(error);
            format!("{said}\n  That comes from {names} in the environment: correct or unset it.")
        }
    };
    clap::Error::raw(error.kind(), format!("{text}\n"))
}
