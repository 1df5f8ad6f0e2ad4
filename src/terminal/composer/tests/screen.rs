//! What the terminal shows.

use undertone_core::text::safe::Safe;

use super::*;
use crate::terminal::layout::Lead;

/// A terminal with a scrollback.
pub(super) struct Screen(pub vt100::Parser);

impl Screen {
    pub(super) fn new(width: u16, height: u16) -> Self {
        let [height, width] = [height, width].map(|size| size.try_into().unwrap());
        Self(vt100::Parser::new(height, width, 10_000))
    }

    pub(super) fn take(&mut self, out: &mut Vec<u8>) {
        self.0.process(out);
        out.clear();
    }

    pub(super) fn row(&self) -> String {
        let screen = self.0.screen();
        let (row, _) = screen.cursor_position();
        let mut rows = screen.rows(0, screen.size().1.get());
        rows.nth(row.into()).unwrap_or_default()
    }

    pub(super) fn column(&self) -> usize {
        self.0.screen().cursor_position().1.into()
    }

    /// Every row, from the oldest.
    fn all(&mut self) -> Vec<String> {
        let screen = self.0.screen_mut();
        let width = screen.size().1.get();
        screen.set_scrollback(usize::MAX);
        let above = screen.scrollback();
        let mut rows = Vec::new();
        for offset in (1..=above).rev() {
            screen.set_scrollback(offset);
            rows.extend(screen.rows(0, width).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, width));
        rows
    }
}

/// The lines that a program has written, as a terminal that reflows keeps them: whole, however wide
/// it is. What reaches into an earlier line is refused.
#[derive(Default)]
struct Paper {
    lines: Vec<String>,
    line: String,
}

