//! A row that is longer than the new width: what is taken away by each kind of terminal.

use super::*;
use crate::terminal::composer::row::ASK_COLUMN;

/// A row with the cursor in column 49, on a terminal that is narrowed to 20 columns, and when it is
/// to be settled: it is asked for the cursor.
fn narrowed(composer: &mut Composer, now: Instant) -> Instant {
    let mut out = Vec::new();
    typed(composer, &"x".repeat(41), now);
    composer.paint(&mut out);
    composer.resize(20, 10, now);
    out.clear();
    composer.tick(now + SETTLE, &mut out);
    assert_eq!(out, ASK_COLUMN);
    composer.deadline().unwrap()
}

/// What is written once the width has settled.
fn settled(composer: &mut Composer, at: Instant) -> String {
    let mut out = Vec::new();
    composer.tick(at, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn rows_above_are_taken_away_only_where_the_terminal_has_put_the_row_there() {
    let now = Instant::now();
    for (answer, up) in [(9, Some("\x1b[2A")), (19, None), (10, None), (0, None)] {
        let mut composer = composer(60);
        narrowed(&mut composer, now);
        composer.event(Event::Column(answer), now + SETTLE);
        let written = settled(&mut composer, now + SETTLE);
        let before = format!("\r\x1b[K{}\x1b[J\r", up.unwrap_or_default());
        assert!(written.contains(&before), "{answer}: {written:?}");
        assert_eq!(written.contains('A'), up.is_some(), "{written:?}");
    }
}

#[test]
fn a_terminal_that_does_not_answer_is_waited_for_once() {
    let (now, mut composer) = (Instant::now(), composer(60));
    let until = narrowed(&mut composer, now);
    assert_eq!(settled(&mut composer, until - Duration::from_millis(1)), "");
    let written = settled(&mut composer, until);
    assert!(written.contains("\r\x1b[K\x1b[J\r"), "{written:?}");
    composer.resize(12, 10, until);
    let written = settled(&mut composer, until + SETTLE);
    assert!(written.contains("\r\x1b[K\x1b[J\r"), "{written:?}");
    // An answer that nobody waits for says nothing.
    composer.event(Event::Column(3), until + SETTLE);
    assert_eq!(settled(&mut composer, until + SETTLE), "");
}

#[test]
fn a_terminal_is_not_asked_where_the_cursor_has_room() {
    let (now, mut composer, mut out) = (Instant::now(), composer(60), Vec::new());
    typed(&mut composer, "short", now);
    composer.paint(&mut out);
    composer.resize(30, 10, now);
    let written = settled(&mut composer, now + SETTLE);
    assert!(!written.contains("\x1b[6n") && written.contains("short"));
}
