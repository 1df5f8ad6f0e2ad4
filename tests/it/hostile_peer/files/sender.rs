//! Who offers: bytes that nobody accepted, more and fewer than announced, closes and words at any
//! time.

use std::time::Instant;

use serde_json::Value;
use undertone_core::files::{OfferId, Outcome};
use undertone_core::payload::{Body, Payload, StreamPart};

use super::{AT_ONCE, Peer, file, listed, offered, sound};
use crate::hostile::Ended;
use crate::hostile_peer::SOON;

#[test]
fn no_byte_is_taken_before_it_is_accepted() {
    let mut peer = Peer::meet();
    let (schedule, data) = sound(&[file(0, "a", 1000)]);
    let offer = offered(&schedule, "a", 2);
    peer.list(&offer, schedule.list());
    peer.state("offered");
    peer.pieces(offer.data, &data, true);
    let into = peer.breaks();
    assert_eq!(into.path().read_dir().unwrap().count(), 0);
}

#[test]
fn data_that_is_not_what_was_offered_is_not_kept() {
    let (schedule, data) = sound(&[file(0, "a", 1000), file(0, "b", 0)]);
    let head = data.len() - schedule.list().len() - 1002;
    assert_eq!(head, 0, "two entries, 1,000 bytes, two verdicts");
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut data = data.clone();
        change(&mut data);
        data
    };
    let verdict = data.iter().rposition(|byte| *byte == 0).unwrap();
    let bad = [
        ("one byte more", with(&|data| data.push(0))),
        ("one byte less", data[..data.len() - 1].to_vec()),
        ("nothing", Vec::new()),
        ("no verdict", with(&|data| data[verdict] = 9)),
        (
            "another name",
            with(&|data| {
                let at = data.iter().position(|byte| *byte == b'a').unwrap();
                data[at] = b'A';
            }),
        ),
        ("no entry", with(&|data| data[0] = 0xff)),
        ("twice as much", [&data[..], &data[..]].concat()),
    ];
    let mut peer = Peer::meet();
    for ((what, data), list) in bad.into_iter().zip((2..).step_by(4)) {
        let offer = offered(&schedule, "a", list);
        peer.list(&offer, schedule.list());
        peer.accept(&offer);
        let begun = Instant::now();
        peer.pieces(offer.data, &data, true);
        assert_eq!(
            peer.await_outcome(offer.id),
            Outcome::NotAcceptable,
            "{what}"
        );
        assert!(begun.elapsed() < AT_ONCE, "{what}: {:?}", begun.elapsed());
        assert_eq!(peer.state("failed")["outcome"], "not-acceptable", "{what}");
        peer.nothing_is_there();
        peer.talks();
    }
}

#[test]
fn more_than_the_credit_ends_the_chat() {
    let mut peer = Peer::meet();
    let schedule = listed(&[file(0, "a", 1 << 40)]);
    let offer = offered(&schedule, "a", 2);
    peer.list(&offer, schedule.list());
    peer.accept(&offer);
    let offset = 5 << 20;
    let piece = StreamPart::Piece {
        offset,
        bytes: b"x",
        last: false,
    };
    peer.say(&[Payload::Stream(offer.data, piece)]);
    peer.breaks();
}

/// Where it is when its streams are closed, or a word is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Offered,
    Listing,
    Asked,
    Accepted,
    Halfway,
}

#[test]
fn an_offer_that_is_given_up_at_any_time_is_over_at_once_and_leaves_nothing() {
    let whens = [
        When::Offered,
        When::Listing,
        When::Asked,
        When::Accepted,
        When::Halfway,
    ];
    let mut peer = Peer::meet();
    let (schedule, data) = sound(&[file(0, "a", 100_000)]);
    let words = [
        None,
        Some((Outcome::Source, "source")),
        Some((Outcome::Cancelled, "cancelled")),
        // It is not for the sender to say.
        Some((Outcome::Received, "failed")),
    ];
    let all = words
        .iter()
        .flat_map(|word| whens.map(|when| (when, *word)));
    for ((when, word), list) in all.zip((2..).step_by(4)) {
        let offer = offered(&schedule, "a", list);
        peer.offer(&offer);
        if when != When::Offered {
            peer.await_credit(offer.list);
            let listed = schedule.list();
            match when {
                When::Listing => peer.pieces(offer.list, &listed[..5], false),
                _ => peer.pieces(offer.list, listed, true),
            }
        }
        match when {
            When::Offered | When::Listing => {}
            When::Asked => drop(peer.state("offered")),
            When::Accepted => peer.accept(&offer),
            When::Halfway => {
                peer.accept(&offer);
                peer.pieces(offer.data, &data[..50_000], false);
            }
        }
        let begun = Instant::now();
        match word {
            None => {
                peer.close(offer.list);
                peer.close(offer.data);
            }
            Some((outcome, _)) => peer.tell(Body::Outcome(offer.id, outcome)),
        }
        let failed = peer.state("failed");
        assert!(begun.elapsed() < AT_ONCE, "{when:?} {word:?}");
        let expected = word.map_or("failed", |(_, expected)| expected);
        assert_eq!(
            (&failed["outcome"], &failed["by_peer"]),
            (&expected.into(), &true.into()),
            "{when:?} {word:?}"
        );
        peer.nothing_is_there();
        peer.talks();
    }
}

#[test]
fn words_about_what_is_not_offered_mean_nothing() {
    let mut peer = Peer::meet();
    for (outcome, n) in [
        Outcome::Received,
        Outcome::Declined,
        Outcome::Source,
        Outcome::Failed,
    ]
    .into_iter()
    .zip(0..)
    {
        peer.tell(Body::Outcome(OfferId([n; 32]), outcome));
    }
    peer.talks();
    peer.hosted.client.say("/files");
    let is_list = |event: &Value| event["type"] == "note" && event["message"] == "Files";
    peer.hosted.client.await_that("no file", is_list);
}

#[test]
fn the_same_twice_at_once_is_taken_once() {
    let mut peer = Peer::meet();
    let (schedule, data) = sound(&[file(0, "a", 100_000)]);
    let first = offered(&schedule, "a", 2);
    let second = offered(&schedule, "a", 6);
    peer.list(&first, schedule.list());
    peer.accept(&first);
    peer.pieces(first.data, &data[..50_000], false);
    peer.offer(&second);
    // No word is said of it, which would be one about the other.
    peer.await_close(second.list);
    peer.await_close(second.data);
    let rest = StreamPart::Piece {
        offset: 50_000,
        bytes: &data[50_000..],
        last: true,
    };
    peer.say(&[Payload::Stream(first.data, rest)]);
    assert_eq!(peer.await_outcome(first.id), Outcome::Received);
    peer.state("done");
    assert_eq!(peer.into.path().read_dir().unwrap().count(), 1);
}

#[test]
fn what_is_offered_while_the_chat_is_shut_waits() {
    let mut peer = Peer::meet_with(&["--json", "--require-verified"]);
    let (schedule, _) = sound(&[file(0, "a", 10)]);
    let offer = offered(&schedule, "a", 2);
    peer.offer(&offer);
    peer.say(&[Payload::Ping]);
    for _ in 0..2 {
        peer.read();
        peer.say(&[Payload::Ping]);
    }
    assert!(peer.heard.is_empty(), "{:?}", peer.heard);
    let Peer { hosted, into, .. } = peer;
    let ended = Ended::of(hosted.client, SOON);
    let told = ended
        .out
        .iter()
        .any(|line| line.contains(r#""type":"file""#));
    assert!(!told, "{:#?}", ended.out);
    assert_eq!(into.path().read_dir().unwrap().count(), 0);
}
