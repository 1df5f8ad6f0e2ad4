//! Whatever is typed and pasted, at whatever size.

use proptest::prelude::*;

use super::screen::Screen;
use super::*;

fn any_event() -> impl Strategy<Value = Event> {
    let text = "[ab世👩é🇩🇪👍🏽\u{301}\u{200d}✓\n\t\x1b]{0,9}|/[a-z]{0,3}";
    prop_oneof![
        4 => prop::sample::select("世界é👩ab /\u{301}🏽🇩🇪".chars().collect::<Vec<_>>())
            .prop_map(|c| key(Code::Char(c))),
        2 => prop::sample::select("abefhkuwyctdlpnj".chars().collect::<Vec<_>>()).prop_map(ctrl),
        1 => prop::sample::select(vec![Code::Enter, Code::Tab, Code::Esc, Code::Up])
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
            composer.print(Text::remark("!"), &mut out);
            composer.paint(&mut out);
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
            composer.print(Text::remark("世界"), &mut out);
            now += Duration::from_millis(passed);
            composer.tick(now, &mut out);
        }
        composer.prompt().set_status("bob", Status::Shut);
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
