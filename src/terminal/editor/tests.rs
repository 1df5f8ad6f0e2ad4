//! The draft, key by key, and against a plain model.

use undertone_core::text::safe::{columns, is_hidden};

use proptest::prelude::*;

use super::*;
use crate::terminal::keyboard::{Code, Key};

fn with(text: &str) -> Editor {
    let mut editor = Editor::default();
    editor.insert(text).unwrap();
    editor
}

fn press(editor: &mut Editor, key: impl Into<Key>) {
    let _ = editor.key(key.into());
}

fn alt(c: char) -> Key {
    Key::alt(Code::Char(c))
}

/// The draft with `|` for the cursor, after such keys: `^a` is Ctrl-A, `~b` Alt-B.
fn after(text: &str, keys: &str) -> String {
    let mut editor = with(text);
    let mut chars = keys.chars();
    while let Some(c) = chars.next() {
        match c {
            '^' => press(&mut editor, Key::ctrl(chars.next().unwrap())),
            '~' => press(&mut editor, alt(chars.next().unwrap())),
            c => press(&mut editor, Code::Char(c)),
        }
    }
    format!("{}|{}", editor.before(), editor.after())
}

#[test]
fn the_keys_do_what_they_do_in_a_shell() {
    for (text, keys, result) in [
        ("one two", "^ax", "x|one two"),
        ("one two", "^a^f^f^d", "on| two"),
        ("one two", "^b^h", "one t|o"),
        ("one two", "^a^k", "|"),
        ("one two", "^b^u", "|o"),
        ("one two-three", "^w", "one |"),
        ("one two-three", "~b~b", "one |two-three"),
        ("one two-three", "^a~f~d", "one|-three"),
        ("one two", "^w^w^y", "one two|"),
        ("one two", "^a~d~d^e^y", "one two|"),
        ("one two", "^w^ex^w^y", "one x|"),
        ("one two", "^k^y", "one two|"),
        ("ab", "^t", "ba|"),
        ("ab", "^b^t", "ba|"),
        ("abc", "^a^f^t", "ba|c"),
        ("a", "^t", "a|"),
        ("ab", "^a^t", "|ab"),
        ("one", "^j", "one\n|"),
        ("世界", "^b^h", "|界"),
        ("x👩\u{200d}👩\u{200d}👧y", "^b^h", "x|y"),
        ("e\u{301}", "^b", "|e\u{301}"),
        ("\u{301}", "^ae", "e\u{301}|"),
    ] {
        assert_eq!(after(text, keys), result, "{text:?} {keys}");
    }
}

#[test]
fn earlier_texts_come_back_and_the_draft_is_kept() {
    let mut editor = with("first");
    assert_eq!(editor.take(), "first");
    editor.insert("second").unwrap();
    editor.take();
    editor.insert("draft").unwrap();
    for (key, text) in [
        (Code::Up, "second"),
        (Code::Up, "first"),
        (Code::Up, "first"),
        (Code::Down, "second"),
        (Code::Down, "draft"),
        (Code::Down, "draft"),
    ] {
        press(&mut editor, key);
        assert_eq!(editor.text(), text);
    }
}

#[test]
fn controls_are_seen_and_line_ends_are_one() {
    assert_eq!(with("a\r\nb\rc\n\td").text(), "a\nb\nc\n\td");
    assert_eq!(with("\x1b[31m\u{9b}\x7f\0").text(), "␛[31m<U+009B>␡␀");
}

#[test]
fn a_draft_has_the_bound_of_a_message() {
    let mut editor = with(&"x".repeat(TEXT_MAX - 1));
    assert_eq!(editor.insert("世"), Err(Full));
    assert_eq!(editor.text().len(), TEXT_MAX - 1);
    assert_eq!(editor.insert("y"), Ok(()));
    assert_eq!(editor.insert("y"), Err(Full));
    assert_eq!(editor.replace_before(1, "zz"), Err(Full));
    assert_eq!(Editor::default().insert(&"\r\n".repeat(TEXT_MAX)), Ok(()));
    assert_eq!(
        Editor::default().insert(&"\x07".repeat(TEXT_MAX)),
        Err(Full)
    );
}

#[test]
fn the_row_follows_the_cursor() {
    let shown = |text: &str, keys: &str, width| {
        let mut editor = with(text);
        for key in keys.chars() {
            press(&mut editor, Key::ctrl(key));
        }
        let visible = editor.visible(width);
        format!("{}|{}", visible.before, visible.after)
    };
    assert_eq!(shown("a\nb\tc", "", 20), "a⏎b    c|");
    assert_eq!(shown("abcdef", "", 7), "abcdef|");
    assert_eq!(shown("abcdef", "", 6), "bcdef|");
    assert_eq!(shown("abcdef", "a", 6), "|abcdef");
    assert_eq!(shown("abcdefghijkl", "bbbbbb", 8), "abcdef|g…");
    assert_eq!(shown("abcdefghijkl", "bb", 8), "…fghij|kl");
    assert_eq!(shown("abcdefghijkl", "bbbb", 8), "…defgh|i…");
    assert_eq!(shown("abcdefghi", "", 9), "…cdefghi|");
    assert_eq!(shown("abcdefgh", "", 9), "abcdefgh|");
    assert_eq!(shown("世界世界世", "", 9), "…世界世|");
    assert_eq!(shown("世界世界世", "bbb", 8), "世界|世…");
    assert_eq!(shown("世界世界", "", 6), "世界|");
    assert_eq!(shown("世界", "a", 1), "|");
    assert_eq!(shown("abc", "", 1), "|");
    assert_eq!(shown("abc", "", 0), "|");
    assert_eq!(shown("✓", "", 5), "713>|");
}

