//! While there is no seat: how long until the mediator is asked again, and what the person hears
//! of it. A loss is said once, and taken back once; so is a wait that the mediator asks for.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use undertone_mediator::wire::ErrorCode;

use crate::chat::Setup;
use crate::chat::backoff::{Backoff, asked_for};
use crate::chat::event::Event;
use crate::rendezvous::RendezvousError;

/// After the first loss of all, one that is over sooner is not worth a word: a proxy may cut an
/// idle line again and again.
const BRIEF: Duration = Duration::from_secs(3);

/// The seat, or the want of one.
#[derive(Default)]
pub(super) struct Away {
    backoff: Backoff,
    /// After attempts that cost nothing: nobody makes us hurry.
    refusals: Backoff,
    /// Since when there has been a seat, …
    seated: Option<Instant>,
    /// … or none.
    since: Option<Instant>,
    /// There was a seat before.
    pub(super) reached: bool,
    /// A loss was said before.
    before: bool,
    /// What was said, and not taken back.
    lost: bool,
    refused: bool,
}

impl Away {
    /// There is a seat, perhaps as before.
    pub(super) fn over(&mut self, setup: &Setup) {
        self.reached = true;
        self.since = None;
        self.seated.get_or_insert_with(Instant::now);
        if std::mem::take(&mut self.lost) | std::mem::take(&mut self.refused) {
            note(
                setup,
                "the mediator is back, and you have your seat in the room".into(),
            );
        }
    }

    /// The attempt is over, and the seat with it.
    pub(super) fn begin(&mut self) {
        if let Some(seated) = self.seated.take() {
            self.backoff.held(seated.elapsed());
        }
    }

    /// Waits until the mediator is to be asked again after this.
    pub(super) async fn wait(&mut self, setup: &Setup, error: &RendezvousError) {
        let since = *self.since.get_or_insert_with(Instant::now);
        let pause = self.backoff.next(Some(error));
        if asked_for(error).is_some() {
            if !std::mem::replace(&mut self.refused, true) {
                let seconds = pause.as_secs_f64().ceil();
                let what = match error {
                    RendezvousError::Refused { code, .. } if *code == ErrorCode::ShuttingDown => {
                        "the mediator is stopping".to_owned()
                    }
                    error => error.to_string(),
                };
                note(setup, format!("{what}; it is asked again in {seconds} s"));
            }
        } else if !matches!(error, RendezvousError::Moved)
            && !self.lost
            && (!self.before || since.elapsed() >= BRIEF)
        {
            (self.lost, self.before) = (true, true);
            note(setup, format!("{error}; waiting goes on"));
        }
        sleep(pause).await;
    }

    /// Waits after an attempt that cost nothing.
    pub(super) async fn pause(&mut self) {
        self.refusals.pause().await;
    }
}

fn note(setup: &Setup, message: String) {
    setup.say(&Event::note(&message));
}
