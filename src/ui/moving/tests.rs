//! How far files are, in a row that is narrow.

use super::*;
use crate::ui::rate::STALE;
use undertone_core::files::Outcome;

const MS: Duration = Duration::from_millis(1);

fn happens(number: u32, outgoing: bool, step: Step) -> Transfer {
    Transfer {
        number,
        peer: "bob".into(),
        outgoing,
        name: "name".into(),
        step,
    }
}

fn at(done: u64, total: impl Into<Option<u64>>) -> Progress {
    let total = total.into();
    Progress { done, total }
}

fn ended() -> Step {
    Step::Failed {
        outcome: Outcome::Cancelled,
        by_peer: false,
        message: String::new(),
    }
}

fn shown(moving: &mut Moving, now: Instant) -> Option<String> {
    let files = moving.due(now).expect("it is due")?;
    let rest = files.rest.map(|rest| format!(" {rest}"));
    Some(format!(
        "{} {}{}",
        files.what,
        files.amount,
        rest.unwrap_or_default()
    ))
}

#[test]
fn one_is_told_with_what_is_left_as_soon_as_that_is_known() {
    let (mut moving, now) = (Moving::default(), Instant::now());
    moving.heed(&happens(7, false, Step::Started(at(0, 1000))), now);
    assert_eq!(shown(&mut moving, now).unwrap(), "↓7 0%");
    for n in 1..=20 {
        let later = now + 250 * n * MS;
        let progress = Step::Progress(at(u64::from(n) * 10, 1000));
        moving.heed(&happens(7, false, progress), later);
        let expected = match n {
            1 => format!("↓7 {n}%"),
            // 40 bytes a second.
            n => format!("↓7 {n}% 0:{:02}", (100 - n).div_ceil(4)),
        };
        assert_eq!(shown(&mut moving, later).unwrap(), expected);
    }
    // Nothing comes any more: nobody knows how long that takes.
    let stale = now + 5000 * MS + STALE;
    assert_eq!(moving.deadline(), Some(stale));
    assert_eq!(shown(&mut moving, stale).unwrap(), "↓7 20%");
    assert_eq!(moving.deadline(), None);
    moving.heed(&happens(7, false, ended()), stale);
    assert_eq!(shown(&mut moving, stale), None);
    assert_eq!(moving.deadline(), None);
}

#[test]
fn several_are_told_together() {
    let (mut moving, now) = (Moving::default(), Instant::now());
    for (number, total) in [(1, 1000), (2, 3000)] {
        let started = Step::Started(at(0, total));
        moving.heed(&happens(number, number == 1, started), now);
    }
    assert_eq!(shown(&mut moving, now).unwrap(), "2 files 0%");
    let later = now + 1000 * MS;
    moving.heed(&happens(1, true, Step::Progress(at(500, 1000))), later);
    moving.heed(&happens(2, false, Step::Progress(at(100, 3000))), later);
    // 3,400 bytes at 600 a second.
    assert_eq!(shown(&mut moving, later).unwrap(), "2 files 15% 0:06");
    let message = String::new();
    moving.heed(&happens(2, false, Step::Paused { message }), later);
    // The other one goes on.
    assert_eq!(shown(&mut moving, later).unwrap(), "2 files 15% 0:06");
    moving.heed(&happens(1, true, ended()), later);
    assert_eq!(shown(&mut moving, later).unwrap(), "↓2 3% paused");
}

#[test]
fn what_has_no_size_is_told_by_what_came_of_it() {
    let (mut moving, now) = (Moving::default(), Instant::now());
    moving.heed(&happens(3, true, Step::Started(at(0, None))), now);
    moving.heed(
        &happens(3, true, Step::Progress(at(2_100_000, None))),
        now + 2000 * MS,
    );
    let told = shown(&mut moving, now + 2000 * MS).unwrap();
    assert_eq!(told, "↑3 2.1 MB");
}

#[test]
fn it_changes_four_times_a_second_at_most() {
    let (mut moving, now) = (Moving::default(), Instant::now());
    let mut changes = 0;
    for n in 0..1000 {
        let later = now + n * MS;
        for number in 1..=8 {
            let progress = Step::Progress(at(n.into(), 1000));
            moving.heed(&happens(number, false, progress), later);
        }
        changes += u32::from(moving.due(later).is_some());
    }
    assert_eq!(changes, 4);
}
