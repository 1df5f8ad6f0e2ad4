//! The program `undertone-mediator`: parse, listen, serve; map errors to exit codes.

use std::future::Future;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Parser};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use undertone_mediator::{Config, RelayLimits, check_files, lan, listen, load_tls, serve, wire};

/// Pairs two undertone clients that name the same room, and forgets them
///
/// It learns neither names nor secrets and keeps nothing. On a public machine give
/// it a certificate, or put it behind a reverse proxy.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 80)]
struct Cli {
    /// Address and port to listen on; [::] takes IPv4 too, port 0 picks one
    #[arg(long, env = "UNDERTONE_MEDIATOR_LISTEN", value_name = "ADDR",
        default_value_t = SocketAddr::from((Ipv6Addr::UNSPECIFIED, wire::DEFAULT_PORT)))]
    listen: SocketAddr,
    /// Certificate chain in PEM; speak TLS
    #[arg(
        long,
        env = "UNDERTONE_MEDIATOR_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,
    /// Private key of the certificate in PEM
    #[arg(
        long,
        env = "UNDERTONE_MEDIATOR_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,
    /// Take clients' addresses from the last X-Forwarded-For entry; only behind a
    /// reverse proxy that sets it
    #[arg(long, env = "UNDERTONE_MEDIATOR_TRUST_PROXY")]
    trust_proxy: bool,
    /// Announce itself on the local network by multicast DNS, for `undertone --lan`;
    /// the announcement holds address, port and a random number
    #[arg(long, conflicts_with_all = ["tls_cert", "trust_proxy"])]
    lan: bool,
    /// Open connections in all
    #[arg(long, env = "UNDERTONE_MEDIATOR_MAX_CONNECTIONS", value_name = "N",
        default_value_t = wire::MAX_CONNECTIONS as u32,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections: u32,
    /// Open connections an address (IPv6: a /64)
    #[arg(long, env = "UNDERTONE_MEDIATOR_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N",
        default_value_t = wire::MAX_CONNECTIONS_PER_ADDRESS as u32,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_connections_per_address: u32,
    /// Rooms in which someone waits
    #[arg(long, env = "UNDERTONE_MEDIATOR_MAX_ROOMS", value_name = "N",
        default_value_t = wire::MAX_ROOMS as u32,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    max_rooms: u32,
    /// Joins an address (IPv6: a /64) and minute
    #[arg(long, env = "UNDERTONE_MEDIATOR_JOINS_PER_MINUTE", value_name = "N",
        default_value_t = wire::JOINS_PER_MINUTE,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    joins_per_minute: u32,
    /// Also relay the sealed messages of pairs that find no direct path and both ask
    #[arg(long, env = "UNDERTONE_MEDIATOR_RELAY")]
    relay: bool,
    /// Relay: bytes a second of a pair
    #[arg(long, env = "UNDERTONE_MEDIATOR_RELAY_RATE", value_name = "BYTES",
        default_value_t = wire::RELAY_RATE, requires = "relay",
        value_parser = clap::value_parser!(u64).range(1_024..=1_000_000_000_000))]
    relay_rate: u64,
    /// Relay: bytes a second in all
    #[arg(long, env = "UNDERTONE_MEDIATOR_RELAY_TOTAL_RATE", value_name = "BYTES",
        default_value_t = wire::RELAY_TOTAL_RATE, requires = "relay",
        value_parser = clap::value_parser!(u64).range(1_024..=1_000_000_000_000))]
    relay_total_rate: u64,
    /// Relay: pairs at a time
    #[arg(long, env = "UNDERTONE_MEDIATOR_RELAY_PAIRS", value_name = "N",
        default_value_t = wire::RELAY_PAIRS as u32, requires = "relay",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    relay_pairs: u32,
    /// Relay: bytes of a pair in all
    #[arg(long, env = "UNDERTONE_MEDIATOR_RELAY_BYTES", value_name = "BYTES",
        default_value_t = wire::RELAY_BYTES, requires = "relay",
        value_parser = clap::value_parser!(u64).range(1_024..))]
    relay_bytes: u64,
    /// Log more: -v what happens, -vv every message's kind; never tags, addresses or contents
    #[arg(short, long, action = ArgAction::Count)]
    verbose: u8,
    /// Log errors only
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  undertone-mediator
  undertone-mediator --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem
  undertone-mediator --listen 127.0.0.1:7700 --trust-proxy
  undertone-mediator --relay --relay-rate 65536 --relay-pairs 20
  undertone-mediator --lan

Exit codes: 0 stopped by SIGINT or SIGTERM, 1 own fault, 2 usage, 3 cannot listen";

/// File descriptors beside those of the connections.
#[cfg(unix)]
const SPARE_FILES: u64 = 128;

/// What serving takes before anyone connects.
const FILES_LEAST: usize = 16;

