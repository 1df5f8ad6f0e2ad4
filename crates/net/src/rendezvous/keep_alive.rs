//! How often a quiet line to the mediator is used, so that nothing on the way takes it for dead.
//! The mediator's own pings do for most; a proxy that cuts sooner shows by cutting twice after
//! the same time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use undertone_wire::{PING_EVERY, SILENCE};

/// No more often than this: half of what a connection may say to the mediator.
const LEAST: Duration = Duration::from_secs(2);
/// A line that was quiet for less was not cut for that.
const QUIET: Duration = Duration::from_secs(3);

/// What is known of the way to a mediator. Clones share it: it outlives a connection.
#[derive(Clone, Debug, Default)]
pub struct KeepAlive(Arc<Mutex<Line>>);

#[derive(Debug, Default)]
struct Line {
    /// How long it had been quiet when it was last cut.
    cut: Option<Duration>,
    every: Option<Duration>,
}

impl KeepAlive {
    /// How long the line may be quiet; `None`: the mediator sees to that.
    pub(super) fn every(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).every
    }

    /// The connection ended without a word, after it was quiet for so long.
    pub(super) fn cut(&self, quiet: Duration) {
        if !(QUIET..SILENCE).contains(&quiet) {
            return;
        }
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = line.cut.replace(quiet);
        // A mediator that crashes does so at any time; a limit comes after the same time again.
        if before.is_some_and(|before| before.abs_diff(quiet) <= before / 5) {
            let every = (quiet / 2).clamp(LEAST, PING_EVERY);
            line.every = Some(line.every.map_or(every, |known| known.min(every)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(cuts: &[u64]) -> Option<u64> {
        let line = KeepAlive::default();
        for tenths in cuts {
            line.cut(Duration::from_millis(tenths * 100));
        }
        let every = line.every()?;
        Some(u64::try_from(every.as_millis()).unwrap() / 100)
    }

    #[test]
    fn a_limit_is_known_once_it_has_shown_twice() {
        assert_eq!(after(&[150]), None);
        assert_eq!(after(&[150, 151]), Some(75));
        assert_eq!(after(&[150, 70, 71]), Some(35));
        assert_eq!(after(&[70, 71, 200, 201]), Some(35));
        assert_eq!(after(&[40, 40]), Some(20));
        assert_eq!(after(&[440, 440]), Some(200));
    }

    #[test]
    fn ends_at_any_time_teach_nothing() {
        assert_eq!(after(&[40, 90, 200, 120]), None);
        assert_eq!(after(&[1, 1, 20, 20, 29, 29]), None);
        assert_eq!(after(&[450, 450]), None);
    }
}
