//! Keys between answers of the terminal, whole, torn and cut off: every key is heard, and nothing
//! else is.

mod random;
mod rest;

use super::*;
use crate::terminal::keyboard::line;

const MS: Duration = Duration::from_millis(1);

/// Somebody at a terminal, and the time there.
struct Typist {
    decoder: Decoder,
    now: Instant,
}

impl Typist {
    fn new() -> Self {
        Self {
            decoder: Decoder::default(),
            now: Instant::now(),
        }
    }

    /// Bytes come, and then none for so many milliseconds.
    fn sends(&mut self, bytes: &[u8], pause: u32) -> &mut Self {
        self.decoder.feed(bytes, self.now);
        self.now += MS * pause;
        self.decoder.expire(self.now);
        self
    }

    /// What is heard, but where the cursor is: that is nothing that a person does.
    fn heard(&mut self) -> Vec<Event> {
        let events = std::iter::from_fn(|| self.decoder.next_event());
        let by_a_person = |event: &Event| !matches!(event, Event::Column(_));
        events.filter(by_a_person).collect()
    }
}

/// What is heard of bytes that come at once, in a moment.
fn heard(bytes: &[u8]) -> Vec<Event> {
    Typist::new().sends(bytes, 0).heard()
}

fn typed(text: &str) -> Vec<Event> {
    let key = |c| Event::Key(Code::Char(c).into());
    text.chars().map(key).collect()
}

fn key(code: Code) -> Event {
    Event::Key(code.into())
}

fn ctrl(c: char) -> Event {
    Event::Key(Key::ctrl(c))
}

fn alt(code: Code) -> Event {
    Event::Key(Key::alt(code))
}

fn pasted(text: &str) -> Event {
    Event::Paste(text.to_owned())
}

/// What terminals answer, each whole.
const ANSWERS: &[&[u8]] = &[
    b"\x1b[?2026;2$y",
    b"\x1b[?62;22;52c",
    b"\x1b[>1;4000;30c",
    b"\x1b[24;80R",
    b"\x1b[8;24;80t",
    b"\x1b[?1u",
    b"\x1b[<35;12;7M",
    b"\x1b[<0;12;7m",
    b"\x1b[M !!",
    b"\x1b[[A",
    b"\x1b[?997;1n",
    b"\x1b]11;rgb:1234/5678/9abc\x1b\\",
    b"\x1b]4;1;rgb:ff/00/00\x07",
    b"\x1b]52;c;c2VjcmV0\x07",
    b"\x1b]l\xe2\x9c\x93 a title\x1b\\",
    b"\x1b]\x07",
    b"\x1bP>|XTerm(390)\x1b\\",
    b"\x1bP1$r0 q\x1b\\",
    b"\x1bPa\x07b\x1b\\",
    b"\x1bPtmux;\x1b\x1b]52;c;QQ==\x07\x1b\\",
    b"\x1b_Gi=31;OK\x1b\\",
    b"\x1b^private\x1b\\",
    b"\x1bXany \x1b thing\x1b\x1b\\",
    b"\x1b]11;rgb:12/34/56\x9c",
    b"\x1b]52;c;c2Vj\x18",
    b"\x1bPtmux;\x1b\x1a",
    b"\x1bXany\x1b\x18",
    b"\x1b[?2026\x1a",
    b"\x1b[M!\x18",
    "\u{9b}?1;2c".as_bytes(),
    "\u{9d}0;t\u{9c}".as_bytes(),
    "\u{90}>|XTerm\u{9c}".as_bytes(),
    "\u{9f}Gi=1;OK\u{9c}".as_bytes(),
    "\u{9e}private\x1b\\".as_bytes(),
    "\u{98}any\u{9c}".as_bytes(),
];

#[test]
fn after_an_answer_the_next_key_is_heard() {
    for answer in ANSWERS {
        let mut bytes = b"a".to_vec();
        bytes.extend_from_slice(answer);
        bytes.extend_from_slice(b"b\r");
        let expected = [typed("ab"), vec![key(Code::Enter)]].concat();
        assert_eq!(heard(&bytes), expected, "{:?}", answer.escape_ascii());
    }
}

