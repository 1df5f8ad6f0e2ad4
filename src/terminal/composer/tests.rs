use proptest::prelude::*;

use super::prompt::State;
use super::*;

const COMMANDS: &[&str] = &["help", "verify", "who", "peers", "quit", "send"];

fn composer(width: u16) -> Composer {
    let prompt = Prompt::new("bob", State::NotVerified);
    Composer::new(width, 10, Style::new(false), COMMANDS, prompt)
}

fn key(code: KeyCode) -> Event {
    Event::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn ctrl(c: char) -> Event {
    Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL))
}

fn typed(composer: &mut Composer, text: &str, at: Instant) -> Vec<Act> {
    let keys = text.chars().map(|c| match c {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        c => KeyCode::Char(c),
    });
    keys.flat_map(|code| composer.event(key(code), at))
        .collect()
}

/// A terminal with a scrollback.
struct Screen(vt100::Parser);

impl Screen {
    fn new(width: u16, height: u16) -> Self {
        let [height, width] = [height, width].map(|size| size.try_into().unwrap());
        Screen(vt100::Parser::new(height, width, 10_000))
    }

    fn take(&mut self, out: &mut Vec<u8>) {
        self.0.process(out);
        out.clear();
    }

    fn row(&self) -> String {
        let screen = self.0.screen();
        let (row, _) = screen.cursor_position();
        let mut rows = screen.rows(0, screen.size().1.get());
        rows.nth(row.into()).unwrap_or_default()
    }

