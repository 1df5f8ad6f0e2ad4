//! Two ends in memory, from both SEALED to a live session, over streams that the tests carry.

use super::*;
use crate::crypto::keys::SecretKey;
use crate::pairing::{Candidates, Matched, Meeting, Offering};
use crate::session::Event;

const LINK: LinkId = LinkId(1);

/// One end: its opening, and its session once there is one.
struct End {
    opening: Option<Opening>,
    session: Option<Session>,
    peer: Option<PeerIdentity>,
    live: Option<(LinkId, Frames)>,
    closed: Vec<LinkId>,
}

impl End {
    fn new(opening: Opening, session: Option<Session>) -> Self {
        Self {
            opening: Some(opening),
            session,
            peer: None,
            live: None,
            closed: Vec::new(),
        }
    }

    fn open(&mut self, link: LinkId) -> Vec<u8> {
        self.opening.as_mut().unwrap().open(link).unwrap()
    }

    /// Takes bytes, and gives what is to be written.
    fn take(&mut self, link: LinkId, bytes: &[u8]) -> Result<Vec<u8>, OpeningError> {
        let now = Instant::now();
        let opening = self.opening.as_mut().unwrap();
        let progress = opening.receive(link, bytes, &mut self.session, now);
        if progress.peer.is_some() {
            assert!(self.peer.is_none(), "told twice");
            self.peer = progress.peer;
        }
        let mut write = progress.write;
        match progress.way {
            Way::Open => {}
            Way::Closed => self.closed.push(link),
            Way::Live(frames) => {
                self.live = Some((link, frames));
                let session = self.session.as_mut().unwrap();
                session.poll_transmit(now, &mut write).unwrap();
            }
            Way::Failed(error) => return Err(error),
        }
        Ok(write)
    }

    fn is_live(&self, link: LinkId) -> bool {
        let live = self.session.as_ref().and_then(Session::live);
        live == Some(link) && self.live.as_ref().is_some_and(|(id, _)| *id == link)
    }

    /// Takes records of the live link.
    fn records(&mut self, bytes: &[u8]) {
        let (link, frames) = self.live.as_mut().unwrap();
        frames.push(bytes);
        while let Some(body) = frames.next_frame(&(BODY_MIN..=BODY_MAX)).unwrap() {
            let session = self.session.as_mut().unwrap();
            session.receive(*link, body, Instant::now()).unwrap();
        }
    }

    fn texts(&mut self) -> Vec<String> {
        let session = self.session.as_mut().unwrap();
        session.unblock(Instant::now());
        let events: Vec<_> = std::iter::from_fn(|| session.poll_event()).collect();
        let texts = events.into_iter().filter_map(|event| match event {
            Event::Text { seq, text, .. } => {
                session.shown(seq, Instant::now());
                Some(text)
            }
            _ => None,
        });
        texts.collect()
    }
}

fn matched(meeting: &Meeting) -> [(Matched, PublicKey); 2] {
    let keys = [3, 4].map(|byte| SecretKey::from_bytes(&[byte; 32]));
    let [a, b] = [0, 1].map(|n| Offering::new(meeting.clone(), keys[n].public()));
    let (offer_a, offer_b) = (a.offer().to_vec(), b.offer().to_vec());
    let none = Candidates::default();
    let (a, sealed_a) = a.paired(Role::Host, &offer_b, &none).unwrap();
    let (b, sealed_b) = b.paired(Role::Guest, &offer_a, &none).unwrap();
    let agree = |end: crate::pairing::AwaitSealed, sealed: &[u8], n: usize| {
        let end = end.sealed(sealed, None).unwrap();
        (end.agree(&keys[n]).unwrap(), keys[n].public())
    };
    [agree(a, &sealed_b, 0), agree(b, &sealed_a, 1)]
}

fn openings() -> [Opening; 2] {
    let meeting = Meeting {
        tag: [7; 32],
        prs: b"Sotter".to_vec().into(),
    };
    let [(host, a), (guest, b)] = matched(&meeting);
    [
        Opening::host(host.host("ada").unwrap(), a, "ada"),
        Opening::guest(guest.guest("bob").unwrap(), b, "bob"),
    ]
}

fn ends() -> [End; 2] {
    openings().map(|opening| End::new(opening, None))
}

/// Goes to a live link, `piece` bytes at a time.
fn meet(host: &mut End, guest: &mut End, link: LinkId, piece: usize) {
    let mut to_guest = host.open(link);
    let mut to_host = guest.open(link);
    while !(host.is_live(link) && guest.is_live(link)) {
        assert!(!to_host.is_empty() || !to_guest.is_empty(), "it stopped");
        let (for_host, for_guest) = (std::mem::take(&mut to_host), std::mem::take(&mut to_guest));
        for bytes in for_host.chunks(piece) {
            to_guest.extend(host.take(link, bytes).unwrap());
        }
        for bytes in for_guest.chunks(piece) {
            to_host.extend(guest.take(link, bytes).unwrap());
        }
    }
    guest.records(&to_guest);
}

fn say(from: &mut End, to: &mut End, text: &str) {
    let session = from.session.as_mut().unwrap();
    session.say(0, text).unwrap();
    let mut out = Vec::new();
    session.poll_transmit(Instant::now(), &mut out).unwrap();
    to.records(&out);
    assert_eq!(to.texts(), [text]);
}

#[test]
fn two_ends_meet_and_talk_however_the_bytes_are_cut() {
    for piece in [1, 7, 1400, 65_536] {
        let [mut host, mut guest] = ends();
        meet(&mut host, &mut guest, LINK, piece);
        let peers = [&host, &guest].map(|end| end.peer.clone().unwrap());
        assert_eq!([&*peers[0].name, &*peers[1].name], ["bob", "ada"]);
        assert_eq!(peers[0].words, peers[1].words);
        assert!(host.texts().is_empty());
        say(&mut guest, &mut host, "hi");
        say(&mut host, &mut guest, "hello");
    }
}

