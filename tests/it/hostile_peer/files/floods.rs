//! More offers than anybody reads, again and again, and offers on streams that are not their own:
//! they take no memory, and one talks on.

use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::payload::Body;

use super::{MUCH, Peer, Said, file, offered, sound};
use crate::hostile::memory::peak_kib;

/// Offers that a client has open at the most.
const OPEN_MAX: usize = 8;

fn empty(n: u64) -> Offer<&'static str> {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&n.to_be_bytes());
    Offer {
        id: OfferId(id),
        list: 4 * n + 2,
        data: 4 * n + 4,
        name: "a",
        count: 1,
        size: Some(0),
    }
}

#[test]
fn more_offers_than_are_taken_are_refused_and_room_comes_back() {
    let mut peer = Peer::meet();
    peer.talks();
    let before = peak_kib(peer.hosted.client.pid());
    let mut numbers = 0..;
    for _ in 0..100 {
        let round: Vec<_> = numbers.by_ref().take(2 * OPEN_MAX).map(empty).collect();
        let mut said = Vec::new();
        for offer in &round {
            said.push(peer.message(Body::Offer(*offer)));
        }
        peer.say(&said);
        for offer in &round[OPEN_MAX..] {
            assert_eq!(peer.await_outcome(offer.id), Outcome::Failed);
        }
        let mut said = Vec::new();
        for offer in &round {
            said.push(peer.message(Body::Outcome(offer.id, Outcome::Cancelled)));
        }
        peer.say(&said);
        peer.talks();
    }
    let grown = peak_kib(peer.hosted.client.pid()) - before;
    assert!(grown < 8192, "{grown} KiB");
}

#[test]
fn offers_that_come_and_go_without_a_pause_take_no_memory() {
    let mut peer = Peer::meet();
    peer.talks();
    let before = peak_kib(peer.hosted.client.pid());
    for round in 0..20 {
        let mut said = Vec::new();
        for offer in (200 * round..200 * (round + 1)).map(empty) {
            said.push(peer.message(Body::Offer(offer)));
            said.push(peer.message(Body::Outcome(offer.id, Outcome::Cancelled)));
        }
        peer.say(&said);
        peer.talks();
    }
    let grown = peak_kib(peer.hosted.client.pid()) - before;
    assert!(grown < 8192, "{grown} KiB");
}

#[test]
fn an_offer_on_our_own_streams_ends_the_chat() {
    for (list, data) in [(1, 3), (2, 3), (2, 2), (0, 2)] {
        let mut peer = Peer::meet();
        let offer = Offer {
            list,
            data,
            ..empty(0)
        };
        peer.offer(&offer);
        peer.breaks();
    }
}

#[test]
fn an_offer_on_the_streams_of_another_one_is_refused_and_opens_nothing() {
    let mut peer = Peer::meet();
    let (schedule, data) = sound(&[file(0, "a", 100)]);
    let first = offered(&schedule, "a", 2);
    peer.list(&first, schedule.list());
    let (other, _) = sound(&[file(0, "b", MUCH)]);
    // Its list would be the data that nobody has accepted.
    let second = offered(&other, "b", first.data);
    peer.offer(&second);
    let refused = peer.hear(|said| match said {
        Said::Credit { stream, .. } if *stream == first.data => panic!("it is opened"),
        Said::Outcome(id, outcome) if *id == second.id => Some(*outcome),
        _ => None,
    });
    assert_eq!(refused, Outcome::Failed);
    peer.accept(&first);
    peer.pieces(first.data, &data, true);
    assert_eq!(peer.await_outcome(first.id), Outcome::Received);
    peer.talks();
}
