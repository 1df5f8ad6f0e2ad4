//! While there is no seat at the mediator: how long until it is asked again, and what is to be
//! known of that. A loss, or a wait that is asked for, is said once, and taken back once a seat has
//! been kept for a while: one that is lost at once again is no change.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use undertone_wire::ErrorCode;

use crate::engine::connect::backoff::{Backoff, LASTING, asked_for};
use crate::engine::connect::progress::{Progress, reaches};
use crate::rendezvous::RendezvousError;

/// After the first loss of all, one that is over sooner is not worth a word: a proxy may cut an
/// idle line again and again.
const BRIEF: Duration = Duration::from_secs(3);

/// The seat, or the want of one.
pub struct Away<T> {
    /// Hears what is to be known from now on; `None`: it is over.
    tell: T,
    backoff: Backoff,
    /// Since when there has been no seat that lasted.
    since: Option<Instant>,
    /// There was a seat.
    reached: bool,
    /// Something was said before, and taken back.
    before: bool,
    /// What was said, and not taken back.
    lost: bool,
    refused: bool,
    /// Why the mediator was of no use the last time.
    why: Option<RendezvousError>,
}

impl<T> fmt::Debug for Away<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Away")
            .field("reached", &self.reached)
            .field("lost", &self.lost)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

impl<T: Fn(Option<&str>)> Away<T> {
    /// Nothing is known yet.
    pub fn new(tell: T) -> Self {
        Self {
            tell,
            backoff: Backoff::default(),
            since: None,
            reached: false,
            before: false,
            lost: false,
            refused: false,
            why: None,
        }
    }

    /// The same where the person waits for something else, and hears of the mediator only if
    /// that takes longer because of it.
    pub fn aside(tell: T) -> Self {
        let mut away = Self::new(tell);
        away.before = true;
        away
    }

    /// Whether there was a seat.
    pub fn reached(&self) -> bool {
        self.reached
    }

    /// An attempt is over that came so far.
    pub fn ended(&mut self, far: &Option<Progress>) {
        self.reached |= far.is_some();
    }

    /// Why there never was a seat.
    pub fn unreached(&mut self) -> Option<RendezvousError> {
        let why = self.why.take().unwrap_or(RendezvousError::Silent);
        (!self.reached).then_some(why)
    }

    /// Whether this asks for a longer wait than that.
    pub fn exceeds(&self, error: &RendezvousError, left: Duration) -> bool {
        let asked = match self.reached {
            true => asked_for(error),
            false => error.retry_after().map(Duration::from_secs),
        };
        asked.is_some_and(|asked| asked > left)
    }

    /// Follows an attempt: takes back what was said once its seat lasts. To be dropped with it.
    pub async fn watch(&mut self, mut far: watch::Receiver<Option<Progress>>) -> Infallible {
        loop {
            reaches(&mut far, Option::is_some).await;
            self.reached = true;
            reaches(&mut far, Progress::is_seated).await;
            let ended: fn(&Option<Progress>) -> bool = |far| !Progress::is_seated(far);
            if timeout(LASTING, reaches(&mut far, ended)).await.is_err() {
                self.over();
                reaches(&mut far, ended).await;
            }
        }
    }

    fn over(&mut self) {
        self.since = None;
        if std::mem::take(&mut self.lost) | std::mem::take(&mut self.refused) {
            (self.tell)(None);
        }
    }

    /// Waits until the mediator is to be asked again, after an attempt that took so long and,
    /// where it was the mediator, failed so.
    pub async fn wait(&mut self, took: Duration, why: Option<RendezvousError>) {
        self.backoff.held(took);
        let pause = self.backoff.next(why.as_ref());
        if let Some(error) = why {
            self.note(&error, pause);
            self.why = Some(error);
        }
        sleep(pause).await;
    }

    fn note(&mut self, error: &RendezvousError, pause: Duration) {
        if matches!(error, RendezvousError::Moved) {
            return;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        let said = match error.is_refusal() {
            true => &mut self.refused,
            false => &mut self.lost,
        };
        if *said || self.before && since.elapsed() + pause < BRIEF {
            return;
        }
        (*said, self.before) = (true, true);
        let what = match error {
            RendezvousError::Refused { code, .. } if *code == ErrorCode::ShuttingDown => {
                "the mediator is stopping".to_owned()
            }
            error => error.to_string(),
        };
        let next = match asked_for(error) {
            Some(_) => format!("it is asked again in {} s", pause.as_secs_f64().ceil()),
            None => "waiting goes on".to_owned(),
        };
        (self.tell)(Some(&format!("{what}; {next}")));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn full() -> RendezvousError {
        RendezvousError::Refused {
            code: ErrorCode::Full,
            message: "full".into(),
            retry_after: None,
        }
    }

    /// What is said while seats last for so long each time, and then end so.
    async fn said(seats: &[Duration], end: fn() -> RendezvousError) -> Vec<Option<String>> {
        let said = Mutex::new(Vec::new());
        let tell = |note: Option<&str>| said.lock().unwrap().push(note.map(str::to_owned));
        let mut away = Away::new(tell);
        for seat in seats {
            let far = watch::Sender::new(Some(Progress::Seated { expires_in: 600 }));
            tokio::select! {
                _ = away.watch(far.subscribe()) => {}
                () = sleep(*seat) => {}
            }
            away.wait(*seat, Some(end())).await;
        }
        drop(away);
        said.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn seats_that_end_at_once_are_one_loss_and_asked_for_more_slowly() {
        for end in [full, || RendezvousError::Lost] {
            let begun = Instant::now();
            let said = said(&[Duration::from_millis(300); 30], end).await;
            assert!(said.len() == 1 && said[0].is_some(), "{said:?}");
            assert!(begun.elapsed() > Duration::from_secs(150));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_seat_that_lasts_takes_back_what_was_said() {
        let [short, long] = [Duration::from_secs(1), LASTING * 2];
        let lost = || RendezvousError::Lost;
        let said = said(&[short, short, long, short, short, short], lost).await;
        let kinds: Vec<_> = said.iter().map(Option::is_some).collect();
        assert_eq!(kinds, [true, false, true], "{said:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_what_is_left_is_known() {
        let mut away = Away::new(|_: Option<&str>| {});
        let error = RendezvousError::Refused {
            code: ErrorCode::RateLimited,
            message: String::new(),
            retry_after: Some(u64::MAX),
        };
        assert!(away.exceeds(&error, LASTING * 1000) && !away.exceeds(&full(), Duration::ZERO));
        away.reached = true;
        assert!(!away.exceeds(&error, LASTING * 1000));
    }
}
