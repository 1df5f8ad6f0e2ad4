//! Which sequences are keys.

use super::*;

fn csi(body: &str) -> Meaning {
    let (end, body) = body.as_bytes().split_last().unwrap();
    meaning(Introducer::Csi, body, *end)
}

fn ss3(body: &str) -> Meaning {
    let (end, body) = body.as_bytes().split_last().unwrap();
    meaning(Introducer::Ss3, body, *end)
}

fn held(bits: u32, code: Code) -> Meaning {
    Meaning::Key(Held(bits).with(code))
}

#[test]
fn keys_of_every_encoding_are_keys() {
    use Code::{Backspace, Char, Delete, Down, End, Enter, Esc, Home, Left, Right, Up};
    for (body, bits, code) in [
        ("A", 0, Up),
        ("1;5D", Held::CTRL, Left),
        ("1;3C", 2, Right),
        ("1;9C", 8, Right),
        ("1;2:2B", Held::SHIFT, Down),
        ("H", 0, Home),
        ("1~", 0, Home),
        ("8~", 0, End),
        ("3;5~", Held::CTRL, Delete),
        ("99;5u", Held::CTRL, Char('c')),
        ("27;5;99~", Held::CTRL, Char('c')),
        ("1089::99;5u", Held::CTRL, Char('c')),
        ("97u", 0, Char('a')),
        ("97;2u", Held::SHIFT, Char('A')),
        ("49:33;2u", Held::SHIFT, Char('!')),
        ("97;65u", Held::CAPS_LOCK, Char('A')),
        ("101;1;233u", 0, Char('é')),
        ("127;3u", 2, Backspace),
        ("13;1:1u", 0, Enter),
        ("27u", 0, Esc),
        ("57401u", 0, Char('2')),
        ("57420;5u", Held::CTRL, Down),
    ] {
        assert_eq!(csi(body), held(bits, code), "{body}");
    }
    for (body, bits, code) in [
        ("A", 0, Up),
        ("5C", Held::CTRL, Right),
        ("1;5C", Held::CTRL, Right),
        ("d", Held::CTRL, Left),
        ("M", 0, Enter),
        ("p", 0, Char('0')),
        ("k", 0, Char('+')),
    ] {
        assert_eq!(ss3(body), held(bits, code), "{body}");
    }
}

#[test]
fn answers_and_keys_without_a_use_say_nothing() {
    for body in [
        "?2026;2$y",
        "?62;22;52c",
        ">1;4000;30c",
        "8;24;80t",
        "0n",
        "?1u",
        "<0;3;4M",
        "?997;1n",
        "1;2P",
        "15~",
        "2~",
        "201~",
        "Z",
        "97;1:3u",
        "1;1:3A",
        "57358u",
        "0u",
        "u",
        "7u",
        "4294967295u",
        "27;5~",
        "27;5;~",
        "99999999999999999999u",
        "3$",
        "1;5 A",
    ] {
        assert_eq!(csi(body), Meaning::Nothing, "{body}");
    }
    assert_eq!(ss3("P"), Meaning::Nothing);
    assert_eq!(csi("I"), Meaning::Focus(true));
    assert_eq!(csi("200~"), Meaning::Paste);
    assert_eq!(csi("12;40R"), Meaning::Column(39));
    for body in ["R", "12R", "12;R", "12;0R", "?12;40R", "12;99999R"] {
        assert_eq!(csi(body), Meaning::Nothing, "{body}");
    }
    assert_eq!(csi("M"), Meaning::Longer(3));
}
