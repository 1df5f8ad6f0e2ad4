//! The other one itself is hostile: paired, confirmed, and then it says what no
//! client says. Nothing of it acts on a terminal, panics or outgrows its bounds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use undertone_core::pairing::Candidates;
use undertone_core::payload::{Body, Payload, TEXT_MAX, decode};
use undertone_core::session::record::{BODY_MAX, BODY_MIN};
use undertone_net::link::Ready;
use undertone_net::link::nominate::ANSWER_TIMEOUT;
use undertone_net::link::port::Port;
use undertone_net::link::resume::{ResumeContext, redial};
use undertone_wire::Role;

use crate::common::{Client, Home, Start};
use crate::hostile::dial::dial;
use crate::hostile::end::Impostor;
use crate::hostile::{Ended, Evil};

const SOON: Duration = Duration::from_secs(8);
const ANSWER: Payload<'static> = Payload::Go {
    link: 1,
    received: 0,
};

/// A client that hosts, and the link of a guest that may say anything on it.
struct Hosted {
    client: Client,
    link: Ready,
    evil: Evil,
    /// What the guest comes back by.
    reunion: ResumeContext,
    _home: Home,
}

impl Hosted {
    fn meet(json: bool, name: &str) -> Self {
        Self::meet_with(if json { &["--json"] } else { &[] }, name)
    }

    /// The same, the client with these arguments.
    fn meet_with(arguments: &[&str], name: &str) -> Self {
        let (evil, home) = (Evil::start(), Home::new());
        let flags = [
            "chat",
            "--bind",
            "127.0.0.1",
            "--name",
            "ada",
            "--mediator",
            &evil.url,
        ];
        let mut start = Start::new(&home, &flags).args(arguments);
        start.command.env("UNDERTONE_ROOM", "lab#otter");
        let client = start.run();
        let mut seat = evil.join();
        seat.waiting();
        let guest = Impostor::in_room("lab#otter");
        let begun = guest.begin(&mut seat, Role::Host, &Candidates::default());
        seat.hand(&begun.ours);
        let matched = begun.open().unwrap();
        let candidates = matched.candidates().clone();
        let confirm = matched.guest(name).unwrap();
        let here = "127.0.0.1".parse().unwrap();
        let link = evil.wait("link", dial(candidates.dialable(here), &confirm));
        let link = link.expect("a path");
        drop(seat);
        let reunion = ResumeContext {
            resume: Arc::clone(&link.resume),
            identity: guest.identity,
            pin: link.peer.identity,
            name: name.to_owned(),
        };
        Self {
            client,
            link,
            evil,
            reunion,
            _home: home,
        }
    }

    /// Answers each ping of the client's with a record that holds this, until it leaves.
    fn answer_pings(&mut self, answer: &[Payload<'_>]) {
        answer_pings(&self.evil, &mut self.link, answer);
    }

    /// Sends a record with exactly this in it.
    fn send(&mut self, plaintext: &[u8]) {
        send(&self.evil, &mut self.link, plaintext);
    }

    /// A further link, up to the host's `go` on it.
    fn come_again(&self) -> Ready {
        let host = self.link.path.address();
        let inside = self.evil.runtime.enter();
        let port = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        drop(inside);
        let again = self.evil.wait("link", redial(&port, host, &self.reunion));
        again.expect("a further link")
    }
}

fn send(evil: &Evil, link: &mut Ready, plaintext: &[u8]) {
    let mut out = Vec::new();
    let fill = |buf: &mut Vec<u8>| buf.extend_from_slice(plaintext);
    link.channel.seal(Instant::now(), &mut out, fill).unwrap();
    let written = evil.wait("room to write", link.stream.write_all(&out));
    written.unwrap();
}

fn answer_pings(evil: &Evil, link: &mut Ready, answer: &[Payload<'_>]) {
    let answer = encoded(answer);
    loop {
        let record = link.reader.read(&mut link.stream, BODY_MIN..=BODY_MAX);
        let Ok(mut record) = evil.wait("record", record) else {
            return;
        };
        let plaintext = link.channel.open(&mut record).unwrap();
        let said: Vec<_> = decode(plaintext).map(Result::unwrap).collect();
        if said.contains(&Payload::Bye) {
            return;
        }
        if said.contains(&Payload::Ping) {
            send(evil, link, &answer);
        }
    }
}

fn encoded(payloads: &[Payload<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    payloads.iter().for_each(|payload| payload.encode(&mut out));
    out
}

fn text(seq: u64, text: &str) -> Payload<'_> {
    let sent = u64::MAX;
    Payload::Reliable {
        seq,
        body: Body::Text {
            sent,
            text,
            resent: false,
        },
    }
}

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
fn an_answer_that_names_another_go_leaves_the_link_as_it_was() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "before")]));
    assert_eq!(hosted.client.await_message(), "before");
    let mut again = hosted.come_again();
    send(&hosted.evil, &mut again, &encoded(&[ANSWER]));
    hosted.send(&encoded(&[text(2, "after")]));
    assert_eq!(hosted.client.await_message(), "after");
    hosted.client.say("/quit");
    assert_eq!(Ended::of(hosted.client, SOON).code, 0);
}

