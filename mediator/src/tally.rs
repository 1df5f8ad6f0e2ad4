//! What strangers cause, in the log: the first of a kind is said at once, those of the minute after
//! it are counted and said with the next one. So an operator sees it, and nobody fills the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::info;

/// How long a kind is counted before it is said again.
const QUIET: Duration = Duration::from_secs(60);

/// Counts by kind.
#[derive(Default)]
pub(crate) struct Tally(Mutex<HashMap<Kind, Count>>);

/// What happened, and why. Fixed texts: nothing of a client gets into the log.
type Kind = (&'static str, &'static str);

struct Count {
    said: Instant,
    unsaid: u64,
}

impl Tally {
    /// Counts one of this kind, and says it where that is due.
    pub(crate) fn note(&self, what: &'static str, why: &'static str) {
        if let Some(more) = self.count((what, why), Instant::now()) {
            say((what, why), more);
        }
    }

    /// Says what was counted and not yet said.
    pub(crate) fn finish(&self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, count) in counts.drain().filter(|(_, count)| count.unsaid > 0) {
            say(kind, count.unsaid);
        }
    }

    /// How many there were since this kind was last said, this one aside; `None`: not now.
    fn count(&self, kind: Kind, now: Instant) -> Option<u64> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = counts.get_mut(&kind) else {
            let count = Count {
                said: now,
                unsaid: 0,
            };
            counts.insert(kind, count);
            return Some(0);
        };
        if now < count.said + QUIET {
            count.unsaid += 1;
            return None;
        }
        count.said = now;
        Some(std::mem::take(&mut count.unsaid))
    }
}

fn say((what, why): Kind, more: u64) {
    match more {
        0 => info!("{what}: {why}"),
        more => info!(more, "{what}: {why}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_at_once_and_the_rest_once_a_minute() {
        let (tally, start) = (Tally::default(), Instant::now());
        let (full, other) = (("refused", "full"), ("refused", "rate-limited"));
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(tally.count(full, at(0)), Some(0));
        assert_eq!(tally.count(full, at(1)), None);
        assert_eq!(tally.count(full, at(59)), None);
        assert_eq!(tally.count(other, at(59)), Some(0));
        assert_eq!(tally.count(full, at(60)), Some(2));
        assert_eq!(tally.count(full, at(61)), None);
        assert_eq!(tally.count(full, at(200)), Some(1));
    }
}
