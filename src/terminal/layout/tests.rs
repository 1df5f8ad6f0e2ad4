//! That rows end where they are to, and that no text of others begins where ours does.

use undertone_core::text::safe::columns;

use proptest::prelude::*;

use super::*;

const PLAIN: fn() -> Style = || Style::new(false);

fn said(name: &str, text: &str) -> Text {
    let lead = Lead::of(name, "09:14".into(), PLAIN());
    Text::message(lead, Safe::message(text))
}

fn rows(text: &Text, width: usize) -> Vec<String> {
    let rows = text.rows(Some(width));
    rows.split('\n').map(str::to_owned).collect()
}

#[test]
fn words_stay_whole_and_hang_under_the_text() {
    let text = said("bob", "Yes. I have it here, and send it tomorrow.");
    assert_eq!(
        rows(&text, 36),
        [
            "09:14 bob   Yes. I have it here, and",
            "            send it tomorrow.",
        ]
    );
    assert_eq!(
        rows(&said("bob", "  code  is\n  kept as it is"), 26),
        [
            "09:14 bob     code  is",
            "              kept as it",
            "            is",
        ]
    );
}

fn list() -> Text {
    let entries = [
        (
            "/verify",
            "compare four words by voice, so that nobody can be in between",
        ),
        ("/who", "who is there"),
        (
            "a name that is longer than most",
            "is not\nwhere the others are",
        ),
    ];
    let entries = entries.map(|(name, what)| (Safe::line(name), Safe::message(what)));
    Text::remark("◆ Commands").with_list(&entries)
}

#[test]
fn a_list_has_one_column_and_what_is_long_hangs_in_it() {
    assert_eq!(
        rows(&list(), 48),
        [
            "◆ Commands",
            "  /verify  compare four words by voice, so that",
            "           nobody can be in between",
            "  /who     who is there",
            "  a name that is longer than most",
            "    is not",
            "    where the others are",
        ]
    );
    assert_eq!(list().rows(None), rows(&list(), 79).join("\n"));
}

#[test]
fn where_there_is_no_room_beside_the_names_of_a_list_it_stands_under_them() {
    assert_eq!(
        rows(&list(), 24)[..6],
        [
            "◆ Commands",
            "  /verify",
            "    compare four words",
            "    by voice, so that",
            "    nobody can be in",
            "    between",
        ]
    );
    for width in 1..80 {
        let rows = rows(&list(), width);
        assert!(
            rows.iter().all(|row| columns(row) <= width),
            "{width}: {rows:#?}"
        );
        let told: String = rows.concat().split_whitespace().collect();
        assert!(told.ends_with("isnotwheretheothersare"));
    }
}

#[test]
fn blanks_of_every_kind_end_a_row_and_begin_none() {
    for blank in ["\t", " ", "\u{a0}", "\u{2003}", "\u{3000}", "\u{202f}"] {
        let text = format!("ok{}14:08 you   yes, send the key", blank.repeat(68));
        let rows = rows(&said("bob", &text), 80);
        assert_eq!(
            rows[1], "            14:08 you   yes, send the key",
            "{rows:#?}"
        );
        assert_eq!(rows[0], "09:14 bob   ok");
    }
}

#[test]
fn what_is_longer_than_a_row_is_broken_where_it_is_read_in_parts() {
    let link = "https://example.org/a/rather/long/path?with=query";
    assert_eq!(
        rows(&said("bob", &format!("see {link} now")), 40),
        [
            "09:14 bob   see https://example.org/a/",
            "            rather/long/path?with=query",
            "            now",
        ]
    );
    // Too little room to begin in.
    assert_eq!(
        rows(&said("bob", &format!("have a look at {link}")), 32)[1],
        "            https://example.org/",
    );
    assert_eq!(
        rows(&said("bob", &"世".repeat(12)), 27),
        ["09:14 bob   世世世世世世世", "            世世世世世"]
    );
}

#[test]
fn narrow_rows_keep_half_of_themselves_for_the_text_and_a_name_to_one_row() {
    assert_eq!(
        rows(&said("bob", "one two three four"), 20),
        ["09:14 bob   one two", "          three four"]
    );
    assert_eq!(
        rows(&said("a name of many letters", "yes"), 20),
        ["09:14 a name of…   ", "          yes"]
    );
    assert_eq!(
        rows(&said("bob", "世界"), 9),
        ["09:14    ", "       世", "       界"]
    );
    assert_eq!(rows(&said("bob", "x"), 1).concat().matches('x').count(), 1);
}

#[test]
fn without_a_terminal_lines_stay_whole_and_hang_all_the_same() {
    let long = "word ".repeat(100);
    let text = said("bob", &format!("{long}\n09:15 you   ok")).rows(None);
    let lines: Vec<_> = text.split('\n').collect();
    assert_eq!(
        lines,
        [&format!("09:14 bob   {long}"), "            09:15 you   ok"]
    );
}

#[test]
fn what_has_not_arrived_has_a_sign_and_the_same_columns() {
    let ours = |arrived| {
        let lead = Lead::ours("09:14".into(), arrived, PLAIN());
        Text::message(lead, Safe::message("a\nb")).rows(Some(80))
    };
    assert_eq!(ours(true), "09:14 you   a\n            b");
    assert_eq!(ours(false), "09:14 you … a\n            b");
}

