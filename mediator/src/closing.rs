//! How long a client may take to answer our close frame: all that are closing share one timer.
//!
//! One for each would nearly always be the next of all to fire, and to tell the event loop so is a
//! system call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// Time for the client to answer, at least; at most twice that.
pub(crate) const LINGER: Duration = Duration::from_secs(1);

/// The turn of the timer that runs, if one does: its end is that of the channel.
#[derive(Clone, Default)]
pub(crate) struct Closing(Arc<Mutex<Option<watch::Receiver<()>>>>);

impl Closing {
    /// Returns when the client's time is over.
    pub(crate) async fn over(self) {
        // Of the first turn a part may be over already.
        for _ in 0..2 {
            let _ = self.turn().changed().await;
        }
    }

    fn turn(&self) -> watch::Receiver<()> {
        let begin = || {
            let (until, turn) = watch::channel(());
            let running = Arc::clone(&self.0);
            tokio::spawn(async move {
                sleep(LINGER).await;
                *running.lock().unwrap_or_else(PoisonError::into_inner) = None;
                drop(until);
            });
            turn
        };
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.get_or_insert_with(begin).clone()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_has_its_time_and_at_most_twice_that() {
        let closing = Closing::default();
        let mut waits = Vec::new();
        for _ in 0..30 {
            let closing = closing.clone();
            waits.push(tokio::spawn(async move {
                let start = Instant::now();
                closing.over().await;
                start.elapsed()
            }));
            sleep(LINGER / 7).await;
        }
        for wait in waits {
            let took = wait.await.unwrap();
            assert!((LINGER..=2 * LINGER).contains(&took), "{took:?}");
        }
    }
}
