//! A link's bytes through a mediator that relays, beside the least that forwards: all in one
//! process and on one core.
//!
//! - Round trip of a 64-byte record: beside one TCP round trip on each of the two legs.
//!   Limit: 2.2 times their time.
//! - One way, as fast as it goes: beside a bare tokio copy loop between two TCP connections, with
//!   a buffer as long as a relayed message (tokio's own is half as long). Limit: 0.7 of its rate.
//!
//! `cargo bench --bench relay`. Rounds of both take turns in one run, and the ratio is the median
//! over all rounds: what else the machine does hits both alike. Pinned to one core, because a
//! wake-up across cores costs more than everything else here. Linux only; takes some 10 s.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

mod side_by_side;

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional_with_sizes,
};
use undertone_core::mediator_url::MediatorUrl;
use undertone_host::listen;
use undertone_mediator::{Config, RelayLimits, serve};
use undertone_net::link::relay::RelayStream;
use undertone_net::rendezvous::{MediatorEndpoint, Rendezvous};
use undertone_wire::{MediatorMessage, RELAY_MESSAGE};

use side_by_side::{in_turns, on_one_core, sockets, verdict};

const RECORD: usize = 64;
const ROUND_TRIPS: u32 = 500;
const ROUND_TRIP_LIMIT: f64 = 2.2;
/// Bytes one way in a round, and in one write: some records of the longest kind.
const BYTES: usize = 16 * 1024 * 1024;
const WRITE: usize = 64 * 1024;
const RATE_LIMIT: f64 = 0.7;

fn main() {
    on_one_core(async {
        let url = mediator();
        round_trips(&url).await;
        one_way(&url).await;
    });
}

async fn round_trips(url: &MediatorUrl) {
    let (mut ours, answering) = relayed(url, 1).await;
    let echo = tokio::spawn(echo(answering));
    let mut legs = Vec::new();
    let mut echoes = Vec::new();
    for _ in 0..2 {
        let (leg, other) = sockets().await;
        echoes.push(tokio::spawn(self::echo(other)));
        legs.push(leg);
    }
    let micros = |start: Instant| start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND_TRIPS);
    let our_turn = async || {
        let start = Instant::now();
        for _ in 0..ROUND_TRIPS {
            round_trip(&mut ours).await;
        }
        micros(start)
    };
    let bare_turn = async || {
        let start = Instant::now();
        for _ in 0..ROUND_TRIPS {
            for leg in &mut legs {
                round_trip(leg).await;
            }
        }
        micros(start)
    };
    let [our_time, bare_time, ratio] = in_turns(our_turn, bare_turn).await;
    echo.abort();
    echoes.iter().for_each(tokio::task::JoinHandle::abort);
    println!(
        "round trip, {RECORD} B   relayed {our_time:6.1} µs    two legs  {bare_time:6.1} µs    {ratio:.2} × their time, limit ≤ {ROUND_TRIP_LIMIT:.1}: {}",
        verdict(ratio <= ROUND_TRIP_LIMIT),
    );
}

async fn one_way(url: &MediatorUrl) {
    let (mut ours, hearing) = relayed(url, 2).await;
    let hears = tokio::spawn(hear(hearing));
    // Two connections, and a loop that copies from one to the other, and the other way.
    let (mut bare, from) = sockets().await;
    let (to, bare_hearing) = sockets().await;
    let bare_hears = tokio::spawn(hear(bare_hearing));
    let copies = tokio::spawn(async move {
        let (mut from, mut to) = (from, to);
        copy_bidirectional_with_sizes(&mut from, &mut to, RELAY_MESSAGE, RELAY_MESSAGE).await
    });
    let our_turn = async || send(&mut ours).await;
    let bare_turn = async || send(&mut bare).await;
    let [our_rate, bare_rate, ratio] = in_turns(our_turn, bare_turn).await;
    hears.abort();
    bare_hears.abort();
    copies.abort();
    println!(
        "one way            relayed {our_rate:6.0} MB/s  copy loop {bare_rate:6.0} MB/s  {ratio:.2} × its rate, limit ≥ {RATE_LIMIT:.1}: {}",
        verdict(ratio >= RATE_LIMIT),
    );
}

async fn round_trip(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let mut buf = [7; RECORD];
    stream.write_all(&buf).await.unwrap();
    stream.read_exact(&mut buf).await.unwrap();
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    loop {
        let mut buf = [0; RECORD];
        stream.read_exact(&mut buf).await.unwrap();
        stream.write_all(&buf).await.unwrap();
    }
}

/// Millions of bytes a second until the other end has them all and says so.
async fn send(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> f64 {
    let block = vec![7; WRITE];
    let start = Instant::now();
    for _ in 0..BYTES / WRITE {
        stream.write_all(&block).await.unwrap();
    }
    stream.flush().await.unwrap();
    stream.read_exact(&mut [0]).await.unwrap();
    BYTES as f64 / start.elapsed().as_secs_f64() / 1e6
}

async fn hear(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut buf = vec![0; WRITE];
    let mut left = BYTES;
    loop {
        left -= stream.read(&mut buf).await.unwrap();
        if left == 0 {
            stream.write_all(b"!").await.unwrap();
            left = BYTES;
        }
    }
}

/// A mediator whose caps are not in the way.
fn mediator() -> MediatorUrl {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listener = listen(any).unwrap();
    let port = listener.local_addr().unwrap().port();
    let ample = 1 << 50;
    let config = Config {
        relay: Some(RelayLimits {
            rate: ample,
            total_rate: ample,
            pairs: 9,
            bytes: ample,
        }),
        ..Config::default()
    };
    tokio::spawn(serve(listener, config, std::future::pending()));
    MediatorUrl::new(false, "127.0.0.1", port).unwrap()
}

async fn relayed(url: &MediatorUrl, room: u8) -> (RelayStream, RelayStream) {
    let endpoint = MediatorEndpoint::direct(url.clone());
    let room = [room; 32];
    let mut host = Rendezvous::connect(&endpoint, &room, None).await.unwrap();
    let mut guest = Rendezvous::connect(&endpoint, &room, None).await.unwrap();
    host.join(b"host", false).await.unwrap();
    host.next().await.unwrap();
    guest.join(b"guest", false).await.unwrap();
    for one in [&mut host, &mut guest] {
        let paired = one.next().await.unwrap();
        assert!(matches!(
            paired,
            MediatorMessage::Paired { relay: true, .. }
        ));
        one.sealed(b"sealed").await.unwrap();
    }
    for one in [&mut host, &mut guest] {
        one.next().await.unwrap();
    }
    let (host, guest) = tokio::join!(host.relay(), guest.relay());
    (host.unwrap(), guest.unwrap())
}
