//! Meeting again after a crash of either: contacts wait for each other in a room that only the
//! two can compute, and that is another one each day (PROTOCOL.md §8).
//!
//! It is the second place to wait in. Whoever starts in a room of people sits there first, an
//! end that lost its link in the resume room; only while that seat is held are these taken, and
//! a pairing there calls them off. So two that can resume do, two that both start anew meet in
//! the room of people, and nobody's attempt at its secret is spent by what happens here.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use undertone_core::crypto::again::{AgainSecret, days};
use undertone_core::crypto::keys::PublicKey;
use undertone_core::pairing::Meeting;

use crate::engine::Context;
use crate::engine::connect::backoff::Backoff;
use crate::engine::connect::pair::AttemptError;
use crate::engine::connect::progress::{Progress, reaches};
use crate::engine::connect::{Connected, Goal, attempt};
use crate::engine::mediator::access::Access;

/// For so many contacts of a room waits who starts there.
pub const CONTACTS_MAX: usize = 3;
/// How often is looked whether the day is over.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Whom to meet again, and where.
#[derive(Debug)]
pub struct Again<'a> {
    /// Who we are, and the room in which we met.
    pub context: &'a Context,
    /// The way to the mediator.
    pub access: Access,
    /// The contacts.
    pub contacts: Vec<PublicKey>,
    /// How far it is in the room where one waits first; `None`: not even seated.
    pub first: watch::Receiver<Option<Progress>>,
    /// The peer may come there within so long.
    pub head_start: Duration,
}

impl Again<'_> {
    /// Waits until one of the contacts is there and a link with it is up.
    pub async fn met(self) -> Connected {
        let ours = self.context.config.identity.public();
        loop {
            self.reaches(Progress::is_seated).await;
            sleep(self.head_start).await;
            let mut seats: FuturesUnordered<_> = self
                .contacts
                .iter()
                .flat_map(|theirs| {
                    let rooms = 0..days(&ours, theirs, today()).count();
                    rooms.map(|nth| self.sit(&ours, theirs, nth))
                })
                .collect();
            tokio::select! {
                biased;
                () = self.reaches(Progress::is_paired) => {}
                Some(met) = seats.next() => return met,
                () = std::future::pending() => {}
            }
        }
    }

    /// Waits for this contact in the `nth` of the day's rooms, the next day in that day's.
    async fn sit(&self, ours: &PublicKey, theirs: &PublicKey, nth: usize) -> Connected {
        let mut backoff = Backoff::default();
        loop {
            let today = today();
            let day = days(ours, theirs, today).nth(nth).unwrap_or(today);
            let mut unanswered = None;
            while today == self::today() {
                self.reaches(Progress::is_seated).await;
                let since = Instant::now();
                let Some(meeting) = self.meeting(theirs, day) else {
                    return std::future::pending().await;
                };
                let goal = Goal {
                    meeting,
                    pin: Some(*theirs),
                    known: vec![*theirs],
                    leave: Box::pin(no_seat(self.first.clone(), today, self::today)),
                    // There is nothing to guess.
                    spending: None,
                };
                let (context, access) = (self.context, &self.access);
                let met = attempt(context, access, goal, &mut unanswered, &mut |_| {}).await;
                let error = match met {
                    Ok(mut met) => {
                        met.how.again = true;
                        return met;
                    }
                    Err(AttemptError::Mediator(error)) => Some(error),
                    Err(_) => None,
                };
                backoff.held(since.elapsed());
                backoff.pause_after(error.as_ref()).await;
            }
        }
    }

    fn meeting(&self, theirs: &PublicKey, day: u32) -> Option<Meeting> {
        let met_in = self.context.config.room.tag();
        let ours = &self.context.config.identity;
        let shared = ours.diffie_hellman(theirs).ok()?;
        let x = AgainSecret::new(&ours.public(), theirs, &shared);
        let (room, secret) = (x.room(day, &met_in), x.secret(day, &met_in));
        Some(Meeting::derived(&room, &secret))
    }

    async fn reaches(&self, far: fn(&Option<Progress>) -> bool) {
        reaches(&mut self.first.clone(), far).await;
    }
}

/// Completes once this seat of `day` is not to be held any longer.
async fn no_seat(mut first: watch::Receiver<Option<Progress>>, day: u32, today: impl Fn() -> u32) {
    tokio::select! {
        () = reaches(&mut first, |far| !Progress::is_seated(far)) => {}
        () = async { while day == today() { sleep(LOOK_EVERY).await } } => {}
    }
}

/// Days since 1970, by this machine's clock.
fn today() -> u32 {
    let seconds = Timestamp::now().as_second();
    u32::try_from(seconds / (24 * 60 * 60)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEATED: Option<Progress> = Some(Progress::Seated { expires_in: 600 });

    #[tokio::test(start_paused = true)]
    async fn a_seat_ends_with_its_day_and_not_before() {
        let midnight = Instant::now() + Duration::from_secs(3 * 60 * 60);
        let today = || 20_000 + u32::from(Instant::now() >= midnight);
        let far = watch::Sender::new(SEATED);
        no_seat(far.subscribe(), 20_000, today).await;
        assert!((midnight..midnight + LOOK_EVERY).contains(&Instant::now()));
        // In the next day's room as well, and at once where the clock is set.
        let before = Instant::now();
        no_seat(far.subscribe(), 20_000, today).await;
        no_seat(far.subscribe(), 20_001, || 19_000).await;
        assert_eq!(Instant::now(), before);
    }

    #[tokio::test(start_paused = true)]
    async fn a_seat_ends_once_the_first_one_is_lost_or_paired() {
        for left in [None, Some(Progress::Paired)] {
            let far = watch::Sender::new(SEATED);
            let seat = no_seat(far.subscribe(), 20_000, || 20_000);
            tokio::pin!(seat);
            let held = tokio::time::timeout(Duration::from_secs(24 * 60 * 60), &mut seat);
            assert!(held.await.is_err());
            far.send_replace(left);
            seat.await;
        }
    }
}