#[test]
fn an_answer_without_its_end_is_dropped_and_what_comes_later_is_a_key() {
    for answer in ANSWERS {
        for cut in 1..answer.len() {
            let mut typist = Typist::new();
            let events = typist.sends(&answer[..cut], 250).sends(b"k", 250).heard();
            let own_text =
                |event: &Event| matches!(event, Event::Key(key) if key.code == Code::Char('k'));
            let (last, before) = events.split_last().unwrap();
            assert!(own_text(last), "{:?}", answer[..cut].escape_ascii());
            // An ESC by itself is the key, and half a character is none.
            let esc = before.iter().all(|event| {
                [key(Code::Esc), key(Code::Char(REPLACEMENT_CHARACTER))].contains(event)
            });
            assert!(esc, "{:?}: {before:?}", answer[..cut].escape_ascii());
        }
    }
}

#[test]
fn pieces_less_than_250_milliseconds_apart_belong_together() {
    for answer in ANSWERS {
        let mut typist = Typist::new();
        for byte in *answer {
            typist.sends(&[*byte], 249);
        }
        assert_eq!(typist.sends(b"k", 0).heard(), typed("k"));
    }
    let mut typist = Typist::new();
    for byte in "é世👩".bytes() {
        typist.sends(&[byte], 249);
    }
    assert_eq!(typist.heard(), typed("é世👩"));
    for byte in b"\x1b[200~a\x1b[201~" {
        typist.sends(&[*byte], 249);
    }
    assert_eq!(typist.heard(), [pasted("a")]);
}

/// Whoever was busy finds at once what came in time, piece by piece.
#[test]
fn an_answer_that_is_read_late_is_one_all_the_same() {
    let mut decoder = Decoder::default();
    let now = Instant::now();
    decoder.feed(b"\x1b]52;c;c2Vj", now);
    decoder.feed(b"cmV0\x07k", now + MS * 3000);
    let heard: Vec<_> = std::iter::from_fn(|| decoder.next_event()).collect();
    assert_eq!(heard, typed("k"));
}

/// In UTF-8 that is what C1 as a single byte is: no control, whatever follows it.
#[test]
fn a_single_byte_of_c1_introduces_nothing() {
    for bad in 0x80..=0x9f_u8 {
        let around = [b"a", &[bad][..], b"11;rgb:1M\x1b\\b", &[bad], &[bad], b"c"].concat();
        let expected = "a\u{fffd}11;rgb:1Mb\u{fffd}\u{fffd}c";
        assert_eq!(heard(&around), typed(expected), "{bad:x}");
        assert_eq!(heard(&[b'\x1b', b'[', bad, b'x']).last(), typed("x").last());
    }
}

#[test]
fn can_and_sub_end_what_is_open_and_are_keys_elsewhere() {
    assert_eq!(heard(b"\x1b]52;c;\x18k\x1b[1\x1ak"), typed("kk"));
    assert_eq!(heard(b"\x18\x1a"), [ctrl('x'), ctrl('z')]);
    assert_eq!(
        heard(b"\x1b[200~a\x18\x1ab\x1b[201~"),
        [pasted("a\x18\x1ab")]
    );
}

#[test]
fn ctrl_c_is_heard_in_the_middle_of_everything() {
    for answer in ANSWERS {
        for cut in 0..answer.len() {
            let mut typist = Typist::new();
            let bytes = [&answer[..cut], b"\x03\x03"].concat();
            let events = typist.sends(&bytes, 0).heard();
            let times = events.iter().filter(|event| **event == ctrl('c')).count();
            assert_eq!(times, 2, "{:?}", bytes.escape_ascii());
        }
    }
    // Nothing of what it came in the middle of is heard after it.
    let answer = b"\x1b]52;c;c2Vj\x03cmV0\x07";
    assert_eq!(heard(answer), [ctrl('c')]);
    assert_eq!(
        heard(b"\x1b[?2026\x03;2$yx"),
        [vec![ctrl('c')], typed("x")].concat()
    );
}

