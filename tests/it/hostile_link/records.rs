//! Records that were altered, replayed, moved or made up: none opens, and none
//! leaves a trace in the keys of the link.

use std::time::Instant;

use undertone_core::session::record::{BODY_MAX, BODY_MIN, Channel};

use crate::hostile::pair::Two;

/// The body of a record that says this.
fn record(channel: &mut Channel, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    channel
        .seal(Instant::now(), &mut out, |buf| buf.extend_from_slice(text))
        .unwrap();
    out.split_off(4)
}

fn opens(channel: &mut Channel, body: &[u8], text: &[u8]) -> bool {
    let mut body = body.to_vec();
    channel
        .open(&mut body)
        .is_ok_and(|plain| plain.starts_with(text))
}

fn refuses(channel: &mut Channel, body: &[u8]) -> bool {
    channel.open(&mut body.to_vec()).is_err()
}

#[test]
fn every_flipped_byte_of_a_record_is_refused_without_a_trace() {
    let [mut host, mut guest] = Two::new().channels();
    // The first of a link, the first of a new chain, and the next of a chain.
    let go = record(&mut host, b"go");
    flip_all(&mut guest, &go);
    assert!(opens(&mut guest, &go, b"go"));
    let answer = record(&mut guest, b"answer");
    flip_all(&mut host, &answer);
    assert!(opens(&mut host, &answer, b"answer"));
    let next = record(&mut guest, b"next");
    flip_all(&mut host, &next);
    assert!(opens(&mut host, &next, b"next"));
}

fn flip_all(receiver: &mut Channel, body: &[u8]) {
    for at in 0..body.len() {
        let mut flipped = body.to_vec();
        flipped[at] ^= 1 << (at % 8);
        assert!(refuses(receiver, &flipped), "byte {at}");
    }
}

#[test]
fn truncated_and_lengthened_records_are_refused() {
    let [mut host, mut guest] = Two::new().channels();
    let go = record(&mut host, b"go");
    for n in 0..go.len() {
        assert!(refuses(&mut guest, &go[..n]), "{n} bytes");
    }
    for more in [1, 16, 32, 64] {
        assert!(refuses(&mut guest, &[&go[..], &vec![0; more]].concat()));
    }
    for len in [0, BODY_MIN - 1, BODY_MIN, BODY_MAX, BODY_MAX + 1] {
        assert!(refuses(&mut guest, &vec![0; len]));
    }
    assert!(opens(&mut guest, &go, b"go"));
}

#[test]
fn replayed_reordered_and_dropped_records_are_refused() {
    let [mut host, mut guest] = Two::new().channels();
    let [first, second, third] = [b"1", b"2", b"3"].map(|text| record(&mut host, text));
    assert!(refuses(&mut guest, &second), "before the first");
    assert!(opens(&mut guest, &first, b"1"));
    assert!(refuses(&mut guest, &first), "a replay");
    assert!(refuses(&mut guest, &third), "a gap");
    assert!(opens(&mut guest, &second, b"2"));
    assert!(refuses(&mut guest, &first), "an old replay");
    assert!(opens(&mut guest, &third, b"3"));
    // The last record of a chain is dropped: the next chain tells how many there were.
    let answer = record(&mut guest, b"a");
    assert!(opens(&mut host, &answer, b"a"));
    let _dropped = record(&mut host, b"4");
    let in_new_chain = {
        let later = Instant::now() + std::time::Duration::from_secs(2);
        let mut out = Vec::new();
        host.seal(later, &mut out, |buf| buf.push(b'5')).unwrap();
        out.split_off(4)
    };
    assert!(refuses(&mut guest, &in_new_chain));
}

#[test]
fn reflected_records_are_refused() {
    let [mut host, mut guest] = Two::new().channels();
    let go = record(&mut host, b"go");
    assert!(refuses(&mut host, &go));
    assert!(opens(&mut guest, &go, b"go"));
    let answer = record(&mut guest, b"answer");
    assert!(refuses(&mut guest, &answer));
    assert!(opens(&mut host, &answer, b"answer"));
}

#[test]
fn records_of_two_sessions_cannot_be_spliced() {
    // The same two people, twice.
    let two = Two::new();
    let ([mut host, mut guest], [mut other_host, mut other_guest]) =
        (two.channels(), two.channels());
    let (go, other_go) = (record(&mut host, b"go"), record(&mut other_host, b"go"));
    assert!(refuses(&mut guest, &other_go));
    assert!(refuses(&mut other_guest, &go));
    // The header of one before what the other sealed, and the other way round.
    let headed = |header: &[u8], body: &[u8]| [&header[..40], &body[40..]].concat();
    assert!(refuses(&mut guest, &headed(&go, &other_go)));
    assert!(refuses(&mut guest, &headed(&other_go, &go)));
    assert!(opens(&mut guest, &go, b"go"));
    assert!(opens(&mut other_guest, &other_go, b"go"));
    let (answer, other) = (record(&mut guest, b"a"), record(&mut other_guest, b"a"));
    assert!(refuses(&mut host, &other));
    assert!(opens(&mut host, &answer, b"a"));
}

#[test]
fn low_order_and_non_canonical_ratchet_keys_are_refused() {
    let [mut host, mut guest] = Two::new().channels();
    let go = record(&mut host, b"go");
    for key in bad_keys() {
        assert!(
            refuses(&mut guest, &[&key[..], &go[32..]].concat()),
            "{key:02x?}"
        );
    }
    // Ours, sent back to us.
    assert!(opens(&mut guest, &go, b"go"));
    let answer = record(&mut guest, b"a");
    for key in bad_keys() {
        assert!(
            refuses(&mut host, &[&key[..], &answer[32..]].concat()),
            "{key:02x?}"
        );
    }
    assert!(refuses(&mut host, &[&go[..32], &answer[32..]].concat()));
    assert!(opens(&mut host, &answer, b"a"));
}

/// The points of low order (RFC 7748 §6.1: all give zero), and encodings that are
/// not below p or have the top bit set.
pub(super) fn bad_keys() -> Vec<[u8; 32]> {
    let hex = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0900000000000000000000000000000000000000000000000000000000000080",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    hex.iter()
        .map(|text| {
            data_encoding::HEXLOWER
                .decode(text.as_bytes())
                .unwrap()
                .try_into()
                .unwrap()
        })
        .collect()
}
