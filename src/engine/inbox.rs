//! What comes from the face: commands in their order, and beside them whether it is to end, or an
//! event could not be written.

use std::io;

use tokio::sync::mpsc;

use super::Command;
use super::outlet::{Failures, Outlet};
use crate::exit::Exit;

/// What comes from the face.
pub(super) struct Inbox {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) stop: mpsc::Receiver<Exit>,
    pub(super) failures: Failures,
}

impl Inbox {
    /// Returns once whoever leaves does so again, and is not to be kept by a goodbye. Questions of
    /// the face are answered meanwhile. Cancel-safe.
    pub(super) async fn hurried(&mut self, outlet: &Outlet) {
        loop {
            tokio::select! {
                _ = stopped(&mut self.stop) => return,
                Some(command) = self.commands.recv() => match command {
                    Command::Leave(_) => return,
                    Command::Show(event) => outlet.tell(event),
                    _ => {}
                },
            }
        }
    }

    /// A further command that is here already.
    pub(super) fn ready(&mut self) -> Option<Command> {
        self.commands.try_recv().ok()
    }
}

/// The next command; leaves where there is no face any more. Cancel-safe.
pub(super) async fn next(commands: &mut mpsc::Receiver<Command>) -> Command {
    let next = commands.recv().await;
    next.unwrap_or(Command::Leave(Exit::Done))
}

/// Returns when the conversation is to end at once. Cancel-safe.
pub(super) async fn stopped(stop: &mut mpsc::Receiver<Exit>) -> Exit {
    match stop.recv().await {
        Some(exit) => exit,
        None => std::future::pending().await,
    }
}

/// Returns when an event could not be written. Cancel-safe.
pub(super) async fn failed(failures: &mut Failures) -> io::Error {
    match failures.recv().await {
        Some(error) => error,
        None => std::future::pending().await,
    }
}
