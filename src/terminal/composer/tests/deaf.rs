//! What is typed before a question is seen does not answer it.

use proptest::prelude::*;

use super::screen::Screen;
use super::*;

const MS: Duration = Duration::from_millis(1);

fn words() -> Question {
    let text = "What you hear".to_owned();
    Question::Words { text }
}

fn row(composer: &mut Composer, screen: &mut Screen) -> String {
    let mut out = Vec::new();
    composer.paint(&mut out);
    screen.take(&mut out);
    screen.row().trim_end().to_owned()
}

#[test]
fn a_question_is_neither_seen_nor_answered_before_it_was_quiet() {
    let (mut composer, mut screen) = (composer(80), Screen::new(80, 10));
    let now = Instant::now();
    typed(&mut composer, "half a message", now);
    assert_eq!(row(&mut composer, &mut screen), "bob ⚠ › half a message");
    let texts = vec!["Let them in?".to_owned()];
    composer.ask(Question::Key { texts, keys: "yn" }, now);
    assert_eq!(row(&mut composer, &mut screen), "");
    assert_eq!(composer.event(Event::Paste("yes\n".into()), now), []);
    let late = now + QUIET - MS;
    assert_eq!(typed(&mut composer, "y\n", late), []);
    // Nobody said that it was quiet.
    assert_eq!(typed(&mut composer, "y\n", late + QUIET), []);
    composer.hear(late + QUIET + QUIET - MS);
    assert_eq!(row(&mut composer, &mut screen), "");
    let quiet = composer.quiet_at().unwrap();
    assert_eq!(quiet, late + QUIET + QUIET);
    composer.hear(quiet);
    assert_eq!(composer.quiet_at(), None);
    assert_eq!(row(&mut composer, &mut screen), "Let them in? ›");
    assert_eq!(composer.event(Event::Paste("yes\n".into()), quiet), []);
    assert_eq!(typed(&mut composer, "\nx", quiet), []);
    assert_eq!(typed(&mut composer, "Y", quiet), [Act::Answer("y".into())]);
    assert_eq!(row(&mut composer, &mut screen), "bob ⚠ › half a message");
}

#[test]
fn an_alarm_throws_the_draft_and_what_follows_away() {
    let (mut composer, mut screen, mut out) = (composer(80), Screen::new(80, 10), Vec::new());
    let now = Instant::now();
    typed(&mut composer, "half a message", now);
    composer.flush(now);
    assert_eq!(typed(&mut composer, " and its end\n", now), []);
    composer.print(Text::remark("Alarm!"), &mut out);
    composer.paint(&mut out);
    screen.take(&mut out);
    assert_eq!(
        (row(&mut composer, &mut screen).as_str(), screen.column()),
        ("", 0)
    );
    composer.hear(now + QUIET);
    assert_eq!(row(&mut composer, &mut screen), "bob ⚠ ›");
    let sent = Act::Submit("new".into());
    assert_eq!(typed(&mut composer, "new\n", now + QUIET), [sent]);
}

#[test]
fn who_is_deaf_still_stops_and_still_has_a_size_and_a_focus() {
    let (mut composer, mut screen, mut out) = (composer(80), Screen::new(80, 10), Vec::new());
    let now = Instant::now();
    composer.ask(words(), now);
    composer.event(Event::Focus(false), now);
    composer.event(Event::Resize(60, 10), now);
    assert!(!composer.is_focused());
    assert_eq!(composer.quiet_at(), Some(now + QUIET), "nothing was typed");
    composer.tick(now + SETTLE, &mut out);
    assert_eq!((composer.width, composer.deadline()), (60, None));
    screen.take(&mut out);
    assert_eq!(screen.row(), "");
    assert_eq!(typed(&mut composer, "yes\n", now), []);
    assert_eq!(composer.event(ctrl('z'), now), [Act::Suspend]);
    assert_eq!(composer.event(ctrl('d'), now), []);
    assert_eq!(composer.event(ctrl('c'), now), [Act::Cancelled]);
    // What follows is no message either, and does not part the one Ctrl-C from the other.
    assert_eq!(typed(&mut composer, "yes\n", now), []);
    assert_eq!(composer.event(ctrl('c'), now), [Act::Interrupt]);
    assert_eq!(composer.quiet_at(), Some(now + QUIET));
}

#[test]
fn a_row_that_cannot_be_painted_yet_takes_no_key() {
    let (mut composer, mut screen, mut out) = (composer(80), Screen::new(80, 10), Vec::new());
    let now = Instant::now();
    composer.ask(words(), now);
    let late = now + QUIET - MS;
    composer.resize(60, 10, late);
    assert_eq!(composer.quiet_at(), Some(late + SETTLE));
    composer.hear(now + QUIET);
    assert_eq!(typed(&mut composer, "y\n", now + QUIET), []);
    let quiet = now + QUIET + QUIET;
    composer.tick(quiet, &mut out);
    composer.hear(quiet);
    screen.take(&mut out);
    assert_eq!(row(&mut composer, &mut screen), "What you hear ›");
    let answer = Act::Answer("y".into());
    assert_eq!(typed(&mut composer, "y\n", quiet), [answer]);
}

fn any_typing() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => "[yn a-z/]".prop_map(|c| key(Code::Char(c.chars().next().unwrap_or('y')))),
        3 => prop::sample::select(vec![Code::Enter, Code::Tab, Code::Esc, Code::Up])
            .prop_map(key),
        1 => prop::sample::select(vec!['d', 'l', 'u', 'y', 'j']).prop_map(ctrl),
        1 => "[yn\n ]{0,9}".prop_map(Event::Paste),
    ]
}

proptest! {
    #[test]
    fn nothing_typed_without_a_pause_answers_and_the_first_key_after_one_does(
        typing in proptest::collection::vec((any_typing(), 0_u64..250), 0..60),
        draft in "[a-z ]{0,9}",
        one_key in any::<bool>(),
    ) {
        let (mut composer, mut screen) = (composer(80), Screen::new(80, 10));
        let mut now = Instant::now();
        typed(&mut composer, &draft, now);
        let texts = vec!["Who?".to_owned()];
        let question = if one_key { Question::Key { texts, keys: "yn" } } else { words() };
        composer.ask(question, now);
        for (event, passed) in typing {
            now += MS * u32::try_from(passed).unwrap();
            composer.hear(now);
            prop_assert_eq!(composer.event(event, now), []);
            prop_assert_eq!(row(&mut composer, &mut screen), "");
        }
        now += QUIET;
        composer.hear(now);
        let seen = if one_key { "Who? ›" } else { "What you hear ›" };
        prop_assert_eq!(row(&mut composer, &mut screen), seen);
        let answer = typed(&mut composer, if one_key { "y" } else { "y\n" }, now);
        prop_assert_eq!(answer, [Act::Answer("y".into())]);
        prop_assert_eq!(composer.draft.text(), draft);
    }
}
