//! The command line. The doc comments are the help.
//!
//! Owns: what can be typed after `undertone`, and the `UNDERTONE_*` variables behind the flags (a
//! flag wins). Does not own: what comes of it (`commands`, and the chat itself).

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::mediator_url::{DEFAULT_PORT, MediatorUrl};
use crate::room::{Invite, RoomError};
use crate::terminal::name::DisplayName;

const EXAMPLES: &str = "\
Examples:
  undertone                              ask what is missing, then talk
  undertone chat lab                     meet in the room `lab`
  undertone chat --mediator http://192.168.1.20:7700
  echo hi | UNDERTONE_ROOM=lab#otter undertone --name ada
  undertone peers                        whom you talked to

Exit codes: 0 done, 1 our fault, 2 usage, 3 no mediator, 4 nobody came,
  5 no path to the other one, 6 secret, identity or verification failed,
  130 interrupted, 143 terminated";

const CHAT_EXAMPLES: &str = "\
Examples:
  undertone chat                         ask for name and room
  undertone chat lab --timeout 60        wait a minute at most
  undertone chat --json < lines          for programs: an event a line";

const PEERS_EXAMPLES: &str = "\
Examples:
  undertone peers --json                 one JSON object a line
  undertone peers rename bob robert
  undertone peers forget plum-signal     by the first words of the key";

/// A private line between two people, from terminal to terminal.
///
/// Without a command it chats, as `undertone chat` does, and asks only for what is missing.
#[derive(Parser)]
#[command(name = "undertone", version, after_help = EXAMPLES, max_term_width = 80)]
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

/// Options of every command.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "For every command")]
pub struct Global {
    /// Folder of your identity, contacts and history [default: the XDG data folder]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "UNDERTONE_DATA_DIR",
        hide_env = true
    )]
    pub data_dir: Option<PathBuf>,
    /// File of the history [default: peers.txt in the data folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "UNDERTONE_PEERS_FILE",
        hide_env = true
    )]
    pub peers_file: Option<PathBuf>,
    /// Never ask: what is missing is an error
    #[arg(long, global = true, env = "UNDERTONE_NO_INPUT", hide_env = true, value_parser = BoolishValueParser::new())]
    pub no_input: bool,
    /// Say nothing but errors, alarms and messages
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more of what happens
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub verbose: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Meet someone in a room and talk
    #[command(after_help = CHAT_EXAMPLES)]
    Chat(ChatArgs),
    /// Show whom you talked to
    #[command(after_help = PEERS_EXAMPLES, args_conflicts_with_subcommands = true)]
    Peers(PeersArgs),
    /// Show your own name and fingerprint
    Id,
}

/// What a chat takes.
#[derive(Args, Clone)]
pub struct ChatArgs {
    /// ROOM, ROOM#SECRET or an invite link; blank makes a room up
    ///
    /// What you type here, others on this machine can see while it runs. To keep a secret from
    /// them leave it out and type it when asked, or put it into UNDERTONE_ROOM.
    #[arg(env = ROOM_VARIABLE, hide_env = true, hide_env_values = true)]
    room: Option<String>,
    /// Its options.
    #[command(flatten)]
    pub options: ChatOptions,
}

const ROOM_VARIABLE: &str = "UNDERTONE_ROOM";

/// Options of a chat.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "For a chat")]
pub struct ChatOptions {
    /// What the other one is to call you
    #[arg(long, env = "UNDERTONE_NAME", hide_env = true)]
    pub name: Option<DisplayName>,
    /// The mediator, `http(s)://HOST[:PORT]`; port 7700 where none is named, for https too
    /// [default: the one on this machine, or one inside this program]
    #[arg(long, value_name = "URL", env = "UNDERTONE_MEDIATOR", hide_env = true)]
    pub mediator: Option<MediatorUrl>,
    /// Leave with code 4 when nobody came within so many seconds
    #[arg(long, value_name = "SECS", env = "UNDERTONE_TIMEOUT", hide_env = true,
        value_parser = clap::value_parser!(u32).range(1..))]
    timeout: Option<u32>,
    /// Write one JSON event a line to stdout; what is read stays lines
    #[arg(long, env = "UNDERTONE_JSON", hide_env = true, value_parser = BoolishValueParser::new())]
    pub json: bool,
    /// Talk only to someone whose words you compared, in this chat or before
    #[arg(long, env = "UNDERTONE_REQUIRE_VERIFIED", hide_env = true, value_parser = BoolishValueParser::new())]
    pub require_verified: bool,
    /// Write nothing to the history
    #[arg(long, env = "UNDERTONE_NO_HISTORY", hide_env = true, value_parser = BoolishValueParser::new())]
    pub no_history: bool,
    /// Give a made-up room a secret of 128 random bits instead of four words
    #[arg(long, env = "UNDERTONE_LONG", hide_env = true, value_parser = BoolishValueParser::new())]
    pub long: bool,
    /// Listen on this address only [default: all of this machine, a free port]
    #[arg(long, value_name = "IP[:PORT]", env = "UNDERTONE_BIND", hide_env = true, value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Tell the other one this address instead of those found here, as where a
    /// router forwards a port; may be repeated
    #[arg(
        long,
        value_name = "IP:PORT",
        env = "UNDERTONE_ADVERTISE",
        hide_env = true,
        value_delimiter = ','
    )]
    pub advertise: Vec<SocketAddr>,
    /// Port of the mediator on this machine
    #[arg(long, value_name = "PORT", env = "UNDERTONE_LOCAL_PORT", hide_env = true, default_value_t = DEFAULT_PORT)]
    pub local_port: u16,
}