#[test]
fn a_paste_is_text_as_it_is_once_its_end_came() {
    assert_eq!(
        heard(b"\x1b[200~a\x03\r\x1b[31mb\x1b[201~c"),
        [vec![pasted("a\x03\r\x1b[31mb")], typed("c")].concat()
    );
    assert_eq!(
        heard("\u{9b}200~a\x1b[201~\u{9b}201~".as_bytes()),
        [pasted("a\x1b[201~")]
    );
    assert_eq!(
        heard(b"\x1b[200~\x1b[20\x1b[201\x1b[201~"),
        [pasted("\x1b[20\x1b[201")]
    );
    assert_eq!(
        heard("\x1b[200~é\u{fffd}\x1b[201~".as_bytes()),
        [pasted("é\u{fffd}")]
    );
    let mut typist = Typist::new();
    assert_eq!(
        typist
            .sends(b"\x1b[200~a", 999)
            .sends(b"b\x1b[201~", 0)
            .heard(),
        [pasted("ab")]
    );
    assert_eq!(heard(b"\x1b[201~x"), typed("x"));
}

#[test]
fn a_paste_without_an_end_ends_by_itself() {
    let mut typist = Typist::new();
    assert_eq!(typist.sends(b"\x1b[200~abc", 999).heard(), []);
    assert_eq!(typist.sends(b"", 1001).heard(), [pasted("abc")]);
    assert_eq!(
        typist.sends(b"d\r", 0).heard(),
        [typed("d"), vec![key(Code::Enter)]].concat()
    );
    // The next paste ends it too.
    let two = b"\x1b[200~abc\x03\x1b[200~x\x03y\x1b[201~";
    assert_eq!(heard(two), [pasted("abc"), ctrl('c'), pasted("x\x03y")]);
    // Ctrl-C in it was one, and no answer is text.
    let mut typist = Typist::new();
    let bytes = b"\x1b[200~abc\r\x1b[?2026;2$yd\x03e\x1b]52;c;c2VjcmV0\x07\x03\x1b[201";
    let expected = [pasted("abc\nd"), ctrl('c'), pasted("e"), ctrl('c')];
    assert_eq!(typist.sends(bytes, 2000).heard(), expected);
    assert!(typist.decoder.is_idle());
}

#[test]
fn a_paste_takes_no_more_memory_than_a_draft_could_hold() {
    let mut typist = Typist::new();
    typist.sends(b"\x1b[200~", 0);
    for _ in 0..1000 {
        typist.sends(&[b'x'; 1000], 0);
    }
    let mut events = typist.sends(b"\x03 \x03", 2000).heard();
    assert_eq!(events.split_off(1), [ctrl('c'), ctrl('c')]);
    let [Event::Paste(text)] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!((2 * undertone_core::payload::TEXT_MAX + 1..40_000).contains(&text.len()));
}

#[test]
fn a_byte_that_is_no_text_takes_no_key_with_it() {
    for bad in 0x80..=0xff_u8 {
        for bytes in [
            vec![b'a', bad, b' ', b'b'],
            vec![b'a', bad, bad, b' ', b'b'],
        ] {
            let text = line::text(&bytes);
            let ascii: String = text.chars().filter(char::is_ascii).collect();
            assert_eq!(ascii, "a b", "{bad:x}");
        }
    }
    assert_eq!(heard(b"caf\xe9 au lait"), typed("caf\u{fffd} au lait"));
    assert_eq!(
        heard(b"\xff\xfe\xc0\x80x"),
        typed("\u{fffd}\u{fffd}\u{fffd}x")
    );
    assert_eq!(
        heard(b"\xed\xa0\x80x\xf8\x9b\x9d\x80\x80y"),
        typed("\u{fffd}x\u{fffd}y")
    );
    let mut typist = Typist::new();
    assert_eq!(
        typist.sends(b"\xe4\xb8", 250).sends(b"x", 0).heard(),
        typed("\u{fffd}x")
    );
}

