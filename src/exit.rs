//! How the program ends: the exit codes.

use std::process::ExitCode;

/// An end, and the code by which a script tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, `/quit`, Ctrl-D.
    Done = 0,
    /// Something on this machine failed: a disk, a port, or undertone itself.
    InternalError = 1,
    /// Wrong usage, or an answer is needed and there is no terminal to ask on.
    Usage = 2,
    /// The mediator cannot be reached, or it refused.
    Mediator = 3,
    /// Nobody came before `--timeout`.
    Nobody = 4,
    /// Paired, but no path to the peer.
    NoPath = 5,
    /// Secret, identity or verification failed.
    Identity = 6,
    /// Files were refused, failed, or did not arrive in whole.
    Transfer = 7,
    /// The two programs do not fit: one is too old, or the peer broke the protocol.
    Protocol = 8,
    /// Ctrl-C.
    Interrupted = 130,
    /// Nobody reads stdout any more, as if by SIGPIPE.
    Unread = 141,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
