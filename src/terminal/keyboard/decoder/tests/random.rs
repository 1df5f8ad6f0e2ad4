//! Whatever a terminal answers and a person types, in whatever pieces it comes.

use proptest::prelude::*;

use super::*;

fn any_answer() -> impl Strategy<Value = Vec<u8>> {
    let payload = proptest::collection::vec(
        prop_oneof![4 => 0x20_u8..0x7f, 1 => 8_u8..0x0e, 1 => 0xa0_u8..],
        0..40,
    );
    let end = prop::sample::select(vec![&b"\x1b\\"[..], b"\x9c", b"\xc2\x9c", b"\x18", b"\x1a"]);
    let string = (
        prop::sample::select(vec!["]", "P", "X", "^", "_"]),
        payload,
        end,
    )
        .prop_map(|(kind, payload, end)| {
            // A byte that leads a character would claim what ends the string.
            let payload = payload.into_iter().filter(|byte| *byte < 0xc0);
            [b"\x1b", kind.as_bytes(), &payload.collect::<Vec<_>>(), end].concat()
        });
    // Private parameters, or intermediate bytes: no key has them.
    let sequence = ("[<=>?][0-9;:]{0,12}[ -/]{0,2}[@-~\u{18}\u{1a}]|[0-9;]{0,12}[ -/]{1,2}[@-~]")
        .prop_map(|body| [b"\x1b[", body.as_bytes()].concat());
    prop_oneof![
        2 => string,
        2 => sequence,
        1 => prop::sample::select(ANSWERS).prop_map(<[u8]>::to_vec),
    ]
}

fn any_key() -> impl Strategy<Value = (Vec<u8>, Event)> {
    let text = prop::sample::select("abzAZ09 ~[]é世👩".chars().collect::<Vec<_>>());
    let named: Vec<(&[u8], Event)> = vec![
        (b"\r", key(Code::Enter)),
        (b"\t", key(Code::Tab)),
        (b"\x7f", key(Code::Backspace)),
        (b"\x03", ctrl('c')),
        (b"\x15", ctrl('u')),
        (b"\x1b[A", key(Code::Up)),
        (b"\x1bOD", key(Code::Left)),
        (b"\x1bb", alt(Code::Char('b'))),
        (b"\x1b[200~a\rb\x1b[201~", pasted("a\rb")),
        (b"\x1a", ctrl('z')),
        (b"\x9b", key(Code::Char(REPLACEMENT_CHARACTER))),
        (b"\x9d", key(Code::Char(REPLACEMENT_CHARACTER))),
    ];
    prop_oneof![
        text.prop_map(|c| (c.to_string().into_bytes(), key(Code::Char(c)))),
        prop::sample::select(named).prop_map(|(bytes, event)| (bytes.to_vec(), event)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Some 12,000 answers, whole and torn.
    #[test]
    fn every_key_between_answers_is_heard_and_nothing_else_is(
        parts in proptest::collection::vec((any_answer(), any_key()), 1..25),
        torn in proptest::collection::vec((1_usize..9, 0_u32..250), 1..40),
    ) {
        let bytes: Vec<u8> = parts.iter().flat_map(|(answer, (key, _))| [answer.as_slice(), key].concat()).collect();
        let mut typist = Typist::new();
        let (mut rest, mut torn) = (bytes.as_slice(), torn.iter().cycle());
        while let Some((size, pause)) = torn.next().filter(|_| !rest.is_empty()) {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            typist.sends(piece, *pause);
            rest = after;
        }
        let keys: Vec<Event> = parts.into_iter().map(|(_, (_, event))| event).collect();
        prop_assert_eq!(typist.heard(), keys);
    }

    #[test]
    fn whatever_came_it_ends_and_the_next_key_is_heard(
        pieces in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..40), 0_u32..300), 0..20),
    ) {
        let mut typist = Typist::new();
        for (bytes, pause) in &pieces {
            typist.sends(bytes, *pause);
        }
        typist.sends(b"", 1200).heard();
        prop_assert!(typist.decoder.is_idle());
        prop_assert_eq!(typist.decoder.deadline(), None);
        prop_assert_eq!(typist.sends(b"k\x03", 0).heard(), [typed("k"), vec![ctrl('c')]].concat());
    }
}
