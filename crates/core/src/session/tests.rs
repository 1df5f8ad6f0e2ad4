//! Sessions without sockets or pairings: the tests hand out the keys of each
//! link, carry the bytes, and hold the clock.

mod closes;
mod delivery;
mod links;
mod records;
mod renewal;
mod simulation;
mod streams;
mod timing;

use std::sync::Arc;
use std::time::Duration;

use crate::time::Instant;

use super::link::LinkId;
use super::record::{Channel, PREFIX_LEN};
use super::{Ends, Event, Fault, RENEW_EVERY, Session};
use crate::crypto::keys::{Key, ResumeSecret, SecretKey, random};
use crate::pairing::{LinkKeys, RatchetStart, Role};
use crate::payload::Payload;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// The record layers of one link, the host's and the guest's, as a pairing would
/// begin them.
fn channels() -> [Channel; 2] {
    let first = SecretKey::generate();
    let r_b = first.public();
    let (root, session_id) = (random::<32>(), random());
    let [s_a, s_b] = [Role::Host, Role::Guest].map(|role| identity(role).public());
    let keys = |role, ratchet| LinkKeys {
        role,
        root: Key::from_bytes(&root),
        ratchet,
        session_id,
        s_a,
        s_b,
    };
    [
        keys(Role::Host, RatchetStart::Initiator(r_b)),
        keys(Role::Guest, RatchetStart::Responder(first)),
    ]
    .map(|keys| Channel::new(keys).unwrap())
}

fn identity(role: Role) -> SecretKey {
    SecretKey::from_bytes(&[role.letter(); 32])
}

fn session(role: Role) -> Session {
    let resume = ResumeSecret::new(Key::from_bytes(&[7; 32]));
    Session::new(role, Arc::new(resume)).between(Ends {
        ours: identity(role).public(),
        theirs: identity(role.other()).public(),
        name: format!("{role:?}"),
        renew_every: RENEW_EVERY,
    })
}

/// The bodies of the records in `bytes`.
fn bodies(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_LEN>() {
        let (body, rest) = rest.split_at(u32::from_be_bytes(*prefix) as usize);
        bodies.push(body.to_vec());
        bytes = rest;
    }
    bodies
}