#[test]
fn an_escape_with_intermediate_bytes_is_swallowed_whole() {
    for whole in [
        "\x1b(B",
        "\x1b)0",
        "\x1b#8",
        "\x1b%G",
        "\x1b F",
        "\x1b$(D",
        "\x1b%/G",
        "\x1b(\x18",
        "\x1b*~",
    ] {
        assert_eq!(
            heard(format!("a{whole}k").as_bytes()),
            typed("ak"),
            "{whole:?}"
        );
        let mut typist = Typist::new();
        for byte in whole.bytes() {
            typist.sends(&[byte], 19);
        }
        assert_eq!(typist.sends(b"k", 0).heard(), typed("k"), "{whole:?}");
        assert_eq!(line::text(format!("a{whole}k\n").as_bytes()), "ak\n");
    }
    let many = [b"\x1b".as_slice(), &[b'('; 1000], b"Bk"].concat();
    assert_eq!(heard(&many), typed("k"));
}

#[test]
fn alt_with_a_sign_is_a_key_once_a_moment_or_another_key_says_so() {
    for sign in ' '..='/' {
        let mut typist = Typist::new();
        let bytes = format!("\x1b{sign}");
        let events = typist.sends(bytes.as_bytes(), 20).sends(b"B", 0).heard();
        assert_eq!(events, [vec![alt(Code::Char(sign))], typed("B")].concat());
        for (next, event) in [
            ("\x1bb", alt(Code::Char('b'))),
            ("\x1b[A", key(Code::Up)),
            ("\r", key(Code::Enter)),
            ("\x03", ctrl('c')),
            ("é", key(Code::Char('é'))),
        ] {
            let bytes = format!("\x1b{sign}{next}");
            let both = [alt(Code::Char(sign)), event];
            assert_eq!(heard(bytes.as_bytes()), both, "{bytes:?}");
        }
    }
    assert_eq!(
        Typist::new().sends(b"\x1b\x1b((", 20).heard(),
        [vec![key(Code::Esc), alt(Code::Char('('))], typed("(")].concat()
    );
}

#[test]
fn esc_is_a_key_and_alt_with_another() {
    let mut typist = Typist::new();
    assert_eq!(
        typist.sends(b"\x1b", 250).sends(b"y", 0).heard(),
        [vec![key(Code::Esc)], typed("y")].concat()
    );
    assert_eq!(
        typist.sends(b"\x1b\x1b", 250).heard(),
        [key(Code::Esc), key(Code::Esc)]
    );
    let both = [
        alt(Code::Char('b')),
        alt(Code::Enter),
        alt(Code::Backspace),
        alt(Code::Char('é')),
    ];
    assert_eq!(heard("\x1bb\x1b\r\x1b\x7f\x1bé".as_bytes()), both);
    assert_eq!(
        heard(b"\x1b\x1b[D\x1b\x1bOC"),
        [alt(Code::Left), alt(Code::Right)]
    );
    // Esc was pressed just before an answer came.
    assert_eq!(
        heard(b"\x1b\x1b[?1u\x1b\x1b]11;x\x07"),
        [key(Code::Esc), key(Code::Esc)]
    );
    // An arrow cuts off an answer that never ends.
    assert_eq!(heard(b"\x1b]11;rgb:\x1b[A"), [key(Code::Up)]);
    assert_eq!(
        heard(b"\x1b[I\x1b[O"),
        [Event::Focus(true), Event::Focus(false)]
    );
    assert_eq!(
        heard(b"\x1b[99;5u\x1b[27;5;99~\x1bOH\x1b[3~"),
        [ctrl('c'), ctrl('c'), key(Code::Home), key(Code::Delete),]
    );
}
