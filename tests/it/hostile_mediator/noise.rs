//! It does not keep to the agreement: garbage, floods, silence.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::Message;
use undertone_wire::MAX_MESSAGE;

use super::{ROOM, SECRETS, SOON, ada, bob, seated};
use crate::common::{Home, Start};
use crate::hostile::{Ended, Evil, pair_honestly};

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
