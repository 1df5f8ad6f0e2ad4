//! Strings that stall: their rest is no text, and whatever else comes is keys, all of them.

use proptest::prelude::*;

use super::*;

/// Each with its end.
const STRINGS: &[&[u8]] = &[
    b"\x1b]11;rgb:1234/5678/9abc\x1b\\",
    b"\x1b]4;1;rgb:ff/00/00\x07",
    b"\x1b]52;c;c2VjcmV0\x07",
    b"\x1b]l\xe2\x9c\x93 a title\x1b\\",
    b"\x1bP>|XTerm(390)\x1b\\",
    b"\x1bP1$r0 q\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1b]11;rgb:12/34/56\x9c",
    "\u{9d}0;t\u{9c}".as_bytes(),
];

/// Bytes before which a string has something that a person who pressed Alt-] has not.
const BEGUN: usize = 3;

fn text(events: &[Event]) -> String {
    let character = |event: &Event| match event {
        Event::Key(Key {
            code: Code::Char(c),
            ctrl: false,
            alt: false,
            ..
        }) => Some(*c),
        _ => None,
    };
    events.iter().filter_map(character).collect()
}

#[test]
fn the_rest_of_a_string_is_no_text_however_late_it_comes() {
    for string in STRINGS {
        for cut in BEGUN..string.len() {
            for pause in [250, 1000, 10_000] {
                let mut typist = Typist::new();
                let (before, rest) = string.split_at(cut);
                assert_eq!(typist.sends(before, pause).heard(), []);
                assert!(typist.decoder.is_idle());
                let rest = [rest, b"k"].concat();
                let cut = before.escape_ascii();
                assert_eq!(typist.sends(&rest, 0).heard(), typed("k"), "{cut}");
            }
        }
    }
}

#[test]
fn a_key_that_comes_alone_is_heard_at_once_after_a_string_that_stalled() {
    for string in STRINGS {
        for cut in BEGUN..string.len() {
            // What ends it is not typed: ST is no key of its own.
            if string[..cut].ends_with(b"\x1b") {
                continue;
            }
            for key in ["k", "7", ";", "=", "\\", "é", "世"] {
                let mut typist = Typist::new();
                typist.sends(&string[..cut], 250);
                assert_eq!(typist.sends(key.as_bytes(), 20).heard(), typed(key));
                assert_eq!(
                    typist.sends(b"k", 0).heard(),
                    typed("k"),
                    "and is the last such"
                );
            }
            for (bytes, event) in [
                ("\r", key(Code::Enter)),
                ("\x7f", key(Code::Backspace)),
                ("\x03", ctrl('c')),
                ("\x1a", ctrl('z')),
                ("\x1b[A", key(Code::Up)),
                ("\x1bb", alt(Code::Char('b'))),
                ("\x1b[200~a b\x1b[201~", pasted("a b")),
            ] {
                let mut typist = Typist::new();
                typist.sends(&string[..cut], 250);
                assert_eq!(typist.sends(bytes.as_bytes(), 0).heard(), [event]);
            }
            let mut typist = Typist::new();
            typist.sends(&string[..cut], 250);
            assert_eq!(typist.sends(b"\x1b", 250).heard(), [key(Code::Esc)]);
        }
    }
}

#[test]
fn keys_that_come_together_are_heard_within_the_pause() {
    for keys in ["hello", "a b c", "12;34", "éé", "hello\x1bb", "hello\x03"] {
        let mut typist = Typist::new();
        typist.sends(b"\x1b]52;c;c2Vj", 250);
        // However fast somebody types on.
        for byte in keys.bytes() {
            typist.sends(&[byte], 10);
        }
        let mut plain = Typist::new();
        plain.sends(keys.as_bytes(), 0);
        assert_eq!(typist.sends(b"", 250).heard(), plain.heard(), "{keys:?}");
    }
    let mut typist = Typist::new();
    typist.sends(b"\x1b]52;c;c2Vj", 250);
    for _ in 0..30 {
        typist.sends(b"x", 10);
    }
    assert_eq!(text(&typist.heard()), "x".repeat(30));
}

/// As large as a clipboard is.
#[test]
fn a_long_rest_may_stall_again() {
    let mut typist = Typist::new();
    typist.sends(b"\x1b]52;c;", 300);
    for _ in 0..20 {
        typist.sends(&[b'Q'; 1000], 300);
    }
    assert_eq!(typist.sends(b"QQ==\x07k", 0).heard(), typed("k"));
}

#[test]
fn what_comes_long_after_is_keys() {
    let mut typist = Typist::new();
    typist.sends(b"\x1b]52;c;c2Vj", 10_250);
    let keys = typist.sends(b"hello\x07", 0).heard();
    assert_eq!(text(&keys), "hello");
}

#[test]
fn who_presses_alt_with_a_bracket_loses_no_key_after_the_pause() {
    for introducer in ["\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX"] {
        let mut typist = Typist::new();
        typist.sends(introducer.as_bytes(), 250);
        assert_eq!(
            typist.sends(b"52;c\x07", 0).heard(),
            [typed("52;c"), vec![ctrl('g')]].concat()
        );
    }
}

proptest! {
    /// Whatever string it is, wherever it is torn, and whatever is typed after it, key by key.
    #[test]
    fn no_string_is_text_and_no_key_is_lost_wherever_it_stalls(
        string in prop::sample::select(STRINGS),
        cut in any::<prop::sample::Index>(),
        pause in 250_u32..10_000,
        ends in any::<bool>(),
        keys in "[a-z0-9 ;=]{0,12}",
        gaps in proptest::collection::vec(20_u32..600, 12),
    ) {
        let cut = BEGUN + cut.index(string.len() - BEGUN);
        let mut typist = Typist::new();
        typist.sends(&string[..cut], pause);
        if ends {
            typist.sends(&string[cut..], 0);
        }
        for (key, gap) in keys.bytes().zip(gaps) {
            typist.sends(&[key], gap);
        }
        prop_assert_eq!(typist.heard(), typed(&keys));
    }
}
