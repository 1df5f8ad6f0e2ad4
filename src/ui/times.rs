//! When the other person's messages were written, by our clock.
//!
//! Their clock may be off, and `sent` may be a lie. Of all messages of a session the one that was
//! the fastest tells how far apart the clocks are, and a little more:
//!
//! ```text
//! offset = min(arrival − sent)      of the session
//! shown  = sent + offset            not later than the arrival, not earlier than the line before
//! ```
//!
//! So a message that waited for hours keeps the time at which it was written, and no time is shown
//! that the order of lines contradicts: that is the order in which they arrived. A line of ours
//! that has not arrived yet answers nothing, and nothing answers it: it is no line before.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};

/// What is known of the other person's clock, and the last time that was shown.
#[derive(Debug, Default)]
pub struct Times {
    offset: Option<SignedDuration>,
    before: Option<Timestamp>,
    /// The day of the last message.
    day: Option<Date>,
}

impl Times {
    /// The time to show for a message, by the clock of its sender and by ours.
    pub fn shown(&mut self, sent: Timestamp, arrival: Timestamp) -> Timestamp {
        let apart = arrival.duration_since(sent);
        let offset = self.offset.map_or(apart, |least| least.min(apart));
        self.offset = Some(offset);
        // What leaves the range of times is bounded all the same.
        let written = sent.saturating_add(offset).unwrap_or(arrival);
        let shown = self.before.map_or(written, |before| written.max(before));
        let shown = shown.min(arrival);
        self.line(shown);
        shown
    }

    /// A line with this time, by our clock, was shown.
    pub fn line(&mut self, at: Timestamp) {
        self.before = self.before.max(Some(at));
    }

    /// Whether a message of this time is the first one of another day than the last message's.
    /// Days go on only: no later message is shown as of a day before.
    pub fn turns_day(&mut self, at: &Zoned) -> bool {
        let before = self.day;
        self.day = before.max(Some(at.date()));
        let turns = before.is_some_and(|before| before < at.date());
        if turns && let Ok(begun) = at.start_of_day() {
            self.line(begun.timestamp());
        }
        turns
    }

    /// Another session begins, with whoever comes.
    pub fn anew(&mut self) {
        self.offset = None;
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// The times shown for messages that were `(sent, arrived)`.
    fn shown(messages: &[(i64, i64)]) -> Vec<i64> {
        let mut times = Times::default();
        let shown = messages
            .iter()
            .map(|(sent, arrived)| times.shown(at(*sent), at(*arrived)));
        shown
            .map(|time| time.duration_since(at(0)).as_secs())
            .collect()
    }

    #[test]
    fn a_clock_that_is_off_is_seen_through() {
        for off in [0, 5 * HOUR, -5 * HOUR, 40 * 365 * 24 * HOUR] {
            assert_eq!(
                shown(&[(off, 2), (10 + off, 11), (60 + off, 63)]),
                // The first one took a second more than the second.
                [2, 11, 61],
                "{off}"
            );
        }
    }

    #[test]
    fn what_waited_for_two_hours_keeps_the_time_at_which_it_was_written() {
        let wait = 2 * HOUR;
        assert_eq!(
            shown(&[
                (100, 0),
                (160, wait),
                (170, wait),
                (100 + wait + 1, wait + 1)
            ]),
            [0, 60, 70, wait + 1]
        );
    }

    #[test]
    fn our_own_lines_that_arrived_are_lines_before() {
        let mut times = Times::default();
        times.shown(at(0), at(0));
        times.line(at(50));
        assert_eq!(times.shown(at(10), at(60)), at(50));
        times.anew();
        assert_eq!(times.shown(at(HOUR), at(70)), at(70));
    }

    #[test]
    fn a_day_is_told_once_and_none_comes_back() {
        let mut times = Times::default();
        let midnight = "2026-03-02T00:00:00Z".parse::<Timestamp>().unwrap();
        let at = |seconds| (midnight + SignedDuration::from_secs(seconds)).to_zoned(TimeZone::UTC);
        assert!(!times.turns_day(&at(-60)) && !times.turns_day(&at(-1)));
        assert!(times.turns_day(&at(5)) && !times.turns_day(&at(HOUR)));
        assert!(!times.turns_day(&at(-1)) && !times.turns_day(&at(2 * HOUR)));
        // One that waited since the day before, behind a line of today that had not arrived.
        let shown = times.shown(at(-90).timestamp(), at(-90).timestamp());
        assert_eq!(shown, at(-90).timestamp(), "our own clock was set back");
        assert_eq!(
            times.shown(at(-60).timestamp(), at(90).timestamp()),
            midnight
        );
    }

    #[test]
    fn a_clock_that_lies_or_jumps_moves_nothing_out_of_its_bounds() {
        let (zero, last) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        let sent = [
            at(5),
            zero,
            at(6),
            last,
            at(7),
            Timestamp::MIN,
            at(HOUR),
            at(8),
            zero,
        ];
        let mut times = Times::default();
        let mut before = None;
        for (n, sent) in (0..).zip(sent) {
            let arrival = at(10 * n);
            let shown = times.shown(sent, arrival);
            assert!(shown <= arrival && Some(shown) >= before, "{sent}: {shown}");
            before = Some(shown);
        }
        // Our own clock was set back: what is shown is not later than it says.
        assert_eq!(times.shown(at(9), at(-HOUR)), at(-HOUR));
    }

    proptest! {
        #[test]
        fn no_time_is_later_than_the_arrival_or_earlier_than_the_line_before(
            messages in proptest::collection::vec((any::<i64>(), 0_i64..100_000), 1..40),
        ) {
            let mut times = Times::default();
            let (mut arrival, mut before) = (at(0), Timestamp::MIN);
            for (sent, later) in messages {
                arrival += SignedDuration::from_millis(later);
                let sent = Timestamp::from_millisecond(sent % 250_000_000_000_000).unwrap();
                let shown = times.shown(sent, arrival);
                prop_assert!(before <= shown && shown <= arrival);
                before = shown;
            }
        }
    }
}
