//! A thief with an image of a running program's memory, and with a recording of all that it said
//! and heard: what was said is not to be read, and the pairing cannot be had again.
//!
//! The image is read as root, or as whoever may trace; the programs forbid it to everyone else.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit, Mac};
use nix::sys::signal::Signal;
use sha2::Sha256;
use undertone_core::crypto::cpace::Share;
use undertone_core::crypto::keys::{
    ChainingKey, Key, Label, PublicKey, SealLabel, SecretKey, channel, commitment, hash,
    offers_hash, sealed_hash,
};
use undertone_core::crypto::ratchet::Header;
use undertone_core::pairing::{CONFIRM_A_LEN, CONFIRM_B_LEN};
use undertone_core::room::Room;

use crate::common::memory::{Memory, Needle};
use crate::common::proxy::{Direction, Proxy};
use crate::common::screen::{Screen, chat};
use crate::common::{Client, Home, Mediator, Start};
use crate::hostile::{Evil, identity_of, pair_honestly};

const SECRET: &str = "cedar-otter-nine-velvet";
/// Bytes of the associated data of a record, without its header.
const AD_LEN: usize = 97;

/// All that went over the wires.
struct Recording {
    offers: [Vec<u8>; 2],
    sealed: [Vec<u8>; 2],
    /// From the guest, and from the host.
    frames: [Vec<Vec<u8>>; 2],
}

type Passed = Arc<Mutex<[Vec<u8>; 2]>>;

/// Two who met under a mediator and through a proxy that record, and then talked.
struct Scene {
    clients: [Client; 2],
    homes: [Home; 2],
    recording: Recording,
    // Each ends what goes through it.
    _proxy: Proxy,
}

fn talked() -> Scene {
    let evil = Evil::start();
    let passed = Passed::default();
    let keep = Arc::clone(&passed);
    let proxy = Proxy::tampering(move |direction, bytes| {
        keep.lock().unwrap()[usize::from(direction == Direction::ToGuest)].extend(bytes);
        Some(bytes.to_vec())
    });
    let homes = [Home::new(), Home::new()];
    let room = format!("amber-falcon#{SECRET}");
    let start = |who: usize, name| Start::chat(&homes[who], &evil.url, name, &room);
    let host = start(0, "ada")
        .args(&["--advertise", &proxy.address()])
        .run();
    let mut host_seat = evil.join();
    host_seat.waiting();
    let guest = start(1, "bob").dials_only().run();
    let mut guest_seat = evil.join();
    proxy.aim(&format!("127.0.0.1:{}", host_seat.from.port()));
    let sealed = pair_honestly(&mut host_seat, &mut guest_seat);
    let offers = [host_seat.offer.clone(), guest_seat.offer.clone()];
    let mut clients = [host, guest];
    for client in &clients {
        client.await_event("connected");
    }
    for turn in 0..12 {
        let text = format!("turn {turn}");
        clients[turn % 2].say(&text);
        assert_eq!(clients[1 - turn % 2].await_message(), text);
        clients[turn % 2].await_event("delivered");
    }
    // Nothing moves on while it is looked at; they are killed as they are.
    for client in &clients {
        client.signal(Signal::SIGSTOP);
    }
    let bytes = passed.lock().unwrap().clone();
    Scene {
        clients,
        homes,
        recording: Recording {
            offers,
            sealed,
            frames: bytes.map(|bytes| frames(&bytes)),
        },
        _proxy: proxy,
    }
}

fn frames(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let (frame, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        bytes = rest;
        if !frame.is_empty() {
            frames.push(frame.to_vec());
        }
    }
    frames
}

/// What the thief knows without any secret, and looks for.
struct Thief {
    recording: Recording,
    th0: [u8; 32],
    th1: [u8; 32],
    identities: [PublicKey; 2],
    /// E of both, then the ratchet keys of both, in the order in which they were used.
    publics: [Vec<PublicKey>; 2],
}

