//! Signals from outside that end or stop the program: the terminal is given back first, and then
//! they do what they do to any program.
//!
//! They are blocked in every thread but taken by one, which lets each through once the terminal is
//! given back. So nothing of ours replaces the system's default, nor what whoever started the
//! program chose in its place: it ends by that signal, or stops, or goes on. SIGINT, SIGTERM and
//! SIGHUP end a chat in order, and are not taken here. A fault of the program's own (SIGSEGV) is
//! not blocked by this: the system ends it at once.

use std::io;
use std::thread;

use nix::sys::signal::{SigSet, Signal, raise};

use super::deliver::deliver;
use super::guard::with_terminal_given_back;

/// What does neither end nor stop a program, cannot be taken, or is taken elsewhere. From behind
/// another program SIGTTIN and SIGTTOU must stop us while we are at it, and not a moment later.
const LEFT_ALONE: [Signal; 12] = [
    Signal::SIGKILL,
    Signal::SIGSTOP,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGPIPE,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGCONT,
    Signal::SIGCHLD,
    Signal::SIGURG,
    Signal::SIGWINCH,
];

/// Begins to take them, for the whole program. There must be no other thread yet.
///
/// # Errors
/// The system's.
pub fn watch() -> io::Result<()> {
    let mut watched: SigSet = Signal::iterator().collect();
    for signal in LEFT_ALONE {
        watched.remove(signal);
    }
    watched.thread_block()?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            while let Ok(signal) = watched.wait() {
                // The next one is no worse if this one does not get through.
                let _ = with_terminal_given_back(|| deliver(signal));
                // The program goes on. Where it was not stopped either, as where no shell would
                // bring it back, it has to be told to put up again what was taken away.
                let _ = raise(Signal::SIGCONT);
            }
        })?;
    Ok(())
}
