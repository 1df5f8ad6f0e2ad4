//! Whether this program has the terminal on stdin to itself, or a shell and whatever it has brought
//! to the front. The system stops who reads or changes a terminal from behind.

use std::io;
use std::time::Duration;

use nix::sys::signal::Signal::SIGCONT;
use rustix::process::{Signal as Sent, getpgrp, kill_current_process_group};
use rustix::stdio::stdin;
use rustix::termios::tcgetpgrp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// How often a program in the background looks whether it has come to the front: not every shell
/// tells it.
pub const LOOKS_AGAIN: Duration = Duration::from_millis(300);

/// Whether the terminal may be read and changed. One without job control is anybody's.
#[must_use]
pub fn is_in_front() -> bool {
    tcgetpgrp(stdin()).map_or(true, |front| front == getpgrp())
}

/// Stops, as the system would at the first read, until the shell brings this program to the front.
///
/// # Errors
/// Where no shell could.
pub fn come_to_front() -> io::Result<()> {
    if !is_in_front() {
        kill_current_process_group(Sent::TTIN)?;
    }
    match is_in_front() {
        true => Ok(()),
        false => Err(io::Error::other("it belongs to another program")),
    }
}

/// Tells when the terminal changes hands.
#[derive(Debug)]
pub struct Front {
    continued: Signal,
    ours: bool,
}

impl Front {
    /// Begins to watch.
    ///
    /// # Errors
    /// The system's.
    pub fn watch() -> io::Result<Self> {
        Ok(Self {
            continued: signal(SignalKind::from_raw(SIGCONT as i32))?,
            ours: is_in_front(),
        })
    }

    /// Whether the terminal is ours, so far as was told.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.ours && is_in_front()
    }

    /// Waits until the program goes on after it was stopped, or another one comes to the front or
    /// leaves it: whether the terminal is ours now. Cancel-safe.
    pub async fn changed(&mut self) -> bool {
        loop {
            let ours = is_in_front();
            if ours != self.ours {
                break;
            }
            tokio::select! {
                Some(()) = self.continued.recv() => break,
                () = sleep(LOOKS_AGAIN), if !ours => {}
            }
        }
        self.ours = is_in_front();
        self.ours
    }
}
