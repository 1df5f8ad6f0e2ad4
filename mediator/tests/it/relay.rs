//! What a mediator relays over real sockets, and clients that abuse it, named by their
//! attack. Rates are measured under a virtual clock, beside the code.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use undertone_mediator::{Config, RelayLimits, Times};
use undertone_wire::{
    ClientMessage, ErrorCode, MESSAGE_BURST, MediatorMessage, RELAY_HELD, RELAY_LEAST,
    RELAY_MESSAGE, Tag,
};

use crate::common::{
    Client, Mediator, PATIENCE, ROOM, agree, fill, pair, relayed, relaying, swap_sealed,
};

fn limited(change: impl FnOnce(&mut RelayLimits)) -> Config {
    let mut config = relaying();
    change(config.relay.as_mut().unwrap());
    config
}

#[tokio::test]
async fn what_one_says_the_other_hears_as_it_is_and_in_order() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    let lengths = [0, 1, 64, 1_024, 1_025, RELAY_MESSAGE - 1, RELAY_MESSAGE, 3];
    let message = |from: u8, n: usize| vec![from.wrapping_add(n as u8); lengths[n]];
    for n in 0..lengths.len() {
        host.relay(&message(1, n)).await;
        guest.relay(&message(100, n)).await;
    }
    for n in 0..lengths.len() {
        assert!(guest.hear_relayed().await == message(1, n));
        assert!(host.hear_relayed().await == message(100, n));
    }
}

#[tokio::test]
async fn paired_says_whether_there_is_a_relay() {
    for (config, relays) in [(relaying(), true), (Config::default(), false)] {
        let mediator = Mediator::start(config);
        let (mut host, mut guest) = (mediator.connect().await, mediator.connect().await);
        host.join(ROOM, b"host's").await;
        host.hear_waiting().await;
        guest.join(ROOM, b"guest's").await;
        for one in [&mut host, &mut guest] {
            match one.hear().await {
                MediatorMessage::Paired { relay, .. } => assert_eq!(relay, relays),
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn last_words_arrive_before_peer_left() {
    let mediator = Mediator::start(relaying());
    for politely in [true, false] {
        let (mut host, mut guest) = relayed(&mediator, ROOM).await;
        for n in 0..50 {
            host.relay(&[n; 10_000]).await;
        }
        if politely {
            host.send(Message::Close(None)).await;
            host.hear_close().await;
        } else {
            host.socket.get_mut().shutdown().await.unwrap();
        }
        for n in 0..50 {
            assert!(guest.hear_relayed().await == [n; 10_000]);
        }
        guest.hear_relay_over().await;
    }
}

#[tokio::test]
async fn done_that_crosses_relaying_ends_it_politely() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    host.say(&ClientMessage::Done).await;
    host.hear_close().await;
    guest.hear_relay_over().await;
}

#[tokio::test]
async fn a_stopping_mediator_tells_relayed_pairs_at_once() {
    let mut mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    host.relay(b"meanwhile").await;
    guest.hear_relayed().await;
    let began = Instant::now();
    mediator.stop();
    let (one, other) = tokio::join!(host.hear_refusal(), guest.hear_refusal());
    let told = (ErrorCode::ShuttingDown, Some(5));
    assert_eq!((one, other), (told, told));
    let served = timeout(PATIENCE, &mut mediator.serving).await.unwrap();
    served.unwrap().unwrap();
    assert!(began.elapsed() < Times::default().drain);
}

/// Refused as a message out of place; the peer is told that this one went.
async fn is_refused(bad: &mut Client, other: &mut Client) {
    assert_eq!(bad.hear_refusal().await, (ErrorCode::BadRequest, None));
    assert_eq!(other.hear().await, MediatorMessage::PeerLeft);
}

#[tokio::test]
async fn a_relay_without_consent_of_the_mediator() {
    let mediator = Mediator::start(Config::default());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    swap_sealed(&mut host, &mut guest).await;
    host.say(&ClientMessage::Relay).await;
    is_refused(&mut host, &mut guest).await;
}

#[tokio::test]
async fn a_relay_before_both_sealed() {
    let mediator = Mediator::start(relaying());
    for sealed in [false, true] {
        let (mut host, mut guest) = pair(&mediator, ROOM).await;
        if sealed {
            host.seal(b"mine alone").await;
        }
        host.say(&ClientMessage::Relay).await;
        is_refused(&mut host, &mut guest).await;
    }
    let mut alone = mediator.connect().await;
    alone.join(ROOM, b"offer").await;
    alone.hear_waiting().await;
    alone.say(&ClientMessage::Relay).await;
    assert_eq!(alone.hear_refusal().await, (ErrorCode::BadRequest, None));
}

#[tokio::test]
async fn a_relay_without_consent_of_the_other() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    swap_sealed(&mut host, &mut guest).await;
    host.say(&ClientMessage::Relay).await;
    host.relay(b"listen to me").await;
    // No byte of it, only that the peer went.
    is_refused(&mut host, &mut guest).await;
}

#[tokio::test]
async fn a_relay_asked_for_twice() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = pair(&mediator, ROOM).await;
    swap_sealed(&mut host, &mut guest).await;
    host.say(&ClientMessage::Relay).await;
    host.say(&ClientMessage::Relay).await;
    is_refused(&mut host, &mut guest).await;
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    host.say(&ClientMessage::Relay).await;
    is_refused(&mut host, &mut guest).await;
}

#[tokio::test]
async fn text_in_a_relay() {
    let mediator = Mediator::start(relaying());
    let join = format!(
        r#"{{"type":"join","v":1,"room":"{}","offer":"AA"}}"#,
        "A".repeat(43)
    );
    for text in ["", "hello", r#"{"type":"sealed","data":"AA"}"#, &join] {
        let (mut host, mut guest) = relayed(&mediator, ROOM).await;
        guest.text(text).await;
        is_refused(&mut guest, &mut host).await;
        host.hear_close().await;
    }
}

#[tokio::test]
async fn a_relayed_message_over_the_bound() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    host.relay(&[0; RELAY_MESSAGE + 1]).await;
    is_refused(&mut host, &mut guest).await;
}

