//! Clients that mean harm, named by their attack. Short times where a bound is waited for.

use std::time::Duration;

use futures_util::SinkExt;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use undertone_mediator::{Config, Times};
use undertone_wire::{ClientMessage, ErrorCode, MAX_MESSAGE, MediatorMessage, Opaque, Tag};

use crate::common::{Client, Mediator, PATIENCE, ROOM, pair, read_to_end, relayed, relaying};

const SHORT: Duration = Duration::from_millis(200);

fn short_times() -> Config {
    let times = Times {
        handshake: SHORT,
        silence: SHORT,
        ..Times::default()
    };
    Config {
        times,
        ..Config::default()
    }
}

/// The seat of a client that was refused is free again.
async fn room_is_free(mediator: &Mediator) {
    let mut next = mediator.connect().await;
    next.join(ROOM, b"next").await;
    next.hear_waiting().await;
}

#[tokio::test]
async fn messages_outside_the_agreement() {
    let mediator = Mediator::start(Config::default());
    let tag = "A".repeat(43);
    for text in [
        "".to_owned(),
        "join".to_owned(),
        "{".to_owned(),
        "[]".to_owned(),
        r#"{"type":"list"}"#.to_owned(),
        r#"{"type":"join","v":1}"#.to_owned(),
        r#"{"type":"sealed"}"#.to_owned(),
        r#"{"type":"sealed","data":"A"}"#.to_owned(),
        r#"{"type":"sealed","data":"AA=="}"#.to_owned(),
        format!(r#"{{"type":"join","v":1,"room":"{tag}","offer":"++++"}}"#),
        format!(
            r#"{{"type":"join","v":1,"room":"{}","offer":"AAAA"}}"#,
            &tag[..42]
        ),
        format!(
            r#"{{"type":"join","v":1,"room":"{tag}","offer":"{}"}}"#,
            "A".repeat(1400)
        ),
        "[".repeat(MAX_MESSAGE),
    ] {
        let mut client = mediator.connect().await;
        client.text(&text).await;
        assert_eq!(
            client.hear_refusal().await,
            (ErrorCode::BadRequest, None),
            "{text}"
        );
    }
}

/// Only whole messages are counted as messages, so what is no whole one has a bound of its own.
#[tokio::test]
async fn fragments_of_a_message_without_end() {
    let mediator = Mediator::start(relaying());
    let fragment =
        |code, bytes: usize| Message::Frame(Frame::message(vec![b' '; bytes], code, false));
    for (size, bound) in [(0, 1 << 17), (1, 1 << 17), (100, 1 << 18)] {
        let (mut waiting, mut relayed) =
            (mediator.connect().await, relayed(&mediator, ROOM).await.0);
        waiting.join(Tag([9; 32]), b"offer").await;
        waiting.hear_waiting().await;
        for (client, kind) in [(&mut waiting, Data::Text), (&mut relayed, Data::Binary)] {
            let mut sent = 0;
            let mut code = OpCode::Data(kind);
            // The kernels of both ends hold some of it, too.
            while client.socket.send(fragment(code, size)).await.is_ok() {
                code = OpCode::Data(Data::Continue);
                sent += 1;
                assert!(sent < 100 * bound, "{size}: {sent} fragments");
            }
        }
    }
    room_is_free(&mediator).await;
}

/// A message may come in fragments: RFC 6455 §5.4 lets whatever is on the way make them.
#[tokio::test]
async fn a_message_in_fragments_is_heard() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    let join = ClientMessage::Join {
        v: 1,
        room: ROOM,
        offer: Opaque::new(b"offer").unwrap(),
        again: false,
    }
    .encode();
    let bytes = join.as_bytes();
    for (n, byte) in bytes.iter().enumerate() {
        let code = OpCode::Data(if n == 0 { Data::Text } else { Data::Continue });
        let frame = Frame::message(vec![*byte], code, n + 1 == bytes.len());
        client.send(Message::Frame(frame)).await;
    }
    client.hear_waiting().await;
}

#[tokio::test]
async fn another_version() {
    let mediator = Mediator::start(Config::default());
    for text in [
        r#"{"type":"join","v":2}"#,
        r#"{"type":"join","v":0,"room":"AAAA"}"#,
    ] {
        let mut client = mediator.connect().await;
        client.text(text).await;
        assert_eq!(
            client.hear_refusal().await,
            (ErrorCode::Version, None),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_binary_message() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    client
        .send(Message::Binary(br#"{"type":"done"}"#.to_vec().into()))
        .await;
    assert_eq!(client.hear_refusal().await, (ErrorCode::BadRequest, None));
}

#[tokio::test]
async fn a_message_just_over_the_bound() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    client.join(ROOM, b"offer").await;
    client.hear_waiting().await;
    client.text(&" ".repeat(MAX_MESSAGE + 1)).await;
    assert_eq!(client.hear_refusal().await, (ErrorCode::BadRequest, None));
    room_is_free(&mediator).await;
}

#[tokio::test]
async fn frames_that_claim_more_than_may_come() {
    let mediator = Mediator::start(Config::default());
    for length in [
        MAX_MESSAGE as u64 * 2 + 1,
        u64::from(u32::MAX),
        u64::MAX >> 1,
    ] {
        let mut client = mediator.connect().await;
        client.join(ROOM, b"offer").await;
        client.hear_waiting().await;
        let mut frame = vec![0x81, 0xff];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        client.socket.get_mut().write_all(&frame).await.unwrap();
        client.hear_end().await;
        room_is_free(&mediator).await;
    }
}

#[tokio::test]
async fn an_unmasked_frame() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    client
        .socket
        .get_mut()
        .write_all(b"\x81\x0f{\"type\":\"done\"}")
        .await
        .unwrap();
    client.hear_end().await;
}

#[tokio::test]
async fn sealed_twice_ends_the_pairing() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    host.seal(b"one").await;
    host.seal(b"two").await;
    assert_eq!(host.hear_refusal().await, (ErrorCode::BadRequest, None));
    assert_eq!(guest.hear().await, MediatorMessage::PeerLeft);
}

#[tokio::test]
async fn sealed_while_waiting() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    client.join(ROOM, b"offer").await;
    client.hear_waiting().await;
    client.seal(b"to nobody").await;
    assert_eq!(client.hear_refusal().await, (ErrorCode::BadRequest, None));
    room_is_free(&mediator).await;
}

