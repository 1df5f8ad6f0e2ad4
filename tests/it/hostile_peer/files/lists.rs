//! Lists that are not what they must be: each refuses the whole offer, before anybody is asked.

use std::time::Instant;

use minicbor::Encoder;
use sha2::{Digest, Sha256};
use undertone_core::files::{Offer, OfferId, Outcome};

use super::{AT_ONCE, Peer, file, offered, sound};

/// `[depth, name, kind, size, mtime]` behind its length, whatever it says.
fn entry(depth: u64, name: &str, kind: u64, size: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut e = Encoder::new(&mut bytes);
    e.array(5).unwrap().u64(depth).unwrap().str(name).unwrap();
    e.u64(kind).unwrap().u64(size).unwrap().u64(0).unwrap();
    framed(&bytes)
}

fn framed(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).unwrap();
    [&len.to_be_bytes(), bytes].concat()
}

/// A file of no bytes with these extents.
fn sparse(extents: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut e = Encoder::new(&mut bytes);
    e.array(6).unwrap().u64(0).unwrap().str("a").unwrap();
    e.u64(1).unwrap().u64(100).unwrap().u64(0).unwrap();
    e.array(extents.len() as u64).unwrap();
    for number in extents {
        e.u64(*number).unwrap();
    }
    framed(&bytes)
}

fn bad() -> Vec<(&'static str, Vec<u8>)> {
    let a = || entry(0, "a", 0, 0);
    let two = |one: Vec<u8>, other: Vec<u8>| [one, other].concat();
    let named = |name: &str| two(a(), entry(1, name, 1, 0));
    let deep = (0..65).flat_map(|depth| entry(depth, "a", 0, 0)).collect();
    vec![
        ("nothing", Vec::new()),
        ("the folder above", named("..")),
        ("this folder", named(".")),
        ("no name", named("")),
        ("a path", named("b/c")),
        ("an absolute path", named("/etc/passwd")),
        ("a path of Windows", named("b\\c")),
        ("a name with NUL", named("b\0c")),
        ("a name too long", named(&"x".repeat(256))),
        ("the same name twice", two(named("b"), entry(1, "b", 1, 0))),
        ("names that descend", two(named("b"), entry(1, "a", 1, 0))),
        (
            "a folder that is none",
            two(entry(0, "a", 1, 0), entry(1, "b", 1, 0)),
        ),
        ("a depth left out", two(a(), entry(2, "b", 1, 0))),
        ("too deep", deep),
        ("the deepest number", two(a(), entry(u64::MAX, "b", 1, 0))),
        ("too large a file", entry(0, "a", 1, 1 << 63)),
        (
            "too much together",
            two(named("b"), entry(1, "c", 1, u64::MAX)),
        ),
        ("a folder with a size", entry(0, "a", 0, 1)),
        ("a kind that is none", entry(0, "a", 9, 0)),
        (
            "a pipe beside others",
            two(entry(0, "a", 3, 0), entry(0, "b", 1, 0)),
        ),
        ("extents that overlap", sparse(&[0, 10, 5, 10])),
        ("extents that touch", sparse(&[0, 10, 10, 10])),
        ("extents beyond the end", sparse(&[90, 11])),
        ("extents beyond all ends", sparse(&[u64::MAX, u64::MAX])),
        ("half an extent", sparse(&[0])),
        ("no CBOR", framed(&[0xff; 30])),
        (
            "an entry too long",
            [&[0xff, 0xff][..], &[0; 70_000]].concat(),
        ),
        ("half an entry", a()[..5].to_vec()),
        ("an entry of nothing", framed(&[])),
    ]
}

#[test]
fn a_list_that_is_none_is_refused_before_anybody_is_asked() {
    let mut peer = Peer::meet();
    for ((what, list), number) in bad().into_iter().zip((2..).step_by(4)) {
        let offer = Offer {
            id: OfferId(Sha256::digest(&list).into()),
            list: number,
            data: number + 2,
            name: "a",
            count: 1,
            size: Some(0),
        };
        let begun = Instant::now();
        peer.list(&offer, &list);
        assert_eq!(
            peer.await_outcome(offer.id),
            Outcome::NotAcceptable,
            "{what}"
        );
        assert!(begun.elapsed() < AT_ONCE, "{what}: {:?}", begun.elapsed());
        // Nothing was told before.
        let told = peer.hosted.client.await_event("file");
        assert_eq!(told["outcome"], "not-acceptable", "{what}: {told}");
        peer.talks();
    }
}

#[test]
fn a_list_that_is_another_than_the_offer_says_is_refused() {
    let (schedule, _) = sound(&[file(0, "a", 1000), file(0, "b", 1)]);
    let sound = offered(&schedule, "a", 0);
    let lies = [
        (
            "another id",
            Offer {
                id: OfferId([7; 32]),
                ..sound
            },
        ),
        ("another name", Offer { name: "b", ..sound }),
        (
            "a path",
            Offer {
                name: "../a",
                ..sound
            },
        ),
        ("fewer files", Offer { count: 1, ..sound }),
        (
            "more files",
            Offer {
                count: u64::MAX,
                ..sound
            },
        ),
        (
            "fewer bytes",
            Offer {
                size: Some(1),
                ..sound
            },
        ),
        (
            "more bytes",
            Offer {
                size: Some(u64::MAX),
                ..sound
            },
        ),
        (
            "no size",
            Offer {
                size: None,
                ..sound
            },
        ),
    ];
    let mut peer = Peer::meet();
    for ((what, offer), list) in lies.into_iter().zip((2..).step_by(4)) {
        let data = list + 2;
        let offer = Offer {
            list,
            data,
            ..offer
        };
        peer.list(&offer, schedule.list());
        assert_eq!(
            peer.await_outcome(offer.id),
            Outcome::NotAcceptable,
            "{what}"
        );
        let told = peer.hosted.client.await_event("file");
        assert_eq!(told["outcome"], "not-acceptable", "{what}: {told}");
        peer.talks();
    }
}
