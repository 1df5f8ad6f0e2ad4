//! Two sessions over loopback TCP, in one process and on one core, beside the least that the
//! same messages cost without them.
//!
//! - Round trip of 64 bytes: beside a bare tokio TCP echo. Limit: 2.2 times its time.
//! - One-way messages of 100 bytes as fast as they come, until all are acknowledged: beside
//!   TLS 1.3 (rustls, ring, AES-256-GCM) with a record and a write each. Limit: twice its rate.
//! - Round trip of 64 bytes over UDP (ICE, DTLS, SCTP): beside the same over TCP. Limit: 3 times its
//!   time.
//! - A message of 64 bytes beside a stream at full speed, every 2 ms: the time until it is there, 99th
//!   percentile, on all cores. Limit: 5 ms.
//!
//! `cargo bench -p undertone-net`. Rounds of both take turns in one run, and the ratio is the median
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

#[path = "../../../../tests/common/link.rs"]
mod ours;
#[path = "../../../../benches/side_by_side/mod.rs"]
mod side_by_side;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto::ring, version};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};
use undertone_core::pairing::Role;
use undertone_core::session::Event;
use undertone_net::link::ice::{Gathering, IcePlan};
use undertone_net::link::tell::Tell;

use ours::{End, beside_a_stream, ends, ends_over};
use side_by_side::{in_turns, on_one_core, sockets, verdict};

const ROUND_TRIPS: u32 = 1_000;
const ROUND_TRIP_LIMIT: f64 = 2.2;
const OVER_UDP_LIMIT: f64 = 3.0;
const MESSAGES: u64 = 20_000;
const RATE_LIMIT: f64 = 2.0;

const DELAY_LIMIT_MS: f64 = 5.0;

fn main() {
    beside_streams();
    on_one_core(async {
        round_trips().await;
        over_udp().await;
        one_way().await;
    });
}

fn beside_streams() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (delays, rate) = runtime.block_on(async {
        let ends = ends(sockets().await);
        beside_a_stream(ends, 1_000, Duration::from_millis(2)).await
    });
    let percentile = |part: usize| delays[delays.len() * part / 100].as_secs_f64() * 1e3;
    let (half, most) = (percentile(50), percentile(99));
    println!(
        "beside a stream     median {half:5.2} ms   99 % within {most:5.2} ms   {:.0} MB/s, limit ≤ {DELAY_LIMIT_MS:.0} ms: {}",
        rate / 1e6,
        verdict(most <= DELAY_LIMIT_MS),
    );
}

async fn round_trips() {
    let message = "m".repeat(64);
    let (mut ours, echo) = echoed(ends(sockets().await), &message);
    let (mut bare, other) = sockets().await;
    let bare_echo = tokio::spawn(echo_bytes(other, message.len()));
    let micros = |start: Instant| start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND_TRIPS);
    let our_turn = async || {
        let start = Instant::now();
        for _ in 0..ROUND_TRIPS {
            ours.session.say(0, &message).unwrap();
            ours.run(is_text).await;
        }
        micros(start)
    };
    let bare_turn = async || {
        let start = Instant::now();
        let mut buf = vec![0; message.len()];
        for _ in 0..ROUND_TRIPS {
            bare.write_all(message.as_bytes()).await.unwrap();
            bare.read_exact(&mut buf).await.unwrap();
        }
        micros(start)
    };
    let [our_time, bare_time, ratio] = in_turns(our_turn, bare_turn).await;
    echo.abort();
    bare_echo.abort();
    println!(
        "round trip, 64 B    ours {our_time:6.1} µs     bare TCP {bare_time:6.1} µs     {ratio:.2} × its time, limit ≤ {ROUND_TRIP_LIMIT:.1}: {}",
        verdict(ratio <= ROUND_TRIP_LIMIT),
    );
}

async fn over_udp() {
    let message = "m".repeat(64);
    let (mut udp, udp_echo) = echoed(ways_over_udp().await, &message);
    let (mut tcp, tcp_echo) = echoed(ends(sockets().await), &message);
    let micros = |start: Instant| start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND_TRIPS);
    let turn = async |end: &mut End| {
        let start = Instant::now();
        for _ in 0..ROUND_TRIPS {
            end.session.say(0, &message).unwrap();
            end.run(is_text).await;
        }
        micros(start)
    };
    let [over_udp, over_tcp, ratio] =
        in_turns(async || turn(&mut udp).await, async || turn(&mut tcp).await).await;
    udp_echo.abort();
    tcp_echo.abort();
    println!(
        "the same, over UDP  ours {over_udp:6.1} µs     over TCP {over_tcp:6.1} µs     {ratio:.2} × its time, limit ≤ {OVER_UDP_LIMIT:.1}: {}",
        verdict(ratio <= OVER_UDP_LIMIT),
    );
}

/// One end of these two, and the other one, which answers every message by this one.
fn echoed((ours, mut answering): (End, End), answer: &str) -> (End, JoinHandle<()>) {
    let answer = answer.to_owned();
    let echo = tokio::spawn(async move {
        loop {
            answering.run(is_text).await;
            answering.session.say(0, &answer).unwrap();
        }
    });
    (ours, echo)
}

/// Two that found each other over loopback by ICE.
async fn ways_over_udp() -> (End, End) {
    let gather = || Gathering::open(Some([127, 0, 0, 1].into()), false).unwrap();
    let (host, guest) = (gather(), gather());
    let [ice_h, ice_g] = [&host, &guest].map(|end| end.ice().clone());
    let [at_h, at_g] = [&host, &guest].map(|end| ([127, 0, 0, 1], end.port().unwrap()).into());
    let plan = |gathering, ice, address, role| IcePlan {
        gathering,
        ice,
        addresses: vec![address],
        role,
        with_browser: false,
        tell: Tell::default(),
    };
    let host = plan(host, ice_g, at_g, Role::Host).connect(false);
    let guest = plan(guest, ice_h, at_h, Role::Guest).connect(false);
    let (host, guest) = tokio::join!(host, guest);
    ends_over(host.unwrap(), guest.unwrap())
}

fn is_text(event: &Event) -> bool {
    matches!(event, Event::Text { .. })
}

async fn one_way() {
    let message = "m".repeat(100);
    let (mut ours, mut hearing) = ends(sockets().await);
    let hears = tokio::spawn(async move { hearing.run(|_| false).await });
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
    let rate = |start: Instant| MESSAGES as f64 / start.elapsed().as_secs_f64() / 1e6;
    let mut upto = 0;
    let our_turn = async || {
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
        rate(start)
    };
    let tls_turn = async || {
        let start = Instant::now();
        for _ in 0..MESSAGES {
            tls.write_all(message.as_bytes()).await.unwrap();
        }
        // What the socket did not take at once is still in the TLS buffer.
        tls.flush().await.unwrap();
        tls.read_exact(&mut [0]).await.unwrap();
        rate(start)
    };
    let [our_rate, tls_rate, ratio] = in_turns(our_turn, tls_turn).await;
    hears.abort();
    tls_hears.abort();
    println!(
        "one-way, 100 B      ours {our_rate:6.2} M/s    TLS 1.3  {tls_rate:6.2} M/s    {ratio:.2} × its rate, limit ≥ {RATE_LIMIT:.1}: {}",
        verdict(ratio >= RATE_LIMIT),
    );
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
