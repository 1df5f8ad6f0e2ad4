//! Who is offered something: credit for what is not there, closes and words at any time, and the
//! same asked for again and again.

use std::time::Instant;

use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::payload::{Body, Payload};

use super::{AT_ONCE, MUCH, Peer, Said, encoded, written};
use crate::hostile::memory::peak_kib;
use crate::hostile_peer::send;

/// Has the client offer a file of so many bytes.
pub(super) fn offered(peer: &mut Peer, len: usize) -> Offer<String> {
    let name = format!("{len} {}", peer.seq);
    let path = written(peer.into.path(), &name, len);
    peer.hosted.client.say(&format!("/send \"{path}\""));
    peer.hear(|said| match said {
        Said::Offer(offer) => Some(offer.clone()),
        _ => None,
    })
}

fn await_end(peer: &mut Peer, of: u64) -> u64 {
    peer.hear(|said| match said {
        Said::Piece {
            stream,
            offset,
            bytes,
            last: true,
        } if *stream == of => Some(offset + bytes.len() as u64),
        _ => None,
    })
}

#[test]
fn what_is_beyond_the_end_is_an_end() {
    let mut peer = Peer::meet();
    for offset in [1 << 20, 1 << 40, u64::MAX - 1] {
        let offer = offered(&mut peer, 1000);
        for stream in [offer.list, offer.data] {
            peer.credit(stream, offset, u64::MAX);
            assert_eq!(await_end(&mut peer, stream), offset);
        }
        peer.close(offer.data);
        assert_eq!(peer.state("failed")["by_peer"], true);
        peer.talks();
    }
    // No byte may go out there, not even none.
    let offer = offered(&mut peer, 1000);
    peer.credit(offer.data, u64::MAX, u64::MAX);
    peer.talks();
}

/// It says that its disk is full before it accepts, a thousand times, and of no offer.
#[test]
fn a_full_disk_is_told_once_until_something_moves() {
    let mut peer = Peer::meet();
    let offer = offered(&mut peer, 1000);
    for _ in 0..1000 {
        peer.tell(Body::Paused(OfferId([9; 32])));
        peer.tell(Body::Paused(offer.id));
    }
    peer.tell(Body::Outcome(offer.id, Outcome::Declined));
    let events = std::iter::repeat_with(|| peer.hosted.client.event());
    let before_end = events.take_while(|event| event["state"] != "failed");
    let told = before_end
        .filter(|event| event["state"] == "paused")
        .count();
    assert_eq!(told, 1);
    peer.talks();
}

#[test]
fn the_place_goes_neither_back_nor_beyond_what_was_sent() {
    let places: [&[(u64, u64)]; 3] = [
        &[(10, 20), (0, 1000)],
        &[(0, 20), (1000, 2000)],
        &[(0, 20), (u64::MAX, u64::MAX)],
    ];
    for places in places {
        let mut peer = Peer::meet();
        let offer = offered(&mut peer, 100_000);
        for (offset, limit) in places {
            peer.credit(offer.data, *offset, *limit);
        }
        peer.breaks();
    }
}

#[test]
fn no_more_is_sent_than_the_credit_says() {
    let mut peer = Peer::meet();
    let offer = offered(&mut peer, 1_000_000);
    let mut upto = 0;
    for limit in [1, 2, 1000, 65_537, 300_000] {
        peer.take(offer.data, upto, limit);
        upto = limit;
        peer.talks();
    }
}

#[test]
fn a_close_at_any_time_is_told_at_once() {
    let mut peer = Peer::meet();
    for place in [None, Some(0), Some(1000)] {
        let offer = offered(&mut peer, 2 << 20);
        if let Some(limit) = place {
            peer.credit(offer.data, 0, limit);
        }
        let begun = Instant::now();
        // The list alone may be closed: it was read.
        peer.close(offer.list);
        peer.close(offer.data);
        let failed = peer.state("failed");
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
        assert_eq!(
            (&failed["outcome"], &failed["by_peer"]),
            (&"failed".into(), &true.into())
        );
        peer.talks();
    }
}

#[test]
fn each_word_is_told_at_once_and_none_of_other_offers() {
    let mut peer = Peer::meet();
    let words = [
        (Outcome::Declined, "declined"),
        (Outcome::NoSpace, "no-space"),
        (Outcome::CannotWrite, "cannot-write"),
        (Outcome::TooLarge, "too-large"),
        (Outcome::NotAcceptable, "not-acceptable"),
        (Outcome::Failed, "failed"),
        (Outcome::Cancelled, "cancelled"),
    ];
    for (outcome, told) in words {
        let offer = offered(&mut peer, 100_000);
        peer.credit(offer.data, 0, 1000);
        peer.tell(Body::Outcome(OfferId([1; 32]), Outcome::Received));
        let begun = Instant::now();
        peer.tell(Body::Outcome(offer.id, outcome));
        let failed = peer.state("failed");
        assert!(begun.elapsed() < AT_ONCE, "{told}");
        assert_eq!(
            (&failed["outcome"], &failed["by_peer"]),
            (&told.into(), &true.into())
        );
        peer.talks();
    }
}

/// A word waits behind more messages than a record holds; the close of the streams does not hurry
/// past it.
#[test]
fn a_word_that_waits_is_still_the_word() {
    let mut peer = Peer::meet();
    let offer = offered(&mut peer, 100_000);
    let long = "x".repeat(undertone_core::payload::TEXT_MAX);
    let (schedule, _) = super::sound(&[super::file(0, "a", 10)]);
    let theirs = super::offered(&schedule, "a", 2);
    peer.list(&theirs, schedule.list());
    let number = peer.state("offered")["id"].clone();
    for _ in 0..20 {
        peer.hosted.client.say(&long[..long.len() - 1]);
    }
    peer.hosted.client.say(&format!("/reject {number}"));
    let first = peer.hear(|said| match said {
        Said::Outcome(id, _) if *id == theirs.id => Some(true),
        Said::Close(stream) if *stream == theirs.data => Some(false),
        _ => None,
    });
    assert!(first, "the close came first");
    peer.tell(Body::Outcome(offer.id, Outcome::Declined));
    peer.state("failed");
}

/// On each link anew it wants everything from the beginning.
#[test]
fn the_same_is_read_again_on_each_link_in_bounded_memory() {
    let mut peer = Peer::meet();
    let offer = offered(&mut peer, 20 << 20);
    let before = peak_kib(peer.hosted.client.pid());
    for number in 1..=10 {
        peer.credit(offer.data, 0, MUCH);
        peer.hear(|said| match said {
            Said::Piece { stream, offset, .. } if *stream == offer.data => {
                assert_eq!(*offset, 0);
                Some(())
            }
            _ => None,
        });
        let mut again = peer.hosted.come_again();
        let answer = Payload::Go {
            link: number + 1,
            received: 1,
        };
        let ack = encoded(&[answer]);
        send(&peer.hosted.evil, &mut again, &ack);
        peer.hosted.link = again;
        peer.heard.clear();
    }
    peer.take(offer.data, 0, MUCH);
    peer.talks();
    let grown = peak_kib(peer.hosted.client.pid()) - before;
    assert!(grown < 24 * 1024, "{grown} KiB");
}
