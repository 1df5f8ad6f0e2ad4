//! What happens when, under a virtual clock: DH steps, nudges,
//! acknowledgements, pings, silence.

use super::*;
use crate::payload::Body;

fn text(seq: u64) -> Payload<'static> {
    let body = Body::Text { sent: 0, text: "x" };
    Payload::Reliable { seq, body }
}

/// The ratchet key in the header of the next record.
fn key(channel: &mut Channel, other: &mut Channel, now: Instant) -> [u8; 32] {
    let mut body = record(channel, now, &[]);
    let key = body[..32].try_into().unwrap();
    other.open(&mut body).unwrap();
    key
}

#[test]
fn a_dh_step_is_taken_at_most_once_a_second_each_way_and_the_first_never_waits() {
    let [mut host, mut guest] = channels();
    let start = Instant::now();
    let mut keys = |now: Instant| {
        let a = key(&mut host, &mut guest, now);
        [a, key(&mut guest, &mut host, now)]
    };
    let first = keys(start);
    let second = keys(start);
    // The host's first own step follows the guest's first record at once; the
    // guest took one with that record and now waits.
    assert_ne!(first[0], second[0]);
    assert_eq!(first[1], second[1]);
    let late = keys(start + SECOND - MS);
    assert_eq!(late, second);
    let next = keys(start + SECOND);
    // Only the guest has a key of the host's to answer; the host answers it then.
    assert_eq!(next[0], second[0]);
    assert_ne!(next[1], second[1]);
    let then = keys(start + SECOND);
    assert_ne!(then[0], next[0]);
    assert_eq!(then[1], next[1]);
    assert_eq!(keys(start + SECOND + SECOND - MS), then);
}

#[test]
fn a_fast_exchange_takes_about_a_step_a_second_each_way() {
    let [mut host, mut guest] = channels();
    let mut now = Instant::now();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..400 {
        seen.insert(key(&mut host, &mut guest, now));
        seen.insert(key(&mut guest, &mut host, now));
        now += 50 * MS;
    }
    // 20 seconds: at most a step a second each way, the first keys besides.
    assert!((20..=44).contains(&seen.len()), "{}", seen.len());
}

#[test]
fn an_acknowledgement_waits_a_moment_and_rides_along_with_what_is_said() {
    let mut played = Played::new();
    played.say(&[text(1)]).unwrap();
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    assert_eq!(played.guest.deadline(true), Some(played.now + 10 * MS));
    played.now += 9 * MS;
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    played.now += MS;
    let ack = |received| Payload::Ack { received };
    assert_eq!(played.hear(), [plaintext(&[ack(1)])]);
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());

    played.say(&[text(2)]).unwrap();
    played.guest.say(0, "x").unwrap();
    assert_eq!(played.hear(), [plaintext(&[ack(2), text(1)])]);
}

#[test]
fn many_messages_are_acknowledged_at_once() {
    let mut played = Played::new();
    for seq in 1..256 {
        played.say(&[text(seq)]).unwrap();
    }
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    played.say(&[text(256), text(257)]).unwrap();
    let ack = Payload::Ack { received: 257 };
    assert_eq!(played.hear(), [plaintext(&[ack])]);
}

#[test]
fn a_nudge_follows_a_thousand_records_that_were_not_answered() {
    let mut played = Played::new();
    for _ in 0..1023 {
        played.say(&[Payload::Pong]).unwrap();
    }
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    played.say(&[Payload::Pong]).unwrap();
    assert_eq!(played.hear(), [Vec::<u8>::new()]);
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
}

#[test]
fn a_nudge_follows_a_minute_without_an_answer() {
    let mut played = Played::new();
    played.say(&[Payload::Pong]).unwrap();
    let since = played.now;
    for _ in 0..7 {
        played.now += 8 * SECOND;
        played.say(&[Payload::Pong]).unwrap();
        assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    }
    assert_eq!(played.guest.deadline(true), Some(since + 60 * SECOND));
    played.now = since + 60 * SECOND;
    assert_eq!(played.hear(), [Vec::<u8>::new()]);
}

#[test]
fn a_nudge_is_not_answered_with_a_nudge() {
    let mut played = Played::new();
    for _ in 0..100 {
        played.say(&[]).unwrap();
        played.now += 9 * SECOND;
        assert_eq!(played.guest.handle_timeout(played.now), Ok(()));
        assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    }
}

#[test]
fn after_ten_silent_seconds_a_ping_and_after_fifteen_the_end() {
    let mut played = Played::new();
    let start = played.now;
    assert_eq!(played.guest.deadline(true), Some(start + 10 * SECOND));
    played.now = start + 10 * SECOND - MS;
    played.guest.handle_timeout(played.now).unwrap();
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    played.now += MS;
    played.guest.handle_timeout(played.now).unwrap();
    assert_eq!(played.hear(), [plaintext(&[Payload::Ping])]);
    assert_eq!(played.guest.deadline(true), Some(start + 15 * SECOND));
    // Asked once.
    played.now += SECOND;
    played.guest.handle_timeout(played.now).unwrap();
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    played.now = start + 15 * SECOND - MS;
    played.guest.handle_timeout(played.now).unwrap();
    played.now += MS;
    let dead = played.guest.handle_timeout(played.now);
    assert_eq!(dead, Err((played.id, Fault::Silent)));
    assert_eq!(
        (played.guest.live(), played.guest.deadline(true)),
        (None, None)
    );
    assert_eq!(Fault::Silent.to_string(), "no answer for 15 s");
}

#[test]
fn any_record_is_a_sign_of_life_and_a_forged_one_is_none() {
    let mut played = Played::new();
    let start = played.now;
    played.now += 14 * SECOND;
    played.guest.handle_timeout(played.now).unwrap();
    played.say(&[]).unwrap();
    assert_eq!(played.guest.deadline(true), Some(start + 24 * SECOND));

    let mut forged = record(&mut played.host, played.now, &[]);
    *forged.last_mut().unwrap() ^= 1;
    let fault = played.guest.receive(played.id, &mut forged, played.now);
    assert!(matches!(fault, Err(Fault::Record(_))));
    assert_eq!(played.guest.live(), None);
}

#[test]
fn an_idle_pair_stays_together() {
    let mut pair = Pair::connected();
    for _ in 0..600 {
        pair.pass(SECOND);
        pair.carry();
    }
    assert_eq!(pair.host.live(), pair.guest.live());
    assert!(pair.host.live().is_some());
}

#[test]
fn a_ping_is_answered_with_a_pong() {
    let mut played = Played::new();
    played.say(&[Payload::Ping]).unwrap();
    assert_eq!(played.hear(), [plaintext(&[Payload::Pong])]);
}
