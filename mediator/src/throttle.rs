//! Bytes at a rate: what comes faster waits its turn. Pure: `now` is passed in.
//!
//! The generic cell rate algorithm (ITU-T I.371) as a shaper, as [`crate::limits`] is
//! its policer: for n bytes at rate R, with burst time B, they may go at
//! max(TAT − B, now), and TAT becomes max(TAT, now) + n/R. So no stretch of time d sees
//! more than R·(d + B) and one message.

use std::time::{Duration, Instant};

use undertone_wire::RELAY_BURST;

/// The state of one rate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttle {
    rate: u64,
    /// The theoretical arrival time, `None` before the first bytes.
    tat: Option<Instant>,
}

impl Throttle {
    /// `rate` bytes a second, at least 1.
    pub(crate) fn new(rate: u64) -> Self {
        Self {
            rate: rate.max(1),
            tat: None,
        }
    }

    /// Books this many bytes, and says when they may go: `None` for at once.
    pub(crate) fn book(&mut self, bytes: u64, now: Instant) -> Option<Instant> {
        let begin = self.tat.map_or(now, |tat| tat.max(now));
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.rate);
        let takes = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.tat = begin.checked_add(takes).or(self.tat);
        let ahead = begin.saturating_duration_since(now);
        ahead
            .checked_sub(RELAY_BURST)
            .filter(|wait| !wait.is_zero())
            .map(|wait| now + wait)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// When the last of `count` messages goes, each booked when the one before it went.
    fn last(throttle: &mut Throttle, bytes: u64, count: u32, mut now: Instant) -> Instant {
        for _ in 0..count {
            now = throttle.book(bytes, now).unwrap_or(now);
        }
        now
    }

    #[test]
    fn a_long_run_keeps_the_rate() {
        for rate in [1_024, 256 * 1024, 1 << 40] {
            let (mut throttle, start) = (Throttle::new(rate), Instant::now());
            let messages = 1_000;
            let took = last(&mut throttle, rate / 10, messages, start) - start;
            // 100 s of bytes, less the burst and the last message.
            assert!((Duration::from_secs(99)..=Duration::from_secs(100)).contains(&took));
        }
    }

    #[test]
    fn a_quiet_one_may_burst_but_saves_no_more_than_that() {
        let (mut throttle, start) = (Throttle::new(1_000), Instant::now());
        last(&mut throttle, 100, 50, start);
        let later = start + Duration::from_secs(3_600);
        assert_eq!(last(&mut throttle, 100, 3, later), later);
        assert_eq!(
            throttle.book(100, later),
            Some(later + Duration::from_millis(50))
        );
    }

    #[test]
    fn a_message_beyond_the_burst_goes_and_is_paid_for_after() {
        let (mut throttle, now) = (Throttle::new(1_000), Instant::now());
        assert_eq!(throttle.book(10_000, now), None);
        let paid = now + Duration::from_secs(10) - RELAY_BURST;
        assert_eq!(throttle.book(1, now), Some(paid));
    }

    proptest! {
        #[test]
        fn no_stretch_sees_more_than_rate_burst_and_one_message(
            steps in proptest::collection::vec((0u64..2_000, 1u64..5_000), 1..200)
        ) {
            let (rate, mut throttle) = (10_000, Throttle::new(10_000));
            let mut now = Instant::now();
            let mut went = Vec::new();
            for (pause, bytes) in steps {
                now += Duration::from_millis(pause);
                now = throttle.book(bytes, now).unwrap_or(now);
                went.push((now, bytes));
            }
            for (n, (from, _)) in went.iter().enumerate() {
                let mut sum = 0;
                for (at, bytes) in &went[n..] {
                    sum += bytes;
                    let time = (*at - *from + RELAY_BURST).as_secs_f64();
                    prop_assert!(sum as f64 <= rate as f64 * time + 5_001.0);
                }
            }
        }
    }
}
