//! Two ends over loopback: what is carried, how it ends, and who is kept out.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use undertone_core::pairing::{Ice, Role};

use super::agent::Agent;
use super::carrying::run;
use super::*;
use crate::link::path::Path;
use crate::link::stream::Stream;
use crate::link::tell::Tell;
use std::net::SocketAddr;

const PATIENCE: Duration = Duration::from_secs(20);

fn gather() -> Gathering {
    Gathering::open(Some([127, 0, 0, 1].into()), true).unwrap()
}

fn address(of: &Gathering) -> SocketAddr {
    ([127, 0, 0, 1], of.port().unwrap()).into()
}

fn plan(gathering: Gathering, role: Role, ice: Ice, addresses: &[SocketAddr]) -> IcePlan {
    IcePlan {
        gathering,
        ice,
        addresses: addresses.to_vec(),
        role,
        with_browser: false,
        tell: Tell::default(),
    }
}

/// Host and guest, each told where the other one is, or what `at` makes of that.
fn plans(at: impl Fn(SocketAddr) -> SocketAddr) -> [IcePlan; 2] {
    let [host, guest] = [gather(), gather()];
    let [ice_h, ice_g] = [&host, &guest].map(|end| end.ice().clone());
    let [at_h, at_g] = [&host, &guest].map(|end| at(address(end)));
    [
        plan(host, Role::Host, ice_g, &[at_g]),
        plan(guest, Role::Guest, ice_h, &[at_h]),
    ]
}

type Way = Option<(Stream, Path)>;

async fn connect([host, guest]: [IcePlan; 2]) -> [Way; 2] {
    let both = async { tokio::join!(host.connect(false), guest.connect(false)) };
    let (host, guest) = timeout(PATIENCE, both).await.unwrap();
    [host, guest]
}

async fn connected() -> [Stream; 2] {
    connect(plans(|address| address))
        .await
        .map(|way| way.unwrap().0)
}

/// Bytes of which none is at another's place.
fn bytes(len: usize) -> Vec<u8> {
    (0..len as u32 / 4).flat_map(u32::to_be_bytes).collect()
}

#[tokio::test]
async fn no_secret_shows() {
    let [host, guest] = plans(|address| address);
    let shown = format!("{host:?} {guest:?}");
    for Ice { password, .. } in [&host.ice, &guest.ice] {
        assert!(!shown.contains(password.as_str()));
    }
    for IcePlan { gathering, .. } in [&host, &guest] {
        let key = format!("{:?}", gathering.certificate.private_key);
        assert!(!shown.contains(&key[1..key.len() - 1]));
    }
}

#[tokio::test]
async fn a_mediator_is_asked_until_it_is_another_or_none() {
    let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = server.local_addr().unwrap();
    let mut asking = gather();
    asking.ask(Some(at));
    let mut request = [0; 64];
    let (len, from) = server.recv_from(&mut request).await.unwrap();
    assert_eq!((len, from), (20, address(&asking)));
    // It is told from where; ports are hidden by the cookie.
    let port = (from.port() ^ 0x2112).to_be_bytes();
    let ip = [127 ^ 0x21, 0x12, 0xa4, 1 ^ 0x42];
    let head = [1, 1, 0, 12];
    let attribute = [
        0, 0x20, 0, 8, 0, 1, port[0], port[1], ip[0], ip[1], ip[2], ip[3],
    ];
    let answer = [&head, &request[4..20], &attribute[..]].concat();
    server.send_to(&answer, from).await.unwrap();
    let told = async {
        while asking.outside().is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, told).await.unwrap();
    assert_eq!(asking.outside(), Some(from));
    // The same once more changes nothing; none is none.
    asking.ask(Some(at));
    assert_eq!(asking.outside(), Some(from));
    asking.ask(None);
    assert_eq!(asking.outside(), None);
    // Who names addresses asks nobody.
    let mut silent = Gathering::open(Some([127, 0, 0, 1].into()), false).unwrap();
    silent.ask(Some(at));
    tokio::task::yield_now().await;
    assert!(server.try_recv(&mut request).is_err());
}

