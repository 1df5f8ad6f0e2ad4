//! The command line. The doc comments are the help.
//!
//! Owns: what can be typed after `undertone`, and what stands behind a flag: the `UNDERTONE_*`
//! variables, then the config file (`config`). Does not own: what comes of it (`commands`,
//! `doctor`, and the chat itself).

mod chat;
mod examples;
mod global;
mod others;

use std::convert::Infallible;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ErrorKind};
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use self::chat::ROOM_VARIABLE;
pub use self::chat::{ChatArgs, ChatOptions};
pub use self::global::Global;
pub use self::others::{DoctorArgs, PeersAction, PeersArgs};
use crate::config::Config;
use crate::mediator_url::MediatorUrl;
use crate::rendezvous::Route;
use crate::rendezvous::proxy::{ProxyChoice, ProxyUrlError};
use crate::terminal::safe::Safe;

/// A private line between two people, from terminal to terminal.
///
/// Without a command it chats, as `undertone chat` does, and asks only for what is missing.
#[derive(Parser)]
#[command(name = "undertone", version, after_help = examples::ROOT, max_term_width = 80)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What holds for a chat without the word `chat`.
    #[command(flatten)]
    chat: ChatOptions,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Meet someone in a room and talk
    #[command(after_help = examples::CHAT)]
    Chat(ChatArgs),
    /// Show whom you talked to
    #[command(after_help = examples::PEERS, args_conflicts_with_subcommands = true)]
    Peers(PeersArgs),
    /// Show your own name and fingerprint
    #[command(after_help = examples::ID)]
    Id,
    /// Look for what is wrong, and say what to do about it
    #[command(after_help = examples::DOCTOR)]
    Doctor(DoctorArgs),
    /// Write the completions of a shell to stdout
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the manual page to stdout, for man(1)
    #[command(after_help = examples::MAN)]
    Man,
}

/// What is to be done.
pub enum Action {
    /// Chat.
    Chat(ChatArgs),
    /// The history.
    Peers(PeersArgs),
    /// Who am I.
    Id,
    /// What is wrong.
    Doctor(DoctorArgs),
    /// Completions of a shell.
    Completions(Shell),
    /// The manual page.
    Man,
}

/// An IP address, with a port or without one, which then is any free one.
fn bind_address(text: &str) -> Result<SocketAddr, String> {
    let alone = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
    let address = text.parse().or_else(|_| alone());
    address.map_err(|_| "not an IP address, with or without a port".to_owned())
}

/// Never fails: clap's errors would repeat what they cannot read, a password perhaps.
fn proxy_choice(text: &str) -> Result<Result<ProxyChoice, ProxyUrlError>, Infallible> {
    Ok(text.parse())
}

/// A room or an invite where a command should be: says where it goes, and does not repeat the
/// secret. What looks like a typing error stays one.
fn room_without_chat(error: clap::Error) -> clap::Error {
    let said = |kind| error.get(kind).map(ToString::to_string);
    let Some(command) = said(ContextKind::InvalidSubcommand) else {
        return error;
    };
    if said(ContextKind::SuggestedSubcommand).is_some() && !command.contains('#') {
        return error;
    }
    let text = "no such command\n  A room or an invite goes after `chat`: undertone chat ROOM. Or run undertone\n  alone, which asks for it: a secret in an argument can be seen by others here.\n\nFor more information, try '--help'.\n";
    clap::Error::raw(ErrorKind::InvalidSubcommand, text)
}

/// The way to a mediator that was named.
fn route(
    mediator: MediatorUrl,
    proxy: Option<&Result<ProxyChoice, ProxyUrlError>>,
) -> Result<Route, ProxyUrlError> {
    let choice = proxy.cloned().transpose()?.unwrap_or_default();
    let proxy = choice.proxy_for(&mediator)?;
    Ok(Route {
        proxy,
        ..Route::straight(mediator)
    })
}

impl Cli {
    /// Reads the command line: `arguments` with the program's name first. What neither flag nor
    /// variable says comes from the config file: the one that is named, else `default_config`.
    ///
    /// # Errors
    /// clap's error, which is also how help and version come: `error.exit()` prints it and ends
    /// the program with 0 or 2. A fault of the config file is one too.
    pub fn read<I>(arguments: I, default_config: Option<&Path>) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item: Into<OsString> + Clone>,
    {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let first = Self::command().try_get_matches_from(&arguments);
        let first = first.map_err(room_without_chat)?;
        let config = match first.get_one::<PathBuf>("config") {
            Some(named) => Config::read(named),
            None => Config::read_if_there(default_config),
        };
        let config = config.map_err(|error| {
            let text = Safe::message(&error.to_string());
            clap::Error::raw(ErrorKind::ValueValidation, format!("{text}\n"))
        })?;
        let mut command = config.apply(Self::command());
        let matches = command.try_get_matches_from_mut(arguments)?;
        if let Some((name, _)) = matches.subcommand() {
            // `undertone --json peers` must not chat, nor quietly drop the flag.
            let chat = ChatOptions::augment_args(clap::Command::new(""));
            let early = chat.get_arguments().find(|arg| {
                let id = arg.get_id().as_str();
                matches.value_source(id) == Some(ValueSource::CommandLine)
            });
            if let Some(flag) = early.and_then(clap::Arg::get_long) {
                let text =
                    format!("put --{flag} behind the command: undertone {name} --{flag} …\n");
                return Err(clap::Error::raw(ErrorKind::ArgumentConflict, text));
            }
        }
        Self::from_arg_matches(&matches)
    }

    /// The command; a chat where none was named.
    #[must_use]
    pub fn action(self) -> Action {
        match self.command {
            Some(Command::Chat(chat)) => Action::Chat(chat),
            Some(Command::Peers(peers)) => Action::Peers(peers),
            Some(Command::Id) => Action::Id,
            Some(Command::Doctor(doctor)) => Action::Doctor(doctor),
            Some(Command::Completions { shell }) => Action::Completions(shell),
            Some(Command::Man) => Action::Man,
            None => Action::Chat(ChatArgs {
                room: std::env::var(ROOM_VARIABLE).ok(),
                options: self.chat,
            }),
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod tests;
