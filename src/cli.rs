//! The command line. The doc comments are the help.
//!
//! Owns: what can be typed after `undertone`, and what stands behind a flag: the `UNDERTONE_*`
//! variables, then the config file (`config`). Does not own: what comes of it (`commands`,
//! `doctor`, and the chat itself).

mod alone;
mod chat;
mod examples;
mod files;
mod global;
mod misplaced;
mod others;
mod size;

use std::convert::Infallible;
use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use undertone_core::mediator_url::MediatorUrl;
use undertone_core::text::safe::Safe;
use undertone_host::number;
use undertone_host::sources::{Nearness, Sources};
use undertone_host::variables;

pub use self::chat::{ChatArgs, ChatOptions};
use self::chat::{is_of_chat, room_variable};
pub use self::examples::EXIT_CODES;
pub use self::files::{FilesAction, FilesArgs, ReceiveArgs, SendArgs};
use self::files::{NOT_FOR_RECEIVE, NOT_FOR_SEND};
pub use self::global::Global;
use self::misplaced::{refuse_early_flags, refuse_flags_of_a_list, room_without_chat, with_chat};
pub use self::others::{DoctorArgs, IdArgs, PeersAction, PeersArgs};
use crate::config::Config;
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::proxy::{ProxyChoice, ProxyUrlError};
use crate::store::Place;

/// A private line between two people, from terminal to terminal
#[derive(Parser)]
#[command(name = "undertone", version, help_template = examples::ROOT, max_term_width = 80)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What holds for a chat where there is no command.
    #[command(flatten)]
    chat: ChatOptions,
    /// Its room: without the word `chat` what [`ROOM_VARIABLE`] says.
    #[arg(skip)]
    room: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

impl fmt::Debug for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cli")
            .field("global", &self.global)
            .finish_non_exhaustive()
    }
}

#[derive(Subcommand)]
enum Command {
    /// Meet someone in a room and talk
    #[command(after_help = examples::CHAT)]
    Chat(ChatArgs),
    /// Send files and folders to someone, and leave
    #[command(after_help = examples::SEND)]
    Send(SendArgs),
    /// Receive what someone sends, and leave
    #[command(after_help = examples::RECEIVE)]
    Receive(ReceiveArgs),
    /// Show what was not received in whole yet
    #[command(after_help = examples::FILES)]
    Files(FilesArgs),
    /// Show whom you talked to
    #[command(after_help = examples::PEERS)]
    Peers(PeersArgs),
    /// Show your own name and fingerprint
    #[command(after_help = examples::ID)]
    Id(IdArgs),
    /// Find what is wrong, and say what to do about it
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
#[derive(Debug)]
pub enum Action {
    /// Chat.
    Chat(ChatArgs),
    /// Send files.
    Send(SendArgs),
    /// Receive files.
    Receive(ReceiveArgs),
    /// What is not complete.
    Files(FilesArgs),
    /// The history.
    Peers(PeersArgs),
    /// Who am I.
    Id(IdArgs),
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

fn advertised(text: &str) -> Result<SocketAddr, String> {
    let why = "not an IP address with a port, such as 203.0.113.7:40000";
    text.parse().map_err(|_| why.to_owned())
}

fn local_port(text: &str) -> Result<u16, String> {
    number(1..=u16::MAX, "")(text)
}

/// Never fails: clap's errors would repeat what they cannot read, a password perhaps.
fn proxy_choice(text: &str) -> Result<Result<ProxyChoice, ProxyUrlError>, Infallible> {
    Ok(text.parse())
}

/// The way to a mediator that was named.
fn endpoint(
    mediator: MediatorUrl,
    proxy: Option<&Result<ProxyChoice, ProxyUrlError>>,
) -> Result<MediatorEndpoint, ProxyUrlError> {
    let choice = proxy.cloned().transpose()?.unwrap_or_default();
    let proxy = choice.proxy_for(&mediator)?;
    Ok(MediatorEndpoint {
        proxy,
        ..MediatorEndpoint::direct(mediator)
    })
}

/// Says by what a proxy was named, so that errors can.
fn name_proxy(proxy: &mut Option<Result<ProxyChoice, ProxyUrlError>>, sources: &Sources) {
    let by = match sources.nearness("proxy") {
        Nearness::Variable => "UNDERTONE_PROXY",
        Nearness::File => "proxy in the config file",
        Nearness::Flag | Nearness::Default => return,
    };
    *proxy = proxy.take().map(|proxy| match proxy {
        Ok(choice) => Ok(choice.named_by(by)),
        Err(error) => Err(error.named_by(by)),
    });
}

impl Cli {
    /// Reads the command line: `arguments` with the program's name first. What neither flag nor
    /// variable says comes from the config file: the one that is named, else `default_config`.
    ///
    /// # Errors
    /// clap's error, which is also how help and version come: `error.exit()` prints it and ends
    /// the program with 0 or 2. A fault of the config file is one too.
    pub fn read<I>(arguments: I, default_config: Option<&Place>) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item: Into<OsString> + Clone>,
    {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        match Self::read_chat(&arguments, default_config) {
            Some(chat) => Ok(chat),
            None => Self::read_any(arguments, default_config),
        }
    }

