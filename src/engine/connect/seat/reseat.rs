//! When a seat is to be taken anew: by the mediator's word, within bounds of ours. Whatever it
//! says, it gets one such move a minute, or the two by which a client comes back to its port.

use std::time::Duration;

use tokio::time::Instant;

use crate::engine::connect::backoff::asked_for;
use crate::rendezvous::RendezvousError;

/// So long a seat is kept before it is taken anew, and so long after that failed.
const LEAST: Duration = Duration::from_secs(60);
/// The longest time that is meant; a seat is renewed long before.
const MOST: Duration = Duration::from_secs(24 * 60 * 60);

/// When it is due, if it is.
pub(super) struct Reseat {
    not_before: Instant,
    /// The present connection has another port than the one that the peer is to dial, and which
    /// the former connection had: the next one can have it again.
    astray: bool,
    pub(super) due: Option<Instant>,
}

impl Default for Reseat {
    fn default() -> Self {
        Self {
            not_before: Instant::now() + LEAST,
            astray: false,
            due: None,
        }
    }
}

impl Reseat {
    /// The mediator says of the seat that it is to be taken anew after so many seconds.
    pub(super) fn said(&mut self, seconds: Option<u64>) {
        let now = Instant::now();
        self.due = match (self.astray, seconds) {
            (true, _) => Some(now),
            (false, None) => None,
            (false, Some(seconds)) => {
                let at = now + Duration::from_secs(seconds).min(MOST);
                Some(at.max(self.not_before))
            }
        };
        self.astray = false;
    }

    /// It was taken anew, over a connection that lost the port or not.
    pub(super) fn taken(&mut self, astray: bool) {
        *self = Self {
            astray,
            ..Self::default()
        };
    }

    /// That failed: it is tried later.
    pub(super) fn failed(&mut self, why: &RendezvousError) {
        self.not_before = Instant::now() + asked_for(why).unwrap_or_default().max(LEAST);
        self.due = Some(self.not_before);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::time::advance;
    use undertone_wire::ErrorCode;

    use super::*;

    /// In how many seconds it is due.
    fn due(reseat: &Reseat) -> Option<u64> {
        let at = reseat.due?.saturating_duration_since(Instant::now());
        Some(at.as_secs())
    }

    fn said(reseat: &mut Reseat, seconds: u64) -> Option<u64> {
        reseat.said(Some(seconds));
        due(reseat)
    }

    #[tokio::test(start_paused = true)]
    async fn a_mediator_gets_one_move_a_minute_whatever_it_says() {
        let mut reseat = Reseat::default();
        for seconds in [0, 1, 59] {
            assert_eq!(said(&mut reseat, seconds), Some(60));
        }
        advance(Duration::from_secs(50)).await;
        assert_eq!(said(&mut reseat, 0), Some(10));
        advance(Duration::from_secs(20)).await;
        assert_eq!(said(&mut reseat, 0), Some(0));
        reseat.taken(false);
        assert_eq!((due(&reseat), said(&mut reseat, 0)), (None, Some(60)));
        assert_eq!(said(&mut reseat, 3_600), Some(3_600));
        for huge in [u64::MAX, u64::MAX / 2, 1 << 40] {
            assert_eq!(said(&mut reseat, huge), Some(24 * 60 * 60));
        }
        reseat.said(None);
        assert_eq!(due(&reseat), None);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_failed_is_tried_after_a_minute_or_when_it_was_said() {
        let mut reseat = Reseat::default();
        for (retry_after, seconds) in [
            (None, 60),
            (Some(5), 60),
            (Some(90), 90),
            (Some(u64::MAX), 600),
        ] {
            reseat.failed(&RendezvousError::Refused {
                code: ErrorCode::RateLimited,
                message: String::new(),
                retry_after,
            });
            assert_eq!(due(&reseat), Some(seconds));
            // A renewal in between does not hurry it.
            assert_eq!(said(&mut reseat, 0), Some(seconds));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_lost_its_port_comes_back_to_it_once_and_at_once() {
        let mut reseat = Reseat::default();
        reseat.taken(true);
        assert_eq!(said(&mut reseat, 3_600), Some(0));
        reseat.taken(false);
        assert_eq!(said(&mut reseat, 3_600), Some(3_600));
        // Where a mediator says nothing of the next time, too.
        reseat.taken(true);
        reseat.said(None);
        assert_eq!(due(&reseat), Some(0));
        reseat.failed(&RendezvousError::Lost);
        assert_eq!(due(&reseat), Some(60));
    }
}
