//! How fast something is, of what the receiver has acknowledged lately, and how long the rest takes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The rate is that of so long.
const WINDOW: Duration = Duration::from_secs(5);
/// Before that nothing is said of it.
const FIRST: Duration = Duration::from_millis(400);
/// Nor is it known when nothing has come for so long; nor does that time count afterwards.
pub(super) const STALE: Duration = Duration::from_secs(3);

/// What was acknowledged, and when.
#[derive(Debug)]
pub(super) struct Rate {
    begun: (Instant, u64),
    lately: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// Begins with so many bytes there already.
    pub(super) fn new(done: u64, now: Instant) -> Self {
        Self {
            begun: (now, done),
            lately: VecDeque::from([(now, done)]),
        }
    }

    /// So many bytes are there now: fewer than before, where some were lost.
    pub(super) fn note(&mut self, done: u64, now: Instant) {
        let is_less = |before: &(Instant, u64)| before.1 > done;
        if self.is_stale(now) || self.lately.back().is_some_and(is_less) {
            self.lately.clear();
        }
        self.lately.push_back((now, done));
        // The last one of before stays: from there on it is all of the time.
        while let Some((second, _)) = self.lately.get(1)
            && now.duration_since(*second) >= WINDOW
        {
            self.lately.pop_front();
        }
    }

    /// It goes on with so many bytes: the time in which nothing could come makes it no slower.
    pub(super) fn go_on(&mut self, done: u64, now: Instant) {
        self.lately = VecDeque::from([(now, done)]);
    }

    /// Bytes a second lately; `None` where that is not known.
    pub(super) fn now(&self, now: Instant) -> Option<u64> {
        let ((since, first), (until, last)) = (*self.lately.front()?, *self.lately.back()?);
        let is_known = !self.is_stale(now);
        let rate = || per_second(last.saturating_sub(first), until.duration_since(since));
        is_known.then(rate).flatten()
    }

    /// When the rate is not known any more, unless something comes.
    pub(super) fn stale_at(&self) -> Option<Instant> {
        self.lately.back().map(|(last, _)| *last + STALE)
    }

    fn is_stale(&self, now: Instant) -> bool {
        self.stale_at().is_some_and(|at| at <= now)
    }

    /// How long it took in all.
    pub(super) fn took(&self, now: Instant) -> Duration {
        now.duration_since(self.begun.0)
    }

    /// Bytes that came, once all of them did, and how many a second.
    pub(super) fn in_all(&self, total: u64, now: Instant) -> (u64, Option<u64>) {
        let came = total.saturating_sub(self.begun.1);
        (came, per_second(came, self.took(now)))
    }
}

fn per_second(bytes: u64, time: Duration) -> Option<u64> {
    if time < FIRST {
        return None;
    }
    let rate = u128::from(bytes) * 1000 / time.as_millis().max(1);
    u64::try_from(rate).ok()
}

/// A time as a clock shows it: `0:12`, `1:05:00`.
pub(super) fn clock(seconds: u64) -> String {
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match minutes / 60 {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{:02}:{seconds:02}", minutes % 60),
    }
}

/// The same where it stands alone: `9 s`, `2:05`.
pub(super) fn time(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        _ => clock(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_late_and_unknown_in_silence() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut rate = Rate::new(1000, begun);
        assert_eq!(rate.now(begun), None);
        for second in 1..=10 {
            rate.note(1000 + 10 * second, at(second));
        }
        assert_eq!(rate.now(at(10)), Some(10));
        for second in 11..=20 {
            rate.note(1100 + 1000 * (second - 10), at(second));
        }
        assert_eq!(rate.now(at(20)), Some(1000));
        assert_eq!(rate.now(at(22)), Some(1000));
        assert_eq!(rate.now(at(23)), None);
        assert_eq!(rate.stale_at(), Some(at(23)));
        assert_eq!(rate.in_all(11_100, at(20)), (10_100, Some(505)));
    }

    #[test]
    fn a_silence_does_not_count_against_what_comes_behind_it() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut rate = Rate::new(0, begun);
        rate.note(1000, at(1));
        for (second, known) in [(5, None), (6, Some(1000)), (7, Some(1000))] {
            rate.note((second - 3) * 1000, at(second));
            assert_eq!(rate.now(at(second)), known, "{second}");
        }
    }

    #[test]
    fn what_was_lost_does_not_count_against_what_comes_again() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut rate = Rate::new(0, begun);
        rate.note(50_000_000, at(1));
        rate.note(40_000_000, at(2));
        rate.note(42_000_000, at(3));
        assert_eq!(rate.now(at(3)), Some(2_000_000));
        // Nor does it that there was no link for a while; at the end all of it came.
        rate.go_on(42_000_000, at(9));
        rate.note(44_000_000, at(10));
        assert_eq!(rate.now(at(10)), Some(2_000_000));
        assert_eq!(
            rate.in_all(50_000_000, at(10)),
            (50_000_000, Some(5_000_000))
        );
    }

    #[test]
    fn times_are_read_at_a_glance() {
        let times = [(0, "0 s"), (59, "59 s"), (125, "2:05"), (3725, "1:02:05")];
        for (seconds, words) in times {
            assert_eq!(time(seconds), words);
        }
        assert_eq!(clock(12), "0:12");
    }
}