#[tokio::test]
async fn bytes_go_both_ways_in_order_however_they_are_cut() {
    let plans = plans(|address| address);
    let ends = [&plans[1], &plans[0]].map(|plan| address(&plan.gathering));
    let ways = connect(plans).await;
    let [mut host, mut guest] = std::array::from_fn(|_| None);
    for ((way, end), at) in ways.into_iter().zip([&mut host, &mut guest]).zip(ends) {
        let (stream, path) = way.unwrap();
        assert_eq!(path, Path::over_udp(at));
        // Loopback stays whatever network there is.
        assert_eq!(stream.local_address(), None);
        *end = Some(stream);
    }
    let (host, guest) = (host.unwrap(), guest.unwrap());
    let sent = bytes(1 << 20);
    let ((mut host_in, mut host_out), (mut guest_in, mut guest_out)) =
        (tokio::io::split(host), tokio::io::split(guest));
    let (mut at_host, mut at_guest) = (vec![0; sent.len()], vec![0; sent.len()]);
    let moving = async {
        tokio::try_join!(
            host_out.write_all(&sent),
            guest_in.read_exact(&mut at_guest),
            async {
                for piece in sent.chunks(1_001) {
                    guest_out.write_all(piece).await?;
                }
                Ok(())
            },
            host_in.read_exact(&mut at_host),
        )
    };
    timeout(PATIENCE, moving).await.unwrap().unwrap();
    assert!(at_host == sent && at_guest == sent);
}

#[tokio::test]
async fn what_was_written_before_a_shutdown_arrives() {
    let [mut host, mut guest] = connected().await;
    let sent = bytes(200_000);
    let (mut read, mut rest) = (Vec::new(), Vec::new());
    let farewell = async {
        let saying = async {
            host.write_all(&sent).await?;
            host.shutdown().await?;
            host.read_to_end(&mut rest).await
        };
        tokio::try_join!(saying, guest.read_to_end(&mut read))
    };
    timeout(PATIENCE, farewell).await.unwrap().unwrap();
    assert!(read == sent && rest.is_empty());
}

