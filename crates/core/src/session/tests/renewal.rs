//! New keys inside of a live link: carried by hand, cut anywhere, or spoilt by the peer.

use super::*;
use crate::pairing::{Meeting, Offering};
use crate::payload::{Renewal as Step, decode};

const LINK: LinkId = LinkId(1);

/// Both ends of one link, and the bytes between them, each way.
struct Line {
    now: Instant,
    ends: [Session; 2],
    under_way: [Vec<Vec<u8>>; 2],
    /// Texts that each end was shown.
    shown: [Vec<String>; 2],
    said: [u32; 2],
}

const ROLES: [Role; 2] = [Role::Host, Role::Guest];

impl Line {
    fn new() -> Self {
        let mut line = Self {
            now: Instant::now(),
            ends: ROLES.map(session),
            under_way: Default::default(),
            shown: Default::default(),
            said: [0; 2],
        };
        line.link(LINK);
        line
    }

    /// Both take up a further link.
    fn link(&mut self, id: LinkId) {
        let [mut host, mut guest] = channels();
        let now = self.now;
        self.under_way = Default::default();
        let go = self.ends[0].nominate();
        let mut go = record(&mut host, now, &[go]);
        let opened = guest.open(&mut go).unwrap().to_vec();
        self.ends[1].link_opened(id, guest, &opened, now).unwrap();
        let mut out = Vec::new();
        self.ends[1].poll_transmit(now, &mut out).unwrap();
        let mut bodies = bodies(&out).into_iter();
        let mut answer = bodies.next().unwrap();
        let opened = host.open(&mut answer).unwrap().to_vec();
        self.ends[0].link_answered(id, host, &opened, now).unwrap();
        for mut body in bodies {
            self.ends[0].receive(id, &mut body, now).unwrap();
        }
        self.listen(0);
    }

    fn renew(&mut self) {
        self.ends[1].renew_at = Some(self.now);
        self.ends[1].handle_timeout(self.now).unwrap();
    }

    fn say(&mut self, end: usize) {
        self.said[end] += 1;
        let text = format!("{end} {}", self.said[end]);
        self.ends[end].say(0, &text).unwrap();
    }

    /// What an end has to say goes on its way; how many records.
    fn flush(&mut self, end: usize) -> usize {
        let mut out = Vec::new();
        self.ends[end].poll_transmit(self.now, &mut out).unwrap();
        let bodies = bodies(&out);
        let count = bodies.len();
        self.under_way[end].extend(bodies);
        count
    }

    /// One record of this end arrives.
    fn arrive(&mut self, end: usize) -> Result<bool, Fault> {
        if self.under_way[end].is_empty() {
            return Ok(false);
        }
        let mut body = self.under_way[end].remove(0);
        let id = self.ends[1 - end].live().unwrap();
        self.ends[1 - end].receive(id, &mut body, self.now)?;
        self.listen(1 - end);
        Ok(true)
    }

    fn listen(&mut self, end: usize) {
        for event in events(&mut self.ends[end]) {
            match event {
                Event::Agree(theirs) => {
                    let shared = identity(ROLES[end]).diffie_hellman(&theirs).unwrap();
                    self.ends[end].agreed(&theirs, shared).unwrap();
                }
                Event::Text { text, .. } => self.shown[end].push(text),
                _ => {}
            }
        }
    }

    /// Until nothing moves any more.
    fn settle(&mut self) {
        let mut quiet = 0;
        while quiet < 3 {
            quiet += 1;
            for end in 0..2 {
                self.flush(end);
                while self.arrive(end).unwrap() {
                    quiet = 0;
                }
            }
            self.now += 10 * MS;
            for end in &mut self.ends {
                end.handle_timeout(self.now).unwrap();
            }
        }
    }

    /// What is under way arrives, once.
    fn settle_once(&mut self) {
        for end in [1, 0] {
            self.flush(end);
            while self.arrive(end).unwrap() {}
        }
    }

    fn assert_all_shown(&self) {
        for end in 0..2 {
            let all = (1..=self.said[end]).map(|n| format!("{end} {n}"));
            assert!(self.shown[1 - end].iter().cloned().eq(all));
            assert_eq!(self.ends[end].queued(), 0);
        }
    }

    /// How many links each has seen; one with new keys is another one.
    fn links(&self) -> [u64; 2] {
        self.ends.each_ref().map(|end| end.links)
    }
}

