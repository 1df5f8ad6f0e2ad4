//! Hashes: asked for at the wrong time, of what is not there and without an end; given in the wrong
//! number, unasked and never.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use undertone::files::journal::{Journal, Transfer};
use undertone::files::place::Kept;
use undertone_core::files::compare::{CHUNK_MIN, Chunks, Hasher};
use undertone_core::files::list::List;
use undertone_core::files::receive::Reached;
use undertone_core::files::schedule::Schedule;
use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::payload::{Body, Payload};

use super::receiver::offered as offered_by;
use super::{AT_ONCE, Peer, Said, encoded, file, offered, sound};
use crate::hostile_peer::send;

/// What is offered, and what is here of it.
const SIZE: u64 = 4_000_000;
const KEPT: u64 = 3_000_000;

fn hashes(chunks: Chunks, bytes: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(chunks);
    hasher.take(bytes);
    hasher.finish()
}

fn await_hashes(peer: &mut Peer, of: OfferId) -> Vec<u8> {
    peer.hear(|said| match said {
        Said::Hashes(id, hashes) if *id == of => Some(hashes.clone()),
        _ => None,
    })
}

#[test]
fn hashes_are_given_once_and_of_what_is_offered_alone() {
    let mut peer = Peer::meet();
    let offer = offered_by(&mut peer, SIZE as usize);
    let chunks = Chunks::of(KEPT);
    // Of another offer nothing is said, nor of hashes that nobody wants.
    peer.tell(Body::Compare(OfferId([1; 32]), chunks));
    peer.tell(Body::Hashes(offer.id, &[7; 32]));
    peer.tell(Body::Compare(offer.id, chunks));
    let all = vec![7; SIZE as usize];
    assert_eq!(await_hashes(&mut peer, offer.id), hashes(chunks, &all));
    peer.talks();
    peer.tell(Body::Compare(offer.id, chunks));
    assert_eq!(peer.await_outcome(offer.id), Outcome::NotAcceptable);
    assert_eq!(peer.state("failed")["by_peer"], false);
    let len = CHUNK_MIN;
    let bad = [
        Chunks { kept: 0, len },
        Chunks { kept: 1, len: 0 },
        Chunks {
            kept: KEPT,
            len: len - 1,
        },
        Chunks {
            kept: SIZE + 1,
            len,
        },
        Chunks {
            kept: u64::MAX,
            len: u64::MAX,
        },
        Chunks {
            kept: u64::MAX,
            len,
        },
    ];
    for chunks in bad {
        let offer = offered_by(&mut peer, SIZE as usize);
        peer.tell(Body::Compare(offer.id, chunks));
        assert_eq!(
            peer.await_outcome(offer.id),
            Outcome::NotAcceptable,
            "{chunks:?}"
        );
        assert_eq!(peer.state("failed")["outcome"], "not-acceptable");
        peer.talks();
    }
}

#[test]
fn nothing_is_hashed_once_the_data_is_accepted() {
    let mut peer = Peer::meet();
    let offer = offered_by(&mut peer, SIZE as usize);
    peer.take(offer.data, 0, 1000);
    peer.tell(Body::Compare(offer.id, Chunks::of(KEPT)));
    assert_eq!(peer.await_outcome(offer.id), Outcome::NotAcceptable);
    // Who accepts it without the answer has no need of that.
    let offer = offered_by(&mut peer, SIZE as usize);
    peer.tell(Body::Compare(offer.id, Chunks::of(KEPT)));
    peer.take(offer.data, 0, 1_000_000);
    peer.talks();
}

/// What is offered, as the peer offers it, of which the client has kept the beginning.
struct Left {
    schedule: Schedule,
    data: Vec<u8>,
    part: PathBuf,
}

impl Left {
    /// Of an offer of the same file, of another date.
    fn of(peer: &Peer) -> Self {
        let (schedule, data) = sound(&[file(0, "a", SIZE)]);
        let (mut list, mut bytes) = (List::new(0), schedule.list());
        while list.take(&mut bytes).unwrap().is_some() {}
        let offer = offered(&schedule, "a", 2);
        let shape = list.finish(&offer).unwrap().0.shape;
        let folder = peer.into.path().canonicalize().unwrap();
        let part = folder.join(".a.0123abcd.part");
        fs::create_dir(&part).unwrap();
        fs::write(part.join("a"), vec![0; KEPT as usize]).unwrap();
        let journal = Journal::open(&peer.hosted.home.data());
        let name = ".a.0123abcd.part".to_owned();
        journal
            .keep(&Transfer {
                peer: peer.hosted.resume.identity.public(),
                id: OfferId([9; 32]),
                name: "a".to_owned(),
                size: Some(SIZE),
                folder,
                part: Kept {
                    name,
                    ..Kept::default()
                },
                offset: KEPT,
                reached: Reached {
                    entries: 0,
                    contents: KEPT,
                },
                shape,
            })
            .unwrap();
        Self {
            schedule,
            data,
            part,
        }
    }

