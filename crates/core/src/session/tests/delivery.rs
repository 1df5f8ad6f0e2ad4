//! Messages: once, in order, acknowledged; back-pressure, a chat that is blocked,
//! and goodbyes.

use super::*;
use crate::files::compare::Chunks;
use crate::files::{Offer, OfferId, Outcome};
use crate::payload::{Body, TEXT_MAX, decode};
use crate::session::outbox::{BYTES_MAX, Full, MESSAGES_MAX};

fn text(seq: u64) -> Payload<'static> {
    let body = Body::Text {
        sent: 0,
        text: "x",
        resent: false,
    };
    Payload::Reliable { seq, body }
}

fn say_all(session: &mut Session, words: &[&str]) {
    for word in words {
        session.say(0, word).unwrap();
    }
}

#[test]
fn what_is_queued_without_a_link_arrives_when_there_is_one() {
    let mut pair = Pair::apart();
    say_all(&mut pair.host, &["a", "b"]);
    say_all(&mut pair.guest, &["c"]);
    pair.connect();
    assert_eq!(texts(&mut pair.guest), ["a", "b"]);
    assert_eq!(texts(&mut pair.host), ["c"]);
}

#[test]
fn what_a_lost_link_swallowed_goes_out_again_and_what_arrived_is_not_shown_twice() {
    let mut pair = Pair::connected();
    say_all(&mut pair.host, &["arrives, its ack is lost"]);
    for mut body in transmit(&mut pair.host, pair.now) {
        pair.guest.receive(LinkId(1), &mut body, pair.now).unwrap();
    }
    say_all(&mut pair.host, &["lost"]);
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 1);
    for session in [&mut pair.host, &mut pair.guest] {
        session.link_lost(LinkId(1));
    }
    pair.connect();
    assert_eq!(texts(&mut pair.guest), ["arrives, its ack is lost", "lost"]);
    let told = events(&mut pair.host);
    assert!(told.contains(&Event::Delivered(1)));
}

#[test]
fn a_burst_shares_records_and_a_single_message_goes_at_once() {
    let mut pair = Pair::connected();
    say_all(&mut pair.host, &["alone"]);
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 1);
    for _ in 0..1000 {
        pair.host.say(0, &"x".repeat(100)).unwrap();
    }
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 2);
}

#[test]
fn the_longest_messages_fit_and_one_turn_of_writing_is_bounded() {
    let mut pair = Pair::connected();
    let long = "x".repeat(TEXT_MAX);
    for _ in 0..40 {
        pair.host.say(0, &long).unwrap();
    }
    let mut out = Vec::new();
    pair.host.poll_transmit(pair.now, &mut out).unwrap();
    assert!(out.len() < 400 * 1024, "{}", out.len());
    for mut body in bodies(&out) {
        pair.guest.receive(LinkId(1), &mut body, pair.now).unwrap();
    }
    pair.carry();
    assert_eq!(texts(&mut pair.guest), vec![long; 40]);
}

#[test]
fn a_full_outbox_takes_nothing_until_something_is_acknowledged() {
    let mut pair = Pair::connected();
    for _ in 0..MESSAGES_MAX {
        pair.host.say(0, "x").unwrap();
    }
    assert!(!pair.host.has_room());
    assert_eq!(pair.host.say(0, "too much"), Err(Full));
    pair.carry();
    assert_eq!((pair.host.queued(), pair.host.has_room()), (0, true));
    assert_eq!(pair.host.say(0, "again"), Ok(MESSAGES_MAX as u64 + 1));
}

#[test]
fn a_gap_is_fatal_and_a_repeated_message_is_acknowledged_not_shown() {
    let mut played = Played::new();
    played.say(&[text(1), text(1)]).unwrap();
    assert_eq!(texts(&mut played.guest).len(), 1);
    played.say(&[text(1), text(1)]).unwrap();
    assert_eq!(texts(&mut played.guest).len(), 0);
    played.now += 10 * MS;
    assert_eq!(played.hear(), [plaintext(&[Payload::Ack { received: 1 }])]);

    let gap = played.say(&[text(3)]).unwrap_err();
    assert_eq!(gap, Fault::Misbehaved("a gap in the messages"));
    assert_eq!(
        (played.guest.live(), texts(&mut played.guest).len()),
        (None, 0)
    );
}