fn any_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-z /]{1,6}",
        Just("世界".to_owned()),
        Just("👩\u{200d}👩\u{200d}👧\u{200d}👦".to_owned()),
        Just("👍🏽".to_owned()),
        Just("🇩🇪🇯".to_owned()),
        Just("\u{301}".to_owned()),
        Just("Z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".to_owned()),
        Just("\u{200d}".to_owned()),
        Just("✓\u{202e}\u{1b}[2J".to_owned()),
        Just("한\u{1100}\u{1161}".to_owned()),
        Just("हिन्दी".to_owned()),
        Just("\r\n\t".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn any_key() -> impl Strategy<Value = Key> {
    let ctrl = prop::sample::select("abfehdkuwytpnj".chars().collect::<Vec<_>>());
    let alts = prop::sample::select(vec!['b', 'f', 'd']);
    let special = prop::sample::select(vec![
        Code::Backspace,
        Code::Delete,
        Code::Left,
        Code::Right,
        Code::Home,
        Code::End,
        Code::Up,
        Code::Down,
    ]);
    prop_oneof![
        2 => ctrl.prop_map(Key::ctrl),
        1 => alts.prop_map(alt),
        2 => special.prop_map(Key::from),
        2 => any::<char>().prop_map(|c| Code::Char(c).into()),
    ]
}

proptest! {
    #[test]
    fn any_keys_leave_a_whole_draft_and_a_row_that_fits(
        steps in proptest::collection::vec((any_text(), proptest::collection::vec(any_key(), 0..6)), 1..8),
        width in 0_usize..40,
    ) {
        let mut editor = Editor::default();
        for (text, keys) in steps {
            let _ = editor.insert(&text);
            for key in keys {
                let _ = editor.key(key);
                let boundary = |at| {
                    let mut cursor = GraphemeCursor::new(at, editor.text.len(), true);
                    cursor.is_boundary(&editor.text, 0)
                };
                prop_assert_eq!(boundary(editor.cursor), Ok(true));
                prop_assert!(!editor.text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')));
                let visible = editor.visible(width);
                prop_assert!(visible.column() < width.max(1));
                prop_assert!(visible.column() + columns(&visible.after) <= width);
                let row = visible.before + &visible.after;
                prop_assert!(!row.chars().any(is_hidden));
            }
            editor.take();
        }
    }

    /// Against the plainest editor there is: characters of one grapheme each, in a vector.
    #[test]
    fn keys_do_what_a_list_of_characters_does(
        text in "[ab世 -]{0,12}",
        keys in proptest::collection::vec(prop::sample::select("abefhdkuwyt<>x".chars().collect::<Vec<_>>()), 0..40),
    ) {
        let mut editor = with(&text);
        let mut list: Vec<char> = text.chars().collect();
        let mut at = list.len();
        let mut killed: Vec<char> = Vec::new();
        let mut killing = false;
        for key in keys {
            let pressed = match key {
                '<' => alt('b'),
                '>' => alt('f'),
                'x' => Code::Char('x').into(),
                c => Key::ctrl(c),
            };
            press(&mut editor, pressed);
            let word = |c: &char| c.is_alphanumeric();
            let mut kill = |cut: Vec<char>, front: bool, killing: &mut bool| {
                if cut.is_empty() { return; }
                if !*killing { killed.clear(); }
                killed.splice(if front { 0..0 } else { killed.len()..killed.len() }, cut);
                *killing = true;
            };
            match key {
                'k' => kill(list.split_off(at), false, &mut killing),
                'u' => { kill(list.drain(..at).collect(), true, &mut killing); at = 0; }
                'w' => {
                    let mut to = at;
                    while to > 0 && list[to - 1] == ' ' { to -= 1; }
                    while to > 0 && list[to - 1] != ' ' { to -= 1; }
                    kill(list.drain(to..at).collect(), true, &mut killing);
                    at = to;
                }
                _ => {
                    killing = false;
                    match key {
                        'a' => at = 0,
                        'e' => at = list.len(),
                        'b' => at = at.saturating_sub(1),
                        'f' => at = (at + 1).min(list.len()),
                        'h' if at > 0 => { at -= 1; list.remove(at); }
                        'd' if at < list.len() => { list.remove(at); }
                        'y' => { list.splice(at..at, killed.iter().copied()); at += killed.len(); }
                        't' => {
                            let right = at.min(list.len().saturating_sub(1));
                            if right > 0 && at > 0 { list.swap(right - 1, right); at = right + 1; }
                        }
                        '<' => {
                            while at > 0 && !word(&list[at - 1]) { at -= 1; }
                            while at > 0 && word(&list[at - 1]) { at -= 1; }
                        }
                        '>' => {
                            while at < list.len() && !word(&list[at]) { at += 1; }
                            while at < list.len() && word(&list[at]) { at += 1; }
                        }
                        'x' => { list.insert(at, 'x'); at += 1; }
                        _ => {}
                    }
                }
            }
            let before: String = list[..at].iter().collect();
            let after: String = list[at..].iter().collect();
            prop_assert_eq!((editor.before(), editor.after()), (before.as_str(), after.as_str()));
        }
    }
}
