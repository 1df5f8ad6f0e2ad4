//! Strangers who dial the host, have seen what the guest sends, and are faster.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use undertone::engine::connect::host::{Found, HostAcceptor, Step};
use undertone_core::pairing::{GuestConfirm, Role};
use undertone_core::session::{LinkId, Session};
use undertone_net::link::acceptor::Acceptor;
use undertone_net::link::dial::Plan;
use undertone_net::link::nominate::ANSWER_TIMEOUT;
use undertone_net::link::stream::Stream;

use crate::hostile::dial::dial;
use crate::hostile::pair::{Two, host_awaits};

const BOUND: Duration = Duration::from_secs(20);

async fn stranger(from: IpAddr, host_address: SocketAddr, confirm_b: &[u8]) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    let mut stream = socket.connect(host_address).await.unwrap();
    let prefix = u32::try_from(confirm_b.len()).unwrap().to_be_bytes();
    stream
        .write_all(&[&prefix, confirm_b].concat())
        .await
        .unwrap();
    stream
}

/// The honest guest dials, takes the link and answers `go`.
async fn honest_guest(host_address: SocketAddr, confirm: &GuestConfirm) -> Stream {
    let mut ready = dial([host_address], confirm).await.expect("a path");
    let mut session = Session::new(Role::Guest, ready.resume);
    let (now, mut out) = (Instant::now(), Vec::new());
    let opened = session.link_opened(LinkId(1), ready.channel, &ready.plaintext, now);
    opened.expect("go");
    session.poll_transmit(now, &mut out).unwrap();
    ready.stream.write_all(&out).await.unwrap();
    ready.stream
}

#[tokio::test]
async fn copies_of_confirm_that_hold_their_sockets_do_not_keep_the_guest_out() {
    for sources in [1_u8, 30] {
        let (host, guest) = Two::new().confirming();
        let (host_address, waiting) = host_awaits(host);
        let mut copies = Vec::new();
        for i in 0..60 {
            let from = IpAddr::from([127, 0, 0, 1 + i % sources]);
            copies.push(stranger(from, host_address, guest.confirm_b()).await);
        }
        // They are answered, learn nothing that they could use, and wait.
        let mut byte = [0];
        copies
            .last_mut()
            .unwrap()
            .read_exact(&mut byte)
            .await
            .unwrap();
        let stream = timeout(BOUND, honest_guest(host_address, &guest))
            .await
            .expect("in time");
        let ready = timeout(BOUND, waiting).await.unwrap().unwrap();
        let ready = ready.expect("a link, in spite of the copies");
        assert_eq!(ready.path.address(), stream.local_address().unwrap());
    }
}

#[tokio::test]
async fn a_copied_confirm_answered_with_garbage_does_not_take_the_link() {
    let (host, guest) = Two::new().confirming();
    let (host_address, waiting) = host_awaits(host);
    for garbage in [
        vec![0; 4],
        vec![0xff; 4],
        vec![0; 512],
        [&[0, 0, 1, 88][..], &[7; 344]].concat(),
    ] {
        let mut copy = stranger([127, 0, 0, 9].into(), host_address, guest.confirm_b()).await;
        copy.read_exact(&mut [0; 4]).await.unwrap();
        copy.write_all(&garbage).await.unwrap();
    }
    let stream = timeout(BOUND, honest_guest(host_address, &guest))
        .await
        .expect("in time");
    let ready = timeout(BOUND, waiting)
        .await
        .unwrap()
        .unwrap()
        .expect("a link");
    assert_eq!(ready.path.address(), stream.local_address().unwrap());
}

/// A `go` freezes the live link until it is answered: not for long, when the guest
/// took another way and hung up on this one.
#[tokio::test]
async fn a_go_whose_sockets_have_all_closed_is_soon_given_up() {
    let (host, guest) = Two::new().confirming();
    let (host_address, waiting) = host_awaits(host);
    let mut copy = stranger([127, 0, 0, 1].into(), host_address, guest.confirm_b()).await;
    copy.read_exact(&mut [0; 4]).await.unwrap();
    let begun = Instant::now();
    drop(copy);
    assert!(timeout(BOUND, waiting).await.unwrap().unwrap().is_none());
    assert!(begun.elapsed() < ANSWER_TIMEOUT - Duration::from_secs(1));
}

#[tokio::test]
async fn a_confirm_of_another_session_is_not_answered() {
    let two = Two::new();
    let (host, guest) = two.confirming();
    // The very same two people, a moment earlier; and two others.
    let others = [two.confirming().1, Two::new().confirming().1];
    let (host_address, waiting) = host_awaits(host);
    for other in others {
        let mut stream = stranger([127, 0, 0, 1].into(), host_address, other.confirm_b()).await;
        let mut got = Vec::new();
        let _ = timeout(BOUND, stream.read_to_end(&mut got))
            .await
            .expect("closed");
        assert!(got.is_empty());
    }
    let _stream = timeout(BOUND, honest_guest(host_address, &guest))
        .await
        .expect("in time");
    assert!(timeout(BOUND, waiting).await.unwrap().unwrap().is_some());
}

/// The guest began two ways back, and one of them led to a link. Who held back the
/// CONFIRM_B of the other has nothing to show for it.
#[tokio::test]
async fn a_confirm_that_was_held_back_does_not_freeze_the_live_link() {
    let two = Two::new();
    let [(first, guest), (second, held_back)] = [two.confirming(), two.confirming()];
    let acceptor = Acceptor::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = acceptor.address();
    let mut acceptor = HostAcceptor::new(acceptor);
    acceptor.take(Found::Pairing(Box::new(first), Plan::default()));
    let dialling = tokio::spawn(async move { honest_guest(address, &guest).await });
    let Step::Confirmed(confirmed) = acceptor.next().await else {
        panic!("not confirmed");
    };
    let mut session = Session::new(Role::Host, Arc::clone(&confirmed.resume));
    acceptor.nominated(confirmed.nominate(&session.nominate()).unwrap());
    acceptor.take(Found::Pairing(Box::new(second), Plan::default()));
    let answered = timeout(BOUND, acceptor.next()).await.unwrap();
    assert!(matches!(answered, Step::Answered(_)));
    let _live = dialling.await.unwrap();

    let shown = async {
        let mut stranger = stranger([127, 0, 0, 1].into(), address, held_back.confirm_b()).await;
        let mut got = Vec::new();
        let _ = stranger.read_to_end(&mut got).await;
        got
    };
    tokio::select! {
        got = shown => assert!(got.is_empty()),
        _ = acceptor.next() => panic!("the session was asked for another go"),
    }
}
