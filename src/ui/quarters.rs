//! Progress in lines, where there is no prompt to tell it: one at each quarter, and not many.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::event::transfer::{Step, Transfer};

/// Two lines about the same offer are so far apart at least.
const APART: Duration = Duration::from_secs(10);

/// The offers that are on their way, by their numbers: the quarter that was told last, or what it
/// began with, and when.
#[derive(Debug, Default)]
pub(super) struct Quarters(BTreeMap<u32, (u64, Instant)>);

impl Quarters {
    /// Whether what happens to an offer is to be told: of its progress, not all is.
    pub(super) fn tells(&mut self, transfer: &Transfer, now: Instant) -> bool {
        let Transfer { number, step, .. } = transfer;
        let quarter = match step {
            Step::Started(progress) | Step::Progress(progress) | Step::Checking(progress) => {
                progress.percent().unwrap_or_default() / 25
            }
            Step::Done { .. } | Step::Failed { .. } | Step::Kept(_) => {
                self.0.remove(number);
                return true;
            }
            _ => return true,
        };
        let is_first = matches!(step, Step::Checking(_)) && !self.0.contains_key(number);
        if is_first || matches!(step, Step::Started(_)) {
            self.0.insert(*number, (quarter, now));
            return true;
        }
        let (told, at) = self.0.entry(*number).or_insert((quarter, now));
        // That it is whole is told once it is.
        let is_due = quarter > *told && quarter < 4 && now >= *at + APART;
        if is_due {
            (*told, *at) = (quarter, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::transfer::Progress;

    #[test]
    fn a_quarter_is_told_once_and_ten_seconds_after_the_one_before() {
        let (mut quarters, start) = (Quarters::default(), Instant::now());
        let mut tells = |seconds, step| {
            let transfer = Transfer {
                number: 1,
                peer: "bob".into(),
                outgoing: false,
                name: "name".into(),
                step,
            };
            quarters.tells(&transfer, start + Duration::from_secs(seconds))
        };
        let at = |done| Progress {
            done,
            total: Some(100),
        };
        assert!(tells(0, Step::Started(at(0))));
        for (seconds, done, told) in [
            (5, 26, false),
            (10, 27, true),
            (21, 49, false),
            (22, 50, true),
            (25, 80, false),
            (31, 90, false),
            (32, 91, true),
            (50, 100, false),
        ] {
            assert_eq!(tells(seconds, Step::Progress(at(done))), told, "{done}");
        }
    }
}