#[test]
fn impossible_acknowledgements_are_fatal() {
    for received in [1, u64::MAX] {
        let mut played = Played::new();
        let fault = played.say(&[Payload::Ack { received }]).unwrap_err();
        assert_eq!(fault, Fault::Misbehaved("impossible acknowledgement"));
        assert!(fault.is_fatal());
    }
    let mut played = Played::new();
    say_all(&mut played.guest, &["a", "b"]);
    played.hear();
    played.say(&[Payload::Ack { received: 2 }]).unwrap();
    let less = played.say(&[Payload::Ack { received: 1 }]).unwrap_err();
    assert_eq!(less, Fault::Misbehaved("impossible acknowledgement"));
}

#[test]
fn a_malformed_payload_is_fatal_and_an_unknown_one_is_acknowledged() {
    let mut played = Played::new();
    let mut body = Vec::new();
    let unknown = |buf: &mut Vec<u8>| buf.extend([0x82, 0x18, 40, 1]);
    played.host.seal(played.now, &mut body, unknown).unwrap();
    let body = &mut bodies(&body)[0];
    played.guest.receive(played.id, body, played.now).unwrap();
    played.now += 10 * MS;
    assert_eq!(played.hear(), [plaintext(&[Payload::Ack { received: 1 }])]);

    let mut body = Vec::new();
    let garbage = |buf: &mut Vec<u8>| buf.extend([0xff, 0xff]);
    played.host.seal(played.now, &mut body, garbage).unwrap();
    let body = &mut bodies(&body)[0];
    let fault = played.guest.receive(played.id, body, played.now);
    assert_eq!(fault, Err(Fault::Misbehaved("malformed payload")));
}

#[test]
fn while_blocked_nothing_is_acknowledged_and_unblocking_shows_all_once() {
    let mut pair = Pair::connected();
    pair.guest.block();
    say_all(&mut pair.host, &["a", "b"]);
    pair.carry();
    pair.pass(SECOND);
    assert_eq!(pair.carry(), [0, 0]);
    assert_eq!((texts(&mut pair.guest).len(), pair.host.queued()), (0, 2));
    // A change of link while blocked: sent again, held once, still unacknowledged.
    pair.connect();
    say_all(&mut pair.host, &["c"]);
    pair.carry();
    assert_eq!((texts(&mut pair.guest).len(), pair.host.queued()), (0, 3));
    pair.guest.unblock(pair.now);
    assert_eq!(texts(&mut pair.guest), ["a", "b", "c"]);
    pair.pass(10 * MS);
    pair.carry();
    assert_eq!((texts(&mut pair.guest).len(), pair.host.queued()), (0, 0));
}

#[test]
fn a_chat_unblocked_without_a_link_acknowledges_on_the_next() {
    let mut pair = Pair::connected();
    pair.guest.block();
    say_all(&mut pair.host, &["a"]);
    pair.carry();
    pair.guest.link_lost(LinkId(1));
    pair.guest.unblock(pair.now);
    assert_eq!(texts(&mut pair.guest), ["a"]);
    pair.connect();
    assert_eq!((texts(&mut pair.guest).len(), pair.host.queued()), (0, 0));
}

#[test]
fn an_unknown_payload_held_back_is_neither_shown_nor_called_delivered() {
    let mut played = Played::new();
    played.guest.block();
    let mut body = Vec::new();
    let unknown = |buf: &mut Vec<u8>| buf.extend([0x82, 0x18, 40, 1]);
    played.host.seal(played.now, &mut body, unknown).unwrap();
    let body = &mut bodies(&body)[0];
    played.guest.receive(played.id, body, played.now).unwrap();
    events(&mut played.guest);
    played.guest.unblock(played.now);
    assert_eq!(events(&mut played.guest), []);
    played.now += 10 * MS;
    assert_eq!(played.hear(), [plaintext(&[Payload::Ack { received: 1 }])]);
}

