//! The command line of `undertone-mediator`, and what it comes to.

mod addresses;

use std::ffi::OsString;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{BoolishValueParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use tracing::level_filters::LevelFilter;
use undertone_host::number;
use undertone_host::sources::{Nearness, Sources};
use undertone_host::variables;
use undertone_mediator::{Certificate, Config, RelayLimits, TlsError};
use undertone_wire as wire;

use crate::Failure;
pub(crate) use addresses::Stun;
use addresses::{host_name, listen_address, stun_address};

/// Pairs two undertone clients that name the same room, and forgets them
///
/// It learns neither names nor secrets and keeps nothing. On a public machine give
/// it a certificate, or put it behind a reverse proxy.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 80, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where to listen: IP, PORT, IP:PORT or NAME:PORT, a name at its first IPv4 address; [::] takes
    /// IPv4 too, port 0 picks one
    #[arg(long, value_name = "ADDR", value_parser = listen_address,
        default_value_t = SocketAddr::from((Ipv6Addr::UNSPECIFIED, wire::DEFAULT_PORT)))]
    pub listen: SocketAddr,
    /// Certificate chain in PEM; speak TLS. SIGHUP reads it and its key again
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Take clients' addresses from the last X-Forwarded-For entry, and what browsers ask for from
    /// X-Forwarded-Host and -Proto; only behind a reverse proxy that sets the first
    #[arg(long, value_parser = BoolishValueParser::new())]
    trust_proxy: bool,
    /// Serve no page for browsers, and let none of them wait here
    #[arg(long, value_parser = BoolishValueParser::new())]
    no_page: bool,
    /// Let browsers have the page by this name too, on a private network without TLS: there a
    /// name of the public DNS might lead here on behalf of somebody else. Repeatable
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = host_name)]
    page_host: Vec<String>,
    /// Announce itself on the local network by multicast DNS, for `undertone --lan`;
    /// the announcement holds address, port and a random number
    #[arg(long, value_parser = BoolishValueParser::new())]
    pub lan: bool,
    /// Open connections in all
    #[arg(long, value_name = "N",
        default_value_t = wire::MAX_CONNECTIONS as u32,
        value_parser = count())]
    max_connections: u32,
    /// Open connections an address (IPv6: a /64)
    #[arg(long, value_name = "N",
        default_value_t = wire::MAX_CONNECTIONS_PER_ADDRESS as u32,
        value_parser = count())]
    max_connections_per_address: u32,
    /// Rooms in which someone waits
    #[arg(long, value_name = "N",
        default_value_t = wire::MAX_ROOMS as u32,
        value_parser = count())]
    max_rooms: u32,
    /// Joins an address (IPv6: a /64) and minute
    #[arg(long, value_name = "N",
        default_value_t = wire::JOINS_PER_MINUTE,
        value_parser = count())]
    joins_per_minute: u32,
    /// The same of joins that come back after a loss, counted apart: to a conversation, to a
    /// contact, or to a seat
    #[arg(long, value_name = "N",
        default_value_t = wire::REJOINS_PER_MINUTE,
        value_parser = count())]
    rejoins_per_minute: u32,
    /// Also relay the sealed messages of pairs that find no direct path and both ask
    #[arg(long, value_parser = BoolishValueParser::new())]
    relay: bool,
    /// Relay: bytes a second of a pair
    #[arg(long, value_name = "BYTES",
        default_value_t = wire::RELAY_RATE, requires = "relay",
        value_parser = rate())]
    relay_rate: u64,
    /// Relay: bytes a second in all
    #[arg(long, value_name = "BYTES",
        default_value_t = wire::RELAY_TOTAL_RATE, requires = "relay",
        value_parser = rate())]
    relay_total_rate: u64,
    /// Relay: pairs at a time
    #[arg(long, value_name = "N",
        default_value_t = wire::RELAY_PAIRS as u32, requires = "relay",
        value_parser = count())]
    relay_pairs: u32,
    /// Relay: bytes of a pair in all
    #[arg(long, value_name = "BYTES",
        default_value_t = wire::RELAY_BYTES, requires = "relay",
        value_parser = number(LEAST_BYTES..=u64::MAX, "bytes"))]
    relay_bytes: u64,
    /// Have clients that wait take their seats anew, over new connections, after so many seconds,
    /// ± 25 %; for a balancer that is to move them
    #[arg(long, value_name = "SECONDS", value_parser = seconds())]
    reseat: Option<u64>,
    /// Answer STUN over UDP at this address, or off: clients learn from it how their routers show
    /// them, for paths over UDP [default: where it listens; off with --trust-proxy]
    #[arg(long, value_name = "ADDR|off", value_parser = stun_address)]
    pub stun: Option<Stun>,
    /// Log more: -v what happens, -vv every message's kind; never tags, addresses or contents
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    /// Log errors only
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// What set each of them.
    #[arg(skip)]
    sources: Sources,
}

