//! Relayed pairs under a paused clock: their ends, their throttle, their caps.

use std::sync::atomic::Ordering;

use futures_util::sink;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use undertone_wire::{ErrorCode, MediatorMessage, RELAY_BURST};

use super::*;
use crate::config::RelayLimits;
use crate::fake::{Peer, pair, relay_hub, relayed, sealed};
use crate::relay_pair::Relays;

/// No cap in the way of what a test is about.
const AMPLE: RelayLimits = RelayLimits {
    rate: 1 << 40,
    total_rate: 1 << 40,
    pairs: 9,
    bytes: 1 << 40,
};
const RATE: u64 = 64 * 1024;

/// Answers pings for so long, while nothing else comes.
async fn quiet(peers: [&mut Peer; 2], time: Duration) {
    let [one, other] = peers;
    let both = async { tokio::join!(one.hear(), other.hear()) };
    timeout(time, both).await.unwrap_err();
}

/// Has `count` messages of `length` relayed, and says how long it took.
async fn take(from: &Peer, to: &mut Peer, count: usize, length: usize) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        from.relay(&vec![7; length]);
    }
    for _ in 0..count {
        assert_eq!(to.hear_relayed().await.len(), length);
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_relayed_pair_lives_as_long_as_both() {
    let hub = relay_hub(AMPLE);
    let (mut host, mut guest) = relayed(&hub).await;
    quiet([&mut host, &mut guest], Duration::from_secs(86_400)).await;
    host.relay(b"still here");
    assert_eq!(guest.hear_relayed().await, b"still here");
}

#[tokio::test(start_paused = true)]
async fn a_silent_side_is_gone_and_the_other_is_told() {
    let hub = relay_hub(AMPLE);
    let (host, mut guest) = relayed(&hub).await;
    let start = Instant::now();
    assert_eq!(guest.hear().await, MediatorMessage::PeerLeft);
    assert_eq!(start.elapsed(), Times::default().silence);
    assert_eq!(host.over.await.unwrap() - start, Times::default().silence);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_takes_nothing_is_gone_and_the_other_is_told() {
    let hub = relay_hub(AMPLE);
    let (mut host, guest) = relayed(&hub).await;
    let start = Instant::now();
    guest.stalled.store(true, Ordering::Relaxed);
    host.relay(b"to a wall");
    // It does answer what it was pinged, or seems to.
    let talks = async {
        loop {
            guest.to.send(Message::Pong(Bytes::new())).unwrap();
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    };
    tokio::select! {
        told = host.hear() => assert_eq!(told, MediatorMessage::PeerLeft),
        () = talks => {}
    }
    assert_eq!(start.elapsed(), Times::default().silence);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_takes_slowly_stays_and_is_pinged() {
    let times = Times::default();
    let (RelayEnd { to, .. }, RelayEnd { from, pair, .. }) = Relays::new(AMPLE).ends();
    let (heard, mut hears) = unbounded_channel();
    let reads = |heard: UnboundedSender<Message>, message| async move {
        tokio::time::sleep(Duration::from_secs(15)).await;
        heard.send(message).map(|()| heard)
    };
    let sink = Box::pin(sink::unfold(heard, reads));
    let count = 40;
    let says = async move {
        for _ in 0..count {
            to.send(Bytes::from_static(b"word")).await.unwrap();
        }
    };
    let (outcome, ()) = tokio::join!(outbound(sink, from, &pair, &times), says);
    assert!(matches!(outcome, Outcome::PeerLeft));
    let mut heard = Vec::new();
    while let Some(message) = hears.recv().await {
        heard.push(message);
    }
    let is_ping = |message: &&Message| matches!(message, Message::Ping(_));
    let pings = heard.iter().filter(is_ping).count();
    assert_eq!(heard.len() - pings, count);
    assert!(pings >= count / 4, "{pings}");
}

#[tokio::test(start_paused = true)]
async fn a_pair_keeps_its_rate() {
    let hub = relay_hub(RelayLimits {
        rate: RATE,
        ..AMPLE
    });
    let (host, mut guest) = relayed(&hub).await;
    for length in [RELAY_MESSAGE, 1_000, 0] {
        let count = 20 * RATE as usize / (length + RELAY_OVERHEAD);
        let took = take(&host, &mut guest, count, length).await.as_secs_f64();
        assert!((19.0..=21.0).contains(&took), "{length}: {took}");
    }
}

#[tokio::test(start_paused = true)]
async fn both_directions_share_the_rate_of_their_pair() {
    let hub = relay_hub(RelayLimits {
        rate: RATE,
        ..AMPLE
    });
    let (mut host, mut guest) = relayed(&hub).await;
    let (count, length) = (100, 10_000);
    let start = Instant::now();
    for _ in 0..count {
        host.relay(&vec![1; length]);
        guest.relay(&vec![2; length]);
    }
    for _ in 0..count {
        guest.hear_relayed().await;
        host.hear_relayed().await;
    }
    let due = (2 * count * (length + RELAY_OVERHEAD)) as f64 / RATE as f64;
    let took = start.elapsed().as_secs_f64();
    assert!((0.95 * due..=1.05 * due).contains(&took), "{took} of {due}");
}

#[tokio::test(start_paused = true)]
async fn all_pairs_share_the_total_rate_evenly() {
    let hub = relay_hub(RelayLimits {
        total_rate: RATE,
        ..AMPLE
    });
    let (host, mut guest) = relayed(&hub).await;
    let (other_host, mut other_guest) = relayed(&hub).await;
    let (one, other) = tokio::join!(
        take(&host, &mut guest, 100, 10_000),
        take(&other_host, &mut other_guest, 100, 10_000),
    );
    let due = (2 * 100 * (10_000 + RELAY_OVERHEAD)) as f64 / RATE as f64;
    for took in [one.as_secs_f64(), other.as_secs_f64()] {
        assert!((0.95 * due..=1.05 * due).contains(&took), "{took} of {due}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_pair_books_no_time_of_the_others() {
    let hub = relay_hub(RelayLimits {
        rate: 1_024,
        total_rate: 4_096,
        ..AMPLE
    });
    let (host, mut guest) = relayed(&hub).await;
    // In debt for 32 s, with one more that waits for its turn.
    for _ in 0..3 {
        host.relay(&[0; RELAY_MESSAGE]);
    }
    guest.hear_relayed().await;
    let (other_host, mut other_guest) = relayed(&hub).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let took = take(&other_host, &mut other_guest, 1, 100).await;
    assert!(took <= RELAY_BURST, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn bytes_are_capped_and_both_are_told_after_what_was_within() {
    let fits = 10;
    let cost = (1_000 + RELAY_OVERHEAD) as u64;
    let hub = relay_hub(RelayLimits {
        bytes: fits * cost + 1,
        ..AMPLE
    });
    let (mut host, mut guest) = relayed(&hub).await;
    for _ in 0..=fits {
        host.relay(&[7; 1_000]);
    }
    for _ in 0..fits {
        assert_eq!(guest.hear_relayed().await, [7; 1_000]);
    }
    assert_eq!(guest.hear_refusal().await, ErrorCode::RelayLimit);
    assert_eq!(host.hear_refusal().await, ErrorCode::RelayLimit);
    // The next pairing has bytes of its own.
    let (host, mut guest) = relayed(&hub).await;
    host.relay(b"anew");
    assert_eq!(guest.hear_relayed().await, b"anew");
}

#[tokio::test(start_paused = true)]
async fn who_asks_alone_waits_two_minutes() {
    let hub = relay_hub(AMPLE);
    let (mut host, mut guest) = pair(&hub).await;
    for one in [&mut host, &mut guest] {
        one.say(&sealed(1));
    }
    for one in [&mut host, &mut guest] {
        assert!(matches!(one.hear().await, MediatorMessage::Sealed { .. }));
    }
    quiet([&mut host, &mut guest], Duration::from_secs(50)).await;
    host.say(&ClientMessage::Relay);
    let asked = Instant::now();
    let (one, other) = tokio::join!(host.hear_refusal(), guest.hear_refusal());
    assert_eq!((one, other), (ErrorCode::Expired, ErrorCode::Expired));
    assert_eq!(asked.elapsed(), Times::default().relay_ask);
}
