//! Answers by the samples of RFC 5769, of others than who was asked, and none at all.

use proptest::prelude::*;
use tokio::time::timeout;

use super::*;

/// Of RFC 5769 §2.2 and §2.3: the transaction, and what the attribute says.
const TRANSACTION: [u8; 12] = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];
const IPV4: [u8; 12] = [
    0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
];
const IPV6: [u8; 24] = [
    0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa, 0xa5, 0xd3, 0xf1, 0x79,
    0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9,
];
/// An attribute of five bytes, which is padded to eight.
const SOFTWARE: [u8; 12] = *b"\x80\x22\0\x05teste\0\0\0";

fn answer(transaction: &[u8; 12], attributes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(attributes.len()).unwrap().to_be_bytes();
    [&BINDING_SUCCESS[..], &len, &COOKIE, transaction, attributes].concat()
}

#[test]
fn the_samples_of_rfc_5769() {
    let ipv6 = "[2001:db8:1234:5678:11:2233:4455:6677]:32853";
    for (attribute, said) in [(&IPV4[..], "192.0.2.1:32853"), (&IPV6, ipv6)] {
        for attributes in [attribute.to_vec(), [&SOFTWARE, attribute].concat()] {
            let read = read(&answer(&TRANSACTION, &attributes), &TRANSACTION);
            assert_eq!(read, Some(said.parse().unwrap()));
        }
    }
}

#[test]
fn what_is_no_success_of_this_transaction_says_nothing() {
    let sound = answer(&TRANSACTION, &IPV4);
    assert!(read(&sound, &TRANSACTION).is_some());
    // All before the attribute's value, and its family.
    for at in (0..24).chain([25]) {
        let mut altered = sound.clone();
        altered[at] ^= 1;
        assert_eq!(read(&altered, &TRANSACTION), None, "{at}");
    }
    for len in 0..sound.len() {
        assert_eq!(read(&sound[..len], &TRANSACTION), None, "{len}");
    }
    assert_eq!(read(&answer(&TRANSACTION, &SOFTWARE), &TRANSACTION), None);
    // Nobody is at port 0, or at no address.
    for zeros in [[0xa1, 0x47].as_slice(), &[0xe1, 0x12, 0xa6, 0x43]] {
        let at = sound.windows(zeros.len()).rposition(|bytes| bytes == zeros);
        let mut altered = sound.clone();
        let at = at.unwrap();
        let pad: &[u8] = if zeros.len() == 2 {
            &COOKIE[..2]
        } else {
            &COOKIE
        };
        altered[at..at + zeros.len()].copy_from_slice(pad);
        assert_eq!(read(&altered, &TRANSACTION), None);
    }
}

proptest! {
    #[test]
    fn no_datagram_is_read_beyond_its_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &TRANSACTION);
        let _ = read(&answer(&TRANSACTION, &bytes), &TRANSACTION);
    }
}

async fn here() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Takes a request, and gives its transaction and where it came from.
async fn take(server: &UdpSocket) -> ([u8; 12], SocketAddr) {
    let mut buffer = [0; 100];
    let (len, from) = server.recv_from(&mut buffer).await.unwrap();
    assert_eq!(len, HEADER);
    (buffer[8..20].try_into().unwrap(), from)
}

#[tokio::test]
async fn only_the_server_and_only_this_transaction_count() {
    let ((server, at), (stranger, _)) = (here().await, here().await);
    let asker = undertone_host::listen_udp("[::]:0".parse().unwrap()).unwrap();
    let asking = mapped_address(&asker, at);
    let serving = async {
        let (transaction, from) = take(&server).await;
        let wrong = answer(&TRANSACTION, &IPV4);
        stranger
            .send_to(&answer(&transaction, &IPV4), from)
            .await
            .unwrap();
        server.send_to(&wrong, from).await.unwrap();
        let right = answer(&transaction, &SOFTWARE);
        server.send_to(&right, from).await.unwrap();
        // It asks again, by the same transaction, until it is told.
        let (again, _) = take(&server).await;
        assert_eq!(again, transaction);
        let port = (from.port() ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]])).to_be_bytes();
        let ip: Vec<u8> = [127, 0, 0, 1]
            .iter()
            .zip(COOKIE)
            .map(|(a, b)| a ^ b)
            .collect();
        let mapped = [&[0, 0x20, 0, 8, 0, 1][..], &port, &ip].concat();
        server
            .send_to(&answer(&transaction, &mapped), from)
            .await
            .unwrap();
        from
    };
    let (mapped, from) = tokio::join!(asking, serving);
    assert_eq!(mapped.unwrap(), from);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_asked_three_times_and_given_up() {
    let ((server, at), (asker, _)) = (here().await, here().await);
    let begun = Instant::now();
    let asking = mapped_address(&asker, at).await;
    assert_eq!(asking.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(begun.elapsed(), WAITS.iter().sum());
    for _ in 0..WAITS.len() {
        take(&server).await;
    }
    let none = timeout(Duration::from_millis(1), take(&server)).await;
    assert!(none.is_err());
}