impl Paper {
    fn take(&mut self, out: &mut Vec<u8>) {
        let text = String::from_utf8(std::mem::take(out)).unwrap();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let harmless = [
                "\x1b[?2026h",
                "\x1b[?2026l",
                "\x1b[?7l",
                "\x1b[?7h",
                "\x1b7",
                "\x1b8",
            ];
            if let Some(after) = rest.strip_prefix("\r\n") {
                self.lines.push(std::mem::take(&mut self.line));
                rest = after;
            } else if let Some(after) = rest.strip_prefix("\r\x1b[K") {
                self.line.clear();
                rest = after;
            } else if let Some(after) = rest.strip_prefix("\x1b[J") {
                assert_eq!(self.line, "", "erases below a line that is written");
                rest = after;
            } else if let Some(after) = harmless.iter().find_map(|part| rest.strip_prefix(part)) {
                rest = after;
            } else {
                assert!(!c.is_control(), "{rest:?}");
                self.line.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
}

#[test]
fn a_burst_of_500_messages_is_all_in_the_scrollback() {
    let (mut composer, mut screen, mut out) = (composer(40), Screen::new(40, 10), Vec::new());
    typed(&mut composer, "a 世 draft", Instant::now());
    composer.event(ctrl('b'), Instant::now());
    composer.paint(&mut out);
    screen.take(&mut out);
    let (row, column) = (screen.row(), screen.column());
    assert_eq!((row.as_str(), column), ("bob ⚠ › a 世 draft", 17));
    for number in 0..500 {
        composer.print(said(&format!("message {number} 世界 👩")), &mut out);
        composer.paint(&mut out);
        screen.take(&mut out);
        assert_eq!((screen.row(), screen.column()), (row.clone(), column));
    }
    let all = screen.all();
    let messages: Vec<_> = all.iter().filter(|row| row.contains("message")).collect();
    assert_eq!(messages.len(), 500);
    for (number, message) in messages.iter().enumerate() {
        assert_eq!(**message, format!("09:14 bob   message {number} 世界 👩"));
    }
    let rows = all.iter().filter(|row| row.contains("draft")).count();
    assert_eq!(rows, 1);
}

/// Bob says it.
fn said(text: &str) -> Text {
    let lead = Lead::of("bob", "09:14".into(), Style::new(false));
    Text::message(lead, Safe::message(text))
}

#[test]
fn long_lines_are_whole_and_broken_by_no_terminal() {
    let (mut composer, mut screen, mut out) = (composer(20), Screen::new(20, 5), Vec::new());
    let long = "世".repeat(500);
    composer.print(said(&format!("{long}\nnext")), &mut out);
    composer.paint(&mut out);
    screen.take(&mut out);
    let all = screen.all();
    assert_eq!(all.concat().matches('世').count(), 500);
    assert!(all.iter().any(|row| row.trim_start() == "next"));
    let inside = all.iter().filter(|row| row.contains('世')).skip(1);
    assert!(
        inside
            .into_iter()
            .all(|row| row.starts_with(&" ".repeat(10))),
        "{all:#?}"
    );
}

#[test]
fn widths_that_change_lose_nothing() {
    let start = Instant::now();
    let (mut composer, mut paper, mut out) = (composer(60), Paper::default(), Vec::new());
    let mut now = start;
    typed(&mut composer, "draft 世界", now);
    composer.paint(&mut out);
    let mut expected = Vec::new();
    for width in [30, 90, 44, 60, 100] {
        for step in 0..3 {
            let message = format!("message {width} {step} 世界 👩👩👧 {}", "long ".repeat(20));
            composer.print(said(&message), &mut out);
            composer.paint(&mut out);
            expected.push(message);
            if step == 0 {
                composer.resize(width, 10, now);
                assert_eq!(composer.deadline(), Some(now + SETTLE));
                paper.take(&mut out);
            }
            composer.paint(&mut out);
            if step == 1 {
                assert_eq!(out, b"", "nothing is written before the width has settled");
                composer.tick(now + SETTLE - Duration::from_millis(1), &mut out);
                assert_eq!(out, b"");
                now += SETTLE;
                composer.tick(now, &mut out);
                assert_eq!(composer.deadline(), None);
            }
            paper.take(&mut out);
        }
    }
    let rows = paper.lines.iter().filter(|row| !row.starts_with("bob ⚠"));
    let rows: Vec<_> = rows.map(|row| row.trim()).collect();
    let messages: Vec<_> = expected.iter().map(|text| text.trim()).collect();
    assert_eq!(
        rows.join(" ").replace("09:14 bob   ", ""),
        messages.join(" ")
    );
    assert_eq!(paper.line, "bob ⚠ › draft 世界");
}

#[test]
fn a_burst_while_the_width_changes_does_not_pile_up() {
    let (mut composer, mut paper, mut out) = (composer(60), Paper::default(), Vec::new());
    let now = Instant::now();
    composer.paint(&mut out);
    for number in 0..100 {
        composer.resize(if number % 2 == 0 { 50 } else { 60 }, 10, now);
        composer.print(said(&format!("{number} {}", "x".repeat(2000))), &mut out);
        composer.paint(&mut out);
    }
    composer.tick(now + SETTLE, &mut out);
    paper.take(&mut out);
    let messages = paper.lines.iter().filter(|line| line.contains("09:14 bob"));
    assert_eq!(messages.count(), 100);
    assert_eq!(paper.lines.concat().matches('x').count(), 100 * 2000);
}

#[test]
fn clearing_keeps_what_was_said() {
    let (mut composer, mut screen, mut out) = (composer(40), Screen::new(40, 10), Vec::new());
    composer.print(Text::remark("one\ntwo"), &mut out);
    composer.paint(&mut out);
    composer.clear(&mut out);
    screen.take(&mut out);
    let all = screen.all();
    assert!(all.iter().any(|row| row == "one") && all.iter().any(|row| row == "two"));
    assert!(
        all[all.len() - 10..]
            .iter()
            .all(|row| row.is_empty() || row.starts_with("bob"))
    );
    composer.leave(&mut out);
    screen.take(&mut out);
    assert_eq!((screen.row().as_str(), screen.column()), ("", 0));
}

#[test]
fn without_colour_no_colour_is_written() {
    let mut composer = composer(80);
    let mut out = Vec::new();
    composer
        .prompt()
        .set_status("bob", Status::Lost { queued: 2 });
    composer.event(ctrl('c'), Instant::now());
    composer.print(Text::remark("text"), &mut out);
    composer.paint(&mut out);
    let text = String::from_utf8(out).unwrap();
    for sequence in text.split("\x1b[").skip(1) {
        assert_ne!(
            sequence
                .trim_start_matches(|c: char| !c.is_alphabetic())
                .chars()
                .next(),
            Some('m')
        );
    }
    assert!(text.contains("bob … 2 queued › "));
}
