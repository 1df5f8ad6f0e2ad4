//! Payloads: those that end the session, those that are taken, and what acts on terminals or memory.

use tokio::io::AsyncWriteExt;
use undertone_core::payload::{Payload, TEXT_MAX, decode};
use undertone_core::session::record::{BODY_MAX, BODY_MIN};

use super::{ANSWER, Hosted, SOON, encoded, text};
use crate::hostile::Ended;

#[test]
fn payloads_that_no_client_sends_end_the_session_with_a_reason() {
    let long = "x".repeat(TEXT_MAX + 1);
    let go = |link, received| Payload::Go { link, received };
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("no answer to go", encoded(&[Payload::Ping])),
        ("nothing at all", Vec::new()),
        ("an answer beyond what was sent", encoded(&[go(1, 5)])),
        ("a second go", encoded(&[ANSWER, ANSWER])),
        (
            "an ack beyond what was sent",
            encoded(&[ANSWER, Payload::Ack { received: u64::MAX }]),
        ),
        ("a gap", encoded(&[ANSWER, text(5, "x")])),
        ("the last number", encoded(&[ANSWER, text(u64::MAX, "x")])),
        ("a text over the bound", encoded(&[ANSWER, text(1, &long)])),
        ("no CBOR", [encoded(&[ANSWER]), vec![0xff; 64]].concat()),
        (
            "an endless array",
            [encoded(&[ANSWER]), vec![0x9f; 64]].concat(),
        ),
        (
            "a text longer than the record",
            [
                encoded(&[ANSWER]),
                vec![
                    0x84, 0x10, 1, 1, 0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                ],
            ]
            .concat(),
        ),
        (
            "text that is no UTF-8",
            [encoded(&[ANSWER]), vec![0x84, 0x10, 1, 1, 0x62, 0xff, 0xfe]].concat(),
        ),
        (
            "the number 0",
            [encoded(&[ANSWER]), vec![0x84, 0x10, 0, 1, 0x61, b'x']].concat(),
        ),
        (
            "a negative kind",
            [encoded(&[ANSWER]), vec![0x81, 0x20]].concat(),
        ),
        (
            "a text in pieces",
            [
                encoded(&[ANSWER]),
                vec![0x84, 0x10, 1, 1, 0x7f, 0x61, b'x', 0xff],
            ]
            .concat(),
        ),
        (
            "padding that is none",
            [encoded(&[ANSWER]), vec![0, 0, 1]].concat(),
        ),
        (
            "arrays in arrays",
            [
                encoded(&[ANSWER]),
                vec![0x82, 0x18, 0xff],
                vec![0x81; 60_000],
            ]
            .concat(),
        ),
    ];
    for (what, plaintext) in bad {
        let mut hosted = Hosted::meet(true, "mallory");
        hosted.send(&plaintext);
        let ended = Ended::of(hosted.client, SOON);
        let error = ended.error();
        assert_eq!(
            (ended.code, error["code"].as_str()),
            (8, Some("broken")),
            "{what}: {error}"
        );
    }
}

#[test]
fn what_another_client_or_a_later_version_may_say_is_taken() {
    let mut hosted = Hosted::meet(true, "carol");
    let kinds = [65_535, 65_536, u64::MAX];
    let mut said = encoded(&[ANSWER, text(1, "")]);
    for (seq, kind) in (2..).zip(kinds) {
        let mut e = minicbor::Encoder::new(&mut said);
        e.array(3).unwrap().u64(kind).unwrap();
        e.u64(seq).unwrap().str("of later").unwrap();
    }
    // A text whose number takes more bytes than it must.
    said.extend([0x84, 0x18, 0x10, 0x1a, 0, 0, 0, 5, 0, 0x62, b'h', b'i']);
    hosted.send(&said);
    assert_eq!(hosted.client.await_message(), "");
    assert_eq!(hosted.client.await_message(), "hi");
    loop {
        let link = &mut hosted.link;
        let record = link.reader.read(&mut link.stream, BODY_MIN..=BODY_MAX);
        let mut record = hosted.evil.wait("record", record).unwrap();
        let plaintext = link.channel.open(&mut record).unwrap();
        if decode(plaintext).any(|payload| payload == Ok(Payload::Ack { received: 5 })) {
            break;
        }
    }
}

#[test]
fn names_and_messages_that_act_on_terminals_are_inert() {
    let hostile = "\x1b[2J\x1b]0;pwn\x07\u{9b}31m\u{202e}x\u{200b}\rFAKE\n◆ all is well\0\x08";
    let acts = |c: char| c.is_control() || "\u{202e}\u{200b}".contains(c);
    for json in [true, false] {
        for name in ["\x1b[1A\r\x1b[2K◆ ok", "al\u{200b}ice", "a\nb", " ", "◆"] {
            let mut hosted = Hosted::meet(json, name);
            let marks = format!("Z{}", "\u{301}".repeat(1000));
            hosted.send(&encoded(&[
                ANSWER,
                text(1, hostile),
                text(2, &marks),
                Payload::Bye,
            ]));
            // It is not waited for after its goodbye.
            let stream = &mut hosted.link.stream;
            let _ = hosted.evil.wait("the end", stream.shutdown());
            let ended = match json {
                true => Ended::of(hosted.client, SOON),
                false => {
                    let mut client = hosted.client;
                    Ended {
                        code: client.exit_code(),
                        out: client.out.rest(),
                        err: client.err.rest(),
                    }
                }
            };
            assert_eq!(ended.code, 0);
            assert!(
                ended.out.iter().any(|line| line.contains("pwn")),
                "{:#?}",
                ended.out
            );
            for line in ended.out.iter().chain(&ended.err) {
                assert!(!line.contains(acts), "{line:?}");
                assert!(!line.starts_with("◆ all is"), "{line:?}");
                assert!(!line.contains("panicked"));
            }
        }
    }
}

#[test]
fn what_comes_again_and_again_is_shown_once_and_takes_no_memory() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "once")]));
    assert_eq!(hosted.client.await_message(), "once");
    let before = crate::hostile::memory::peak_kib(hosted.client.pid());
    // The answers, which nobody reads, are more than sockets hold.
    for _ in 0..12_000 {
        hosted.send(&encoded(&[text(1, "once"), Payload::Ping, Payload::Ping]));
        hosted.send(b"");
    }
    hosted.send(&encoded(&[text(2, "twice")]));
    assert_eq!(hosted.client.await_message(), "twice");
    let grown = crate::hostile::memory::peak_kib(hosted.client.pid()) - before;
    assert!(grown < 2048, "{grown} KiB");
}