#[tokio::test]
async fn a_relayed_frame_that_claims_more_than_may_come() {
    let mediator = Mediator::start(relaying());
    for length in [2 * RELAY_MESSAGE as u64, u64::from(u32::MAX), u64::MAX >> 1] {
        let (mut host, mut guest) = relayed(&mediator, ROOM).await;
        let mut frame = vec![0x82, 0xff];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        host.socket.get_mut().write_all(&frame).await.unwrap();
        host.hear_end().await;
        guest.hear_relay_over().await;
    }
}

#[tokio::test]
async fn a_flood_of_pings_in_a_relay() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    for _ in 0..=MESSAGE_BURST {
        host.send(Message::Ping("".into())).await;
    }
    guest.hear_relay_over().await;
}

#[tokio::test]
async fn a_flood_of_nothing_is_held_to_the_rate() {
    // An empty message counts its headers: 256 KiB/s of them are 4,096.
    let mediator = Mediator::start(limited(|limits| limits.rate = 256 * 1024));
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    let began = Instant::now();
    let flood = async {
        for _ in 0..4_096 {
            host.socket.feed(Message::Binary("".into())).await.unwrap();
        }
        host.socket.flush().await.unwrap();
    };
    let hears = async {
        for _ in 0..4_096 {
            assert!(guest.hear_relayed().await.is_empty());
        }
    };
    tokio::join!(flood, hears);
    // A second of them, less the burst; how much longer it takes is the machine's.
    assert!(began.elapsed() > Duration::from_millis(700));
}

#[tokio::test]
async fn a_stalled_reader_holds_the_writer_back_and_nobody_else() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    assert!(fill(&mut host).await > RELAY_HELD);
    // The way back is free, and so is another pair's.
    for n in 0..100 {
        guest.relay(&[n; RELAY_MESSAGE]).await;
        assert!(host.hear_relayed().await == [n; RELAY_MESSAGE]);
    }
    let (mut other_host, mut other_guest) = relayed(&mediator, Tag([2; 32])).await;
    other_host.relay(b"not held up").await;
    assert_eq!(other_guest.hear_relayed().await, b"not held up");
}

#[tokio::test]
async fn a_stalled_reader_is_given_up() {
    let mediator = Mediator::start(Config {
        times: Times {
            silence: Duration::from_secs(1),
            ..Times::default()
        },
        ..relaying()
    });
    let (mut host, _guest) = relayed(&mediator, ROOM).await;
    let writes = async {
        while host
            .socket
            .send(Message::Binary(vec![7; 16_000].into()))
            .await
            .is_ok()
        {}
    };
    timeout(PATIENCE, writes).await.expect("it ends");
}