#[test]
fn keys_are_renewed_and_what_is_said_meanwhile_arrives_once_and_in_order() {
    let mut line = Line::new();
    for nth in 2..6 {
        line.renew();
        // Both talk at every step of it.
        for _ in 0..12 {
            for end in 0..2 {
                line.say(end);
                line.flush(end);
            }
            line.arrive(0).unwrap();
            line.arrive(1).unwrap();
        }
        line.settle();
        line.assert_all_shown();
        assert_eq!(line.links(), [nth, nth]);
        assert!(line.ends.iter().all(|end| end.renewal.is_none()));
        assert_eq!(line.ends[0].live(), Some(LINK));
    }
}

#[test]
fn who_keeps_keys_from_being_renewed_loses_the_link() {
    // The guest's OFFER never arrives, though all else does.
    let mut line = Line::new();
    line.renew();
    line.flush(1);
    line.under_way[1].clear();
    let begun = line.now;
    let lost = loop {
        line.now += SECOND;
        line.say(0);
        line.flush(0);
        line.arrive(0).unwrap();
        line.flush(1);
        line.under_way[1].clear();
        if let Err(lost) = line.ends[1].handle_timeout(line.now) {
            break lost;
        }
    };
    assert_eq!(lost, (LINK, Fault::Silent));
    assert!(line.now - begun <= 31 * SECOND);
    // Nor does the host wait for ever for a guest that begins none.
    let mut line = Line::new();
    line.ends[1].renew_at = None;
    let begun = line.now;
    let lost = loop {
        line.now += SECOND;
        line.say(1);
        line.settle_once();
        if let Err(lost) = line.ends[0].handle_timeout(line.now) {
            break lost;
        }
    };
    assert_eq!(lost, (LINK, Fault::Silent));
    assert!(line.now - begun >= 67 * 60 * SECOND);
}

#[test]
fn an_agreement_for_the_link_before_is_dropped() {
    let mut line = Line::new();
    line.renew();
    line.flush(1);
    line.under_way[1].drain(..).for_each(|mut body| {
        line.ends[0].receive(LINK, &mut body, line.now).unwrap();
    });
    line.flush(0);
    let mut body = line.under_way[0].remove(0);
    line.ends[1].receive(LINK, &mut body, line.now).unwrap();
    let Some(Event::Agree(theirs)) = line.ends[1].poll_event() else {
        panic!("nothing to agree on");
    };
    let other = SecretKey::generate().public();
    let agreement = |key| identity(Role::Guest).diffie_hellman(key).unwrap();
    line.ends[1].agreed(&other, agreement(&other)).unwrap();
    assert_eq!(line.flush(1), 0, "nothing comes of it");
    line.ends[1].agreed(&theirs, agreement(&theirs)).unwrap();
    assert_eq!(line.flush(1), 1);
}

#[test]
fn a_go_that_failed_meanwhile_leaves_a_renewal_as_it_was() {
    let mut line = Line::new();
    line.renew();
    while !line.ends[0].is_switching() {
        for end in 0..2 {
            line.flush(end);
            line.arrive(end).unwrap();
        }
    }
    line.ends[0].nominate();
    line.ends[0].go_failed(line.now);
    line.settle();
    assert!(line.ends[0].renewal.is_none());
    assert_eq!(line.ends[0].live(), Some(LINK));
    line.say(0);
    line.say(1);
    line.settle();
    line.assert_all_shown();
}

#[test]
fn a_record_under_the_old_keys_is_nothing_after_a_renewal() {
    let mut line = Line::new();
    line.say(1);
    line.flush(1);
    let old = line.under_way[1][0].clone();
    line.settle();
    line.renew();
    line.settle();
    let fault = line.ends[0].receive(LINK, &mut old.clone(), line.now);
    assert!(matches!(fault, Err(Fault::Record(_))));
    assert_eq!(line.ends[0].live(), None);
}

#[test]
fn the_guest_begins_after_an_hour_or_so_and_the_host_never_does() {
    let mut line = Line::new();
    let start = line.now;
    let due = line
        .ends
        .each_ref()
        .map(|end| end.renew_at.unwrap() - start);
    assert!((54 * 60 * SECOND..=66 * 60 * SECOND).contains(&due[1]));
    // Later than any guest's.
    assert_eq!(due[0], 67 * 60 * SECOND);
    let mut steps = 0;
    while line.links() == [1, 1] {
        line.now += SECOND;
        for end in &mut line.ends {
            end.handle_timeout(line.now).unwrap();
        }
        line.settle();
        steps += 1;
        assert!(steps < 4000, "never renewed");
    }
    assert!(line.now - start >= 54 * 60 * SECOND);
    assert!(line.ends[0].renewal.is_none());
}

