//! The real programs with a man in the middle of their link: whatever is done to a
//! record ends that link with a reason; the session goes on over the next one, and
//! everything arrives once and in order.

use undertone_core::session::record::BODY_MAX;

use super::Tapped;
use super::records::bad_keys;
use crate::common::{Client, PATIENCE};
use crate::hostile::memory::peak_kib;
use crate::hostile::proxy::{Direction, Passing, Verdict};

const DIRECTIONS: [Direction; 2] = [Direction::ToHost, Direction::ToGuest];
const MESSAGES: usize = 4;

/// What is done to the first record that goes `to` there, and to the second.
type Attack = Box<dyn FnMut(&[u8], usize) -> Verdict + Send>;

/// Does it while both talk; gives the reason that the attacked end tells.
fn suffer(tapped: &mut Tapped, said: &mut usize, to: Direction, mut attack: Attack) -> String {
    let mut records = 0;
    let (began, begun) = std::sync::mpsc::channel();
    tapped.middle.rule(move |passing: &Passing<'_>| {
        if !passing.is_record() || passing.to != to || records == 2 {
            return Verdict::Pass;
        }
        records += 1;
        let _ = began.send(());
        let verdict = attack(passing.frame, records);
        // A second one is touched only by attacks that withheld the first.
        if !matches!(&verdict, Verdict::Put(bytes) if bytes.is_empty()) {
            records = 2;
        }
        verdict
    });
    let numbers = *said..*said + MESSAGES;
    *said += MESSAGES;
    for n in numbers.clone() {
        // Lines that wait share a record: what is to be the second must not.
        if n == numbers.start + 1 {
            begun.recv_timeout(PATIENCE).expect("a first record");
        }
        tapped.host.say(&format!("numbered {n}"));
        tapped.guest.say(&format!("numbered {n}"));
    }
    let reasons = [&tapped.host, &tapped.guest].map(|client| survive(client, numbers.clone()));
    let [host, guest] = reasons;
    match to {
        Direction::ToHost => host,
        Direction::ToGuest => guest,
    }
}

/// Waits for the new link and for these messages, once and in order; gives the
/// reasons for which links were lost: two ways back that are found at one time may
/// cost one link more. A host whose guest is back before the end of the former link
/// has reached it lost none: it learns of another path.
fn survive(client: &Client, numbers: std::ops::Range<usize>) -> String {
    let (mut reason, mut back) = (String::new(), false);
    let mut awaited = numbers.clone();
    while !back || !awaited.is_empty() {
        let event = client.event();
        match event["type"].as_str().unwrap() {
            "message" => {
                let n = awaited.next().expect("no message twice");
                assert_eq!(event["text"], format!("numbered {n}"));
            }
            "reconnecting" => reason += event["reason"].as_str().unwrap(),
            "connected" => back = event["resumed"].as_bool().unwrap(),
            "path" => back = true,
            "left" | "alarm" | "error" => panic!("{event}"),
            _ => {}
        }
    }
    reason
}

/// Attacks, and the reason that each is to give.
type Attacks<'a> = Vec<(&'a str, fn() -> Attack)>;

fn each_way(attacks: Attacks<'_>) {
    let (mut tapped, mut said) = (Tapped::meet(), 0);
    for (reason, attack) in attacks {
        for to in DIRECTIONS {
            let told = suffer(&mut tapped, &mut said, to, attack());
            assert!(told.contains(reason), "{told:?} for {reason:?}");
        }
    }
    tapped.part();
}

fn flip(at: usize) -> Attack {
    Box::new(move |frame, _| {
        let mut frame = frame.to_vec();
        let at = at.min(frame.len() - 1);
        frame[at] ^= 4;
        Verdict::Put(frame)
    })
}

#[test]
fn a_flipped_byte_ends_the_link_and_not_the_session() {
    each_way(vec![
        ("not authentic", || flip(4)),
        ("not authentic", || flip(4 + 32)),
        ("not authentic", || flip(4 + 36)),
        ("not authentic", || flip(4 + 40)),
        ("not authentic", || flip(200)),
        ("not authentic", || flip(usize::MAX)),
    ]);
}

#[test]
fn a_cut_in_mid_record_is_a_lost_connection_and_no_goodbye() {
    let cut = |n: usize| -> Attack {
        Box::new(move |frame, _| Verdict::End(frame[..n.min(frame.len())].to_vec()))
    };
    let (mut tapped, mut said) = (Tapped::meet(), 0);
    for n in [0, 1, 3, 4, 43, 44, 200, 347, usize::MAX] {
        for to in DIRECTIONS {
            let told = suffer(&mut tapped, &mut said, to, cut(n));
            assert!(
                told.contains("the connection broke"),
                "{told} after {n} bytes"
            );
        }
    }
    tapped.part();
}

#[test]
fn replayed_and_reordered_records_end_the_link_and_nothing_is_shown_twice() {
    each_way(vec![
        ("not authentic", || {
            Box::new(|frame, _| Verdict::Put([frame, frame].concat()))
        }),
        ("not authentic", || {
            let mut held = Vec::new();
            Box::new(move |frame, n| match n {
                1 => {
                    held = frame.to_vec();
                    Verdict::Put(Vec::new())
                }
                _ => Verdict::Put([frame, &held].concat()),
            })
        }),
        // Dropped whole: the next one shows it.
        ("not authentic", || {
            Box::new(|_, n| match n {
                1 => Verdict::Put(Vec::new()),
                _ => Verdict::Pass,
            })
        }),
    ]);
}

#[test]
fn bad_ratchet_keys_end_the_link_and_not_the_session() {
    let (mut tapped, mut said) = (Tapped::meet(), 0);
    for (i, key) in bad_keys().into_iter().enumerate() {
        let attack: Attack =
            Box::new(move |frame, _| Verdict::Put([&frame[..4], &key[..], &frame[36..]].concat()));
        let told = suffer(&mut tapped, &mut said, DIRECTIONS[i % 2], attack);
        assert!(
            told.contains("not authentic") || told.contains("invalid key"),
            "{told}"
        );
    }
    tapped.part();
}

#[test]
fn impossible_lengths_end_the_link_and_nothing_is_allocated_for_them() {
    let (mut tapped, mut said) = (Tapped::meet(), 0);
    let over = u32::try_from(BODY_MAX + 1).unwrap();
    let longest = over - 1;
    let pids = [tapped.host.pid(), tapped.guest.pid()];
    for (length, reason) in [
        (0, "impossible length"),
        (u32::MAX, "impossible length"),
        (0x8000_0000, "impossible length"),
        (over, "impossible length"),
        (87, "impossible length"),
        // Possible, and yet not there: nobody waits for it longer than for a ping.
        (longest, "broke"),
    ] {
        let before = pids.map(peak_kib);
        for to in DIRECTIONS {
            let attack: Attack = Box::new(move |frame, _| {
                let bytes = [&length.to_be_bytes(), &frame[4..]].concat();
                match length == longest {
                    true => Verdict::End(bytes),
                    false => Verdict::Put(bytes),
                }
            });
            let told = suffer(&mut tapped, &mut said, to, attack);
            assert!(told.contains(reason), "{told:?} for {length}");
        }
        for (pid, before) in pids.into_iter().zip(before) {
            let grown = peak_kib(pid) - before;
            assert!(grown < 1024, "{grown} KiB for {length}");
        }
    }
    tapped.part();
}