#[test]
fn more_than_may_be_unacknowledged_is_refused_while_blocked() {
    let mut played = Played::new();
    played.guest.block();
    for seq in 1..=MESSAGES_MAX as u64 {
        played.say(&[text(seq)]).unwrap();
    }
    let fault = played.say(&[text(MESSAGES_MAX as u64 + 1)]).unwrap_err();
    assert!(fault.is_fatal());
}

#[test]
fn more_than_may_be_unacknowledged_is_refused_while_nothing_is_shown() {
    let mut played = Played::new();
    let most = MESSAGES_MAX as u64;
    for seq in 1..=most {
        played.say(&[text(seq)]).unwrap();
    }
    // What is shown makes room, also where the peer does not know of that.
    played.guest.shown(1, played.now);
    played.say(&[text(most + 1)]).unwrap();
    let fault = played.say(&[text(most + 2)]).unwrap_err();
    assert!(fault.is_fatal());
}

#[test]
fn more_bytes_than_may_be_unacknowledged_are_refused_while_blocked() {
    let mut played = Played::new();
    played.guest.block();
    let long = "x".repeat(TEXT_MAX);
    let (mut said, mut seq) = (0, 0);
    let fault = loop {
        seq += 1;
        let body = Body::Text {
            sent: 0,
            text: &long,
            resent: false,
        };
        if let Err(fault) = played.say(&[Payload::Reliable { seq, body }]) {
            break fault;
        }
        said += long.len();
    };
    assert!(fault.is_fatal() && (BYTES_MAX..BYTES_MAX + TEXT_MAX).contains(&said));
}

#[test]
fn goodbye_goes_out_after_what_is_queued_and_ends_the_session_at_both_ends() {
    for role in [Role::Host, Role::Guest] {
        let mut pair = Pair::connected();
        let (leaver, other) = match role {
            Role::Host => (&mut pair.host, &mut pair.guest),
            Role::Guest => (&mut pair.guest, &mut pair.host),
        };
        say_all(leaver, &["last words"]);
        leaver.leave();
        assert!(!leaver.is_over() && leaver.resume().is_some());
        let [mut body] = transmit(leaver, pair.now).try_into().unwrap();
        assert!(leaver.is_over() && leaver.resume().is_none());
        events(other);
        other.receive(LinkId(1), &mut body, pair.now).unwrap();
        assert!(other.is_over() && other.resume().is_none());
        let said = events(other);
        assert!(matches!(&said[..], [Event::Text { .. }, Event::Left]));
        // Nothing more is said.
        assert_eq!(transmit(leaver, pair.now).len(), 0);
    }
}

#[test]
fn an_end_without_goodbye_is_lost_not_left() {
    let mut pair = Pair::connected();
    say_all(&mut pair.host, &["kept"]);
    for session in [&mut pair.host, &mut pair.guest] {
        events(session);
        session.link_lost(LinkId(1));
        assert_eq!(events(session), []);
        assert!(!session.is_over() && session.resume().is_some());
    }
    assert_eq!(pair.host.queued(), 1);
}

#[test]
fn nothing_follows_a_goodbye() {
    let mut played = Played::new();
    played.say(&[Payload::Bye, text(1)]).unwrap();
    played.say(&[text(1)]).unwrap();
    let told = events(&mut played.guest);
    assert_eq!(told, [Event::Left]);
    assert_eq!(played.hear(), Vec::<Vec<u8>>::new());
}

/// What the host has to write reaches the guest.
fn carry(pair: &mut Pair) {
    for mut body in transmit(&mut pair.host, pair.now) {
        pair.guest.receive(LinkId(1), &mut body, pair.now).unwrap();
    }
}