/// What went wrong, what to do about it, and the exit code.
struct Failure {
    code: u8,
    what: String,
    remedy: &'static str,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(&cli);
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, what, remedy }) => {
            eprintln!("error: {what}\n  {remedy}");
            ExitCode::from(code)
        }
    }
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let mut config = config(cli)?;
    let tls = config.tls.is_some();
    check_files(FILES_LEAST).map_err(|error| Failure {
        code: 1,
        what: format!("this process may open too few files ({error})"),
        remedy: "Allow it more, as by: ulimit -n 1024",
    })?;
    // One thread: a pairing takes some 100 µs, and a wake-up on another core a third of that.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| own_fault(&error))?;
    runtime.block_on(async {
        let shutdown = shutdown_signal().map_err(|error| own_fault(&error))?;
        let listener = listen(cli.listen).map_err(|error| cannot_listen(cli.listen, &error))?;
        let bound = listener.local_addr().map_err(|error| own_fault(&error))?;
        let scheme = if tls { "https" } else { "http" };
        eprintln!("undertone-mediator listening on {scheme}://{bound}");
        config.max_connections = allowed_connections(config.max_connections);
        let announced = match cli.lan {
            true => Some(announce(bound)?),
            false => None,
        };
        let served = serve(listener, config, shutdown).await;
        if let Some(daemon) = announced {
            lan::close(daemon).await;
        }
        served.map_err(|error| own_fault(&error))
    })
}

fn config(cli: &Cli) -> Result<Config, Failure> {
    let tls = match (&cli.tls_cert, &cli.tls_key) {
        (Some(cert), Some(key)) => Some(load_tls(cert, key).map_err(|error| Failure {
            code: 2,
            what: error.to_string(),
            remedy: "Give PEM files: the certificate chain, the server's own first, and its private key.",
        })?),
        _ => None,
    };
    Ok(Config {
        max_connections: cli.max_connections as usize,
        max_connections_per_address: cli.max_connections_per_address as usize,
        max_rooms: cli.max_rooms as usize,
        joins_per_minute: cli.joins_per_minute,
        trust_proxy: cli.trust_proxy,
        relay: cli.relay.then_some(RelayLimits {
            rate: cli.relay_rate,
            total_rate: cli.relay_total_rate,
            pairs: cli.relay_pairs as usize,
            bytes: cli.relay_bytes,
        }),
        tls,
        ..Config::default()
    })
}

/// Announces the mediator that listens at `bound`.
fn announce(bound: SocketAddr) -> Result<lan::ServiceDaemon, Failure> {
    let ip = bound.ip();
    if ip.is_loopback() {
        return Err(Failure {
            code: 2,
            what: format!("nobody on the local network reaches {ip}"),
            remedy: "With --lan listen on an address that others reach, or on [::].",
        });
    }
    let only = (!ip.is_unspecified()).then_some(ip);
    let announced = lan::daemon(only).and_then(|daemon| {
        lan::announce(&daemon, lan::InstanceId::random()?, bound.port())?;
        Ok(daemon)
    });
    announced.map_err(|error| Failure {
        code: 1,
        what: format!("cannot announce itself on the local network: {error}"),
        remedy: "May this machine use multicast DNS (UDP port 5353)? Without --lan it is not needed.",
    })
}

fn own_fault(error: &io::Error) -> Failure {
    Failure {
        code: 1,
        what: error.to_string(),
        remedy: "That is unexpected; please report it.",
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program, maybe another mediator, has that port. Stop it, or choose a port with --listen."
        }
        io::ErrorKind::PermissionDenied => {
            "Ports below 1024 need a permission. Choose a higher one with --listen."
        }
        _ => "Is it an address of this machine? Try --listen [::]:7700.",
    };
    Failure {
        code: 3,
        what: format!("cannot listen on {address}: {error}"),
        remedy,
    }
}

/// Our own events only: what the libraries log may hold addresses and messages.
fn start_log(cli: &Cli) {
    let level = match (cli.quiet, cli.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::INFO,
        (false, 1) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    let ours = Targets::new().with_target("undertone_mediator", level);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(layer.with_filter(ours))
        .init();
}

/// Raises the soft limit of open files, often 1,024, towards the hard one. What that
/// allows if it is less than wanted: a connection over the cap is told so, one without
/// a file descriptor just hangs.
#[cfg(unix)]
fn allowed_connections(wanted: usize) -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let files = wanted as u64 + SPARE_FILES;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return wanted;
    };
    if soft >= files
        || setrlimit(Resource::RLIMIT_NOFILE, files.min(hard), hard).is_ok() && hard >= files
    {
        return wanted;
    }
    let allowed = getrlimit(Resource::RLIMIT_NOFILE).map_or(soft, |(soft, _)| soft);
    let connections = allowed.saturating_sub(SPARE_FILES).max(1);
    tracing::warn!(
        connections,
        wanted,
        "few open files are allowed (ulimit -Hn), so fewer connections"
    );
    usize::try_from(connections).unwrap_or(wanted)
}

#[cfg(not(unix))]
fn allowed_connections(wanted: usize) -> usize {
    wanted
}

/// Completes at SIGINT or SIGTERM; the handlers stand when this returns.
#[cfg(unix)]
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