    /// Offers it on these streams, and has it accepted: what the client asks.
    fn ask(&self, peer: &mut Peer, list: u64) -> (Offer<&'static str>, Chunks) {
        let offer = offered(&self.schedule, "a", list);
        peer.list(&offer, self.schedule.list());
        peer.state("offered");
        let into = peer.into.path().display().to_string();
        peer.hosted.client.say(&format!("/accept \"{into}\""));
        let chunks = peer.hear(|said| match said {
            Said::Compare(id, chunks) if *id == offer.id => Some(*chunks),
            _ => None,
        });
        assert_eq!(chunks, Chunks::of(KEPT));
        (offer, chunks)
    }

    /// It is as it was.
    fn assert_there(&self) {
        assert!(fs::read(self.part.join("a")).unwrap() == vec![0; KEPT as usize]);
    }
}

#[test]
fn what_is_the_same_does_not_come_again_and_the_rest_does() {
    let zeros = vec![0; KEPT as usize];
    for same in [0, CHUNK_MIN, KEPT] {
        let mut peer = Peer::meet();
        let left = Left::of(&peer);
        let (offer, chunks) = left.ask(&mut peer, 2);
        let mut bytes = zeros.clone();
        if same < KEPT {
            bytes[same as usize] = 1;
        }
        let answer = hashes(chunks, &bytes);
        peer.tell(Body::Hashes(offer.id, &answer));
        let at = peer.await_credit(offer.data);
        let head = left.schedule.list().len() as u64;
        assert_eq!(at, if same > 0 { head + same } else { 0 });
        peer.pieces_from(offer.data, at, &left.data[at as usize..], true);
        assert_eq!(peer.await_outcome(offer.id), Outcome::Received);
        peer.state("done");
        assert!(fs::read(peer.into.path().join("a")).unwrap() == vec![0; SIZE as usize]);
        assert_eq!(fs::read_dir(peer.into.path()).unwrap().count(), 1);
        let journal = Journal::open(&peer.hosted.home.data());
        assert_eq!(journal.list().unwrap().transfers, []);
    }
}

#[test]
fn hashes_that_are_none_end_the_offer_and_leave_what_was_there() {
    let mut peer = Peer::meet();
    let left = Left::of(&peer);
    for (len, list) in [0, 31, 32, 64, 95, 97, 128, 8192]
        .into_iter()
        .zip((2..).step_by(4))
    {
        let (offer, _) = left.ask(&mut peer, list);
        let begun = Instant::now();
        peer.tell(Body::Hashes(offer.id, &vec![7; len]));
        assert_eq!(
            peer.await_outcome(offer.id),
            Outcome::NotAcceptable,
            "{len}"
        );
        assert!(begun.elapsed() < AT_ONCE, "{len}");
        assert_eq!(peer.state("failed")["outcome"], "not-acceptable");
        left.assert_there();
        peer.talks();
    }
    // Nobody asked for them.
    let (schedule, _) = sound(&[file(0, "b", 10)]);
    let offer = offered(&schedule, "b", 102);
    peer.list(&offer, schedule.list());
    peer.state("offered");
    peer.tell(Body::Hashes(offer.id, &[7; 32]));
    assert_eq!(peer.await_outcome(offer.id), Outcome::NotAcceptable);
    peer.talks();
}

#[test]
fn who_never_answers_is_cancelled_and_leaves_what_was_there() {
    let mut peer = Peer::meet();
    let left = Left::of(&peer);
    let (offer, _) = left.ask(&mut peer, 2);
    assert_eq!(peer.state("checking")["total"], KEPT);
    peer.talks();
    peer.hosted.client.say("/cancel");
    assert_eq!(peer.await_outcome(offer.id), Outcome::Cancelled);
    assert_eq!(peer.state("failed")["outcome"], "cancelled");
    left.assert_there();
    // So does a sender who goes, or says that it cannot go on.
    let (offer, _) = left.ask(&mut peer, 6);
    peer.close(offer.data);
    assert_eq!(peer.state("failed")["by_peer"], true);
    let (offer, _) = left.ask(&mut peer, 10);
    peer.tell(Body::Outcome(offer.id, Outcome::Source));
    assert_eq!(peer.state("failed")["outcome"], "source");
    let (offer, _) = left.ask(&mut peer, 14);
    peer.hosted.client.say("/quit");
    assert_eq!(peer.state("kept")["done"], KEPT);
    assert_eq!(peer.hosted.client.exit_code(), 0);
    let _ = offer;
    left.assert_there();
}

/// The question is not lost, nor asked twice.
#[test]
fn what_is_asked_is_answered_on_another_link() {
    let mut peer = Peer::meet();
    let left = Left::of(&peer);
    let (offer, chunks) = left.ask(&mut peer, 2);
    let mut again = peer.hosted.come_again();
    let answer = Payload::Go {
        link: 2,
        received: 1,
    };
    send(&peer.hosted.evil, &mut again, &encoded(&[answer]));
    peer.hosted.link = again;
    let answer = hashes(chunks, &vec![0; KEPT as usize]);
    peer.tell(Body::Hashes(offer.id, &answer));
    let head = left.schedule.list().len() as u64;
    assert_eq!(peer.await_credit(offer.data), head + KEPT);
    peer.talks();
}
