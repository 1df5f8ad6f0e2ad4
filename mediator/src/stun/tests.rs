//! STUN by the samples of RFC 5769, and whatever else may arrive.

use proptest::prelude::*;

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

fn request(attributes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(attributes.len()).unwrap().to_be_bytes();
    let head = [&[0, 1][..], &len, &COOKIE, &TRANSACTION].concat();
    [&head, attributes].concat()
}

fn ada() -> SocketAddr {
    "192.0.2.1:32853".parse().unwrap()
}

#[test]
fn the_samples_of_rfc_5769() {
    let ipv6 = "[2001:db8:1234:5678:11:2233:4455:6677]:32853";
    for (from, attribute) in [
        ("192.0.2.1:32853", &IPV4[..]),
        ("[::ffff:192.0.2.1]:32853", &IPV4),
        (ipv6, &IPV6),
    ] {
        let answer = answer(&request(&[]), from.parse().unwrap()).unwrap();
        let (head, rest) = answer.split_at(HEADER);
        assert_eq!(rest, attribute, "{from}");
        let len = u8::try_from(attribute.len()).unwrap();
        assert_eq!(head[..8], [1, 1, 0, len, 0x21, 0x12, 0xa4, 0x42]);
        assert_eq!(head[8..], TRANSACTION);
    }
}

#[test]
fn what_may_be_passed_over_is_and_nothing_else_is_answered() {
    let software = [0x80, 0x22, 0, 3, b'a', b'b', b'c', b' '];
    for attributes in [&software[..], &[0x80, 0x28, 0, 0], &[software; 9].concat()] {
        assert!(answer(&request(attributes), ada()).is_some());
    }
    // CHANGE-REQUEST, USERNAME, what is longer than the rest, what is not padded.
    for attributes in [
        &[0, 3, 0, 4, 0, 0, 0, 6][..],
        &[0, 6, 0, 0],
        &[0x80, 0x22, 0, 5, 0, 0, 0, 0],
        &[0x80, 0x22, 0, 1, 0],
        &[0x80, 0x22],
        &[0],
        &vec![0x80; REQUEST_MAX],
    ] {
        assert_eq!(answer(&request(attributes), ada()), None, "{attributes:?}");
    }
    assert_eq!(answer(&request(&[]), "192.0.2.1:0".parse().unwrap()), None);
}

#[test]
fn each_bit_of_the_head_counts_but_those_of_the_transaction() {
    let sound = request(&[0x80, 0x22, 0, 0]);
    for bit in 0..8 * HEADER {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let is_answered = answer(&flipped, ada()).is_some();
        assert_eq!(is_answered, bit / 8 >= 8, "bit {bit}");
    }
    for len in 0..sound.len() {
        assert_eq!(answer(&sound[..len], ada()), None, "{len} bytes");
    }
    // Our own answer, sent back to us, is not answered.
    let response = answer(&sound, ada()).unwrap();
    assert_eq!(answer(&response, ada()), None);
}

proptest! {
    #[test]
    fn nothing_gets_more_than_44_bytes(
        bytes in proptest::collection::vec(any::<u8>(), 0..1500),
        is_request: bool,
        ip: IpAddr,
        port: u16,
    ) {
        let bytes = match is_request {
            true => request(&bytes),
            false => bytes,
        };
        if let Some(answer) = answer(&bytes, (ip, port).into()) {
            prop_assert!(answer.len() == 32 || answer.len() == 44);
        }
    }
}
