//! What happens when, under a virtual clock: DH steps, nudges,
//! acknowledgements, pings, silence.

use super::*;
use crate::payload::Body;

fn text(seq: u64) -> Payload<'static> {
    let body = Body::Text {
        sent: 0,
        text: "x",
        resent: false,
    };
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
    // The first is what the host sent after `go`.
    let mut played = Played::new();
    for _ in 0..1022 {
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
fn silence_is_asked_about_after_twelve_to_eighteen_seconds_at_random() {
    let mut played = Played::new();
    let mut silences = Vec::new();
    for _ in 0..200 {
        let since = played.now;
        let due = played.guest.deadline(true).unwrap();
        played.now = due - MS;
        played.guest.handle_timeout(played.now).unwrap();
        assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
        played.now = due;
        played.guest.handle_timeout(played.now).unwrap();
        assert_eq!(played.hear(), [plaintext(&[Payload::Ping])]);
        played.say(&[Payload::Pong]).unwrap();
        silences.push(due - since);
    }
    let (shortest, longest) = (silences.iter().min(), silences.iter().max());
    assert!(shortest.is_some_and(|silence| (12 * SECOND..13 * SECOND).contains(silence)));
    assert!(longest.is_some_and(|silence| (17 * SECOND..=18 * SECOND).contains(silence)));
    assert_eq!(events(&mut played.guest), []);
}

/// From the moment that an answer is owed.
const UNANSWERED: [(u64, &str); 8] = [
    (2, "ping"),
    (5, "unstable"),
    (5, "ping"),
    (6, "ping"),
    (7, "ping"),
    (8, "ping"),
    (9, "ping"),
    (10, "dead"),
];

#[test]
fn an_unanswered_ping_makes_a_link_unstable_after_five_seconds_and_dead_after_ten() {
    let mut played = Played::new();
    let asked = played.guest.deadline(true).unwrap();
    let mut expected = vec![(0, "ping")];
    expected.extend(UNANSWERED);
    assert_eq!(played.silence(asked), expected);
    let (live, deadline) = (played.guest.live(), played.guest.deadline(true));
    assert_eq!((live, deadline), (None, None));
    assert_eq!(Fault::Silent.to_string(), "no answer for 10 s");
}

#[test]
fn what_was_said_and_is_not_answered_is_the_same_as_a_ping() {
    let mut played = Played::new();
    let said = played.now;
    played.guest.say(0, "x").unwrap();
    assert_eq!(played.hear(), [plaintext(&[text(1)])]);
    // It counts from the first that was not answered, however much follows.
    played.now += SECOND;
    played.guest.say(0, "x").unwrap();
    assert_eq!(played.hear(), [plaintext(&[text(2)])]);
    assert_eq!(played.silence(said), UNANSWERED);
}

#[test]
fn what_crosses_with_something_said_is_no_answer_to_it() {
    let mut played = Played::new();
    played.guest.say(0, "x").unwrap();
    played.hear();
    played.now += SECOND;
    played.say(&[text(1), Payload::Pong]).unwrap();
    let crossed = played.now;
    let ack = Payload::Ack { received: 1 };
    played.now += 10 * MS;
    assert_eq!(played.hear(), [plaintext(&[ack])]);
    assert_eq!(texts(&mut played.guest), ["x"]);
    assert_eq!(played.silence(crossed), UNANSWERED);

    // The pong to a ping behind it is one, and so is the acknowledgement.
    let pong = &[Payload::Pong];
    for (answer, after) in [(pong, 2 * SECOND), (&[ack], SECOND)] {
        let mut played = Played::new();
        played.guest.say(0, "x").unwrap();
        played.hear();
        played.now += after;
        played.guest.handle_timeout(played.now).unwrap();
        played.hear();
        played.say(answer).unwrap();
        assert!(played.guest.deadline(true).unwrap() >= played.now + 12 * SECOND);
    }
}

#[test]
fn a_go_whose_answer_is_not_acknowledged_is_the_same_as_a_ping() {
    let mut played = Played::unheard();
    let answered = played.now;
    assert_eq!(played.silence(answered), UNANSWERED);
}

#[test]
fn a_ping_that_the_socket_does_not_take_is_a_silence_too() {
    let mut played = Played::new();
    let asked = played.guest.deadline(false).unwrap();
    let dead = loop {
        played.now = played.guest.deadline(false).unwrap();
        if let Err((_, fault)) = played.guest.handle_timeout(played.now) {
            break fault;
        }
    };
    assert_eq!(dead, Fault::Silent);
    assert_eq!(played.now, asked + 10 * SECOND);
}

#[test]
fn any_record_is_a_sign_of_life_and_a_forged_one_is_none() {
    let mut played = Played::new();
    for told in [
        &[Event::Unstable(false), Event::Withheld][..],
        &[Event::Unstable(false)],
    ] {
        played.guest.say(0, "x").unwrap();
        played.hear();
        let asked = played.now;
        while events(&mut played.guest) != [Event::Unstable(true)] {
            played.now = played.guest.deadline(true).unwrap();
            played.guest.handle_timeout(played.now).unwrap();
            played.hear();
        }
        assert_eq!(played.now, asked + 5 * SECOND);
        played.now = asked + 10 * SECOND - MS;
        played.guest.handle_timeout(played.now).unwrap();
        played.say(&[Payload::Pong]).unwrap();
        assert_eq!(events(&mut played.guest), told);
        let due = played.guest.deadline(true).unwrap();
        assert!(due >= played.now + 12 * SECOND);
        // A ping that was due, and did not go out, is not needed any more.
        assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
    }
    let mut forged = record(&mut played.host, played.now, &[]);
    *forged.last_mut().unwrap() ^= 1;
    let fault = played.guest.receive(played.id, &mut forged, played.now);
    assert!(matches!(fault, Err(Fault::Record(_))));
    assert_eq!(played.guest.live(), None);
}

#[test]
fn who_is_heard_and_acknowledges_nothing_is_told_of_once() {
    let mut played = Played::new();
    played.guest.say(0, "x").unwrap();
    played.hear();
    let said = played.now;
    let mut told = Vec::new();
    // A record without anything in it, each second.
    for second in 1..=60 {
        played.now = said + second * SECOND;
        played.guest.handle_timeout(played.now).unwrap();
        played.say(&[]).unwrap();
        played.hear();
        for event in events(&mut played.guest) {
            told.push((second, event));
        }
    }
    assert_eq!(told, [(10, Event::Unheeded)]);
    played.say(&[Payload::Ack { received: 1 }]).unwrap();
    assert_eq!(events(&mut played.guest), [Event::Delivered(1)]);
    // What is said next begins anew.
    played.guest.say(0, "y").unwrap();
    played.hear();
    played.now += 9 * SECOND;
    played.say(&[]).unwrap();
    assert_eq!(events(&mut played.guest), []);
    played.now += SECOND;
    played.say(&[]).unwrap();
    assert_eq!(events(&mut played.guest), [Event::Unheeded]);
}

#[test]
fn a_blocked_chat_that_acknowledges_nothing_is_not_given_up() {
    let mut pair = Pair::connected();
    pair.guest.block();
    for second in 0..600 {
        if second % 100 == 0 {
            pair.host.say(0, "unheard").unwrap();
        }
        pair.pass(SECOND);
        pair.carry();
    }
    assert_eq!(pair.host.live(), pair.guest.live());
    assert!(pair.host.live().is_some());
    assert_eq!(pair.host.queued(), 6);
    assert_eq!(events(&mut pair.host), [Event::Withheld]);
    assert_eq!(events(&mut pair.guest), []);
    pair.guest.unblock(pair.now);
    pair.pass(SECOND);
    pair.carry();
    assert_eq!(events(&mut pair.host), [Event::Delivered(6)]);
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
    assert_eq!(events(&mut pair.host), []);
    assert_eq!(events(&mut pair.guest), []);
}

#[test]
fn a_ping_is_answered_with_a_pong() {
    let mut played = Played::new();
    played.say(&[Payload::Ping]).unwrap();
    assert_eq!(played.hear(), [plaintext(&[Payload::Pong])]);
}