/// What the guest has to write reaches the host, which hears of it.
fn answer(pair: &mut Pair) -> Vec<Event> {
    for mut body in transmit_unshown(&mut pair.guest, pair.now) {
        pair.host.receive(LinkId(1), &mut body, pair.now).unwrap();
    }
    events(&mut pair.host)
}

#[test]
fn what_was_not_shown_is_not_acknowledged() {
    let mut pair = Pair::connected();
    events(&mut pair.host);
    say_all(&mut pair.host, &["written", "refused", "after it"]);
    carry(&mut pair);
    pair.guest.shown(1, pair.now);
    pair.guest.fail();
    assert_eq!(answer(&mut pair), [Event::Delivered(1), Event::Failed]);
    assert_eq!(pair.host.queued(), 2);
    assert!(pair.host.is_over() && pair.host.resume().is_none());
}

#[test]
fn what_is_shown_late_is_acknowledged_then_and_at_once() {
    let mut pair = Pair::connected();
    events(&mut pair.host);
    say_all(&mut pair.host, &["one", "two"]);
    carry(&mut pair);
    // The time of its acknowledgement passes.
    pair.now += Duration::from_secs(1);
    assert_eq!(answer(&mut pair), []);
    pair.guest.shown(1, pair.now);
    assert_eq!(answer(&mut pair), [Event::Delivered(1)]);
    // Nothing is due any more.
    assert_eq!(
        transmit_unshown(&mut pair.guest, pair.now),
        Vec::<Vec<u8>>::new()
    );
    // More is not shown than came.
    pair.guest.shown(u64::MAX, pair.now);
    assert_eq!(answer(&mut pair), [Event::Delivered(2)]);
    say_all(&mut pair.host, &["three"]);
    carry(&mut pair);
    pair.now += Duration::from_secs(1);
    assert_eq!(answer(&mut pair), []);
}

#[test]
fn a_pong_waits_for_what_is_yet_to_be_shown_and_not_for_long() {
    let mut pair = Pair::connected();
    events(&mut pair.host);
    let none = Vec::<Vec<u8>>::new();
    for shown in [true, false] {
        say_all(&mut pair.host, &["one"]);
        carry(&mut pair);
        // Its acknowledgement is due, and says nothing new.
        pair.now += Duration::from_millis(10);
        answer(&mut pair);
        pair.guest.take(Payload::Ping, pair.now).unwrap();
        assert_eq!(transmit_unshown(&mut pair.guest, pair.now), none);
        match shown {
            true => pair.guest.shown(u64::MAX, pair.now),
            false => pair.now += Duration::from_secs(1),
        }
        let pongs = transmit_unshown(&mut pair.guest, pair.now);
        assert_ne!(pongs, none);
        for mut body in pongs {
            pair.host.receive(LinkId(1), &mut body, pair.now).unwrap();
        }
        events(&mut pair.host);
    }
}

#[test]
fn what_is_no_message_is_acknowledged_unshown() {
    let mut played = Played::new();
    let unknown = |seq| Payload::Reliable {
        seq,
        body: Body::Unknown,
    };
    let (guest, now) = (&mut played.guest, Instant::now());
    for (payload, reported) in [
        (unknown(1), 1),
        (unknown(2), 2),
        (text(3), 2),
        (unknown(4), 2),
    ] {
        guest.take(payload, now).unwrap();
        assert_eq!(guest.reported(), reported);
    }
    guest.shown(3, now);
    assert_eq!(guest.reported(), 4);
}

#[test]
fn debug_shows_nothing_of_what_was_said() {
    let mut pair = Pair::apart();
    pair.host.block();
    say_all(&mut pair.host, &["an otter"]);
    say_all(&mut pair.guest, &["an otter"]);
    pair.connect();
    for session in [&pair.host, &pair.guest] {
        let shown = format!("{session:?}");
        assert!(shown.starts_with("Session"), "{shown}");
        // Neither as text nor as the bytes that hold it.
        let bytes = format!("{:?}", b"otter");
        assert!(!shown.contains("otter"), "{shown}");
        assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
    }
}

