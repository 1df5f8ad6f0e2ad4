//! What becomes of a connection's lines while it lasts and others change the file.

use super::super::line::Finding;
use super::super::line::tests::entry;
use super::*;
use crate::trust::Trust;

fn lines() -> (tempfile::TempDir, Lines) {
    let dir = tempfile::tempdir().unwrap();
    let history = History::open(&dir.path().join("peers.txt")).unwrap();
    let lines = Lines {
        history,
        written: None,
        forgotten: false,
        renamed: None,
    };
    (dir, lines)
}

fn count(lines: &Lines) -> usize {
    let text = std::fs::read_to_string(lines.history.path()).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).count()
}

fn later(entry: &Entry, seconds: i64) -> Entry {
    let mut later = entry.clone();
    later.last_seen += SignedDuration::from_secs(seconds);
    later
}

#[test]
fn the_time_alone_is_worth_a_line_a_minute_and_the_last_one() {
    let (_dir, mut lines) = lines();
    let bob = entry("bob");
    for (seconds, last, written) in [
        (0, false, 1),
        (0, true, 1),
        (1, false, 1),
        (59, false, 1),
        (60, false, 2),
        (61, false, 2),
        (61, true, 3),
        (0, true, 3),
    ] {
        lines.write(&later(&bob, seconds), last).unwrap();
        assert_eq!(count(&lines), written, "{seconds} {last}");
    }
    let mut moved = later(&bob, 62);
    moved.address = "10.0.0.7:40100".into();
    lines.write(&moved, false).unwrap();
    moved.state = Finding::Trust(Trust::Verified);
    lines.write(&moved, false).unwrap();
    assert_eq!(count(&lines), 5);
    assert_eq!(lines.history.read().unwrap().0, [moved]);
}

#[test]
fn who_is_forgotten_or_renamed_meanwhile_stays_so() {
    let (_dir, mut lines) = lines();
    let bob = entry("bob");
    lines.write(&bob, false).unwrap();
    assert_eq!(lines.history.rename("bob", "robert").unwrap(), 1);
    for seconds in [100, 200] {
        lines.write(&later(&bob, seconds), false).unwrap();
    }
    let (entries, _) = lines.history.read().unwrap();
    assert_eq!((entries.len(), entries[0].name.as_str()), (1, "robert"));
    assert_eq!(entries[0].last_seen, later(&bob, 200).last_seen);
    assert_eq!(lines.history.forget("robert").unwrap(), 3);
    for seconds in [300, 400] {
        lines.write(&later(&bob, seconds), true).unwrap();
    }
    assert_eq!(count(&lines), 0);
}
