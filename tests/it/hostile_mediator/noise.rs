//! It does not keep to the agreement: garbage, floods, silence, texts that act on
//! terminals.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use undertone_wire::{ErrorCode, MAX_MESSAGE, MediatorMessage};

use super::{ROOM, SECRETS, SOON, ada, bob, seated};
use crate::common::{Home, Start};
use crate::hostile::{Ended, Evil, pair_honestly};

const INJECTIONS: [&str; 7] = [
    "\x1b[2J\x1b[H\x1b[1A\r\x1b[2K◆ bob is verified",
    "\x1b]0;pwn\x07\x1b]52;c;cHduZWQ=\x07\x1bc\x05\x1b[6n",
    "\u{9b}31m\u{9d}0;t\u{9c}",
    "a\rFAKE\nerror: none\n◆ all is well",
    "\u{202e}gnp.exe\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}b",
    "\0\x08\x08\x7f",
    "\x1bPtmux;\x1b\x1b]52;c;QQ==\x07\x1b\\",
];

#[test]
fn what_is_no_message_ends_the_wait_with_a_reason() {
    let field = |text: &str| format!(r#"{{"type":"sealed","data":"{text}"}}"#);
    let garbage = [
        Message::text("x".repeat(MAX_MESSAGE + 1)),
        Message::text(field(&"A".repeat(MAX_MESSAGE))),
        Message::binary(vec![0; 16]),
        Message::binary(vec![0; 1 << 20]),
        Message::text(""),
        Message::text("\0"),
        Message::text("{"),
        Message::text("[".repeat(4000)),
        Message::text(r#"{"type":"list"}"#),
        Message::text(r#"{"type":"paired","role":"queen","offer":"","observed":"127.0.0.1:1"}"#),
        Message::text(r#"{"type":"waiting","observed":"nowhere","expires_in":-1}"#),
        Message::text(field("AA==")),
        Message::text(r#"{"type":"error","code":"new","message":"m"}"#),
    ];
    let (evil, home) = (Evil::start(), Home::new());
    // While nothing is settled, and as the second message of a client that waits.
    for (message, waits) in garbage.iter().flat_map(|m| [(m, false), (m, true)]) {
        let client = ada(&home, &evil, ROOM);
        let mut seat = match waits {
            false => evil.join(),
            true => seated(&client, &evil),
        };
        seat.raw(message.clone());
        let ended = Ended::of(client, SOON);
        let error = ended.error();
        assert_eq!(ended.code, 3, "{message:?}: {error}");
        assert!(
            error["message"].as_str().unwrap().contains("mediator"),
            "{error}"
        );
    }
    evil.assert_learnt_nothing(&SECRETS);
}

#[test]
fn a_flood_of_waiting_and_pings_changes_nothing() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = evil.join();
    for i in 0..5000 {
        let reseat = [None, Some(0), Some(u64::MAX), Some(1 << 40)][i % 4];
        waits.waiting_for([600, u64::MAX, 1 << 40][i % 3], reseat);
        waits.raw(Message::Ping(vec![0; 125].into()));
    }
    let guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    pair_honestly(&mut waits, &mut comes);
    for client in [&host, &guest] {
        client.await_event("connected");
    }
}

#[test]
fn a_seat_that_lapses_at_once_is_not_renewed_without_end() {
    let (evil, home) = (Evil::start(), Home::new());
    let host = ada(&home, &evil, ROOM);
    let mut seat = evil.join();
    let begun = Instant::now();
    let mut renewed = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        seat.waiting_for(0, Some(0));
        seat.next().expect("a renewal");
        renewed += 1;
    }
    drop(host);
    assert!(renewed <= 16, "renewed {renewed} times in two seconds");
}

#[test]
fn pings_alone_are_no_answer_to_join() {
    let (evil, home) = (Evil::start(), Home::new());
    let client = ada(&home, &evil, ROOM);
    let mut seat = evil.join();
    let mut client = Some(client);
    let ended = std::thread::scope(|scope| {
        let client = client.take().unwrap();
        let ended = scope.spawn(|| Ended::of(client, Duration::from_secs(18)));
        while !ended.is_finished() {
            seat.raw(Message::Ping(Vec::new().into()));
            std::thread::park_timeout(Duration::from_millis(100));
        }
        ended.join().unwrap()
    });
    assert_eq!(ended.code, 3);
}

#[test]
fn a_refusal_for_no_reason_is_not_asked_again_for_ever() {
    let (evil, home) = (Evil::start(), Home::new());
    let client = ada(&home, &evil, ROOM);
    let mut seat = evil.join();
    seat.say(&MediatorMessage::Error {
        code: ErrorCode::Expired,
        message: "no".into(),
        retry_after: None,
    });
    assert_eq!(Ended::of(client, SOON).code, 3);
}

#[test]
fn a_wait_that_is_asked_for_is_kept_and_said() {
    let (evil, home) = (Evil::start(), Home::new());
    let refused = |code| MediatorMessage::Error {
        code,
        message: "so much for now".into(),
        retry_after: Some(2),
    };
    let codes = [
        ErrorCode::RateLimited,
        ErrorCode::Full,
        ErrorCode::Expired,
        ErrorCode::ShuttingDown,
    ];
    for (code, waits) in codes.iter().flat_map(|code| [(code, false), (code, true)]) {
        let client = ada(&home, &evil, ROOM);
        let mut seat = match waits {
            false => evil.join(),
            true => seated(&client, &evil),
        };
        seat.say(&refused(*code));
        let refused = Instant::now();
        let _again = evil.join();
        let pause = refused.elapsed();
        assert!(pause >= Duration::from_secs(2), "{pause:?} after {code}");
        let note = client.await_event("note")["message"].to_string();
        let words = match code {
            ErrorCode::ShuttingDown => "mediator is stopping",
            _ => "so much for now",
        };
        assert!(note.contains(words), "{note}");
        assert!(note.contains("asked again in 2 s"), "{note}");
    }
}

#[test]
fn seats_that_end_at_once_are_taken_ever_more_slowly_and_said_once() {
    let (evil, home) = (Evil::start(), Home::new());
    let endings = [
        Some(MediatorMessage::Error {
            code: ErrorCode::RateLimited,
            message: "not you".into(),
            retry_after: None,
        }),
        None,
    ];
    for ending in endings {
        let mut client = ada(&home, &evil, ROOM);
        let mut seat = seated(&client, &evil);
        let mut pauses = Vec::new();
        for _ in 0..5 {
            if let Some(refusal) = &ending {
                seat.say(refusal);
            }
            drop(seat);
            let ended = Instant::now();
            seat = evil.join();
            pauses.push(ended.elapsed());
            seat.waiting();
        }
        // 0.2 s, doubled four times, ± 25 %.
        assert!(pauses[4] >= Duration::from_millis(2400), "{pauses:?}");
        client.kill();
        let said = client.out.rest();
        let notes = said.iter().filter(|line| line.contains(r#""note""#));
        assert_eq!(notes.count(), 1, "{said:?}");
    }
}

#[test]
fn a_busy_mediator_is_asked_again_without_a_word_of_when() {
    let (evil, home) = (Evil::start(), Home::new());
    for after in ["", r#","retry_after":-1"#, r#","retry_after":"soon""#] {
        let client = ada(&home, &evil, ROOM);
        for code in ["rate-limited", "full", "shutting-down"] {
            let refusal =
                format!(r#"{{"type":"error","code":"{code}","message":"not now"{after}}}"#);
            evil.join().raw(Message::text(refusal));
        }
        evil.join().waiting();
        let note = client.await_event("note")["message"].to_string();
        assert!(note.contains("not now; waiting goes on"), "{note}");
        client.await_event("waiting");
    }
}

#[test]
fn a_wait_that_is_asked_for_is_kept_while_the_other_one_is_looked_for_again() {
    let (evil, homes) = (Evil::start(), [Home::new(), Home::new()]);
    let host = ada(&homes[0], &evil, ROOM);
    let mut waits = seated(&host, &evil);
    let mut guest = bob(&homes[1], &evil, ROOM);
    let mut comes = evil.join();
    pair_honestly(&mut waits, &mut comes);
    host.await_event("connected");
    guest.await_event("connected");
    guest.kill();
    host.await_event("reconnecting");
    for _ in 0..2 {
        evil.join().say(&MediatorMessage::Error {
            code: ErrorCode::RateLimited,
            message: "so much for now".into(),
            retry_after: Some(2),
        });
        let refused = Instant::now();
        let _again = evil.join();
        let pause = refused.elapsed();
        assert!(pause >= Duration::from_secs(2), "{pause:?}");
    }
    // It takes long by now, and is said.
    let note = host.await_event("note")["message"].to_string();
    assert!(note.contains("so much for now"), "{note}");
    assert!(note.contains("asked again in 2 s"), "{note}");
}

#[test]
fn an_ended_seat_is_taken_again_without_a_word_of_when() {
    let (evil, home) = (Evil::start(), Home::new());
    for code in [ErrorCode::Expired, ErrorCode::RoomBusy, ErrorCode::Full] {
        let client = ada(&home, &evil, ROOM);
        let mut seat = seated(&client, &evil);
        seat.say(&MediatorMessage::Error {
            code,
            message: "gone".into(),
            retry_after: None,
        });
        let mut again = evil.join();
        again.waiting();
        client.await_that("the seat", |event| {
            event["message"]
                .as_str()
                .is_some_and(|note| note.contains("is back"))
        });
    }
}

#[test]
fn a_code_that_is_not_known_is_a_refusal_in_its_own_words() {
    let (evil, home) = (Evil::start(), Home::new());
    let refusal = |after: &str| {
        let message = format!(
            r#"{{"type":"error","code":"closed-on-sundays","message":"come on Monday"{after}}}"#
        );
        Message::text(message)
    };
    let client = ada(&home, &evil, ROOM);
    evil.join().raw(refusal(""));
    let ended = Ended::of(client, SOON);
    assert_eq!((ended.code, &ended.error()["code"]), (3, &"refused".into()));
    assert!(
        ended.error()["message"]
            .to_string()
            .contains("come on Monday")
    );
    let client = ada(&home, &evil, ROOM);
    evil.join().raw(refusal(r#","retry_after":1"#));
    evil.join();
    assert!(
        client
            .await_event("note")
            .to_string()
            .contains("come on Monday")
    );
}

#[test]
fn a_refusal_without_a_word_to_see_leaves_no_mark_dangling() {
    let (evil, home) = (Evil::start(), Home::new());
    for nothing in ["", " ", "\\u200b\\ufeff", "."] {
        let refusal = |code: &str, after: &str| {
            let message =
                format!(r#"{{"type":"error","code":"{code}","message":"{nothing}"{after}}}"#);
            Message::text(message)
        };
        let client = ada(&home, &evil, ROOM);
        evil.join().raw(refusal("full", r#","retry_after":1"#));
        evil.join().raw(refusal("bad-request", ""));
        let note = client.await_event("note")["message"].to_string();
        assert_eq!(note, "\"The mediator refused; it is asked again in 1 s\"");
        let ended = Ended::of(client, SOON);
        assert_eq!(ended.error()["message"], "the mediator refused");
    }
}

#[test]
fn error_texts_that_act_on_terminals_are_inert() {
    let (evil, home) = (Evil::start(), Home::new());
    let texts = INJECTIONS.iter().map(|text| (*text).to_owned());
    let long = ["\x07".repeat(500), format!("Z{}", "\u{301}".repeat(1000))];
    for (i, text) in texts.chain(long).enumerate() {
        for json in [false, true] {
            let mut start = match json {
                true => Start::chat(&home, &evil.url, "ada-lovelace", ROOM),
                false => Start::new(
                    &home,
                    &["chat", "--name", "ada-lovelace", "--mediator", &evil.url],
                ),
            }
            // It would wait as long as it is told.
            .args(&["--timeout", "1"]);
            start.command.env("UNDERTONE_ROOM", ROOM);
            let client = start.run();
            let mut seat = evil.join();
            let code = [ErrorCode::RateLimited, ErrorCode::Full][i % 2];
            seat.say(&MediatorMessage::Error {
                code,
                message: text.clone(),
                retry_after: Some(u64::MAX),
            });
            let ended = Ended::of(client, SOON);
            assert_eq!(ended.code, 3);
            let shown = [ended.out, ended.err].concat();
            assert!(shown.iter().any(|line| line.contains("refused")));
            for line in shown {
                let acts = |c: char| {
                    c.is_control()
                        || "\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}".contains(c)
                };
                assert!(!line.contains(acts), "{line:?}");
                // Nothing of it begins a line as we ourselves would.
                assert!(
                    !line.starts_with("◆ all") && !line.starts_with("error: none"),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn what_speaks_another_protocol_is_no_mediator() {
    let answers: [&[u8]; 6] = [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
        b"\xff\xfe\x00\x00",
        b"",
    ];
    let home = Home::new();
    for answer in answers {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = Start::chat(&home, &url, "ada-lovelace", ROOM).run();
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 2048];
        let n = stream.read(&mut asked).unwrap();
        assert!(n > 0);
        stream.write_all(answer).unwrap();
        drop(stream);
        assert_eq!(Ended::of(client, SOON).code, 3);
    }
}

#[test]
fn endless_headers_and_silence_are_given_up() {
    let home = Home::new();
    for endless in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = Start::chat(&home, &url, "ada-lovelace", ROOM).run();
        let (mut stream, _) = listener.accept().unwrap();
        if endless {
            let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n");
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        }
        assert_eq!(Ended::of(client, Duration::from_secs(14)).code, 3);
    }
}