#[test]
fn nothing_is_acknowledged_twice_while_it_waits_to_be_shown() {
    let mut played = Played::new();
    played.say(&[text(1), text(2)]).unwrap();
    assert!(played.guest.poll_event().is_some());
    played.now += 10 * MS;
    played.guest.handle_timeout(played.now).unwrap();
    let early = transmit_unshown(&mut played.guest, played.now);
    assert_eq!(early.len(), 0, "it would say what the host knows");
    let deadline = played.guest.deadline(true).unwrap();
    assert!(deadline > played.now, "nor does anybody wake for it");
    played.guest.shown(1, played.now);
    let mut records = transmit_unshown(&mut played.guest, played.now);
    assert_eq!(records.len(), 1);
    let plain = played.host.open(&mut records[0]).unwrap();
    assert!(decode(plain).eq([Ok(Payload::Ack { received: 1 })]));
}

/// What is offered on streams of these numbers.
fn offer(list: u64, data: u64) -> Offer {
    Offer {
        id: OfferId([7; 32]),
        list,
        data,
        name: "a.txt".into(),
        count: 1,
        size: Some(5),
    }
}

#[test]
fn offers_and_outcomes_are_told_and_acknowledged_in_order_with_messages() {
    let mut pair = Pair::connected();
    say_all(&mut pair.guest, &["a"]);
    assert_eq!(pair.guest.offer(offer(2, 4)), Ok(2));
    let id = OfferId([7; 32]);
    assert_eq!(pair.guest.tell_outcome(id, Outcome::Cancelled), Ok(3));
    let chunks = Chunks::of(5_000_000);
    assert_eq!(pair.guest.compare(id, chunks), Ok(4));
    assert_eq!(pair.guest.tell_hashes(id, vec![7; 64]), Ok(5));
    for mut body in transmit(&mut pair.guest, pair.now) {
        pair.host.receive(LinkId(1), &mut body, pair.now).unwrap();
    }
    let told: Vec<_> = std::iter::from_fn(|| pair.host.poll_event()).collect();
    let (seq, offer) = (2, offer(2, 4));
    let compare = Event::Compare { seq: 4, id, chunks };
    let hashes = Event::Hashes {
        seq: 5,
        id,
        hashes: [7; 64].into(),
    };
    let cancelled = Event::Outcome {
        seq: 3,
        id,
        outcome: Outcome::Cancelled,
    };
    let expected = [Event::Offer { seq, offer }, cancelled, compare, hashes];
    assert_eq!(told[1..], expected);
    // Each is acknowledged once it was shown, and not before.
    for seq in 1..=5 {
        pair.host.shown(seq, pair.now);
        pair.pass(20 * MS);
        for mut body in transmit_unshown(&mut pair.host, pair.now) {
            pair.guest.receive(LinkId(1), &mut body, pair.now).unwrap();
        }
        assert_eq!(events(&mut pair.guest), [Event::Delivered(seq)]);
    }
}

#[test]
fn a_chat_that_is_blocked_holds_offers_back_too() {
    let mut pair = Pair::connected();
    pair.host.block();
    pair.guest.offer(offer(2, 4)).unwrap();
    pair.carry();
    assert_eq!(events(&mut pair.host), []);
    pair.host.unblock(pair.now);
    let (seq, offer) = (1, offer(2, 4));
    assert_eq!(events(&mut pair.host), [Event::Offer { seq, offer }]);
    pair.pass(20 * MS);
    pair.carry();
    assert!(events(&mut pair.guest).contains(&Event::Delivered(1)));
}

#[test]
fn an_offer_on_our_own_streams_is_fatal() {
    for (list, data) in [(1, 2), (2, 1), (1, 3)] {
        let mut pair = Pair::connected();
        pair.guest.offer(offer(list, data)).unwrap();
        let mut body = transmit(&mut pair.guest, pair.now).remove(0);
        let fault = pair.host.receive(LinkId(1), &mut body, pair.now);
        assert!(fault.unwrap_err().is_fatal(), "{list} {data}");
    }
}