#[test]
fn what_is_said_before_who_came_is_judged_is_held_back() {
    let [mut host, mut guest] = ends();
    meet(&mut host, &mut guest, LINK, 65_536);
    let session = guest.session.as_mut().unwrap();
    session.say(0, "early").unwrap();
    let mut out = Vec::new();
    session.poll_transmit(Instant::now(), &mut out).unwrap();
    host.records(&out);
    let session = host.session.as_mut().unwrap();
    let told = std::iter::from_fn(|| session.poll_event());
    assert!(
        !told
            .into_iter()
            .any(|event| matches!(event, Event::Text { .. }))
    );
    assert_eq!(host.texts(), ["early"]);
}

#[test]
fn a_further_link_goes_on_in_the_same_session() {
    let [mut host, mut guest] = ends();
    meet(&mut host, &mut guest, LINK, 65_536);
    say(&mut guest, &mut host, "before");
    let resume = host.session.as_ref().unwrap().resume().unwrap();
    let meeting = Meeting::derived(&resume.room(), &resume.secret());
    let [(a, s_a), (b, s_b)] = matched(&meeting);
    host = End::new(
        Opening::host(a.host("ada").unwrap(), s_a, "ada"),
        host.session,
    );
    guest = End::new(
        Opening::guest(b.guest("bob").unwrap(), s_b, "bob"),
        guest.session,
    );
    meet(&mut host, &mut guest, LinkId(2), 65_536);
    assert!(host.texts().is_empty());
    say(&mut host, &mut guest, "after");
}

#[test]
fn a_stranger_on_a_stream_ends_that_stream_alone() {
    let wrong: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 4],
        &framed(&[9; CONFIRM_B_LEN]),
        &[&[0, 0, 0, 0], framed(&[9; CONFIRM_B_LEN + 1]).as_slice()].concat(),
    ];
    for bytes in wrong {
        let [mut host, mut guest] = ends();
        for end in [&mut host, &mut guest] {
            end.open(LinkId(9));
            assert!(end.take(LinkId(9), bytes).unwrap().is_empty());
            assert_eq!(end.closed, [LinkId(9)]);
        }
        meet(&mut host, &mut guest, LINK, 65_536);
        // What a closed one still says is heard by nobody.
        assert!(host.take(LinkId(9), bytes).unwrap().is_empty());
    }
}

#[test]
fn a_copied_confirm_is_answered_and_its_stream_is_no_link_without_the_keys() {
    let [mut host, mut guest] = ends();
    let confirm_b = guest.open(LINK);
    host.open(LinkId(8));
    host.open(LINK);
    let greeting = host.take(LinkId(8), &confirm_b).unwrap();
    assert!(!greeting.is_empty());
    assert!(
        host.take(LinkId(8), &framed(&[1; BODY_MIN]))
            .unwrap()
            .is_empty()
    );
    assert_eq!(host.closed, [LinkId(8)]);
    assert_eq!(host.take(LINK, &confirm_b).unwrap(), greeting);
    let answer = guest.take(LINK, &greeting).unwrap();
    host.take(LINK, &answer).unwrap();
    assert!(host.is_live(LINK) && guest.is_live(LINK));
}

#[test]
fn every_flipped_byte_of_what_opens_a_link_is_noticed() {
    let [mut host, mut guest] = ends();
    let confirm_b = guest.open(LINK);
    host.open(LINK);
    let greeting = host.take(LINK, &confirm_b).unwrap();
    for at in 0..confirm_b.len() {
        let mut bad = confirm_b.clone();
        bad[at] ^= 0x40;
        host.open(LinkId(9));
        assert!(host.take(LinkId(9), &bad).unwrap().is_empty(), "byte {at}");
        host.opening.as_mut().unwrap().lost(LinkId(9));
    }
    for at in 0..greeting.len() {
        let mut bad = greeting.clone();
        bad[at] ^= 0x40;
        guest.open(LinkId(9));
        assert!(guest.take(LinkId(9), &bad).unwrap().is_empty(), "byte {at}");
        assert!(guest.live.is_none(), "byte {at}");
        guest.opening.as_mut().unwrap().lost(LinkId(9));
    }
    let answer = guest.take(LINK, &greeting).unwrap();
    host.take(LINK, &answer).unwrap();
    assert!(host.is_live(LINK));
}

#[test]
fn a_live_link_goes_on_where_no_other_comes_of_a_pairing() {
    let [mut host, mut guest] = ends();
    meet(&mut host, &mut guest, LINK, 65_536);
    let (session, live) = (host.session.take(), host.live.take());
    let [a, mut b] = openings();
    let mut again = End::new(a, session);
    again.open(LinkId(2));
    let confirm_b = b.open(LinkId(2)).unwrap();
    assert!(!again.take(LinkId(2), &confirm_b).unwrap().is_empty());
    assert!(again.session.as_ref().unwrap().is_frozen());
    let opening = again.opening.take().unwrap();
    opening.give_up(again.session.as_mut(), Instant::now());
    again.live = live;
    say(&mut again, &mut guest, "still here");
}

#[test]
fn a_fifth_stream_is_one_too_many() {
    for mut opening in openings() {
        for n in 1..=4 {
            assert!(opening.open(LinkId(n)).is_some());
        }
        assert!(opening.open(LinkId(5)).is_none());
        assert!(opening.lost(LinkId(1)));
        assert!(opening.open(LinkId(6)).is_some());
    }
}