    fn read_any(
        mut arguments: Vec<OsString>,
        default_config: Option<&Place>,
    ) -> Result<Self, clap::Error> {
        let mut first = variables::matches(&Self::definition, &arguments);
        if let Err(error) = &first
            && let Some(chatting) = with_chat(&arguments, error)
        {
            arguments = chatting;
            first = variables::matches(&Self::definition, &arguments);
        }
        let (mut command, mut matches) = first.map_err(room_without_chat)?;
        let config = match matches.get_one::<PathBuf>("config") {
            Some(named) => {
                let place = Place {
                    path: named.clone(),
                    by: Sources::of(&command, &matches, &|_| None).name("config"),
                    option: "--config",
                };
                Config::read(&place, &command)
            }
            None => Config::read_if_there(default_config, &command),
        };
        let config = config.map_err(|error| {
            let text = Safe::message(&error.to_string());
            clap::Error::raw(ErrorKind::ValueValidation, format!("{text}\n"))
        })?;
        if !config.is_empty() {
            let with_config = || config.apply(Self::definition());
            (command, matches) = variables::matches(&with_config, &arguments)?;
        }
        refuse_early_flags(&command, &matches)?;
        refuse_flags_of_a_list(&command, &matches)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        if cli.command.is_none() {
            cli.room = room_variable()?;
        }
        cli.global.sources = Sources::of(&command, &matches, &|key| config.name_of(key));
        cli.settle()?;
        Ok(cli)
    }

    /// The command line as it is shown: of what may stand before a command only what goes for all
    /// of them, on one screen. What belongs to a chat is shown by `chat --help`.
    #[must_use]
    pub fn definition() -> clap::Command {
        let hidden = |names: &'static [&str]| {
            move |command: clap::Command| {
                command.mut_args(|arg| {
                    let hides = names.contains(&arg.get_id().as_str());
                    if hides { arg.hide(true) } else { arg }
                })
            }
        };
        Self::command()
            .mut_args(|arg| match is_of_chat(&arg) {
                true => arg.hide(true),
                false => arg,
            })
            .mut_subcommand("send", hidden(NOT_FOR_SEND))
            .mut_subcommand("receive", hidden(NOT_FOR_RECEIVE))
    }

    /// Decides what clap cannot: between options that exclude each other, what is said nearer to
    /// the command counts.
    fn settle(&mut self) -> Result<(), clap::Error> {
        let sources = &self.global.sources;
        match &mut self.command {
            None => self.chat.settle(sources),
            Some(Command::Chat(chat)) => chat.options.settle(sources),
            Some(Command::Send(send)) => send.options().settle(sources),
            Some(Command::Receive(receive)) => receive.options().settle(sources),
            Some(Command::Doctor(doctor)) => {
                doctor.settle(sources);
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    /// The command; a chat where none was named.
    #[must_use]
    pub fn action(self) -> Action {
        match self.command {
            Some(Command::Chat(chat)) => Action::Chat(chat),
            Some(Command::Send(send)) => Action::Send(send),
            Some(Command::Receive(receive)) => Action::Receive(receive),
            Some(Command::Files(files)) => Action::Files(files),
            Some(Command::Peers(peers)) => Action::Peers(peers),
            Some(Command::Id(id)) => Action::Id(id),
            Some(Command::Doctor(doctor)) => Action::Doctor(doctor),
            Some(Command::Completions { shell }) => Action::Completions(shell),
            Some(Command::Man) => Action::Man,
            None => Action::Chat(ChatArgs {
                room: self.room,
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
