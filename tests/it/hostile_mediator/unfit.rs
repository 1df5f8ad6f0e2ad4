//! Whoever has the secret and whose program does not fit, authentically: that is said at once, for
//! what it is, at both ends.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use undertone::engine::connect::host::{Found, HostAcceptor, Step};
use undertone_core::crypto::kem::DecapsulationSeed;
use undertone_core::crypto::keys::SecretKey;
use undertone_core::pairing::{CONFIRM_A_LEN, Candidates, Introduction};
use undertone_core::session::Session;
use undertone_net::link::acceptor::Acceptor;
use undertone_net::link::dial::Plan;
use undertone_net::link::frame::{self, FrameReader};
use undertone_wire::Role;

use super::{ROOM, SOON, ada, bob, seated};
use crate::common::Home;
use crate::hostile::end::{Impostor, introduction};
use crate::hostile::{Ended, Evil};

const CAPS: [u8; 6] = [1, 1, 0, 0, 0, 0];

/// Caps and name, what is said of it, and what to do.
fn unfit() -> [(Introduction, &'static str, &'static str, &'static str); 6] {
    [
        (
            introduction([0, 1, 0, 0, 0, 0], b"carol"),
            "version",
            "carol's program is older than this one",
            "carol must update",
        ),
        (
            introduction([1, 0, 0, 0, 0, 0], b"carol"),
            "version",
            "carol's program is older than this one",
            "carol must update",
        ),
        (
            introduction([2, 2, 0, 0, 0, 0], b"carol"),
            "version",
            "this program is older than carol's",
            "Update undertone here",
        ),
        (
            introduction([1, 2, 0, 0, 0, 0], b"car\x1b[2Jol"),
            "version",
            "this program is older than the other side's",
            "Update undertone here",
        ),
        (
            introduction(CAPS, b""),
            "broken",
            "the other side's name is malformed",
            "broke the protocol",
        ),
        (
            introduction(CAPS, b"\xff\xfe"),
            "broken",
            "the other side's name is malformed",
            "broke the protocol",
        ),
    ]
}

fn assert_said(ended: &Ended, home: &Home, [code, message, hint]: [&str; 3]) {
    let error = ended.error();
    assert_eq!(ended.code, 8, "{error}");
    assert_eq!(error["code"], code, "{error}");
    assert_eq!(error["message"], message);
    let said = error["hint"].as_str().unwrap();
    assert!(said.contains(hint) && !said.contains("spent"), "{error}");
    // Who came knew the secret: it was no guess, and no contact either.
    assert_eq!(home.attempts(), 0);
    assert!(!home.data().join("contacts.json").exists());
}

#[test]
fn a_guest_that_does_not_fit_is_named_at_once_and_hears_it() {
    for (introduction, code, message, hint) in unfit() {
        let (evil, home) = (Evil::start(), Home::new());
        let client = ada(&home, &evil, ROOM);
        let mut seat = seated(&client, &evil);
        let guest = Impostor::in_room(ROOM);
        let begun = guest.begin(&mut seat, Role::Host, &Candidates::default());
        seat.hand(&begun.ours);
        let matched = begun.open().unwrap();
        let here = "127.0.0.1".parse().unwrap();
        let host_address = matched.candidates().dialable(here).next().unwrap();
        let confirm = matched.guest_as(
            introduction,
            SecretKey::generate(),
            DecapsulationSeed::generate(),
        );
        evil.wait("CONFIRM", async {
            let mut stream = TcpStream::connect(host_address).await.unwrap();
            frame::write(&mut stream, confirm.confirm_b())
                .await
                .unwrap();
            let mut reader = FrameReader::default();
            let answer = reader
                .read(&mut stream, CONFIRM_A_LEN..=CONFIRM_A_LEN)
                .await;
            if code == "version" {
                // The guest learns by it what ada's program has.
                assert!(confirm.confirm(&answer.unwrap()).is_ok());
                assert!(reader.read(&mut stream, 0..=CONFIRM_A_LEN).await.is_err());
            }
            let _ = stream.shutdown().await;
        });
        assert_said(&Ended::of(client, SOON), &home, [code, message, hint]);
    }
}

#[test]
fn a_host_that_does_not_fit_is_named_at_once() {
    for (introduction, code, message, hint) in unfit() {
        let (evil, home) = (Evil::start(), Home::new());
        let client = bob(&home, &evil, ROOM);
        let mut seat = evil.join();
        let host = Impostor::in_room(ROOM);
        let _inside = evil.runtime.enter();
        let acceptor = Acceptor::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        let candidates = Candidates::new([acceptor.address()]);
        let begun = host.begin(&mut seat, Role::Guest, &candidates);
        seat.hand(&begun.ours);
        let mut acceptor = HostAcceptor::new(acceptor);
        let confirm = begun.open().unwrap().host_as(introduction);
        acceptor.take(Found::Pairing(Box::new(confirm), Plan::default()));
        let Step::Confirmed(confirmed) = evil.wait("guest", acceptor.next()) else {
            panic!("the guest did not come");
        };
        let mut session = Session::new(
            undertone_core::pairing::Role::Host,
            confirmed.resume.clone(),
        );
        acceptor.nominated(confirmed.nominate(&session.nominate()).unwrap());
        let answer = evil.wait("answer", acceptor.next());
        assert!(matches!(answer, Step::Unanswered));
        assert_said(&Ended::of(client, SOON), &home, [code, message, hint]);
    }
}
