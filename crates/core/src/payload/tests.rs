use minicbor::Encoder;

use super::*;
use crate::files::compare::HASHES_MAX;
use proptest::prelude::*;

fn all(bytes: &[u8]) -> Result<Vec<Payload<'_>>, Malformed> {
    decode(bytes).collect()
}

fn encoded(payloads: &[Payload<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    payloads.iter().for_each(|p| p.encode(&mut out));
    out
}

#[test]
fn padding_after_the_last_payload_must_be_zero() {
    let mut bytes = encoded(&[Payload::Ping]);
    bytes.extend([0; 20]);
    assert_eq!(all(&bytes), Ok(vec![Payload::Ping]));
    *bytes.last_mut().unwrap() = 1;
    assert_eq!(all(&bytes), Err(Malformed));
}

#[test]
fn kinds_of_a_later_version_are_passed_over_or_acknowledged() {
    // [11, "x"], [40, 7, {1: 2}], [1, 5, "appended"]
    let bytes = [
        0x82, 0x0b, 0x61, b'x', 0x83, 0x18, 40, 7, 0xa1, 1, 2, 0x83, 1, 5, 0x61, b'a',
    ];
    let unknown = Payload::Reliable {
        seq: 7,
        body: Body::Unknown,
    };
    let expected = vec![Payload::Unknown, unknown, Payload::Ack { received: 5 }];
    assert_eq!(all(&bytes), Ok(expected));
}

#[test]
fn a_mark_on_a_message_is_true_or_passed_over() {
    // [16, 1, 0, "a", mark], and once more with something behind the mark.
    let message = |mark: &[u8], items: u8| {
        let head = [0x80 | items, 0x10, 1, 0, 0x61, b'a'];
        [head.as_slice(), mark].concat()
    };
    for (mark, items, resent) in [
        (&[0xf5][..], 5, true),
        (&[0xf4], 5, false),
        (&[0x01], 5, false),
        (&[0xf5, 0x07], 6, true),
        (&[0x07, 0xf5], 6, false),
    ] {
        let body = Body::Text {
            sent: 0,
            text: "a",
            resent,
        };
        let expected = vec![Payload::Reliable { seq: 1, body }];
        assert_eq!(all(&message(mark, items)), Ok(expected), "{mark:?}");
    }
    assert_eq!(all(&message(&[], 5)), Err(Malformed));
}

#[test]
fn a_goodbye_for_another_reason_is_one_all_the_same() {
    // [4], [4, 2], [4, "x"], [4, 1], [4, 1, 7]
    let bytes = [
        0x81, 4, 0x82, 4, 2, 0x82, 4, 0x61, b'x', 0x82, 4, 1, 0x83, 4, 1, 7,
    ];
    let (bye, failure) = (Payload::Bye, Payload::Failure);
    assert_eq!(all(&bytes), Ok(vec![bye, bye, bye, failure, failure]));
    // [4, break]: no array of this length.
    assert_eq!(all(&[0x82, 4, 0xff]), Err(Malformed));
}

#[test]
fn what_no_stream_says_is_refused() {
    let bad: [&[u8]; 6] = [
        // A piece that is empty and not the last one, whether or not it says so.
        &[0x84, 8, 1, 0, 0x40],
        &[0x85, 8, 1, 0, 0x40, 0xf4],
        // One that ends behind 2⁶⁴ − 1; one that is a text, one in pieces.
        &[
            0x84, 8, 1, 0x1b, 255, 255, 255, 255, 255, 255, 255, 255, 0x41, 0,
        ],
        &[0x84, 8, 1, 0, 0x61, b'x'],
        &[0x84, 8, 1, 0, 0x5f, 0x41, 0, 0xff],
        // A limit below the offset.
        &[0x84, 9, 1, 5, 4],
    ];
    for bytes in bad {
        assert_eq!(all(bytes), Err(Malformed), "{bytes:x?}");
    }
    // [8, 1, 0, h'', true], [9, 1, 5, 5], [10, 1, 0]: with more behind it, too.
    let good = [
        0x85, 8, 1, 0, 0x40, 0xf5, 0x84, 9, 1, 5, 5, 0x83, 10, 1, 0x18, 99,
    ];
    let last = StreamPart::Piece {
        offset: 0,
        bytes: &[],
        last: true,
    };
    let credit = StreamPart::Credit {
        offset: 5,
        limit: 5,
    };
    let expected = [last, credit, StreamPart::Close];
    let expected = expected.map(|part| Payload::Stream(1, part));
    assert_eq!(all(&good), Ok(expected.to_vec()));
}

/// `[64, 1, id, list, data, name, count, size]`, item by item.
fn offer_items() -> Vec<Vec<u8>> {
    let id = [&[0x58, 32][..], &[7; 32]].concat();
    let items: [&[u8]; 7] = [&[0x18, 64], &[1], &id, &[2], &[4], &[0x61, b'a'], &[1]];
    let size = vec![0x18, 99];
    items
        .into_iter()
        .map(<[u8]>::to_vec)
        .chain([size])
        .collect()
}

#[test]
fn an_offer_and_the_word_about_it_are_read() {
    let mut items = offer_items();
    let offer = |size| Offer {
        id: OfferId([7; 32]),
        list: 2,
        data: 4,
        name: "a",
        count: 1,
        size,
    };
    let expected = |size| {
        let body = Body::Offer(offer(size));
        Ok(vec![Payload::Reliable { seq: 1, body }])
    };
    assert_eq!(
        all(&[&[0x88], &*items.concat()].concat()),
        expected(Some(99))
    );
    items[7] = vec![0xf6];
    assert_eq!(all(&[&[0x88], &*items.concat()].concat()), expected(None));
    items.push(vec![0xa0]);
    assert_eq!(all(&[&[0x89], &*items.concat()].concat()), expected(None));
    for (number, outcome) in [
        (0, Outcome::Received),
        (1, Outcome::Declined),
        (2, Outcome::NoSpace),
        (3, Outcome::CannotWrite),
        (4, Outcome::Source),
        (5, Outcome::Cancelled),
        (6, Outcome::TooLarge),
        (7, Outcome::NotAcceptable),
        (8, Outcome::Failed),
        (23, Outcome::Failed),
    ] {
        let head = [0x84, 0x18, 65, 3, 0x58, 32];
        let bytes = [&head[..], &[7; 32], &[number]].concat();
        let body = Body::Outcome(OfferId([7; 32]), outcome);
        assert_eq!(all(&bytes), Ok(vec![Payload::Reliable { seq: 3, body }]));
    }
}

#[test]
fn an_impossible_offer_is_refused() {
    let long = [&[0x79, 1, 0][..], &[b'x'; 256]].concat();
    let bad: [(usize, &[u8]); 12] = [
        (1, &[0]),
        (2, &[0x40]),
        (2, &[&[0x58, 33][..], &[7; 33]].concat()),
        (2, &[0x61, b'a']),
        (3, &[0]),
        (3, &[4]),
        (4, &[0]),
        (5, &[0x41, b'a']),
        (5, &long),
        (6, &[0xf6]),
        (7, &[0x20]),
        (7, &[0xff]),
    ];
    for (item, bytes) in bad {
        let mut items = offer_items();
        items[item] = bytes.to_vec();
        let offer = [&[0x88], &*items.concat()].concat();
        assert_eq!(all(&offer), Err(Malformed), "{item}: {bytes:x?}");
    }
    let short = [&[0x87], &*offer_items()[..7].concat()].concat();
    assert_eq!(all(&short), Err(Malformed));
    // A word without its outcome, and one of another type.
    let head = [&[0x83, 0x18, 65, 3, 0x58, 32][..], &[7; 32]].concat();
    assert_eq!(all(&head), Err(Malformed));
    let text = [&[0x84], &head[1..], &[0x60]].concat();
    assert_eq!(all(&text), Err(Malformed));
}

#[test]
fn what_asks_for_no_hashes_and_too_many_of_them_are_refused() {
    // [66, 3, id, kept, len] and [67, 3, id, hashes], each with what is behind the id.
    let said = |items: u8, kind: u8, rest: &[u8]| {
        let head = [0x80 | items, 0x18, kind, 3, 0x58, 32];
        [&head[..], &[7; 32], rest].concat()
    };
    let hashes = |len: u16| [&[0x59][..], &len.to_be_bytes(), &vec![7; len.into()]].concat();
    let most = u16::try_from(HASHES_MAX).unwrap();
    for (kind, items, rest) in [
        (66, 4, &[1][..]),
        (66, 5, &[1, 0x40]),
        (66, 5, &[0x20, 1]),
        (67, 3, &[]),
        (67, 4, &[1]),
        (67, 4, &[0x61, b'a']),
        (67, 4, &hashes(most + 1)),
        (68, 2, &[]),
    ] {
        assert_eq!(all(&said(items, kind, rest)), Err(Malformed), "{rest:x?}");
    }
    let id = OfferId([7; 32]);
    let (kept, len) = (5, 1);
    for (bytes, body) in [
        (
            said(5, 66, &[5, 1]),
            Body::Compare(id, Chunks { kept, len }),
        ),
        (
            said(6, 66, &[5, 1, 0xf6]),
            Body::Compare(id, Chunks { kept, len }),
        ),
        (said(4, 67, &[0x40]), Body::Hashes(id, &[])),
        (
            said(4, 67, &hashes(most)),
            Body::Hashes(id, &[7; HASHES_MAX]),
        ),
        (said(3, 68, &[]), Body::Paused(id)),
        (said(4, 68, &[1]), Body::Paused(id)),
    ] {
        assert_eq!(all(&bytes), Ok(vec![Payload::Reliable { seq: 3, body }]));
    }
}

#[test]
fn reliable_kinds_have_no_bound_but_that_of_an_integer() {
    for kind in [17, 255, 65_535, 65_536, u64::from(u32::MAX) + 1, u64::MAX] {
        let mut bytes = Vec::new();
        let mut e = Encoder::new(&mut bytes);
        e.array(3).unwrap().u64(kind).unwrap();
        e.u64(1).unwrap().null().unwrap();
        let body = Body::Unknown;
        assert_eq!(all(&bytes), Ok(vec![Payload::Reliable { seq: 1, body }]));
    }
}

#[test]
fn integers_may_be_longer_than_they_need_be() {
    // [1, 5] with each in four and in eight bytes.
    let bytes = [0x82, 0x1a, 0, 0, 0, 1, 0x1b, 0, 0, 0, 0, 0, 0, 0, 5];
    assert_eq!(all(&bytes), Ok(vec![Payload::Ack { received: 5 }]));
}

#[test]
fn what_is_no_payload_is_refused() {
    let bad: [&[u8]; 11] = [
        // No array; an empty one; one without an end; one of a negative kind.
        &[5],
        &[0x80],
        &[0x9f, 2, 0xff],
        &[0x81, 0x20],
        // A text without a number; with the number 0; an unknown kind with it.
        &[0x81, 0x10],
        &[0x84, 0x10, 0, 1, 0x60],
        &[0x82, 0x11, 0],
        // A text in pieces; a negative time; a number that is a text.
        &[0x84, 0x10, 1, 1, 0x7f, 0x61, b'x', 0xff],
        &[0x84, 0x10, 1, 0x20, 0x60],
        &[0x82, 1, 0x61, b'x'],
        // A further item that is cut off.
        &[0x82, 2, 0x61],
    ];
    for bytes in bad {
        assert_eq!(all(bytes), Err(Malformed), "{bytes:x?}");
    }
}

#[test]
fn a_plaintext_of_any_length_is_read() {
    for len in (0..600).chain([PLAINTEXT_MAX]) {
        let mut bytes = encoded(&[Payload::Ping]);
        bytes.resize(len.max(2), 0);
        assert_eq!(all(&bytes), Ok(vec![Payload::Ping]));
        assert_eq!(all(&bytes[2..]), Ok(vec![]));
    }
}

#[test]
fn a_text_over_its_bound_is_refused() {
    let text = "x".repeat(TEXT_MAX + 1);
    let body = Body::Text {
        sent: 0,
        text: &text,
        resent: false,
    };
    assert_eq!(
        all(&encoded(&[Payload::Reliable { seq: 1, body }])),
        Err(Malformed)
    );
    let body = Body::Text {
        sent: 0,
        text: &text[1..],
        resent: true,
    };
    assert!(all(&encoded(&[Payload::Reliable { seq: 1, body }])).is_ok());
}

#[test]
fn padme_agrees_with_its_paper() {
    // §4's bound: at most 12 % more, and never over a power of two.
    for len in 0..=PLAINTEXT_MAX {
        let padded = padded_len(len);
        assert!(padded >= len.max(PLAINTEXT_MIN) && padded <= PLAINTEXT_MAX);
        assert!(padded * 100 <= len.max(PLAINTEXT_MIN) * 112);
    }
    assert_eq!(
        [padded_len(257), padded_len(1000), padded_len(40_000)],
        [272, 1024, 40_960]
    );
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(
        seq: u64,
        sent: u64,
        received: u64,
        text in ".{0,200}",
        resent: bool,
        bytes in prop::collection::vec(any::<u8>(), 1..300),
        last: bool,
    ) {
        let offset = sent >> 9;
        let stream = |part| Payload::Stream(seq, part);
        let (id, outcome) = (OfferId([text.len() as u8; 32]), Outcome::of_number(sent % 12));
        let size = last.then_some(received);
        let offer = Offer { id, list: 1, data: seq.max(2), name: "é.txt", count: sent, size };
        let payloads = [
            stream(StreamPart::Piece { offset, bytes: &bytes, last }),
            stream(StreamPart::Credit { offset, limit: sent }),
            stream(StreamPart::Close),
            Payload::Go { link: seq, received },
            Payload::Ack { received },
            Payload::Ping,
            Payload::Pong,
            Payload::Reliable { seq, body: Body::Text { sent, text: &text, resent } },
            Payload::Reliable { seq, body: Body::Offer(offer) },
            Payload::Reliable { seq, body: Body::Outcome(offer.id, outcome) },
            Payload::Reliable { seq, body: Body::Compare(offer.id, Chunks { kept: sent, len: received }) },
            Payload::Reliable { seq, body: Body::Hashes(offer.id, &bytes) },
            Payload::Reliable { seq, body: Body::Paused(offer.id) },
            Payload::Bye,
            Payload::Failure,
        ];
        let mut read = encoded(&payloads);
        read.resize(padded_len(read.len()), 0);
        prop_assert_eq!(all(&read), Ok(payloads.to_vec()));
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_read_without_panic(bytes: Vec<u8>) {
        let _ = all(&bytes);
    }
}