/// The body of one record that holds these payloads.
fn record(channel: &mut Channel, now: Instant, payloads: &[Payload<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let fill = |buf: &mut Vec<u8>| payloads.iter().for_each(|payload| payload.encode(buf));
    channel.seal(now, &mut out, fill).unwrap();
    out.split_off(PREFIX_LEN)
}

/// The plaintext of a record that holds these payloads.
fn plaintext(payloads: &[Payload<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    payloads.iter().for_each(|payload| payload.encode(&mut out));
    out
}

/// What a session has to write now, as bodies; all that came was shown.
fn transmit(session: &mut Session, now: Instant) -> Vec<Vec<u8>> {
    session.shown(u64::MAX, now);
    transmit_unshown(session, now)
}

/// The same, and nothing more was shown.
fn transmit_unshown(session: &mut Session, now: Instant) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    session.poll_transmit(now, &mut out).unwrap();
    bodies(&out)
}

/// What happened; messages are shown.
fn events(session: &mut Session) -> Vec<Event> {
    let events: Vec<_> = std::iter::from_fn(|| session.poll_event()).collect();
    for event in &events {
        if let Some(seq) = event.seq() {
            session.shown(seq, Instant::now());
        }
    }
    events
}

fn texts(session: &mut Session) -> Vec<String> {
    let texts = events(session).into_iter().filter_map(|event| match event {
        Event::Text { text, .. } => Some(text),
        _ => None,
    });
    texts.collect()
}

/// Both ends of a conversation and the clock.
struct Pair {
    now: Instant,
    host: Session,
    guest: Session,
    links: u64,
}

impl Pair {
    fn apart() -> Self {
        Self {
            now: Instant::now(),
            host: session(Role::Host),
            guest: session(Role::Guest),
            links: 0,
        }
    }

    fn connected() -> Self {
        let mut pair = Self::apart();
        pair.connect();
        pair
    }

    /// A further link, from `go` to its answer, on which everything then arrives.
    fn connect(&mut self) -> LinkId {
        let [host, guest] = channels();
        let id = self.open(host, guest);
        self.carry();
        id
    }

    fn open(&mut self, mut host: Channel, mut guest: Channel) -> LinkId {
        self.links += 1;
        let id = LinkId(self.links);
        let mut go = record(&mut host, self.now, &[self.host.nominate()]);
        let go = guest.open(&mut go).unwrap().to_vec();
        self.guest.link_opened(id, guest, &go, self.now).unwrap();
        let mut sent = transmit(&mut self.guest, self.now).into_iter();
        let mut answer = sent.next().unwrap();
        let answer = host.open(&mut answer).unwrap().to_vec();
        self.host
            .link_answered(id, host, &answer, self.now)
            .unwrap();
        for mut body in sent {
            self.host.receive(id, &mut body, self.now).unwrap();
        }
        id
    }

    /// Carries records both ways until there are none; says how many went each way.
    fn carry(&mut self) -> [usize; 2] {
        let mut carried = [0, 0];
        let id = LinkId(self.links);
        loop {
            let to_guest = transmit(&mut self.host, self.now);
            let to_host = transmit(&mut self.guest, self.now);
            if to_guest.is_empty() && to_host.is_empty() {
                return carried;
            }
            carried[0] += to_guest.len();
            carried[1] += to_host.len();
            for mut body in to_guest {
                self.guest.receive(id, &mut body, self.now).unwrap();
            }
            for mut body in to_host {
                self.host.receive(id, &mut body, self.now).unwrap();
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.host.handle_timeout(self.now).unwrap();
        self.guest.handle_timeout(self.now).unwrap();
    }
}

/// A guest on a live link whose host end the test itself plays.
struct Played {
    now: Instant,
    guest: Session,
    host: Channel,
    id: LinkId,
}

impl Played {
    /// The host was heard of after `go`.
    fn new() -> Self {
        let mut played = Self::unheard();
        played.say(&[]).unwrap();
        played
    }

    /// The host has not been heard of since the guest answered its `go`.
    fn unheard() -> Self {
        let now = Instant::now();
        let mut guest = session(Role::Guest);
        let [mut host, mut channel] = channels();
        let id = LinkId(1);
        let go = Payload::Go {
            link: 1,
            received: 0,
        };
        let mut go = record(&mut host, now, &[go]);
        let go = channel.open(&mut go).unwrap().to_vec();
        guest.link_opened(id, channel, &go, now).unwrap();
        let mut played = Self {
            now,
            guest,
            host,
            id,
        };
        played.hear();
        played
    }

    /// What the guest writes now, opened.
    fn hear(&mut self) -> Vec<Vec<u8>> {
        let sent = transmit(&mut self.guest, self.now);
        let opened = sent.into_iter().map(|mut body| {
            let plain = self.host.open(&mut body).unwrap();
            let end = plain.iter().rposition(|byte| *byte != 0);
            plain[..end.map_or(0, |end| end + 1)].to_vec()
        });
        opened.collect()
    }

    /// What the guest does, by its own deadlines, until nothing is heard from the host
    /// for too long; with the seconds since `start`.
    fn silence(&mut self, start: Instant) -> Vec<(u64, &'static str)> {
        let mut timeline = Vec::new();
        loop {
            let next = self.guest.deadline(true).unwrap();
            assert!(next > self.now, "a deadline that does not pass");
            self.now = next;
            let at = (self.now - start).as_secs();
            match self.guest.handle_timeout(self.now) {
                Ok(()) => {}
                Err(dead) => {
                    assert_eq!(dead, (self.id, Fault::Silent));
                    timeline.push((at, "dead"));
                    return timeline;
                }
            }
            for event in events(&mut self.guest) {
                assert_eq!(event, Event::Unstable(true));
                timeline.push((at, "unstable"));
            }
            for sent in self.hear() {
                assert_eq!(sent, plaintext(&[Payload::Ping]));
                timeline.push((at, "ping"));
            }
        }
    }

    fn say(&mut self, payloads: &[Payload<'_>]) -> Result<(), Fault> {
        let mut body = record(&mut self.host, self.now, payloads);
        self.guest.receive(self.id, &mut body, self.now)
    }
}
