//! How long the mediator is left alone before it is asked again: by our own measure, or as long
//! as it, or what stands in its place, says.

use std::time::Duration;

use tokio::time::sleep;
use undertone_core::crypto::keys::random;

use crate::rendezvous::{Answer, RendezvousError};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// What takes so long has come to something: a seat that was kept, a try that took its time. Then
/// the mediator is asked as if for the first time. No sooner, so that in the long run nobody is
/// asked more often than by the longest pause, whatever they do with seats.
pub const LASTING: Duration = LONGEST_PAUSE;
/// The longest wait that a mediator, or a limit on connections, may ask for.
const RETRY_MAX: Duration = Duration::from_secs(600);
/// The same of any other server in its place, which cannot know when the mediator is back.
const ANSWER_RETRY_MAX: Duration = Duration::from_secs(30);

/// Pauses between tries: 200 ms, doubled each time up to 10 s, ± 25 % so that two
/// ends, or many clients of a restarted mediator, do not keep step.
#[derive(Debug, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Waits before the next try.
    pub async fn pause(&mut self) {
        self.pause_after(None).await;
    }

    /// The same after the mediator failed so, which may ask for more.
    pub async fn pause_after(&mut self, error: Option<&RendezvousError>) {
        sleep(self.next(error)).await;
    }

    /// How long the next pause is.
    pub fn next(&mut self, error: Option<&RendezvousError>) -> Duration {
        let [jitter] = random::<1>();
        let pause = FIRST_PAUSE
            .saturating_mul(1 << self.tries.min(10))
            .min(LONGEST_PAUSE);
        self.tries += 1;
        let pause = pause.mul_f64(0.75 + f64::from(jitter) / 512.0);
        pause.max(error.and_then(asked_for).unwrap_or_default())
    }

    /// The last try took so long.
    pub fn held(&mut self, time: Duration) {
        if time >= LASTING {
            self.tries = 0;
        }
    }
}

/// The wait that is asked for, within bounds.
pub fn asked_for(error: &RendezvousError) -> Option<Duration> {
    let seconds = Duration::from_secs(error.retry_after()?);
    let most = match error {
        RendezvousError::NoMediator {
            answer: Answer::Http { status, .. },
            ..
        } if status.as_u16() != 429 => ANSWER_RETRY_MAX,
        _ => RETRY_MAX,
    };
    Some(seconds.min(most))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use undertone_wire::ErrorCode;

    use super::*;

    fn refused(retry_after: Option<u64>) -> RendezvousError {
        RendezvousError::Refused {
            code: ErrorCode::RateLimited,
            message: String::new(),
            retry_after,
        }
    }

    #[test]
    fn pauses_grow_to_their_bound_until_something_lasts() {
        let mut backoff = Backoff::default();
        for _ in 0..20 {
            assert!(backoff.next(None) <= LONGEST_PAUSE.mul_f64(1.25));
        }
        assert!(backoff.next(None) >= LONGEST_PAUSE.mul_f64(0.75));
        backoff.held(LASTING.mul_f64(0.99));
        assert!(backoff.next(None) >= LONGEST_PAUSE.mul_f64(0.75));
        backoff.held(LASTING);
        assert!(backoff.next(None) <= FIRST_PAUSE.mul_f64(1.25));
    }

    #[test]
    fn what_is_asked_for_binds_within_bounds() {
        let mut backoff = Backoff::default();
        let next = |backoff: &mut Backoff, seconds| backoff.next(Some(&refused(seconds)));
        assert_eq!(next(&mut backoff, Some(40)), Duration::from_secs(40));
        assert_eq!(next(&mut backoff, Some(u64::MAX)), RETRY_MAX);
        assert!(next(&mut backoff, Some(0)) > Duration::ZERO);
        assert!(next(&mut backoff, None) <= LONGEST_PAUSE);
    }
}
