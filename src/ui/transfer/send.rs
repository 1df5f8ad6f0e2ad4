//! What is offered, once somebody is there to take it.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use undertone_core::files::name::Name;

use super::text;
use crate::engine::Command;
use crate::files::source::Filter;

/// What is sent.
pub(crate) enum Sent {
    /// Files and folders.
    Paths(Vec<PathBuf>, Filter),
    /// What comes through a pipe.
    Pipe(Name, OwnedFd),
}

/// Who sends.
pub(crate) struct Sending {
    /// Until it is offered.
    sent: Option<Sent>,
    /// The line for the other person goes to the clipboard.
    copies: bool,
    /// What went there.
    copied: Option<String>,
}

impl Sending {
    /// Sends this.
    pub(crate) fn new(sent: Sent, copies: bool) -> Self {
        Self {
            sent: Some(sent),
            copies,
            copied: None,
        }
    }

    /// Whether standard input is what is sent.
    pub(super) fn is_stdin(&self) -> bool {
        matches!(self.sent, Some(Sent::Pipe(..)))
    }

    /// Somebody is there: offers it, once.
    pub(super) fn begin(&mut self) -> Option<Command> {
        Some(match self.sent.take()? {
            Sent::Paths(paths, filter) => Command::Send { paths, filter },
            Sent::Pipe(name, pipe) => Command::SendPipe { name, pipe },
        })
    }

    /// The line that goes to the clipboard, if it is another one than before.
    pub(super) fn line_to_copy(&mut self, invite: &str) -> Option<String> {
        let line = text::line_to_receive(invite);
        if !self.copies || self.copied.as_ref() == Some(&line) {
            return None;
        }
        self.copied = Some(line.clone());
        Some(line)
    }
}