impl Thief {
    fn new(recording: Recording, identities: [PublicKey; 2]) -> Self {
        let [offer_a, offer_b] = &recording.offers;
        let room: Room = "amber-falcon".parse().unwrap();
        let th0 = offers_hash(&room.tag(), offer_a, offer_b);
        let th1 = sealed_hash(&th0, &recording.sealed[0], &recording.sealed[1]);
        assert_eq!(recording.frames[0][0].len(), CONFIRM_B_LEN);
        assert_eq!(recording.frames[1][0].len(), CONFIRM_A_LEN);
        // The host's, then the guest's.
        let publics = [(0, 1), (1, 0)].map(|(who, from)| {
            let e = PublicKey::from_bytes(recording.offers[who][6..38].try_into().unwrap());
            let records = recording.frames[from][1..].iter();
            let mut keys: Vec<_> = records.map(|frame| header(frame).key).collect();
            keys.insert(0, e.unwrap());
            keys.dedup();
            keys
        });
        Self {
            recording,
            th0,
            th1,
            identities,
            publics,
        }
    }

    /// What 32 bytes of the image are, of all that they must not be.
    fn recognise(&self, bytes: &[u8; 32], ads: &[[u8; AD_LEN]]) -> Vec<String> {
        let mut found = Vec::new();
        let mut check = |is: bool, what: &str| found.extend(is.then(|| what.to_owned()));
        let ck = ChainingKey::new(bytes);
        let opens = |key: Key, label, ad: &[u8], sealed: &[u8]| {
            key.open(label, &[ad], &mut sealed.to_vec()).is_ok()
        };
        let (th0, th1) = (&self.th0, &self.th1);
        let [sealed_a, _] = &self.recording.sealed;
        let confirm_b = &self.recording.frames[0][0];
        let sealed_key = ck.expand(Label::SealedA, th0);
        check(opens(sealed_key, SealLabel::Sealed, th0, sealed_a), "ck0");
        let confirm_key = ck.expand(Label::ConfirmB, th1);
        check(
            opens(confirm_key, SealLabel::Confirm, th1, confirm_b),
            "ck2",
        );
        let th2 = hash(&[th1, confirm_b]);
        let th3 = hash(&[&th2, &self.recording.frames[1][0]]);
        let session_id = ck.expand(Label::SessionId, &th3);
        let is_of = |ad: &[u8; AD_LEN]| ad[..32] == *session_id.as_bytes();
        check(ads.iter().any(is_of), "ck3");
        for (offer, identity) in self.recording.offers.iter().zip(&self.identities) {
            let e = PublicKey::from_bytes(offer[6..38].try_into().unwrap()).unwrap();
            let y = offer[38..70].try_into().unwrap();
            check(commitment(&e, y, identity, bytes) == offer[70..], "n");
        }
        for frame in self.recording.frames.iter().flat_map(|frames| &frames[1..]) {
            let (head, sealed) = frame.split_at(Header::LEN);
            for ad in ads.iter().map(|ad| [ad.as_slice(), head].concat()) {
                let key = Key::from_bytes(bytes);
                check(opens(key, SealLabel::Message, &ad, sealed), "message key");
                let next = Hmac::<Sha256>::new_from_slice(bytes).unwrap();
                let next = next.chain_update([1]).finalize().into_bytes();
                let key = Key::from_bytes(&next.into());
                check(opens(key, SealLabel::Message, &ad, sealed), "chain key");
            }
        }
        let public = SecretKey::from_bytes(bytes).public();
        check(self.identities.contains(&public), "identity");
        for (who, keys) in ["host", "guest"].iter().zip(&self.publics) {
            if let Some(at) = keys.iter().position(|key| *key == public) {
                check(true, &format!("key {at} of {} of the {who}", keys.len()));
            }
        }
        let room: Room = format!("amber-falcon#{SECRET}").parse().unwrap();
        let share = Share::with_scalar(&room.prs(), &channel(&room.tag()), &[], bytes);
        let of_offer = |offer: &Vec<u8>| offer[38..70] == *share.public();
        check(self.recording.offers.iter().any(of_offer), "y");
        found
    }