#[tokio::test]
async fn slow_loris_half_a_request_line() {
    let mediator = Mediator::start(short_times());
    for half in ["", "GET /v1/rend", "GET / HTTP/1.1\r\nHost: a\r\nX-A:"] {
        let mut stream = mediator.dial_from(1).await;
        stream.write_all(half.as_bytes()).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(!answer.contains(" 200 "), "{answer}");
    }
}

#[tokio::test]
async fn slow_loris_a_request_line_without_end() {
    let mediator = Mediator::start(Config::default());
    let answer = mediator.ask(&format!("GET /{}", "a".repeat(100_000))).await;
    assert!(!answer.contains(" 200 "), "{answer}");
}

#[tokio::test]
async fn slow_loris_a_body_that_never_comes() {
    let mediator = Mediator::start(short_times());
    let answer = mediator
        .ask("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
        .await;
    assert!(answer.ends_with("</html>\n"), "{answer}");
}

#[tokio::test]
async fn slow_loris_half_a_frame() {
    let mediator = Mediator::start(short_times());
    let mut client = mediator.connect().await;
    client.join(ROOM, b"offer").await;
    client.hear_waiting().await;
    client
        .socket
        .get_mut()
        .write_all(&[0x81, 0xfe, 0x01])
        .await
        .unwrap();
    client.hear_end().await;
    room_is_free(&mediator).await;
}

#[tokio::test]
async fn slow_loris_a_byte_at_a_time_is_still_silence() {
    let mediator = Mediator::start(short_times());
    let mut client = mediator.connect().await;
    client
        .socket
        .get_mut()
        .write_all(&[0x81, 0xfe, 0x0f, 0xff, 0, 0, 0, 0])
        .await
        .unwrap();
    let drip = async {
        while client.socket.get_mut().write_all(b" ").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    timeout(PATIENCE, drip).await.expect("the drip is cut off");
}

#[tokio::test]
async fn a_client_that_says_nothing_frees_its_seat() {
    let mediator = Mediator::start(short_times());
    let mut client = mediator.connect().await;
    client.join(ROOM, b"offer").await;
    client.hear_waiting().await;
    client.hear_end().await;
    room_is_free(&mediator).await;
}

#[tokio::test]
async fn garbage_instead_of_http() {
    let mediator = Mediator::start(Config::default());
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n",
    ] {
        let answer = mediator.ask(garbage).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_crowd_of_half_open_connections_does_not_stop_a_pair() {
    let mediator = Mediator::start(Config {
        max_connections: 300,
        ..Config::default()
    });
    let mut crowd = Vec::new();
    for n in 0..400u16 {
        // Two addresses, which hold what an address may hold and no more.
        let mut stream = mediator.dial_from(10 + (n % 2) as u8).await;
        let _ = stream.write_all(b"GET /v1/").await;
        crowd.push(stream);
    }
    let _pair = pair(&mediator, ROOM).await;
}

#[tokio::test]
async fn a_flood_of_pings() {
    let mediator = Mediator::start(Config::default());
    let mut client = mediator.connect().await;
    for _ in 0..=undertone_wire::MESSAGE_BURST {
        client.send(Message::Ping("".into())).await;
    }
    let end = async {
        loop {
            match futures_util::StreamExt::next(&mut client.socket).await {
                Some(Ok(Message::Text(text))) => break MediatorMessage::decode(&text).unwrap(),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let MediatorMessage::Error { code, .. } = timeout(PATIENCE, end).await.unwrap() else {
        panic!()
    };
    assert_eq!(code, ErrorCode::BadRequest);
}

#[tokio::test]
async fn an_upgrade_on_another_path_or_none_at_all() {
    let mediator = Mediator::start(Config::default());
    let answer = mediator
        .ask("GET /v1/rendezvous HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let answer = mediator
        .ask("GET /v1/rooms HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let answer = mediator
        .ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[tokio::test]
async fn a_tag_of_another_room_tells_nothing() {
    let mediator = Mediator::start(Config::default());
    let _waiting: Client = {
        let mut client = mediator.connect().await;
        client.join(ROOM, b"offer").await;
        client.hear_waiting().await;
        client
    };
    let mut prober = mediator.connect().await;
    prober.join(Tag([9; 32]), b"probe").await;
    prober.hear_waiting().await;
}
