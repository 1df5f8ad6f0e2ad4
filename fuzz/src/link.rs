//! What comes over a link: frames, knocks, records and what stands in them.

use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use undertone_core::crypto::keys::{Key, ResumeSecret, SecretKey};
use undertone_core::crypto::ratchet::Header;
use undertone_core::pairing::{LinkKeys, RatchetStart, Role};
use undertone_core::payload::{PLAINTEXT_MAX, Payload, decode};
use undertone_core::session::record::{Channel, PREFIX_LEN};
use undertone_core::session::streams::StreamId;
use undertone_core::session::{LinkId, Session};
use undertone_net::link::frame::FrameReader;
use undertone_net::link::resume::KnockVerifier;

/// Bytes from a socket, cut into frames; the first one says how short they may be.
pub fn frame(input: &[u8]) {
    let Some((shortest, bytes)) = input.split_first() else {
        return;
    };
    let lengths = usize::from(*shortest)..=4096;
    let mut reader = FrameReader::default();
    let mut socket = bytes;
    // A slice is always ready, and closed at its end.
    while let Some(Ok(frame)) = reader.read(&mut socket, lengths.clone()).now_or_never() {
        assert!(lengths.contains(&frame.len()));
    }
}

/// A knock: none is genuine that was not made with the session's secret, and none comes twice.
pub fn knock(input: &[u8]) {
    let resume = resume();
    let mut verifier = KnockVerifier::default();
    assert!(!verifier.is_genuine(input, &resume));
    if let Some(nonce) = input.first_chunk::<16>() {
        let knock = [nonce.as_slice(), &resume.knock_tag(nonce)].concat();
        assert!(verifier.is_genuine(&knock, &resume));
        assert!(!verifier.is_genuine(&knock, &resume));
    }
}

/// The header of a record.
pub fn header(input: &[u8]) {
    if let Some(bytes) = input.first_chunk()
        && let Ok(header) = Header::decode(bytes)
    {
        assert_eq!(header.encode(), *bytes);
    }
}

/// The plaintext of a record.
pub fn payload(input: &[u8]) {
    for payload in decode(input) {
        let Ok(payload) = payload else { return };
        // What was read is written as something that reads the same.
        let mut encoded = Vec::new();
        payload.encode(&mut encoded);
        let again: Option<Payload<'_>> = decode(&encoded).next().and_then(Result::ok);
        assert!(encoded.is_empty() || again == Some(payload));
    }
}

/// Records at a guest whose host is hostile. Each is two bytes for its length, of which the lowest
/// bit says whether it is sealed as the next record of the link, then its bytes. What is not is
/// refused without a trace; what is goes to the session, which answers until it gives the link up.
pub fn record(input: &[u8]) {
    let (mut host, guest) = (channel(Role::Host), channel(Role::Guest));
    let (mut guest, now) = (guest, Instant::now());
    let mut rest = input;
    let mut go = Vec::new();
    let payload = Payload::Go {
        link: 1,
        received: 0,
    };
    seal(&mut host, now, &mut go, |buf| payload.encode(buf));
    let plaintext = guest.open(&mut go[PREFIX_LEN..]).expect("genuine").to_vec();
    let mut session = Session::new(Role::Guest, Arc::new(resume()));
    let opened = session.link_opened(LinkId(1), guest, &plaintext, now);
    opened.expect("an honest go");
    // One stream each way; what is wanted of ours is supplied.
    session.open_stream().expect("the first");
    session.accept(StreamId(1), 0, now).expect("the first");
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = u16::from_be_bytes(*length);
        let (bytes, after) = after.split_at(after.len().min(usize::from(length >> 1)));
        rest = after;
        let mut body = bytes.to_vec();
        if length & 1 == 1 {
            let mut frame = Vec::new();
            let plain = &bytes[..bytes.len().min(PLAINTEXT_MAX)];
            seal(&mut host, now, &mut frame, |buf| {
                buf.extend_from_slice(plain)
            });
            body = frame.split_off(PREFIX_LEN);
        }
        let received = session.receive(LinkId(1), &mut body, now);
        while session.poll_event().is_some() {}
        if received.is_err() || session.is_over() {
            return;
        }
        assert!(length & 1 == 1, "a record without the key");
        for wanted in session.wanted() {
            assert!(session.supply(wanted, &vec![9; wanted.len], false));
        }
        let _ = session.poll_transmit(now, &mut Vec::new());
    }
}

fn seal(host: &mut Channel, now: Instant, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    host.seal(now, out, fill).expect("a short chain");
}

fn resume() -> ResumeSecret {
    ResumeSecret::new(Key::from_bytes(&[8; 32]))
}

/// The record layer of one end; that of the peer fits.
fn channel(role: Role) -> Channel {
    let s = SecretKey::from_bytes(&[5; 32]).public();
    let first = SecretKey::from_bytes(&[7; 32]);
    let ratchet = match role {
        Role::Host => RatchetStart::Initiator(first.public()),
        Role::Guest => RatchetStart::Responder(first),
    };
    let keys = LinkKeys {
        role,
        root: Key::from_bytes(&[1; 32]),
        ratchet,
        session_id: [2; 32],
        s_a: s,
        s_b: s,
    };
    Channel::new(keys).expect("valid keys")
}
