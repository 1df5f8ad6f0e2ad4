//! When the conversation is over, and how.

use std::io::IsTerminal;
use std::time::Duration;

use tokio::time::Instant;

use super::Talk;
use crate::chat::ChatError;
use crate::chat::pair::Failure;
use crate::exit::Exit;
use crate::link::wire::{FAREWELL_WITHIN, Wire};

/// How long a guest looks for a host that may not know of the session.
const UNSHARED_FOR: Duration = Duration::from_secs(15);

impl Talk<'_> {
    /// Leaves at the end of stdin: a pipe's last lines are waited for; a person who
    /// leaves is not kept.
    pub(super) fn leave_after_input(&mut self) {
        let kept =
            self.session.queued() > 0 && !self.company.is_shut() && !std::io::stdin().is_terminal();
        if self.ended && self.exit.is_none() && !kept {
            self.leave(Exit::Done);
        }
    }

    /// Once what was said has arrived; where it does not, not for long.
    pub(super) fn say_goodbye(&mut self) {
        if self.leave_by.is_some() && (self.session.queued() == 0 || self.is_late()) {
            self.session.leave();
        }
    }

    pub(super) fn is_late(&self) -> bool {
        self.leave_by.is_some_and(|by| Instant::now() >= by)
    }

    /// How the conversation ends, if it does now.
    pub(super) fn finished(&mut self) -> Option<Result<Exit, ChatError>> {
        let shut = self.company.is_shut();
        let queued = self.session.queued();
        let frozen = self.session.is_frozen();
        let stuck = |wire: &Wire| self.is_late() && (frozen || !wire.is_idle());
        let unreachable = self.exit.is_some() && self.wire.as_ref().is_none_or(stuck);
        if !self.session.is_over() && !unreachable {
            return None;
        }
        Some(match self.exit.unwrap_or(Exit::Done) {
            Exit::Done if shut => Err(ChatError::Shut),
            Exit::Done if queued > 0 => Err(ChatError::Undelivered(queued)),
            exit => {
                if queued > 0 {
                    let _ = self.show(&ChatError::Undelivered(queued).event());
                }
                Ok(exit)
            }
        })
    }

    /// Who asks twice is not kept.
    pub(super) fn leave(&mut self, exit: Exit) {
        let patience = match self.exit {
            None => FAREWELL_WITHIN,
            Some(_) => Duration::ZERO,
        };
        self.exit = Some(exit);
        self.leave_by = Some(Instant::now() + patience);
    }

    /// Until when the other one is looked for; `None`: as long as it takes.
    pub(super) fn patience(&self) -> Option<Instant> {
        let unshared = (!self.heard).then_some(UNSHARED_FOR);
        let limits = [self.setup.timeout, unshared].into_iter().flatten();
        Some(self.lost? + limits.min()?)
    }

    /// Nobody came back in time. A guest that never heard of its answer shares no
    /// session: the host counts that attempt as spent and waits anew.
    pub(super) fn given_up(&self) -> ChatError {
        if !self.heard {
            return ChatError::Attempt {
                spent: true,
                why: Failure::Left,
            };
        }
        ChatError::NotBack {
            limit: self.setup.timeout.unwrap_or_default(),
            queued: self.session.queued(),
        }
    }
}
