//! What is typed while nothing is asked is not shown: it would stand in the row, and answers nothing.

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, IsTerminal};

use super::Task;
use crate::terminal::front::Front;
use crate::terminal::guard::Guard;
use crate::ui::clock::has_row;
use crate::ui::output::Face;

/// The silence of the terminal, or the want of one.
pub(super) struct Silence {
    front: Option<Front>,
    guard: Option<Guard>,
}

impl Silence {
    /// It begins, unless what is typed is what is sent.
    pub(super) fn of(face: Face, task: &Task) -> Self {
        let is_sent = matches!(task, Task::Send(sending) if sending.is_stdin());
        let is_wanted = has_row(face) && !is_sent && io::stdin().is_terminal();
        let mut silence = Self {
            front: is_wanted.then(|| Front::watch().ok()).flatten(),
            guard: None,
        };
        silence.set(true);
        silence
    }

    /// Whether it is to be silent from now on: whoever asks has the terminal alone.
    pub(super) fn set(&mut self, is_silent: bool) {
        match is_silent && self.front.is_some() {
            // A terminal that cannot be changed shows what is typed, and that is all.
            true if self.guard.is_none() => self.guard = Guard::silence().ok(),
            true => {}
            false => self.guard = None,
        }
    }

    /// Takes the terminal again whenever another program had it. Cancel-safe; does not return.
    pub(super) async fn run(&mut self) -> Infallible {
        let (Some(front), Some(guard)) = (&mut self.front, &self.guard) else {
            return pending().await;
        };
        loop {
            front.changed().await;
            // As where it began.
            let _ = guard.resume();
        }
    }
}
