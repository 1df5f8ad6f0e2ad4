//! Whether the mediator's clock and ours agree.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::Report;

/// A clock that is off by more than this makes the times of messages misleading.
const CLOCK_OFF: Duration = Duration::from_secs(30);

/// Compares the clock of the answer's `Date` with ours.
pub(super) fn tell(answer: &str, report: &mut Report<'_>) -> io::Result<()> {
    let mut headers = answer.lines().take_while(|line| !line.is_empty());
    let date = headers.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim())
    });
    let Some(theirs) = date.and_then(|date| rfc2822::parse(date).ok()) else {
        return Ok(());
    };
    let apart = Timestamp::now().duration_since(theirs.timestamp());
    if apart.unsigned_abs() <= CLOCK_OFF {
        return report.fine("clock", "your clock and the mediator's agree");
    }
    let way = if apart.is_positive() {
        "ahead of"
    } else {
        "behind"
    };
    let apart = roughly(apart.unsigned_abs());
    report.warn(
        "clock",
        &format!("your clock is {apart} {way} the mediator's"),
        "Have the one that is wrong set by the network (NTP): times of messages will mislead.",
    )
}

/// A duration as people say it: in the two largest units that it has.
fn roughly(duration: Duration) -> String {
    const UNITS: [(u64, &str); 5] = [
        (31_557_600, "year"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let mut rest = duration.as_secs();
    let counted = UNITS.map(|(seconds, unit)| {
        let count = rest / seconds;
        rest %= seconds;
        (count, unit)
    });
    let largest = counted.iter().skip_while(|(count, _)| *count == 0).take(2);
    let shown = largest.filter(|(count, _)| *count > 0);
    let shown = shown.map(|(count, unit)| match count {
        1 => format!("1 {unit}"),
        count => format!("{count} {unit}s"),
    });
    shown.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_the_two_largest_units() {
        for (seconds, said) in [
            (31, "31 seconds"),
            (60, "1 minute"),
            (3_661, "1 hour and 1 minute"),
            (86_400 + 59, "1 day"),
            (218_036_443, "6 years and 332 days"),
        ] {
            assert_eq!(roughly(Duration::from_secs(seconds)), said);
        }
    }
}
