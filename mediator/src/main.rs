//! The program `undertone-mediator`: parse, listen, serve; map errors to exit codes.

mod cli;
mod manual;
mod renewal;

use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use tracing::level_filters::LevelFilter;
use tracing::warn;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use undertone_host::{check_files, listen, listen_udp};
use undertone_mediator::{lan, serve, stun};

use cli::{Cli, Command, Stun};
use renewal::{hangup_signal, keep_certificate};

/// File descriptors beside those of the connections.
#[cfg(unix)]
const SPARE_FILES: u64 = 128;

/// What serving takes before anyone connects.
const FILES_LEAST: usize = 16;

/// What went wrong, what to do about it, and the exit code.
struct Failure {
    code: u8,
    what: String,
    remedy: String,
}

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let mut out = io::stdout();
    let printed = match cli.command {
        Some(Command::Man) => manual::man(&mut out),
        Some(Command::Completions { shell }) => manual::completions(shell, &mut out),
        None => return served(&cli),
    };
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("error: cannot write to stdout: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn served(cli: &Cli) -> ExitCode {
    start_log(cli.log_level());
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, what, remedy }) => {
            say(&format!("error: {what}\n  {remedy}"));
            ExitCode::from(code)
        }
    }
}

/// Writes to stderr; one that is full or closed is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn run(cli: &Cli) -> Result<(), Failure> {
    let mut config = cli.config()?;
    let certificate = cli.certificate()?;
    if let Some(certificate) = &certificate {
        let tls = certificate.server_config();
        config.tls = Some(tls.map_err(|error| own_fault(&io::Error::other(error)))?);
    }
    check_files(FILES_LEAST).map_err(|error| Failure {
        code: 1,
        what: format!("this process may open too few files ({error})"),
        remedy: "Allow it more, as by: ulimit -n 1024".into(),
    })?;
    // One thread: a pairing takes some 100 µs, and a wake-up on another core a third of that.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| own_fault(&error))?;
    let served = runtime.block_on(async {
        let shutdown = shutdown_signal().map_err(|error| own_fault(&error))?;
        let hangup = hangup_signal().map_err(|error| own_fault(&error))?;
        let listener = listen(cli.listen).map_err(|error| cannot_listen(cli, &error))?;
        let bound = listener.local_addr().map_err(|error| own_fault(&error))?;
        let stun = match (cli.stun(bound).map(listen_udp).transpose(), cli.stun) {
            (Err(error), Some(Stun::At(address))) => {
                return Err(cannot_answer(cli, address, &error));
            }
            (socket, _) => socket,
        };
        let scheme = if certificate.is_some() {
            "https"
        } else {
            "http"
        };
        say(&format!(
            "undertone-mediator listening on {scheme}://{bound}"
        ));
        match stun {
            Ok(Some(socket)) => {
                config.stun = socket.local_addr().ok().map(|address| address.port());
                tokio::spawn(stun::serve(socket));
            }
            Ok(None) => {}
            // Nobody asked for it by name.
            Err(error) => warn!(port = bound.port(), %error, "no STUN: UDP port not to be had"),
        }
        config.max_connections = allowed_connections(config.max_connections);
        let announced = match cli.lan {
            true => Some(announce(bound)?),
            false => None,
        };
        let served = tokio::select! {
            served = serve(listener, config, shutdown) => served,
            never = keep_certificate(certificate, hangup) => match never {},
        };
        if let Some(daemon) = announced {
            lan::close(daemon).await;
        }
        served.map_err(|error| own_fault(&error))
    });
    // A read from a disk that does not answer is not waited for.
    runtime.shutdown_background();
    served
}

/// Announces the mediator that listens at `bound`.
fn announce(bound: SocketAddr) -> Result<lan::ServiceDaemon, Failure> {
    let ip = bound.ip();
    if ip.is_loopback() {
        return Err(Failure {
            code: 2,
            what: format!("nobody on the local network reaches {ip}"),
            remedy: "With --lan listen on an address that others reach, or on [::].".into(),
        });
    }
    let only = (!ip.is_unspecified()).then_some(ip);
    let announced = lan::daemon(only).and_then(|daemon| {
        lan::announce(&daemon, lan::new_id()?, bound.port())?;
        Ok(daemon)
    });
    announced.map_err(|error| Failure {
        code: 1,
        what: format!("cannot announce itself on the local network: {error}"),
        remedy:
            "May this machine use multicast DNS (UDP port 5353)? Without --lan it is not needed."
                .into(),
    })
}

fn own_fault(error: &io::Error) -> Failure {
    Failure {
        code: 1,
        what: error.to_string(),
        remedy: "That is unexpected; please report it.".into(),
    }
}

fn cannot_listen(cli: &Cli, error: &io::Error) -> Failure {
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
        what: format!(
            "cannot listen on {} ({}): {error}",
            cli.listen,
            cli.listen_is_by()
        ),
        remedy: remedy.into(),
    }
}

fn cannot_answer(cli: &Cli, address: SocketAddr, error: &io::Error) -> Failure {
    Failure {
        code: 3,
        what: format!(
            "cannot answer STUN at {address} ({}): {error}",
            cli.stun_is_by()
        ),
        remedy: "Choose another UDP port of this machine, or --stun off.".into(),
    }
}

/// Our own events only: what the libraries log may hold addresses and messages.
fn start_log(level: LevelFilter) {
    let ours = Targets::new().with_target("undertone_mediator", level);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        // It would be written to the same stderr, and panic.
        .log_internal_errors(false)
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