    /// Everything that can be had from this image. A secret is looked for where eight bytes begin,
    /// as values do on stack and heap.
    fn search(&self, memory: &Memory) -> HashSet<String> {
        let ends = self.identities.map(|key| *key.as_bytes());
        let ends = ends.as_flattened();
        let mut ads = HashSet::new();
        let mut windows = HashSet::new();
        let public = self.public_windows();
        memory.each(|start, _, bytes| {
            for (at, window) in bytes.windows(32).enumerate() {
                if bytes[at..].starts_with(ends) && at >= 33 {
                    ads.insert(<[u8; AD_LEN]>::try_from(&bytes[at - 33..at + 64]).unwrap());
                }
                let window: [u8; 32] = window.try_into().unwrap();
                let aligned = (start + at as u64).is_multiple_of(8);
                if aligned && is_random(&window) && !public.contains(&window[..8]) {
                    windows.insert(window);
                }
            }
        });
        let ads: Vec<_> = ads.into_iter().collect();
        assert!(!ads.is_empty(), "the image is of a client that talks");
        let found = windows.iter();
        found
            .flat_map(|window| self.recognise(window, &ads))
            .collect()
    }

    /// What the thief has anyway, by its first eight bytes.
    fn public_windows(&self) -> HashSet<&[u8]> {
        let frames = self.recording.frames.iter().flatten();
        let wires = frames.chain(&self.recording.offers);
        let wires = wires.chain(&self.recording.sealed);
        wires.flat_map(|bytes| bytes.windows(8)).collect()
    }
}

fn header(frame: &[u8]) -> Header {
    Header::decode(frame.first_chunk().unwrap()).unwrap()
}

/// Whether 32 bytes could be drawn: of as many, 22 are different but once in 10⁹ times.
fn is_random(window: &[u8; 32]) -> bool {
    let mut seen = [0_u64; 4];
    for byte in window {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    seen.iter().map(|part| part.count_ones()).sum::<u32>() >= 22
}

/// The images of both, or none.
fn images(scene: &Scene) -> Option<[Memory; 2]> {
    let [host, guest] = scene.clients.each_ref().map(|client| image(client.pid()));
    Some([host?, guest?])
}

/// The image of a process, or why there is none.
fn image(pid: i32) -> Option<Memory> {
    let image = Memory::of(&pid.to_string());
    if let Err(why) = &image {
        println!("skipped: another process's memory cannot be read here: {why:?}");
    }
    image.ok()
}

#[test]
fn a_thief_of_the_memory_reads_nothing_that_was_said_before() {
    let scene = talked();
    let Some(images) = images(&scene) else { return };
    let identities = scene.homes.each_ref().map(identity_of);
    let identities = identities.map(|key| PublicKey::from_bytes(key).unwrap());
    let thief = Thief::new(scene.recording, identities);
    for (who, image) in images.iter().enumerate() {
        let last = thief.publics[who].len();
        let name = ["host", "guest"][who];
        // What it still needs; its ratchet may have gone on by a record under way.
        let current = format!("key {} of {last} of the {name}", last - 1);
        let mut found = thief.search(image);
        found.remove(&current);
        assert_eq!(found, HashSet::from(["identity".to_owned()]), "{name}");
    }
}

#[test]
fn a_rooms_secret_is_gone_from_memory_once_two_have_met() {
    let scene = talked();
    let Some(images) = images(&scene) else { return };
    let secret = [Needle::of("the room's secret", SECRET.as_bytes())];
    for image in images {
        assert_eq!(image.find(&secret), [Default::default()]);
    }
}

/// Who may want to wait there again, by Enter, needs it.
#[test]
fn at_a_terminal_a_rooms_secret_stays_in_one_place() {
    let (mediator, homes) = (Mediator::start(), [Home::new(), Home::new()]);
    let room = format!("amber-falcon#{SECRET}");
    let mut ada = Screen::run(chat(&homes[0], &mediator.url, "ada", &room));
    ada.await_text(SECRET);
    let secret = [Needle::of("the room's secret", SECRET.as_bytes())];
    let met = |ada: &mut Screen| {
        let mut bob = Start::chat(&homes[1], &mediator.url, "bob", &room).run();
        bob.await_event("connected");
        bob.say("hi");
        ada.await_text("bob   hi");
        ada.press("ho\r");
        assert_eq!(bob.await_message(), "ho");
        bob
    };
    for _ in 0..2 {
        let mut bob = met(&mut ada);
        ada.signal(Signal::SIGSTOP);
        let Some(image) = image(ada.pid()) else {
            return;
        };
        let places = image.find(&secret).remove(0);
        assert_eq!(places.len(), 1, "{places:#x?}");
        ada.signal(Signal::SIGCONT);
        bob.say("/quit");
        ada.await_text("left · Enter waits again");
        ada.press("/clear\r\r");
        ada.await_text("Waiting in room");
    }
}
