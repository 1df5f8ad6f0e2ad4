//! What a chat takes.

use std::cmp::Ordering;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Args};
use undertone_core::mediator_url::{DEFAULT_PORT, MediatorUrl};
use undertone_core::room::{Invite, RoomError};
use undertone_core::text::display_name::DisplayName;
use undertone_host::number;
use undertone_host::sources::Sources;

use super::size::verified_up_to;
use super::{advertised, bind_address, endpoint, local_port, name_proxy, proxy_choice};
use crate::engine::relay::RelayChoice;
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::proxy::{ProxyChoice, ProxyUrlError};

pub(super) const ROOM_VARIABLE: &str = "UNDERTONE_ROOM";
/// Under which the options of a chat stand in the help.
const HEADING: &str = "For a chat";

/// Whether it is an option of a chat.
pub(super) fn is_of_chat(arg: &Arg) -> bool {
    arg.get_help_heading() == Some(HEADING)
}

/// The room that the variable names, if it names one.
pub(super) fn room_variable() -> Result<Option<String>, clap::Error> {
    let room = std::env::var_os(ROOM_VARIABLE);
    room.map(OsString::into_string).transpose().map_err(|_| {
        let text = format!("{ROOM_VARIABLE} is no text in UTF-8\n  Correct or unset it.\n");
        clap::Error::raw(ErrorKind::InvalidUtf8, text)
    })
}

/// What a chat takes.
#[derive(Args, Clone)]
pub struct ChatArgs {
    /// ROOM, ROOM#SECRET or an invite link; blank makes a room up
    ///
    /// What you type here, others on this machine can see while it runs. To keep a secret from
    /// them leave it out and type it when asked, or put it into UNDERTONE_ROOM.
    #[arg(env = ROOM_VARIABLE, hide_env = true, hide_env_values = true)]
    pub(super) room: Option<String>,
    /// Its options.
    #[command(flatten)]
    pub options: ChatOptions,
}

impl fmt::Debug for ChatArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatArgs")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl ChatArgs {
    /// The room that was named, by argument or environment, if any was.
    ///
    /// Read here and not by clap, whose errors repeat what they cannot read: a secret, perhaps.
    ///
    /// # Errors
    /// An error of usage; what it says names the variable where that is at fault.
    pub fn invite(&self) -> Result<Option<Invite>, String> {
        let named = self.room.as_deref().filter(|room| !room.trim().is_empty());
        let read: Result<_, RoomError> = named.map(str::parse).transpose();
        read.map_err(|error| match self.room_is_by_variable() {
            true => format!("{ROOM_VARIABLE}: {error}"),
            false => error.to_string(),
        })
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
        !self.room_is_by_variable()
            && matches!(self.invite(), Ok(Some(invite)) if invite.room.secret().is_some())
    }

    fn room_is_by_variable(&self) -> bool {
        self.room.is_some() && self.room == std::env::var(ROOM_VARIABLE).ok()
    }
}

/// Which of two options that exclude each other is said nearer to the command.
fn excluding(sources: &Sources, options: [&str; 2], why: &str) -> Result<Ordering, clap::Error> {
    let [nearer, other] = options.map(|option| sources.nearness(option));
    match nearer.cmp(&other) {
        Ordering::Equal => {
            let [one, other] = options.map(|option| sources.name(option));
            let text =
                format!("both {one} and {other} are set\n  {why}: leave out one of the two.\n");
            Err(clap::Error::raw(ErrorKind::ArgumentConflict, text))
        }
        nearer => Ok(nearer),
    }
}