#[test]
fn what_may_have_been_shown_before_has_a_sign_and_the_same_columns() {
    let lead = Lead::of("bob", "09:14".into(), PLAIN()).resent(true);
    let text = Text::message(lead, Safe::message("a\nb")).rows(Some(80));
    assert_eq!(text, "09:14 bob ↻ a\n            b");
}

#[test]
fn remarks_are_at_most_79_columns_and_links_of_ours_whole() {
    let link = format!("http://192.0.2.1:7700/#{}", "x".repeat(90));
    let text = Text::remark(&format!("◆ {}\n  below", "word ".repeat(20))).with_link(&link);
    for (width, widest) in [(None, 79), (Some(200), 79), (Some(30), 30)] {
        let shown = text.rows(width);
        let rows: Vec<_> = shown.split('\n').collect();
        assert!(rows[0].starts_with("◆ word") && rows[1].starts_with("  word"));
        assert_eq!(rows[rows.len() - 2..], ["  below", &format!("    {link}")]);
        let rows = &rows[..rows.len() - 1];
        assert!(
            rows.iter().all(|row| Safe::line(row).width() <= widest + 8),
            "{shown}"
        );
    }
    let error = Text::error(&Safe::message("why\nnot"), &Safe::line("do this"), PLAIN());
    assert_eq!(error.rows(None), "error: why\n  not\n  do this");
}

/// Texts that try to look like ours at the beginning of a row.
fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        // vt100 does not draw a replacement character.
        any::<char>()
            .prop_filter("drawn", |c| *c != '\u{fffd}')
            .prop_map(String::from),
        proptest::collection::vec(
            prop_oneof![
                Just(' '),
                Just('\u{a0}'),
                Just('\u{1680}'),
                Just('\u{2003}'),
                Just('\u{2007}'),
                Just('\u{202f}'),
                Just('\u{205f}'),
                Just('\u{3000}'),
                Just('\t'),
                Just('\u{2800}'),
            ],
            1..90
        )
        .prop_map(String::from_iter),
        (1_usize..60).prop_map(|n| "\u{1100}".repeat(n)),
        (1_usize..60).prop_map(|n| "\u{600}".repeat(n)),
        (1_usize..60).prop_map(|n| "क\u{94d}".repeat(n)),
        (1_usize..60).prop_map(|n| "لا".repeat(n)),
        (1_usize..60).prop_map(|n| "世".repeat(n)),
        (1_usize..60).prop_map(|n| "👩🏽".repeat(n)),
        (1_usize..60).prop_map(|n| "🇩🇪".repeat(n)),
        (1_usize..90).prop_map(|n| "A".repeat(n)),
        prop_oneof![
            Just("\n"),
            Just("\r\n"),
            Just("\r"),
            Just("\u{2028}"),
            Just("\x1b[2K"),
            Just("14:08 you   yes"),
            Just("error: no"),
            Just("◆ bob is verified."),
            Just("  /verify compares"),
            Just("bob ✓ › "),
            Just("e\u{301}"),
            Just("❤\u{fe0f}"),
            Just("-"),
            Just("/"),
        ]
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

/// The rows that a terminal shows of this, and whether it wrapped one of them itself.
fn shown(rows: &str, width: usize) -> (Vec<String>, bool) {
    let columns = u16::try_from(width).unwrap();
    let height = u16::try_from(rows.split('\n').count() * 8 + 2).unwrap();
    let [height, columns] = [height, columns].map(|size| size.try_into().unwrap());
    let mut terminal = vt100::Parser::new(height, columns, 0);
    terminal.process(rows.replace('\n', "\r\n").as_bytes());
    let screen = terminal.screen();
    let wrapped = (0..height.get()).any(|row| screen.row_wrapped(row));
    let mut rows: Vec<_> = screen.rows(0, columns.get()).collect();
    while rows.last().is_some_and(|row| row.is_empty()) {
        rows.pop();
    }
    (rows, wrapped)
}

/// What is left of a text when blanks and breaks are not counted.
fn packed(text: &str) -> String {
    text.split_whitespace().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_row_of_others_begins_where_ours_begin(
        text in any_text(),
        name in prop_oneof![Just("bob"), Just("a name of thirty-two whole letters"), Just("世世世世")],
        width in prop_oneof![NARROW..30, NARROW..120],
    ) {
        let (rows, wrapped) = shown(&said(name, &text).rows(Some(width)), width);
        prop_assert!(!wrapped, "{rows:#?}");
        for row in rows.iter().skip(1) {
            let begins = row.chars().take_while(|c| *c == ' ').count();
            prop_assert!(begins >= OURS, "{rows:#?}");
        }
        prop_assert!(rows[0].starts_with("09:14 "));
        let text = packed(Safe::message(&text).as_str());
        prop_assert!(packed(&rows.concat()).ends_with(&text), "{text:?} {rows:#?}");
    }

    #[test]
    fn a_row_too_narrow_loses_nothing(text in any_text(), width in 1..NARROW) {
        let rows = said("bob", &text).rows(Some(width));
        prop_assert!(packed(&rows).ends_with(&packed(Safe::message(&text).as_str())));
    }
}