/// What `peers` takes.
#[derive(Args, Debug, Clone)]
pub struct PeersArgs {
    /// Write one JSON object a line
    #[arg(long)]
    pub json: bool,
    /// What to do instead of showing them.
    #[command(subcommand)]
    pub action: Option<PeersAction>,
}

/// What `peers` can do besides showing.
#[derive(Subcommand, Debug, Clone)]
pub enum PeersAction {
    /// Show where the history is
    Path,
    /// Give someone another name, here only
    Rename {
        /// The name, or the first words of the key
        #[arg(value_name = "A")]
        who: String,
        /// The new name
        #[arg(value_name = "B")]
        name: DisplayName,
    },
    /// Forget someone: the contact and the lines of the history
    Forget {
        /// The name, or the first words of the key
        #[arg(value_name = "A")]
        who: String,
    },
}

/// What is to be done.
pub enum Action {
    /// Chat.
    Chat(ChatArgs),
    /// The history.
    Peers(PeersArgs),
    /// Who am I.
    Id,
}

/// An IP address, with a port or without one, which then is any free one.
fn bind_address(text: &str) -> Result<SocketAddr, String> {
    let alone = || text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0));
    let address = text.parse().or_else(|_| alone());
    address.map_err(|_| "not an IP address, with or without a port".to_owned())
}

impl ChatArgs {
    /// The room that was named, by argument or environment, if any was.
    ///
    /// Read here and not by clap, whose errors repeat what they cannot read: a secret, perhaps.
    ///
    /// # Errors
    /// [`RoomError`]; an error of usage.
    pub fn invite(&self) -> Result<Option<Invite>, RoomError> {
        let named = self.room.as_deref().filter(|room| !room.trim().is_empty());
        named.map(str::parse).transpose()
    }

    /// Whether a room was asked for by a blank name: one is made up, without a
    /// question.
    #[must_use]
    pub fn wants_new_room(&self) -> bool {
        self.room
            .as_deref()
            .is_some_and(|room| room.trim().is_empty())
    }

    /// Whether the argument shows a secret to everyone on this machine: to be said.
    #[must_use]
    pub fn secret_in_arguments(&self) -> bool {
        let from_variable = std::env::var(ROOM_VARIABLE).ok();
        self.room != from_variable
            && matches!(self.invite(), Ok(Some(invite)) if invite.room.secret().is_some())
    }
}

impl ChatOptions {
    /// How long to wait for the other one; `None`: as long as it takes.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
            .map(|seconds| Duration::from_secs(seconds.into()))
    }
}

impl Cli {
    /// Reads the command line: `arguments` with the program's name first.
    ///
    /// # Errors
    /// clap's error, which is also how help and version come: `error.exit()` prints it and ends
    /// the program with 0 or 2.
    pub fn read<I>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item: Into<OsString> + Clone>,
    {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(arguments)?;
        if let Some((name, _)) = matches.subcommand() {
            // `undertone --json peers` must not chat, nor quietly drop the flag.
            let chat = ChatOptions::augment_args(clap::Command::new(""));
            let early = chat.get_arguments().find(|arg| {
                let id = arg.get_id().as_str();
                matches.value_source(id) == Some(ValueSource::CommandLine)
            });
            if let Some(flag) = early.and_then(clap::Arg::get_long) {
                let text = format!("put --{flag} behind the command: undertone {name} --{flag}");
                return Err(command.error(ErrorKind::ArgumentConflict, text));
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
            None => Action::Chat(ChatArgs {
                room: std::env::var(ROOM_VARIABLE).ok(),
                options: self.chat,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(line.split(' '))
    }

    fn chat(line: &str) -> ChatArgs {
        match read(line)
            .unwrap_or_else(|error| panic!("{error}"))
            .action()
        {
            Action::Chat(chat) => chat,
            _ => panic!("{line} chats"),
        }
    }

    #[test]
    fn without_a_command_it_chats() {
        let bare = chat("undertone --json --timeout 2 --local-port 0 --bind ::1 --data-dir d");
        assert!(bare.options.json && bare.options.local_port == 0);
        assert_eq!(bare.options.timeout(), Some(Duration::from_secs(2)));
        let named = chat("undertone --data-dir d chat Lab#x --name ada --mediator 10.0.0.1");
        assert_eq!(named.invite().unwrap().unwrap().room.name(), "lab");
        assert!(named.secret_in_arguments());
        assert!(!chat("undertone chat lab").secret_in_arguments());
        assert!(chat("undertone chat a#").invite().is_err());
    }

    #[test]
    fn a_typing_error_is_no_room() {
        for line in [
            "undertone chta",
            "undertone lab#x",
            "undertone --json peers",
            "undertone --name x chat",
            "undertone chat --timeout 0",
            "undertone chat --name you",
            "undertone chat --mediator a/b",
            "undertone peers rename a",
            "undertone -q -v",
            "undertone peers --json path",
        ] {
            let error = read(line)
                .err()
                .unwrap_or_else(|| panic!("{line} is refused"));
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn help_fits_80_columns_and_shows_examples() {
        let mut command = Cli::command();
        command.build();
        let peers = command.find_subcommand("peers").unwrap().clone();
        let all = command
            .get_subcommands()
            .chain(peers.get_subcommands())
            .cloned();
        for mut command in all.chain([command.clone()]).collect::<Vec<_>>() {
            let help = command.render_long_help().to_string();
            let wide = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(wide, None);
            if ["undertone", "chat", "peers"].contains(&command.get_name()) {
                assert!(help.contains("Examples:"), "{help}");
            }
        }
    }
}