/// Cuts a renewal after so many records have arrived, in the middle of the talk.
fn cut_after(records: usize) -> bool {
    let mut line = Line::new();
    line.renew();
    let mut arrived = 0;
    while arrived < records {
        let before = arrived;
        for end in 0..2 {
            line.say(end);
            line.flush(end);
            if arrived < records && line.arrive(end).unwrap() {
                arrived += 1;
            }
        }
        if arrived == before {
            break;
        }
    }
    let renewed = line.links() == [2, 2] && line.ends.iter().all(|end| end.renewal.is_none());
    for end in &mut line.ends {
        end.link_lost(LINK);
        assert!(end.renewal.is_none());
    }
    line.link(LinkId(2));
    line.settle();
    line.assert_all_shown();
    // And it can be renewed.
    let before = line.links();
    line.renew();
    line.settle();
    assert_eq!(line.links(), before.map(|links| links + 1));
    renewed
}

#[test]
fn a_cut_anywhere_drops_a_renewal_and_nothing_that_was_said() {
    let renewed: Vec<_> = (0..24).map(cut_after).collect();
    assert!(!renewed[0] && renewed[23]);
}

/// What comes of it that an end says this instead of what is due.
fn says(end: usize, step: Step<'_>) -> Result<(), Fault> {
    let mut line = Line::new();
    Payload::Renewal(step).encode(&mut line.ends[end].renewing);
    line.flush(end);
    line.arrive(end).map(drop)
}

#[test]
fn a_renewal_out_of_turn_is_the_peers_fault() {
    let bytes = [0; 102].as_slice();
    let steps = [
        Step::Offer(bytes),
        Step::Offered {
            offer: bytes,
            sealed: bytes,
        },
        Step::Sealed {
            sealed: bytes,
            confirm: bytes,
        },
        Step::Confirmed(bytes),
    ];
    for step in steps {
        for end in 0..2 {
            let fault = says(end, step).unwrap_err();
            assert!(fault.is_fatal(), "{end} {step:?}");
        }
    }
}

#[test]
fn a_second_offer_while_one_is_under_way_is_the_peers_fault() {
    let mut line = Line::new();
    line.renew();
    line.flush(1);
    line.arrive(1).unwrap();
    let again = Offering::new(
        Meeting {
            tag: [0; 32],
            prs: Default::default(),
        },
        identity(Role::Guest).public(),
    );
    Payload::Renewal(Step::Offer(again.offer())).encode(&mut line.ends[1].renewing);
    line.flush(1);
    assert!(line.arrive(1).unwrap_err().is_fatal());
}

#[test]
fn another_identity_cannot_renew() {
    let mut line = Line::new();
    // Whoever stole the session, and not the key.
    line.ends[1].ends = Some(Ends {
        ours: SecretKey::generate().public(),
        theirs: identity(Role::Host).public(),
        name: "thief".into(),
        renew_every: RENEW_EVERY,
    });
    line.renew();
    let fault = loop {
        line.flush(1);
        line.flush(0);
        line.arrive(0).unwrap();
        if let Err(fault) = line.arrive(1) {
            break fault;
        }
    };
    assert!(fault.is_fatal());
}

#[test]
fn payloads_of_a_renewal_are_read_as_they_were_written() {
    let steps = [
        Step::Offer(b"offer"),
        Step::Offered {
            offer: b"offer",
            sealed: b"sealed",
        },
        Step::Sealed {
            sealed: b"sealed",
            confirm: b"confirm",
        },
        Step::Confirmed(b"confirm"),
    ];
    let mut out = Vec::new();
    for step in steps {
        Payload::Renewal(step).encode(&mut out);
    }
    let read: Vec<_> = decode(&out).collect();
    assert_eq!(read, steps.map(|step| Ok(Payload::Renewal(step))));
    for malformed in [
        // No step, a step that is none, text for bytes, too few.
        [0x81, 6].as_slice(),
        &[0x83, 6, 0, 0x40],
        &[0x83, 6, 5, 0x40],
        &[0x83, 6, 1, 0x60],
        &[0x83, 6, 2, 0x40],
    ] {
        assert!(decode(malformed).any(|payload| payload.is_err()));
    }
}
