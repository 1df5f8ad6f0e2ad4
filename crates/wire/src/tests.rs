//! What the messages look like, and that nothing else is read as one.

use super::*;
use proptest::prelude::*;

const ZERO_TAG: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn a_refusal_is_read_whatever_it_says_of_seconds() {
    for (value, seconds) in [
        ("40", Some(40)),
        ("0", Some(0)),
        ("99999999999999999999", Some(u64::MAX)),
        ("1e300", Some(u64::MAX)),
        ("-1", None),
        ("1.5", None),
        ("null", None),
        ("\"soon\"", None),
        ("[1]", None),
    ] {
        let text =
            format!(r#"{{"type":"error","code":"full","message":"x","retry_after":{value}}}"#);
        let refusal = MediatorMessage::Error {
            code: ErrorCode::Full,
            message: "x".into(),
            retry_after: seconds,
        };
        assert_eq!(MediatorMessage::decode(&text), Ok(refusal), "{value}");
    }
}

#[test]
fn the_path_says_the_first_byte_of_the_tag_and_no_other() {
    let mut tag = Tag([0xff; 32]);
    tag.0[0] = 0x0a;
    assert_eq!(tag.path(), "/v1/rendezvous?t=0a");
}

#[test]
fn messages_look_as_the_protocol_writes_them() {
    let join = ClientMessage::Join {
        v: 1,
        room: Tag([0; 32]),
        offer: Opaque::new(b"\xff\xfe").unwrap(),
        again: false,
    };
    let written = format!(r#"{{"type":"join","v":1,"room":"{ZERO_TAG}","offer":"__4"}}"#);
    assert_eq!(join.encode(), written);
    let back = format!("{},\"again\":true}}", written.trim_end_matches('}'));
    let read = ClientMessage::decode(&back).unwrap();
    assert!(matches!(read, ClientMessage::Join { again: true, .. }));
    assert_eq!(read.encode(), back);
    assert_eq!(ClientMessage::Done.encode(), r#"{"type":"done"}"#);
    assert_eq!(ClientMessage::Relay.encode(), r#"{"type":"relay"}"#);
    assert_eq!(MediatorMessage::Relaying.encode(), r#"{"type":"relaying"}"#);
    assert_eq!(
        MediatorMessage::PeerLeft.encode(),
        r#"{"type":"peer-left"}"#
    );
    let error = |retry_after| MediatorMessage::Error {
        code: ErrorCode::ShuttingDown,
        message: "m".into(),
        retry_after,
    };
    assert_eq!(
        error(None).encode(),
        r#"{"type":"error","code":"shutting-down","message":"m"}"#
    );
    assert_eq!(
        MediatorMessage::decode(&error(Some(2)).encode()),
        Ok(error(Some(2)))
    );
    let observed = "[2001:db8::1]:5".parse().unwrap();
    assert_eq!(
        MediatorMessage::Waiting {
            observed,
            expires_in: 600,
            reseat: None,
            terms: Terms::default(),
        }
        .encode(),
        r#"{"type":"waiting","observed":"[2001:db8::1]:5","expires_in":600}"#
    );
}

#[test]
fn what_a_mediator_does_beside_is_said_flat_and_by_both_messages() {
    let terms = Terms {
        stun: Some(3478),
        relay_rate: Some(262_144),
        relay_bytes: Some(u64::MAX),
    };
    let said = r#""stun":3478,"relay_rate":262144,"relay_bytes":18446744073709551615"#;
    let observed = "192.0.2.1:5".parse().unwrap();
    let waiting = MediatorMessage::Waiting {
        observed,
        expires_in: 600,
        reseat: Some(3600),
        terms,
    };
    let text = format!(
        r#"{{"type":"waiting","observed":"192.0.2.1:5","expires_in":600,"reseat":3600,{said}}}"#
    );
    assert_eq!(waiting.encode(), text);
    assert_eq!(MediatorMessage::decode(&text), Ok(waiting));
    let paired = MediatorMessage::Paired {
        role: Role::Guest,
        offer: Opaque::new(&[0]).unwrap(),
        observed,
        relay: true,
        terms,
    };
    let text = format!(
        r#"{{"type":"paired","role":"guest","offer":"AA","observed":"192.0.2.1:5","relay":true,{said}}}"#
    );
    assert_eq!(paired.encode(), text);
    assert_eq!(MediatorMessage::decode(&text), Ok(paired));
}

#[test]
fn what_a_mediator_says_of_itself_in_another_way_counts_for_nothing() {
    for value in ["-1", "1.5", "null", "\"soon\"", "[1]", "{}", "true"] {
        let text = format!(
            r#"{{"type":"waiting","observed":"192.0.2.1:5","expires_in":600,"reseat":{value},"stun":{value},"relay_rate":{value},"relay_bytes":{value}}}"#
        );
        let waiting = MediatorMessage::Waiting {
            observed: "192.0.2.1:5".parse().unwrap(),
            expires_in: 600,
            reseat: None,
            terms: Terms::default(),
        };
        assert_eq!(MediatorMessage::decode(&text), Ok(waiting), "{value}");
    }
    for (value, stun) in [
        ("0", None),
        ("65535", Some(65_535)),
        ("65536", None),
        ("1e300", None),
    ] {
        let terms: Terms = serde_json::from_str(&format!(r#"{{"stun":{value}}}"#)).unwrap();
        assert_eq!(terms.stun, stun, "{value}");
    }
}

#[test]
fn a_mediator_that_says_nothing_of_a_relay_has_none() {
    let text = r#"{"type":"paired","role":"host","offer":"AA","observed":"192.0.2.1:5"}"#;
    assert_eq!(
        MediatorMessage::decode(text),
        Ok(MediatorMessage::Paired {
            role: Role::Host,
            offer: Opaque::new(&[0]).unwrap(),
            observed: "192.0.2.1:5".parse().unwrap(),
            relay: false,
            terms: Terms::default(),
        })
    );
}

#[test]
fn error_codes_read_as_they_are_written() {
    for code in [
        ErrorCode::BadRequest,
        ErrorCode::Version,
        ErrorCode::RoomBusy,
        ErrorCode::RateLimited,
        ErrorCode::Full,
        ErrorCode::Expired,
        ErrorCode::RelayLimit,
        ErrorCode::ShuttingDown,
    ] {
        assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
    }
}

#[test]
fn unknown_fields_are_ignored_unknown_types_are_not() {
    assert_eq!(
        ClientMessage::decode(r#"{"type":"done","later":[1]}"#),
        Ok(ClientMessage::Done)
    );
    for text in [
        r#"{"type":"list"}"#,
        r#"{"type":"Done"}"#,
        "{}",
        "[]",
        "",
        "nul",
        "{\"type\":\"done\"}}",
    ] {
        assert_eq!(
            ClientMessage::decode(text),
            Err(DecodeError::Malformed),
            "{text}"
        );
    }
}

#[test]
fn another_version_is_told_apart_from_garbage() {
    for text in [
        format!(r#"{{"type":"join","v":2,"room":"{ZERO_TAG}","offer":"AAAA"}}"#),
        r#"{"type":"join","v":2,"rooms":[]}"#.into(),
        r#"{"type":"join","v":0}"#.into(),
    ] {
        assert_eq!(
            ClientMessage::decode(&text),
            Err(DecodeError::Version),
            "{text}"
        );
    }
    for text in [
        r#"{"type":"join","v":"2"}"#,
        r#"{"type":"join","v":-1}"#,
        r#"{"type":"join","v":1}"#,
    ] {
        assert_eq!(
            ClientMessage::decode(text),
            Err(DecodeError::Malformed),
            "{text}"
        );
    }
}

#[test]
fn base64_has_one_form() {
    for data in ["AA==", "A", "AB", "+/+/", "AA AA", "ÄAAA"] {
        let text = format!(r#"{{"type":"sealed","data":"{data}"}}"#);
        assert_eq!(
            ClientMessage::decode(&text),
            Err(DecodeError::Malformed),
            "{data}"
        );
    }
    let short = format!(
        r#"{{"type":"join","v":1,"room":"{}","offer":""}}"#,
        &ZERO_TAG[..42]
    );
    assert_eq!(ClientMessage::decode(&short), Err(DecodeError::Malformed));
}

#[test]
fn opaque_bytes_and_messages_are_bounded() {
    assert!(Opaque::new(&[0; MAX_OPAQUE]).is_some());
    assert!(Opaque::new(&[0; MAX_OPAQUE + 1]).is_none());
    let long = |n| format!(r#"{{"type":"done","x":"{}"}}"#, "x".repeat(n));
    let rest = long(0).len();
    assert_eq!(
        ClientMessage::decode(&long(MAX_MESSAGE - rest)),
        Ok(ClientMessage::Done)
    );
    assert_eq!(
        ClientMessage::decode(&long(MAX_MESSAGE - rest + 1)),
        Err(DecodeError::TooLong)
    );
}

#[test]
fn debug_shows_neither_tag_nor_bytes() {
    let join = ClientMessage::Join {
        v: 1,
        room: Tag([77; 32]),
        offer: Opaque::new(&[88; 9]).unwrap(),
        again: false,
    };
    assert_eq!(
        format!("{join:?}"),
        "Join { v: 1, room: Tag(..), offer: Opaque(9 bytes), again: false }"
    );
}

proptest! {
    #[test]
    fn any_join_survives_the_wire(room: [u8; 32], offer in proptest::collection::vec(any::<u8>(), 0..200), again: bool) {
        let join = ClientMessage::Join { v: VERSION, room: Tag(room), offer: Opaque::new(&offer).unwrap(), again };
        prop_assert_eq!(ClientMessage::decode(&join.encode()), Ok(join));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,200}") {
        let _ = ClientMessage::decode(&text);
        let _ = MediatorMessage::decode(&text);
    }
}
