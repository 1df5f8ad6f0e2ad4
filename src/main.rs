//! The program `undertone`: parse, dispatch, exit code.

use std::alloc::System;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, setrlimit};
use undertone::cli::{Action, Cli};
use undertone::commands;
use undertone::doctor;
use undertone::exit::Exit;
use undertone::generate;
use undertone::report::{ended, fail};
use undertone::start;
use undertone::store::Place;
use undertone::terminal::charset::Out;
use undertone::terminal::layout::width_of;
use undertone::terminal::signals;
use undertone_core::text::safe::Safe;
#[cfg(target_os = "linux")]
use zeroizing_alloc::ZeroAlloc;

/// What is freed is wiped, also by code that knows of no secrets: arguments, lines of the terminal
/// and invites pass through much of it. A secret of ours does not wait for that.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// Files that a chat has open at the most; the crates that it stands on panic without.
const FILES: usize = 40;

fn main() -> ExitCode {
    forbid_dumps();
    let cli = match Cli::read(std::env::args_os(), Place::config_file().as_ref()) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // clap repeats what it cannot read, as it is.
            let _ = write!(
                Out::new(io::stderr()),
                "{}",
                Safe::message(&error.to_string())
            );
            return Exit::Usage.into();
        }
        Err(help) => return ended(help.print().map(|()| Exit::Done).map_err(Into::into)).into(),
    };
    if has_terminal() {
        // Without, a signal ends the program all the same.
        let _ = signals::watch();
    }
    run(cli).into()
}

/// Whether there is a terminal to give back when a signal comes.
fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Keeps what this process holds from core dumps and, but for root, from whoever would read it by
/// `ptrace` or `/proc`. A system that does not let us is no reason not to run.
fn forbid_dumps() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

fn run(cli: Cli) -> Exit {
    let global = cli.global.clone();
    let mut out = BufWriter::new(Out::new(io::stdout()));
    let mut talk = Out::new(io::stderr());
    let done = match cli.action() {
        Action::Chat(args) => {
            return in_runtime(start::chat(args, &global)).unwrap_or_else(|exit| exit);
        }
        Action::Send(args) => {
            return in_runtime(start::send(args, &global)).unwrap_or_else(|exit| exit);
        }
        Action::Receive(args) => {
            return in_runtime(start::receive(args, &global)).unwrap_or_else(|exit| exit);
        }
        Action::Files(args) => {
            commands::files(&args, &global, columns(), &mut out, &mut talk).map(|()| Exit::Done)
        }
        Action::Doctor(args) => {
            match in_runtime(doctor::run(&args, &global, &mut Out::new(io::stdout()))) {
                Ok(done) => done,
                Err(exit) => return exit,
            }
        }
        Action::Peers(args) => {
            let look = commands::TableStyle {
                width: columns().unwrap_or(usize::MAX),
                color: global.colored(&io::stdout()),
            };
            commands::peers(&args, &global, look, &mut out, &mut talk).map(|()| Exit::Done)
        }
        Action::Id(args) => {
            commands::id(args, &global, columns(), &mut out, &mut talk).map(|()| Exit::Done)
        }
        Action::Completions(shell) => generate::completions(shell, &mut out).map(|()| Exit::Done),
        Action::Man => generate::man(&mut out).map(|()| Exit::Done),
    };
    ended(done.and_then(|exit| Ok(out.flush().map(|()| exit)?)))
}

/// Runs what needs sockets, timers and signals.
fn in_runtime<T>(work: impl Future<Output = T>) -> Result<T, Exit> {
    let runtime = undertone_host::check_files(FILES).and_then(|()| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    });
    let runtime = runtime.map_err(|error| {
        let text = format!(
            "this process may open too few files ({error})\n  Allow it more, as by: ulimit -n 256"
        );
        fail(Exit::InternalError, &text)
    })?;
    let done = runtime.block_on(work);
    // A read from the terminal may still be under way, and is not waited for.
    runtime.shutdown_background();
    Ok(done)
}

/// Columns of stdout; `None` where it is no terminal.
fn columns() -> Option<usize> {
    width_of(&console::Term::stdout())
}