#[test]
fn a_go_that_is_never_answered_keeps_nobody_who_leaves() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "before")]));
    assert_eq!(hosted.client.await_message(), "before");
    let _unanswered = hosted.come_again();
    let begun = Instant::now();
    hosted.client.say("/quit");
    assert_eq!(Ended::of(hosted.client, SOON).code, 0);
    assert!(begun.elapsed() < ANSWER_TIMEOUT, "{:?}", begun.elapsed());
}

#[test]
fn a_pairing_that_led_nowhere_is_left_so_that_the_other_one_hears_it() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER, text(1, "before")]));
    assert_eq!(hosted.client.await_message(), "before");
    let end = hosted.link.stream.shutdown();
    hosted.evil.wait("the end", end).unwrap();
    let mut seat = hosted.evil.join();
    let guest = Impostor::again(&hosted.reunion);
    let begun = guest.begin(&mut seat, Role::Host, &Candidates::default());
    seat.hand(&begun.ours);
    // `done` would keep the mediator from telling the guest.
    assert_eq!(seat.next(), None);
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
                assert!(!line.starts_with("◆ all"), "{line:?}");
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

#[test]
fn a_pipe_waits_for_no_acknowledgement_longer_than_it_says() {
    let mut hosted = Hosted::meet_with(&["--json", "--timeout", "4"], "mallory");
    hosted.send(&encoded(&[ANSWER]));
    hosted.client.await_event("connected");
    hosted.client.say("hi");
    hosted.client.end_input();
    let begun = Instant::now();
    // It is there, and asks whether we are.
    hosted.answer_pings(&[Payload::Pong, Payload::Ping]);
    let ended = Ended::of(hosted.client, SOON);
    assert_eq!(
        (ended.code, &ended.error()["code"]),
        (5, &"undelivered".into())
    );
    let took = begun.elapsed();
    assert!(took >= Duration::from_secs(4) && took < SOON, "{took:?}");
    let said = "mallory has acknowledged nothing for 4 s and is not waited for any longer";
    assert!(
        ended.out.iter().any(|line| line.contains(said)),
        "{:#?}",
        ended.out
    );
}

#[test]
fn a_quit_does_not_queue_behind_what_is_not_acknowledged() {
    let mut hosted = Hosted::meet(true, "mallory");
    hosted.send(&encoded(&[ANSWER]));
    hosted.client.await_event("connected");
    for n in 0..1500 {
        hosted.client.say(&format!("line {n}"));
    }
    let begun = Instant::now();
    hosted.client.say("/quit");
    hosted.answer_pings(&[Payload::Pong]);
    let ended = Ended::of(hosted.client, SOON);
    assert!(begun.elapsed() < SOON);
    assert_eq!(ended.code, 5);
    let message = ended.error()["message"].to_string();
    assert!(message.contains("1500 of your messages"), "{message}");
}

#[test]
fn who_says_nothing_but_that_it_is_there_is_told_of() {
    let mut hosted = Hosted::meet_with(&["--json", "--timeout", "13"], "mallory");
    hosted.send(&encoded(&[ANSWER]));
    hosted.client.await_event("connected");
    hosted.client.say("anyone?");
    hosted.client.end_input();
    hosted.answer_pings(&[]);
    let ended = Ended::of(hosted.client, SOON);
    assert_eq!(ended.code, 5);
    let told = "mallory is there, but has acknowledged nothing of what you said";
    let told = ended.out.iter().filter(|line| line.contains(told));
    assert_eq!(told.count(), 1, "{:#?}", ended.out);
    // Something is heard all the time, so that the link counts as alive.
    assert!(!ended.out.iter().any(|line| line.contains("reconnecting")));
}