#[tokio::test]
async fn whoever_is_gone_is_missed_at_once() {
    let [host, mut guest] = connected().await;
    drop(host);
    let mut nothing = Vec::new();
    let end = timeout(PATIENCE / 4, guest.read_to_end(&mut nothing)).await;
    assert_eq!(end.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn a_path_at_rest_wakes_its_ends_now_and_then_only() {
    let [mut host, mut guest] = plans(|address| address).map(|plan| Agent::new(&plan).unwrap());
    let both = async { tokio::join!(host.open(), guest.open()) };
    let (one, other) = timeout(PATIENCE, both).await.unwrap();
    one.and(other).unwrap();
    let (mut times, span) = (0, Duration::from_secs(4));
    let resting = async {
        loop {
            tokio::select! {
                heard = host.hear() => heard.unwrap(),
                heard = guest.hear() => heard.unwrap(),
            }
            host.settle().await.unwrap();
            guest.settle().await.unwrap();
            times += 1;
        }
    };
    assert!(timeout(span, resting).await.is_err());
    assert!((1..100).contains(&times), "{times} in {span:?}");
}

#[tokio::test]
async fn a_task_ends_with_its_stream_or_with_the_other_one() {
    let [mut host, mut guest] = plans(|address| address).map(|plan| Agent::new(&plan).unwrap());
    let both = async { tokio::join!(host.open(), guest.open()) };
    let (one, other) = timeout(PATIENCE, both).await.unwrap();
    one.and(other).unwrap();
    let [(stream, task), (mut left, other_task)] = [(); 2].map(|()| stream::stream(None));
    let tasks = [
        tokio::spawn(run(host, task)),
        tokio::spawn(run(guest, other_task)),
    ];
    drop(stream);
    for task in tasks {
        timeout(PATIENCE, task).await.unwrap().unwrap();
    }
    assert_eq!(left.read(&mut [0]).await.unwrap(), 0);
    // Twice is once.
    left.shutdown().await.unwrap();
    left.shutdown().await.unwrap();
}

#[tokio::test]
async fn who_does_not_read_is_not_written_for_without_end() {
    let [mut host, mut guest] = connected().await;
    let piece = bytes(1 << 16);
    let mut written = 0;
    // What it can still take, it takes at once.
    while let Ok(said) = timeout(Duration::from_secs(1), host.write_all(&piece)).await {
        said.unwrap();
        written += piece.len();
        assert!(written <= 1 << 20, "{written}");
    }
    // Of the piece that was broken off some may have gone.
    let mut first = vec![0; written];
    timeout(PATIENCE, guest.read_exact(&mut first))
        .await
        .unwrap()
        .unwrap();
    assert!(first.chunks(piece.len()).all(|chunk| chunk == piece));
}

#[tokio::test(start_paused = true)]
async fn the_wrong_password_opens_nothing() {
    let mut plans = plans(|address| address);
    for plan in &mut plans {
        plan.ice.password.replace_range(..1, "~");
    }
    assert!(matches!(connect(plans).await, [None, None]));
}

#[tokio::test(start_paused = true)]
async fn another_certificate_than_the_one_that_was_told_opens_nothing() {
    for wrong in 0..2 {
        let mut plans = plans(|address| address);
        plans[wrong].ice.fingerprint[31] ^= 1;
        let ways = connect(plans).await;
        assert!(ways[wrong].is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn eight_addresses_are_tried_over_udp_a_few_times_each_and_no_more() {
    let mut strangers = Vec::new();
    for _ in 0..10 {
        strangers.push(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    }
    let told: Vec<_> = strangers
        .iter()
        .map(|at| at.local_addr().unwrap())
        .collect();
    for role in [Role::Host, Role::Guest] {
        let plan = plan(gather(), role, gather().ice().clone(), &told);
        assert!(plan.connect(false).await.is_none());
        let mut heard = Vec::new();
        for stranger in &strangers {
            let mut times = 0;
            while let Ok(len) = stranger.try_recv(&mut [0; 2048]) {
                assert!(len < 200, "{len}");
                times += 1;
            }
            heard.push(times);
        }
        assert!(
            heard[..8].iter().all(|times| (1..=8).contains(times)),
            "{heard:?}"
        );
        assert_eq!(heard[8..], [0, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_no_way() {
    let [host, _] = plans(|address| address);
    assert!(host.connect(true).await.is_none());
}

/// Hands on what two ends say to each other, each of whom sees it as the other one; between any two
/// datagrams it says something of its own to both.
async fn between(one: SocketAddr, other: SocketAddr, to_one: UdpSocket, to_other: UdpSocket) {
    let (mut from_one, mut from_other) = ([0; 2048], [0; 2048]);
    let mut nth = 0_u32;
    loop {
        let (datagram, out, to) = tokio::select! {
            Ok(len) = to_one.recv(&mut from_one) => (&from_one[..len], &to_other, other),
            Ok(len) = to_other.recv(&mut from_other) => (&from_other[..len], &to_one, one),
        };
        for junk in junk(datagram, nth) {
            out.send_to(&junk, to).await.unwrap();
        }
        out.send_to(datagram, to).await.unwrap();
        // What was said already is of no use to anybody.
        out.send_to(datagram, to).await.unwrap();
        nth += 1;
    }
}

/// What nobody should believe, made of something genuine.
fn junk(genuine: &[u8], nth: u32) -> Vec<Vec<u8>> {
    let at = nth as usize % genuine.len();
    let mut altered = genuine.to_vec();
    altered[at] ^= 0x10;
    let mut torn = genuine.to_vec();
    torn.truncate(at);
    let noise = |first: u8| [&[first], &bytes(400)[..]].concat();
    // A record of DTLS 1.2: an alert, fatal, and the end of all, in clear.
    let alert = |description| {
        let head = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0, 2];
        [&head[..], &[2, description]].concat()
    };
    vec![
        altered,
        torn,
        noise(0),
        noise(20 + (nth % 44) as u8),
        noise(128),
        noise(255),
        alert(0),
        alert(40),
    ]
}

#[tokio::test]
async fn junk_in_between_neither_keeps_two_apart_nor_reaches_them() {
    let here = || UdpSocket::bind("127.0.0.1:0");
    let (to_host, to_guest) = (here().await.unwrap(), here().await.unwrap());
    let [mut host, mut guest] = plans(|address| address);
    let [at_host, at_guest] = [&host, &guest].map(|plan| address(&plan.gathering));
    host.addresses = vec![to_host.local_addr().unwrap()];
    guest.addresses = vec![to_guest.local_addr().unwrap()];
    let between = tokio::spawn(between(at_host, at_guest, to_host, to_guest));
    let ways = connect([host, guest]).await;
    let [mut host, mut guest] = ways.map(|way| way.unwrap().0);
    let (sent, mut read) = (bytes(50_000), Vec::new());
    let saying = async {
        guest.write_all(&sent).await?;
        guest.shutdown().await
    };
    let saying = async { tokio::try_join!(saying, host.read_to_end(&mut read)) };
    timeout(PATIENCE, saying).await.unwrap().unwrap();
    assert!(read == sent, "{}", read.len());
    between.abort();
}