#[tokio::test]
async fn a_peer_that_vanishes() {
    let mediator = Mediator::start(relaying());
    let (host, mut guest) = relayed(&mediator, ROOM).await;
    drop(host);
    guest.hear_relay_over().await;
}

/// A further pair asks for the relay, and is refused for a limit.
async fn is_refused_another(mediator: &Mediator) {
    let (mut late_host, mut late_guest) = pair(mediator, ROOM).await;
    swap_sealed(&mut late_host, &mut late_guest).await;
    for one in [&mut late_host, &mut late_guest] {
        one.say(&ClientMessage::Relay).await;
    }
    for one in [&mut late_host, &mut late_guest] {
        assert_eq!(one.hear_refusal().await, (ErrorCode::RelayLimit, Some(30)));
    }
}

#[tokio::test]
async fn more_pairs_than_may_be_relayed() {
    let mediator = Mediator::start(limited(|limits| limits.pairs = 1));
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    is_refused_another(&mediator).await;
    host.relay(b"unharmed").await;
    assert_eq!(guest.hear_relayed().await, b"unharmed");
    drop(host);
    guest.hear_relay_over().await;
    relayed(&mediator, ROOM).await;
}

#[tokio::test]
async fn more_relayed_pairs_than_an_address_may_have() {
    let mediator = Mediator::start(limited(|limits| limits.pairs = 9));
    let mut held = Vec::new();
    for _ in 0..RELAY_LEAST / 2 {
        held.push(relayed(&mediator, ROOM).await);
    }
    is_refused_another(&mediator).await;
    // Another address's are left.
    let mut host = mediator.connect_from(2).await;
    let mut guest = mediator.connect_from(3).await;
    host.join(ROOM, b"host's").await;
    host.hear_waiting().await;
    guest.join(ROOM, b"guest's").await;
    for one in [&mut host, &mut guest] {
        one.hear_paired().await;
    }
    swap_sealed(&mut host, &mut guest).await;
    agree(&mut host, &mut guest).await;
    // What comes free may be had again.
    let (gone, mut told) = held.remove(0);
    drop(gone);
    told.hear_relay_over().await;
    relayed(&mediator, ROOM).await;
}

#[tokio::test]
async fn more_bytes_than_a_pair_may_have_relayed() {
    let mediator = Mediator::start(limited(|limits| limits.bytes = 100_000));
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    for n in 0..12 {
        host.relay(&[n; 9_000]).await;
    }
    for n in 0..11 {
        assert!(guest.hear_relayed().await == [n; 9_000]);
    }
    let spent = (ErrorCode::RelayLimit, Some(60));
    assert_eq!(guest.hear_refusal().await, spent);
    assert_eq!(host.hear_refusal().await, spent);
}

#[tokio::test]
async fn a_third_client_gets_no_byte_of_a_pair() {
    let mediator = Mediator::start(relaying());
    let (mut host, mut guest) = relayed(&mediator, ROOM).await;
    let (mut third, mut fourth) = (mediator.connect().await, mediator.connect().await);
    // The pair's own room and offer lead into a room of one's own.
    third.join(ROOM, b"guest's offer").await;
    third.hear_waiting().await;
    fourth.say(&ClientMessage::Relay).await;
    for n in 0..100 {
        host.relay(&[n]).await;
        guest.relay(&[n, n]).await;
        assert_eq!(guest.hear_relayed().await, [n]);
        assert_eq!(host.hear_relayed().await, [n, n]);
    }
    fourth.relay(b"let me in").await;
    assert_eq!(fourth.hear_refusal().await, (ErrorCode::BadRequest, None));
    assert!(third.socket.next().now_or_never().is_none());
    // Pairs side by side do not mix either.
    let mut pairs = Vec::new();
    for n in 10..18 {
        pairs.push(relayed(&mediator, Tag([n; 32])).await);
    }
    for (n, (host, guest)) in (10u8..).zip(&mut pairs) {
        host.relay(&[n; 99]).await;
        guest.relay(&[n; 77]).await;
    }
    for (n, (host, guest)) in (10u8..).zip(&mut pairs) {
        assert_eq!(guest.hear_relayed().await, [n; 99]);
        assert_eq!(host.hear_relayed().await, [n; 77]);
    }
}
