//! When the conversation is over, and how.

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::Instant;

use crate::engine::connect::pair::Failure;
use crate::engine::conversation::Conversation;
use crate::engine::event::Event;
use crate::engine::inbox::Inbox;
use crate::engine::{ChatError, WRITE_TIMEOUT};
use crate::exit::Exit;
use crate::link::framed::{FAREWELL_TIMEOUT, Framed};

/// How long the last lines of a pipe wait for an acknowledgement, where no limit was given.
const HEEDED_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a guest looks for a host that may not know of the session.
const UNSHARED_FOR: Duration = Duration::from_secs(15);

impl Conversation<'_> {
    /// Leaves at the end of stdin: a pipe's last lines are waited for, as long as some
    /// of them arrive, and so is the answer to its last `/peers`; a person who leaves is
    /// not kept.
    pub(super) fn leave_after_input(&mut self) {
        let asked = !self.lookups.is_empty() && !self.context.config.speaker.types;
        if !self.ended || self.exit.is_some() || asked {
            return;
        }
        if !self.is_kept() {
            self.leave(Exit::Done);
        } else if self.unheeded_at().is_some_and(|at| Instant::now() >= at) {
            let (peer, limit) = (self.peer.name(), self.heeded_within().as_secs());
            let message = format!(
                "{peer} has acknowledged nothing for {limit} s and is not waited for any longer"
            );
            self.show(Event::named_note(message));
            self.leave(Exit::Done);
            self.leave_by = Some(Instant::now());
        }
    }

    /// Whether stdin is a pipe whose lines have not all arrived, or whose files.
    fn is_kept(&self) -> bool {
        let waits = self.undelivered() > 0 || self.transfers.is_awaited();
        waits && !self.peer.is_shut() && !self.context.config.speaker.types
    }

    /// When a pipe's last lines are waited for no longer. A link that was lost has its own
    /// limit.
    pub(super) fn unheeded_at(&self) -> Option<Instant> {
        let waits = self.ended && self.exit.is_none() && self.link.is_some() && self.is_kept();
        waits.then(|| self.heeded + self.heeded_within())
    }

    fn heeded_within(&self) -> Duration {
        self.context.config.timeout.unwrap_or(HEEDED_TIMEOUT)
    }

    /// How much of what was said did not arrive.
    pub(super) fn undelivered(&self) -> usize {
        self.session.queued() + self.backlog.len()
    }

    /// The same at the end, as a person counts it. Who came for files has said nothing: what waits
    /// are offers, and what became of each is told.
    fn unheard(&self) -> usize {
        match self.context.config.speaker.is_for_files {
            true => 0,
            false => self.undelivered(),
        }
    }

    /// Something was acknowledged: who leaves stays a little for the rest of what waits.
    pub(super) fn was_heeded(&mut self) {
        let now = Instant::now();
        self.heeded = now;
        if !self.backlog.is_empty() && !self.is_late() {
            self.leave_by = self.leave_by.map(|_| now + FAREWELL_TIMEOUT);
        }
    }

    /// Once what was said has arrived; where it does not, not for long.
    pub(super) fn say_goodbye(&mut self) {
        if self.leave_by.is_some() {
            self.acknowledge_written();
        }
        let now = Instant::now();
        let shown = self.unwritten.is_empty() || self.show_by.is_some_and(|by| now >= by);
        // What came is acknowledged first.
        if self.leave_by.is_some() && (self.undelivered() == 0 && shown || self.is_late()) {
            self.session.leave();
        }
    }

    pub(super) fn is_late(&self) -> bool {
        self.leave_by.is_some_and(|by| Instant::now() >= by)
    }

    /// The other person has left: what the face has read to be said did not arrive either. Where
    /// somebody types it, they keep it.
    pub(super) async fn take_the_rest(&mut self, inbox: &mut Inbox) {
        if !self.session.is_over() || self.exit.is_some() || self.context.config.speaker.is_person {
            return;
        }
        // The face hands over what it could not before.
        yield_now().await;
        self.obey_ready(inbox);
    }

    /// Whether nothing passes between the two any more.
    pub(super) fn is_finished(&self) -> bool {
        let frozen = self.session.is_frozen() || self.session.is_switching();
        let stuck = |link: &Framed| self.is_late() && (frozen || !link.is_idle());
        let unreachable = self.exit.is_some() && self.link.as_ref().is_none_or(stuck);
        self.session.is_over() || unreachable
    }

    /// How the finished conversation ends.
    pub(super) fn verdict(&self) -> Result<Exit, ChatError> {
        let queued = self.unheard();
        match self.exit.unwrap_or(Exit::Done) {
            Exit::Done if self.peer.is_shut() => Err(ChatError::Shut),
            Exit::Done if queued > 0 => Err(ChatError::Undelivered(queued)),
            Exit::Done if self.too_long > 0 => Err(ChatError::Unsent(self.too_long)),
            exit => {
                if queued > 0 {
                    self.show(ChatError::Undelivered(queued).event());
                }
                // The last that is read: why it ended, and what to do.
                if let Some(wrong) = &self.differed {
                    self.show(ChatError::WrongWords(wrong.clone()).event());
                }
                Ok(exit)
            }
        }
    }

    /// A signal ends the conversation, whatever the face does. `true`: it was on its way out
    /// already, and waits for nobody any more.
    pub(super) fn stop(&mut self, exit: Exit) -> bool {
        if self.exit.is_none() {
            self.show_by = Some(Instant::now() + WRITE_TIMEOUT);
        }
        self.leave(exit);
        self.hurried
    }

    /// Who asks twice is not kept, and ends as was asked first.
    pub(super) fn leave(&mut self, exit: Exit) {
        let patience = match self.exit {
            None => FAREWELL_TIMEOUT,
            Some(_) => Duration::ZERO,
        };
        if exit == Exit::Interrupted && self.context.config.speaker.is_for_files {
            self.cancel_all();
        }
        self.hurried = self.exit.is_some();
        self.exit.get_or_insert(exit);
        self.leave_by = Some(Instant::now() + patience);
    }

    /// Until when the peer is looked for; `None`: as long as it takes.
    pub(super) fn patience(&self) -> Option<Instant> {
        let unshared = (!self.heard).then_some(UNSHARED_FOR);
        let limits = [self.context.config.timeout, unshared]
            .into_iter()
            .flatten();
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
            limit: self.context.config.timeout.unwrap_or_default(),
            queued: self.unheard(),
        }
    }
}
