//! While the peer is looked for, the mediator is kept there: one that ran in a program of this
//! machine may have ended with it, and then one is started here, where the peer looks for us.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::engine::conversation::Conversation;
use crate::engine::event::Event;
use crate::engine::mediator::MediatorHandle;
use crate::engine::reconnect::Trail;

/// When the mediator is to be seen to.
#[derive(Default)]
pub(super) struct Tending {
    /// Told each time that it was of no use.
    missed: Arc<Notify>,
    /// It was.
    due: bool,
}

/// What came of it.
pub(super) struct Tended {
    /// What was done, for the person.
    message: Option<String>,
    /// The mediator is somewhere else now.
    moved: bool,
}

impl Tending {
    /// For a search that has just begun.
    pub(super) fn after(trail: &Trail) -> Self {
        Self {
            missed: Arc::clone(&trail.missed),
            due: false,
        }
    }

    /// Waits until the mediator was of no use, or another one comes first, and sees to it. Cancel-safe.
    pub(super) async fn tend(&mut self, local: &mut MediatorHandle) -> Tended {
        if !self.due {
            tokio::select! {
                () = self.missed.notified() => {}
                () = local.elsewhere() => {}
            }
            self.due = true;
        }
        let before = local.access.route.mediator.clone();
        let message = local.revive().await;
        self.due = false;
        Tended {
            message,
            moved: local.access.route.mediator != before,
        }
    }
}

impl Conversation<'_> {
    /// The peer is looked for at the mediator as it is now.
    pub(super) fn take_tended(&mut self, tended: Tended) {
        let Tended { message, moved } = tended;
        if message.is_some() || moved {
            self.seek();
            self.show_way_back();
        }
        if let Some(message) = message {
            self.show(Event::note(&message));
        }
    }
}