    fn column(&self) -> usize {
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
        composer.print(&format!("09:14 bob   message {number} 世界 👩"), &mut out);
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

#[test]
fn long_lines_are_wrapped_by_the_terminal_and_whole() {
    let (mut composer, mut screen, mut out) = (composer(20), Screen::new(20, 5), Vec::new());
    let long = "世".repeat(500);
    composer.print(&format!("{long}\nnext"), &mut out);
    screen.take(&mut out);
    let all = screen.all();
    assert_eq!(all.concat().matches('世').count(), 500);
    assert!(all.iter().any(|row| row == "next"));
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
            composer.print(&message, &mut out);
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
    let messages: Vec<_> = paper
        .lines
        .iter()
        .filter(|line| line.contains("message"))
        .collect();
    assert_eq!(messages, expected.iter().collect::<Vec<_>>());
    assert_eq!(paper.line, "bob ⚠ › draft 世界");
}

#[test]
fn a_burst_while_the_width_changes_does_not_pile_up() {
    let (mut composer, mut paper, mut out) = (composer(60), Paper::default(), Vec::new());
    let now = Instant::now();
    composer.paint(&mut out);
    for number in 0..100 {
        composer.resize(if number % 2 == 0 { 50 } else { 60 }, 10, now);
        composer.print(&format!("{number}{}", "x".repeat(2000)), &mut out);
    }
    composer.tick(now + SETTLE, &mut out);
    paper.take(&mut out);
    let messages = paper.lines.iter().filter(|line| line.ends_with('x'));
    assert_eq!(messages.count(), 100);
}

#[test]
fn a_paste_of_seven_lines_is_one_draft_and_one_question() {
    let now = Instant::now();
    let mut composer = composer(80);
    let mut screen = Screen::new(80, 10);
    let mut out = Vec::new();
    typed(&mut composer, "see: ", now);
    let paste = Event::Paste("1\r\n2\r3\n4\n5\n6\n7\n".into());
    assert_eq!(composer.event(paste.clone(), now), []);
    composer.paint(&mut out);
    screen.take(&mut out);
    assert!(
        screen.row().starts_with("Send 7 lines? s send"),
        "{}",
        screen.row()
    );
    // Enter, and whatever else was on its way, decides nothing.
    assert_eq!(typed(&mut composer, "\nxy", now), []);
    assert_eq!(typed(&mut composer, "c", now), []);
    assert_eq!(composer.draft.text(), "see: ");
    composer.event(paste.clone(), now);
    assert_eq!(typed(&mut composer, "e", now), []);
    assert_eq!(composer.draft.text(), "see: 1\n2\n3\n4\n5\n6\n7");
    composer.event(ctrl('u'), now);
    composer.event(paste, now);
    let sent = Act::Submit("1\n2\n3\n4\n5\n6\n7".into());
    assert_eq!(typed(&mut composer, "s", now), [sent]);
    composer.event(Event::Paste("1\n2\n3\n4\n5\n".into()), now);
    let sent = Act::Submit("1\n2\n3\n4\n5".into());
    assert_eq!(typed(&mut composer, "\n", now), [sent]);
}

#[test]
fn what_was_typed_or_pasted_before_a_question_does_not_answer_it() {
    let before = Instant::now();
    let asked = before + Duration::from_millis(1);
    let mut composer = composer(80);
    typed(&mut composer, "half a message", before);
    composer.flush(asked);
    let text = "Let them in?".to_owned();
    composer.ask(Question::Key { text, keys: "yn" }, asked);
    assert_eq!(composer.event(Event::Paste("yes\n".into()), before), []);
    assert_eq!(typed(&mut composer, "y\n", before), []);
    assert_eq!(composer.event(Event::Paste("yes\n".into()), asked), []);
    assert_eq!(typed(&mut composer, "\nx", asked), []);
    assert_eq!(typed(&mut composer, "Y", asked), [Act::Answer("y".into())]);
    assert_eq!(composer.draft.text(), "");
}

#[test]
fn words_are_typed_completed_and_answered() {
    let now = Instant::now();
    let mut composer = composer(80);
    typed(&mut composer, "kept", now);
    let text = "Type what bob reads to you".to_owned();
    composer.ask(Question::Words { text: text.clone() }, now);
    assert_eq!(
        typed(&mut composer, "absu\tadroi\tx\n", now),
        [Act::Answer("absurd adroitness x".into())]
    );
    assert_eq!(composer.draft.text(), "kept");
    composer.ask(Question::Words { text: text.clone() }, now);
    assert_eq!(composer.event(Event::Paste("a\nb\n".into()), now), []);
    assert_eq!(
        typed(&mut composer, "\n", now),
        [Act::Answer("a b ".into())]
    );
    composer.ask(Question::Words { text }, now);
    assert_eq!(composer.event(key(KeyCode::Esc), now), [Act::Cancelled]);
    assert_eq!(
        typed(&mut composer, "\n", now),
        [Act::Submit("kept".into())]
    );
}

#[test]
fn tab_completes_commands_words_and_paths() {
    let now = Instant::now();
    let mut composer = composer(80);
    typed(&mut composer, "/ver\tabsu\t", now);
    assert_eq!(composer.draft.text(), "/verify absurd ");
    composer.event(ctrl('u'), now);
    let shown = typed(&mut composer, "/\t", now);
    assert_eq!(
        shown,
        [Act::Show("help  verify  who  peers  quit  send".into())]
    );
    assert_eq!(
        typed(&mut composer, "se\tno\t", now),
        [Act::Complete("no".into())]
    );
    let paths = ["notes/".to_owned(), "notes.txt".to_owned()];
    assert_eq!(composer.completed("no", &paths), []);
    assert_eq!(composer.draft.text(), "/send notes");
    assert_eq!(composer.completed("no", &paths), []);
    assert_eq!(composer.completed("notes", &paths[..1]), []);
    assert_eq!(composer.draft.text(), "/send notes/");
}

#[test]
fn the_keys_that_leave() {
    let now = Instant::now();
    let late = now + Duration::from_secs(3);
    let mut composer = composer(80);
    assert_eq!(composer.event(ctrl('d'), now), [Act::Eof]);
    assert_eq!(composer.event(ctrl('z'), now), [Act::Suspend]);
    typed(&mut composer, "draft", now);
    assert_eq!(composer.event(ctrl('a'), now), []);
    assert_eq!(composer.event(ctrl('d'), now), []);
    assert_eq!(composer.draft.text(), "raft");
    assert_eq!(composer.event(ctrl('c'), now), []);
    assert_eq!(composer.draft.text(), "");
    assert_eq!(composer.event(ctrl('c'), late), []);
    assert_eq!(
        composer.event(ctrl('c'), late + Duration::from_secs(1)),
        [Act::Interrupt]
    );
    let [again, soon, end] = [10, 11, 13].map(|s| now + Duration::from_secs(s));
    assert_eq!(composer.event(ctrl('c'), again), []);
    typed(&mut composer, "x", soon);
    assert_eq!(composer.event(ctrl('c'), soon), []);
    assert_eq!(composer.deadline(), Some(soon + AGAIN));
    let (mut screen, mut out) = (Screen::new(80, 10), Vec::new());
    composer.paint(&mut out);
    screen.take(&mut out);
    assert_eq!(screen.row(), "bob ⚠ › Ctrl-C again to quit");
    composer.tick(end, &mut out);
    screen.take(&mut out);
    assert_eq!(screen.row().trim_end(), "bob ⚠ ›");
}

#[test]
fn clearing_keeps_what_was_said() {
    let (mut composer, mut screen, mut out) = (composer(40), Screen::new(40, 10), Vec::new());
    composer.print("one\ntwo", &mut out);
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
    composer.set_prompt(Prompt::new("bob", State::Lost { queued: 2 }));
    composer.event(ctrl('c'), Instant::now());
    composer.print("text", &mut out);
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

fn any_event() -> impl Strategy<Value = Event> {
    let text = "[ab世👩é🇩🇪👍🏽\u{301}\u{200d}✓\n\t\x1b]{0,9}|/[a-z]{0,3}";
    prop_oneof![
        4 => prop::sample::select("世界é👩ab /\u{301}🏽🇩🇪".chars().collect::<Vec<_>>())
            .prop_map(|c| key(KeyCode::Char(c))),
        2 => prop::sample::select("abefhkuwyctdlpnj".chars().collect::<Vec<_>>()).prop_map(ctrl),
        1 => prop::sample::select(vec![KeyCode::Enter, KeyCode::Tab, KeyCode::Esc, KeyCode::Up])
            .prop_map(key),
        1 => text.prop_map(Event::Paste),
    ]
}

proptest! {
    #[test]
    fn a_message_leaves_draft_and_cursor_as_they_were(
        events in proptest::collection::vec(any_event(), 0..30),
        width in 4_u16..70,
    ) {
        let now = Instant::now();
        let (mut composer, mut screen, mut out) = (composer(width), Screen::new(width, 6), Vec::new());
        for event in events {
            composer.event(event, now);
            composer.paint(&mut out);
            screen.take(&mut out);
            let (row, column) = (screen.row(), screen.column());
            let draft = composer.draft.text().to_owned();
            composer.print("!", &mut out);
            screen.take(&mut out);
            prop_assert_eq!((screen.row(), screen.column()), (row, column));
            prop_assert_eq!(composer.draft.text(), draft);
            let position = screen.0.screen().cursor_position();
            let above = position.0.checked_sub(1).map(usize::from);
            let rows: Vec<String> = screen.0.screen().rows(0, width).collect();
            prop_assert_eq!(above.map(|above| rows[above].as_str()), Some("!"));
        }
    }

    #[test]
    fn nothing_panics_at_any_size(
        steps in proptest::collection::vec((any_event(), 0_u16..30, 0_u16..5, 0_u64..150), 0..30),
    ) {
        let mut now = Instant::now();
        let (mut composer, mut out) = (composer(1), Vec::new());
        for (event, width, height, passed) in steps {
            composer.event(event, now);
            if passed % 3 == 0 {
                composer.event(Event::Resize(width, height), now);
            }
            composer.print("世界", &mut out);
            now += Duration::from_millis(passed);
            composer.tick(now, &mut out);
        }
        let prompt = Prompt::new("bob", State::Shut);
        composer.set_prompt(prompt);
        composer.ask(Question::Words { text: "世界?".into() }, now);
        composer.clear(&mut out);
        prop_assert!(!out.is_empty());
    }

    #[test]
    fn the_row_is_one_row(
        events in proptest::collection::vec(any_event(), 0..30),
        width in 1_u16..25,
    ) {
        let now = Instant::now();
        let (mut composer, mut screen, mut out) = (composer(width), Screen::new(width, 3), Vec::new());
        for event in events {
            composer.event(event, now);
            composer.paint(&mut out);
            screen.take(&mut out);
            prop_assert_eq!(screen.0.screen().cursor_position().0, 0);
            let rows: Vec<String> = screen.0.screen().rows(0, width).skip(1).collect();
            prop_assert!(rows.iter().all(String::is_empty), "{:?}", rows);
        }
    }
}
