//! STUN at the real program: who asks is told from where, and nobody can make it say much.

use std::net::SocketAddr;
use std::time::Instant;

use tokio::net::UdpSocket;
use tokio::time::timeout;
use undertone_mediator::stun::{BURST, EVERY};
use undertone_wire::MediatorMessage;

use super::{Running, program};
use crate::common::{PATIENCE, ROOM};

const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

fn request(transaction: u8) -> Vec<u8> {
    [&[0, 1, 0, 0][..], &COOKIE, &[transaction; 12]].concat()
}

/// Somebody at this address of the loopback.
async fn asker(ip: &str) -> UdpSocket {
    UdpSocket::bind((ip, 0)).await.unwrap()
}

async fn ask(asker: &UdpSocket, running: &Running, transaction: u8) {
    let request = request(transaction);
    asker.send_to(&request, running.address).await.unwrap();
}

/// The transaction of the next answer, and the address that it tells.
async fn answer(asker: &UdpSocket) -> (u8, SocketAddr) {
    let mut bytes = [0; 100];
    let (len, _) = timeout(PATIENCE, asker.recv_from(&mut bytes))
        .await
        .expect("an answer")
        .unwrap();
    assert_eq!((len, &bytes[..4]), (32, &[1, 1, 0, 12][..]));
    let port = u16::from_be_bytes([bytes[26] ^ COOKIE[0], bytes[27] ^ COOKIE[1]]);
    let ip: [u8; 4] = std::array::from_fn(|at| bytes[28 + at] ^ COOKIE[at]);
    (bytes[8], (ip, port).into())
}

/// The UDP port that those who wait are told.
async fn told(running: &Running) -> Option<u16> {
    let mut client = running.connect([127, 0, 0, 1]).await;
    client.join(ROOM, &[]).await;
    match client.hear().await {
        MediatorMessage::Waiting { terms, .. } => terms.stun,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_asks_is_told_from_where_and_who_waits_whom_to_ask() {
    let running = Running::start(&[]).await;
    assert_eq!(told(&running).await, Some(running.address.port()));
    for ip in ["127.0.0.1", "127.0.0.2"] {
        let asker = asker(ip).await;
        for transaction in 0..3 {
            ask(&asker, &running, transaction).await;
            let (of, mapped) = answer(&asker).await;
            assert_eq!((of, mapped), (transaction, asker.local_addr().unwrap()));
        }
    }
}

#[tokio::test]
async fn what_is_no_binding_request_gets_nothing_and_too_much_of_them_neither() {
    let running = Running::start(&[]).await;
    let (loud, other) = (asker("127.0.0.1").await, asker("127.0.0.2").await);
    let sound = request(0);
    for bytes in [&[][..], b"GET / HTTP/1.1\r\n\r\n", &sound[..19], &[0; 1400]] {
        loud.send_to(bytes, running.address).await.unwrap();
    }
    let began = Instant::now();
    // No more than a socket holds while the program does not run.
    let count = 2 * u8::try_from(BURST).unwrap();
    for transaction in 0..count {
        ask(&loud, &running, transaction).await;
    }
    // Datagrams on the loopback stay in order: all before it were dealt with.
    ask(&other, &running, 200).await;
    assert_eq!(answer(&other).await.0, 200);
    let mut answered = 0;
    let mut bytes = [0; 100];
    while loud.try_recv_from(&mut bytes).is_ok() {
        answered += 1;
    }
    let more = began.elapsed().as_millis() / EVERY.as_millis();
    assert!(
        answered >= 1 && answered <= u128::from(BURST) + more,
        "{answered}"
    );
}

#[tokio::test]
async fn it_can_be_off_or_elsewhere_and_a_port_that_is_taken_is_said() {
    for arguments in [&["--stun", "off"][..], &["--trust-proxy"]] {
        let running = Running::start(arguments).await;
        assert_eq!(told(&running).await, None, "{arguments:?}");
        // The port is free.
        UdpSocket::bind(running.address).await.unwrap();
    }
    let taken = asker("127.0.0.1").await;
    let address = taken.local_addr().unwrap().to_string();
    let failed = program()
        .args(["--listen", "127.0.0.1:0", "--stun", &address])
        .output()
        .await
        .unwrap();
    assert_eq!(failed.status.code(), Some(3));
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(
        said.contains("cannot answer STUN at ") && said.contains("--stun off"),
        "{said}"
    );
    drop(taken);
    let running = Running::start(&["--stun", &address]).await;
    let port = address.rsplit(':').next().unwrap().parse().ok();
    assert_eq!(told(&running).await, port);
}