/// Options of a chat.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = HEADING)]
pub struct ChatOptions {
    /// What the other person is to call you, in this run; the first name is kept for the next
    #[arg(long, env = "UNDERTONE_NAME", hide_env = true)]
    pub name: Option<DisplayName>,
    /// The mediator, `http(s)://HOST[:PORT]`; where no port is named, 443 for https and 7700
    /// for http
    /// [default: the one on this machine, or one inside this program]
    #[arg(long, value_name = "URL", env = "UNDERTONE_MEDIATOR", hide_env = true)]
    pub mediator: Option<MediatorUrl>,
    /// Look for a mediator on the local network by multicast DNS; where there is none,
    /// run one and announce it, by address, port and a random number
    #[arg(long, env = "UNDERTONE_LAN", hide_env = true, value_parser = BoolishValueParser::new())]
    pub lan: bool,
    /// The proxy to the mediator, `http://[USER:PASSWORD@]HOST[:PORT]` or `socks5h://…`;
    /// `none` for none [default: https_proxy, http_proxy, ALL_PROXY and NO_PROXY, as
    /// curl reads them]
    ///
    /// What you type here, others on this machine can see while it runs: a password is better
    /// put into UNDERTONE_PROXY or the config file.
    #[arg(long, value_name = "URL", env = "UNDERTONE_PROXY", hide_env = true,
        hide_default_value = true, value_parser = proxy_choice)]
    pub proxy: Option<Result<ProxyChoice, ProxyUrlError>>,
    /// Leave with code 4 when nobody came within so many seconds
    #[arg(long, value_name = "SECS", env = "UNDERTONE_TIMEOUT", hide_env = true,
        value_parser = number(1..=u32::MAX, "seconds"))]
    timeout: Option<u32>,
    /// Write one JSON event a line to stdout; what is read stays lines
    #[arg(long, env = "UNDERTONE_JSON", hide_env = true, value_parser = BoolishValueParser::new())]
    pub json: bool,
    /// Talk only to someone whose words you compared, in this chat or before
    #[arg(long, env = "UNDERTONE_REQUIRE_VERIFIED", hide_env = true, value_parser = BoolishValueParser::new())]
    pub require_verified: bool,
    /// Where received files go [default: ~/Downloads where that is a folder, else the working
    /// directory]
    #[arg(long, value_name = "DIR", env = "UNDERTONE_DOWNLOADS", hide_env = true)]
    pub downloads: Option<PathBuf>,
    /// Accept files at once that a verified contact offers, up to this size:
    /// `verified:500MB`
    #[arg(long, value_name = "verified:SIZE", env = "UNDERTONE_ACCEPT", hide_env = true, value_parser = verified_up_to)]
    pub accept: Option<u64>,
    /// Write nothing to the history
    #[arg(long, env = "UNDERTONE_NO_HISTORY", hide_env = true, value_parser = BoolishValueParser::new())]
    pub no_history: bool,
    /// Give a made-up room a secret of 128 random bits instead of four words
    #[arg(long, env = "UNDERTONE_LONG", hide_env = true, value_parser = BoolishValueParser::new())]
    pub long: bool,
    /// Draw the invite as a QR code too, for a camera
    #[arg(long, env = "UNDERTONE_QR", hide_env = true, value_parser = BoolishValueParser::new())]
    pub qr: bool,
    /// Ask the terminal for a notification of the desktop (OSC 9) when a message
    /// comes and the window has no focus; the bell rings too, but with --quiet
    #[arg(long, env = "UNDERTONE_NOTIFY", hide_env = true, value_parser = BoolishValueParser::new())]
    pub notify: bool,
    /// Listen on this address only [default: all of this machine, a free port]
    #[arg(long, value_name = "IP[:PORT]", env = "UNDERTONE_BIND", hide_env = true, value_parser = bind_address)]
    pub bind: Option<SocketAddr>,
    /// Tell the other person this address instead of those found here, as where a
    /// router forwards a port; may be repeated
    #[arg(
        long,
        value_name = "IP:PORT",
        env = "UNDERTONE_ADVERTISE",
        hide_env = true,
        value_delimiter = ',',
        value_parser = advertised
    )]
    pub advertise: Vec<SocketAddr>,
    /// Where no direct path opens: may the mediator carry the chat? `ask` when it
    /// comes to that, `always` or `never`. It then sees both addresses, times and
    /// sizes, not what is said; the other person must agree too
    #[arg(
        long,
        value_name = "ask|always|never",
        env = "UNDERTONE_RELAY",
        hide_env = true,
        value_enum,
        default_value_t,
        hide_possible_values = true
    )]
    pub relay: RelayChoice,
    /// Give the other person no address and dial none: only the mediator, which then
    /// must relay, and its network see yours; the other person must agree to that. An
    /// invite's mediator, which may be the other person's, is taken only if you name it too
    /// (--mediator), or through a proxy
    #[arg(long, env = "UNDERTONE_HIDE_IP", hide_env = true, value_parser = BoolishValueParser::new())]
    pub hide_ip: bool,
    /// Port of the mediator on this machine
    #[arg(long, value_name = "PORT", env = "UNDERTONE_LOCAL_PORT", hide_env = true, value_parser = local_port, default_value_t = DEFAULT_PORT)]
    pub local_port: u16,
}

impl ChatOptions {
    /// Of two options that exclude each other, the one counts that is said nearer to the command:
    /// by the flag, the variable or the config file.
    pub(super) fn settle(&mut self, sources: &Sources) -> Result<(), clap::Error> {
        name_proxy(&mut self.proxy, sources);
        if self.lan && self.mediator.is_some() {
            let why = "One looks for a mediator on the local network, the other names it";
            match excluding(sources, ["lan", "mediator"], why)? {
                Ordering::Less => self.lan = false,
                _ => self.mediator = None,
            }
        }
        if self.hide_ip && !self.advertise.is_empty() {
            let why = "One hides your addresses, the other tells one";
            match excluding(sources, ["hide-ip", "advertise"], why)? {
                Ordering::Less => self.hide_ip = false,
                _ => self.advertise.clear(),
            }
        }
        Ok(())
    }

    /// The way to the mediator that was named: by the invite, else by `--mediator`; `None`
    /// where neither names one.
    ///
    /// # Errors
    /// [`ProxyUrlError`], where a proxy counts whose address is wrong; an error of usage.
    pub fn endpoint(
        &self,
        invited: Option<MediatorUrl>,
    ) -> Result<Option<MediatorEndpoint>, ProxyUrlError> {
        let named = invited.or_else(|| self.mediator.clone());
        if let (None, Some(Err(error))) = (&named, &self.proxy) {
            return Err(error.clone());
        }
        let endpoint = named.map(|mediator| endpoint(mediator, self.proxy.as_ref()));
        let mut endpoint = endpoint.transpose()?;
        if let Some(endpoint) = &mut endpoint {
            endpoint.named_here = self.mediator.as_ref() == Some(&endpoint.mediator);
        }
        Ok(endpoint)
    }

    /// How long to wait for the other person; `None`: as long as it takes.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
            .map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Whether the mediator may carry the chat; who hides has said so.
    #[must_use]
    pub fn consent(&self) -> RelayChoice {
        match self.hide_ip {
            true => RelayChoice::Always,
            false => self.relay,
        }
    }
}