/// What to do instead of serving.
#[derive(Subcommand, Clone, Copy)]
pub(crate) enum Command {
    /// Print the manual, for man(1): undertone-mediator man | man -l -
    Man,
    /// Print what a shell needs to complete the options
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Behind the options, in the help and in the manual.
pub(crate) const EXAMPLES: &str = "\
Examples:
  undertone-mediator
  undertone-mediator --listen 443 --tls-cert chain.pem --tls-key key.pem
  undertone-mediator --listen 127.0.0.1:7700 --trust-proxy
  undertone-mediator --relay --relay-rate 65536 --relay-pairs 20
  undertone-mediator --lan

SIGHUP reads the certificate again; SIGINT and SIGTERM let pairs finish for 3 s.
Every option has a variable: --max-rooms is UNDERTONE_MEDIATOR_MAX_ROOMS.
Exit codes: 0 stopped by SIGINT or SIGTERM, 1 internal error, 2 usage, 3 cannot listen";

impl Cli {
    /// Reads the command line, with the program's name first.
    ///
    /// # Errors
    /// clap's, which is also how help and version come.
    pub(crate) fn read(arguments: impl Iterator<Item = OsString>) -> Result<Self, clap::Error> {
        let arguments: Vec<_> = arguments.collect();
        let (command, matches) = variables::matches(&Self::definition, &arguments)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        cli.sources = Sources::of(&command, &matches, &|_| None);
        Ok(cli)
    }

    /// The command line as it is shown. Every option has a variable, but for how much is logged.
    pub(crate) fn definition() -> clap::Command {
        Self::command().mut_args(|arg| match arg.get_long() {
            None | Some("verbose" | "quiet") => arg,
            Some(long) => {
                let name = long.to_uppercase().replace('-', "_");
                arg.env(format!("UNDERTONE_MEDIATOR_{name}"))
            }
        })
    }

    /// What names the address to listen on.
    pub(crate) fn listen_is_by(&self) -> String {
        self.sources.name("listen")
    }

    /// What names the address at which STUN is answered.
    pub(crate) fn stun_is_by(&self) -> String {
        self.sources.name("stun")
    }

    /// Where to answer STUN, of a mediator that listens at `bound`.
    pub(crate) fn stun(&self, bound: SocketAddr) -> Option<SocketAddr> {
        match self.stun {
            Some(Stun::At(address)) => Some(address),
            Some(Stun::Off) => None,
            // UDP does not pass the proxy, and clients know its address alone.
            None => (!self.trust_proxy).then_some(bound),
        }
    }

    /// How much is logged.
    pub(crate) fn log_level(&self) -> LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::INFO,
            (false, 1) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        }
    }

    /// The certificate, where TLS is to be spoken.
    pub(crate) fn certificate(&self) -> Result<Option<Arc<Certificate>>, Failure> {
        let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) else {
            return Ok(None);
        };
        let failure = |error: TlsError| Failure {
            code: 2,
            what: match self.sources.nearness("tls-cert") {
                Nearness::Variable => format!("{}: {error}", self.sources.name("tls-cert")),
                _ => error.to_string(),
            },
            remedy: error.remedy().into(),
        };
        Certificate::load(chain, key).map(Some).map_err(failure)
    }

    /// What the mediator takes, all but TLS.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        if self.lan && (self.tls_cert.is_some() || self.trust_proxy) {
            let lan = self.sources.name("lan");
            return Err(Failure {
                code: 2,
                what: format!(
                    "{lan} announces a mediator without TLS that clients reach themselves"
                ),
                remedy: format!(
                    "Leave out {} and {}, or {lan}.",
                    self.sources.name("tls-cert"),
                    self.sources.name("trust-proxy")
                ),
            });
        }
        Ok(Config {
            max_connections: self.max_connections as usize,
            max_connections_per_address: self.max_connections_per_address as usize,
            max_rooms: self.max_rooms as usize,
            joins_per_minute: self.joins_per_minute,
            rejoins_per_minute: self.rejoins_per_minute,
            trust_proxy: self.trust_proxy,
            page: !self.no_page,
            page_hosts: self.page_host.clone(),
            relay: self.relay.then_some(RelayLimits {
                rate: self.relay_rate,
                total_rate: self.relay_total_rate,
                pairs: self.relay_pairs as usize,
                bytes: self.relay_bytes,
            }),
            reseat: self.reseat.map(Duration::from_secs),
            ..Config::default()
        })
    }
}

/// Bytes, or bytes a second, at least.
const LEAST_BYTES: u64 = 1_024;

/// How many there may be.
fn count() -> impl TypedValueParser<Value = u32> {
    number(1..=1_000_000, "")
}

/// How long.
fn seconds() -> impl TypedValueParser<Value = u64> {
    number(1..=1_000_000, "seconds")
}

/// Bytes a second.
fn rate() -> impl TypedValueParser<Value = u64> {
    number(LEAST_BYTES..=1_000_000_000_000, "bytes a second")
}

#[cfg(test)]
mod tests;
