//! Two sessions over loopback TCP, in one process and on one core, beside the least that the
//! same messages cost without them.
//!
//! - Round trip of 64 bytes: beside a bare tokio TCP echo. Limit: 2.2 times its time.
//! - One-way messages of 100 bytes as fast as they come, until all are acknowledged: beside
//!   TLS 1.3 (rustls, ring, AES-256-GCM) with a record and a write each. Limit: twice its rate.
//!
//! `cargo bench --bench link`. Rounds of both take turns in one run, and the ratio is the median
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

mod ours;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring, version};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use undertone::session::Event;

use ours::ends;

const ROUNDS: usize = 61;
const ROUND_TRIPS: u32 = 1_000;
const ROUND_TRIP_LIMIT: f64 = 2.2;
const MESSAGES: u64 = 20_000;
const RATE_LIMIT: f64 = 2.0;

fn main() {
    pin();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        round_trips().await;
        one_way().await;
    });
}

fn pin() {
    let us = Pid::from_raw(0);
    let allowed = sched_getaffinity(us).unwrap();
    let last = (0..CpuSet::count())
        .rfind(|cpu| allowed.is_set(*cpu).unwrap())
        .unwrap();
    let mut one = CpuSet::new();
    one.set(last).unwrap();
    sched_setaffinity(us, &one).unwrap();
}

async fn round_trips() {
    let message = "m".repeat(64);
    let (mut ours, answering) = ends().await;
    let echo = tokio::spawn(answering.echo());
    let (mut bare, other) = sockets().await;
    let bare_echo = tokio::spawn(echo_bytes(other, message.len()));
    let (mut our_times, mut bare_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..ROUND_TRIPS {
            ours.session.say(0, &message).unwrap();
            ours.run(|event| matches!(event, Event::Text { .. })).await;
        }
        let our_time = start.elapsed().as_secs_f64() / f64::from(ROUND_TRIPS);
        let start = Instant::now();
        let mut buf = vec![0; message.len()];
        for _ in 0..ROUND_TRIPS {
            bare.write_all(message.as_bytes()).await.unwrap();
            bare.read_exact(&mut buf).await.unwrap();
        }
        let bare_time = start.elapsed().as_secs_f64() / f64::from(ROUND_TRIPS);
        if round > 0 {
            our_times.push(our_time * 1e6);
            bare_times.push(bare_time * 1e6);
            ratios.push(our_time / bare_time);
        }
    }
    echo.abort();
    bare_echo.abort();
    let ratio = median(ratios);
    println!(
        "round trip, 64 B    ours {:6.1} µs     bare TCP {:6.1} µs     {ratio:.2} × its time, limit ≤ {ROUND_TRIP_LIMIT:.1}: {}",
        median(our_times),
        median(bare_times),
        verdict(ratio <= ROUND_TRIP_LIMIT),
    );
}

async fn one_way() {
    let message = "m".repeat(100);
    let (mut ours, hearing) = ends().await;
    let hears = tokio::spawn(hearing.hear());
    let (mut tls, mut other) = tls_ends().await;
    let tls_hears = tokio::spawn(async move {
        let mut buf = vec![0; 64 * 1024];
        let mut left = 100 * MESSAGES as usize;
        loop {
            left -= other.read(&mut buf).await.unwrap();
            if left == 0 {
                other.write_all(b"!").await.unwrap();
                left = 100 * MESSAGES as usize;
            }
        }
    });
    let (mut our_rates, mut tls_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut upto = 0;
    for round in 0..ROUNDS {
        let start = Instant::now();
        let mut said = upto;
        upto += MESSAGES;
        while said < upto {
            while said < upto && ours.session.has_room() {
                said = ours.session.say(0, &message).unwrap();
            }
            ours.run(|event| matches!(event, Event::Delivered(_))).await;
        }
        while ours.session.queued() > 0 {
            ours.run(|event| matches!(event, Event::Delivered(_))).await;
        }
        let our_rate = MESSAGES as f64 / start.elapsed().as_secs_f64();
        let start = Instant::now();
        for _ in 0..MESSAGES {
            tls.write_all(message.as_bytes()).await.unwrap();
        }
        // What the socket did not take at once is still in the TLS buffer.
        tls.flush().await.unwrap();
        tls.read_exact(&mut [0]).await.unwrap();
        let tls_rate = MESSAGES as f64 / start.elapsed().as_secs_f64();
        if round > 0 {
            our_rates.push(our_rate / 1e6);
            tls_rates.push(tls_rate / 1e6);
            ratios.push(our_rate / tls_rate);
        }
    }
    hears.abort();
    tls_hears.abort();
    let ratio = median(ratios);
    println!(
        "one-way, 100 B      ours {:6.2} M/s    TLS 1.3  {:6.2} M/s    {ratio:.2} × its rate, limit ≥ {RATE_LIMIT:.1}: {}",
        median(our_rates),
        median(tls_rates),
        verdict(ratio >= RATE_LIMIT),
    );
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "MISSED" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn sockets() -> (TcpStream, TcpStream) {
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let listener = TcpListener::bind(any).await.unwrap();
    let dialled = TcpStream::connect(listener.local_addr().unwrap()).await;
    let (accepted, _) = listener.accept().await.unwrap();
    let dialled = dialled.unwrap();
    accepted.set_nodelay(true).unwrap();
    dialled.set_nodelay(true).unwrap();
    (accepted, dialled)
}

async fn echo_bytes(mut socket: TcpStream, length: usize) {
    let mut buf = vec![0; length];
    loop {
        socket.read_exact(&mut buf).await.unwrap();
        socket.write_all(&buf).await.unwrap();
    }
}

async fn tls_ends() -> (client::TlsStream<TcpStream>, server::TlsStream<TcpStream>) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![ring::cipher_suite::TLS13_AES_256_GCM_SHA384];
    let provider = Arc::new(provider);
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (accepted, dialled) = sockets().await;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(client));
    let (dialled, accepted) = tokio::join!(
        connector.connect(name, dialled),
        TlsAcceptor::from(Arc::new(server)).accept(accepted),
    );
    (dialled.unwrap(), accepted.unwrap())
}
