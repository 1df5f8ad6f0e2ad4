//! Every byte of the handshake, flipped one at a time over real sockets:
//! CONFIRM_B, CONFIRM_A, `go`, the answer. Each costs that socket and no more: the
//! honest guest of the same pairing still connects.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use undertone_core::pairing::{CONFIRM_A_LEN, CONFIRM_B_LEN, GuestConfirm, Role};
use undertone_core::session::record::Channel;
use undertone_core::session::{LinkId, Session};

use crate::hostile::dial::dial;
use crate::hostile::pair::{Two, host_awaits};

const BOUND: Duration = Duration::from_secs(20);
const GREETING_HEAD: usize = 4 + CONFIRM_A_LEN;

fn framed(body: &[u8]) -> Vec<u8> {
    let prefix = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&prefix, body].concat()
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[at] ^= 1 << (at % 8);
    flipped
}

/// Shows CONFIRM_B, or what is said to be one; gives the socket.
async fn show(host_address: SocketAddr, confirm_b: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(host_address).await.unwrap();
    stream.write_all(confirm_b).await.unwrap();
    stream
}

/// CONFIRM_A and `go`.
async fn greeting(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = vec![0; GREETING_HEAD + 4];
    stream.read_exact(&mut head).await.unwrap();
    let n = u32::from_be_bytes(head[GREETING_HEAD..].try_into().unwrap());
    let mut record = vec![0; n as usize];
    stream.read_exact(&mut record).await.unwrap();
    [head, record].concat()
}

/// The guest's answer to this greeting.
fn answer(confirm: &GuestConfirm, greeting: &[u8]) -> Vec<u8> {
    let established = confirm.confirm(&greeting[4..GREETING_HEAD]).unwrap();
    let mut channel = Channel::new(established.link).unwrap();
    let mut record = greeting[GREETING_HEAD + 4..].to_vec();
    let go = channel.open(&mut record).unwrap().to_vec();
    let mut session = Session::new(Role::Guest, established.resume);
    let (now, mut out) = (Instant::now(), Vec::new());
    session.link_opened(LinkId(1), channel, &go, now).unwrap();
    session.poll_transmit(now, &mut out).unwrap();
    out
}

#[tokio::test]
async fn every_flipped_byte_of_confirm_b_ends_that_socket_unanswered() {
    let (host, guest) = Two::new().confirming();
    let (host_address, waiting) = host_awaits(host);
    let sound = framed(guest.confirm_b());
    assert_eq!(sound.len(), 4 + CONFIRM_B_LEN);
    for at in 0..sound.len() {
        let mut stream = show(host_address, &flipped(&sound, at)).await;
        let mut got = Vec::new();
        let _ = timeout(BOUND, stream.read_to_end(&mut got))
            .await
            .expect("closed");
        assert!(got.is_empty(), "byte {at} was answered");
    }
    let mut stream = show(host_address, &sound).await;
    let greeting = greeting(&mut stream).await;
    stream.write_all(&answer(&guest, &greeting)).await.unwrap();
    let ready = timeout(BOUND, waiting).await.unwrap().unwrap();
    assert_eq!(ready.expect("a link").peer.name, "bob");
}

#[tokio::test]
async fn every_flipped_byte_of_confirm_a_and_go_is_no_link_for_the_guest() {
    let (host, guest) = Two::new().confirming();
    let (host_address, _waiting) = host_awaits(host);
    let mut stream = show(host_address, &framed(guest.confirm_b())).await;
    let sound = greeting(&mut stream).await;

    let meets = async |greeting: &[u8]| {
        let middle = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = middle.local_addr().unwrap();
        let plays = async {
            // It closes after each; the guest may try again, and gives up in the middle of a try
            // where its time is over.
            while let Ok((mut stream, _)) = middle.accept().await {
                let mut confirm_b = [0; 4 + CONFIRM_B_LEN];
                if stream.read_exact(&mut confirm_b).await.is_ok() {
                    let _ = stream.write_all(greeting).await;
                    let _ = stream.shutdown().await;
                }
            }
        };
        tokio::select! {
            dialled = dial([address].into_iter(), &guest) => dialled.is_ok(),
            () = plays => unreachable!(),
        }
    };
    let all: Vec<usize> = (0..sound.len()).collect();
    for batch in all.chunks(512) {
        let met = batch
            .iter()
            .map(async |at| meets(&flipped(&sound, *at)).await);
        for (linked, at) in join_all(met).await.into_iter().zip(batch) {
            assert!(!linked, "byte {at} of {}", sound.len());
        }
    }
    assert!(meets(&sound).await, "untouched, it is one");
}

#[tokio::test]
async fn every_flipped_byte_of_the_answer_is_no_link_for_the_host() {
    let (host, guest) = Two::new().confirming();
    let (host_address, waiting) = host_awaits(host);
    let confirm_b = framed(guest.confirm_b());
    let mut honest = show(host_address, &confirm_b).await;
    let sound = answer(&guest, &greeting(&mut honest).await);
    for at in 0..sound.len() {
        let mut stream = show(host_address, &confirm_b).await;
        greeting(&mut stream).await;
        stream.write_all(&flipped(&sound, at)).await.unwrap();
        // A longer record than came, if the length was flipped.
        stream.shutdown().await.unwrap();
        let mut got = Vec::new();
        let _ = timeout(BOUND, stream.read_to_end(&mut got))
            .await
            .expect("closed");
        assert!(got.is_empty() && !waiting.is_finished(), "byte {at}");
    }
    // The first socket may have been crowded out: a guest tries again.
    drop(honest);
    let mut honest = show(host_address, &confirm_b).await;
    greeting(&mut honest).await;
    honest.write_all(&sound).await.unwrap();
    let ready = timeout(BOUND, waiting).await.unwrap().unwrap();
    assert_eq!(ready.expect("a link").peer.name, "bob");
}

#[tokio::test]
async fn a_go_that_was_given_up_is_known_by_its_closed_socket() {
    let (host, guest) = Two::new().confirming();
    let (host_address, waiting) = host_awaits(host);
    let mut ready = dial([host_address], &guest).await.unwrap();
    assert!(!ready.is_gone());
    // As after 5 s without an answer.
    waiting.abort();
    let gone = async {
        while !ready.is_gone() {
            tokio::task::yield_now().await;
        }
    };
    timeout(BOUND, gone).await.unwrap();
}
