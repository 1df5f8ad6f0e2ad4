//! Which link counts: `go`, its answer, and what is impossible in them.

use super::*;

fn go(link: u64, received: u64) -> Payload<'static> {
    Payload::Go { link, received }
}

/// Shows a guest a new link whose first record holds these payloads.
fn shown(pair: &mut Pair, payloads: &[Payload<'_>]) -> Result<(), Fault> {
    let [_, channel] = channels();
    let id = LinkId(1000);
    pair.guest
        .link_opened(id, channel, &plaintext(payloads), pair.now)
}

/// Shows a host the answer on the link that it nominated last.
fn answered(pair: &mut Pair, payloads: &[Payload<'_>]) -> Result<(), Fault> {
    let [channel, _] = channels();
    let id = LinkId(1000);
    pair.host
        .link_answered(id, channel, &plaintext(payloads), pair.now)
}

#[test]
fn a_link_counts_from_go_and_its_answer() {
    let mut pair = Pair::apart();
    assert_eq!((pair.host.live(), pair.guest.live()), (None, None));
    let id = pair.connect();
    assert_eq!((pair.host.live(), pair.guest.live()), (Some(id), Some(id)));
    let next = pair.connect();
    assert_ne!(next, id);
    assert_eq!(
        (pair.host.live(), pair.guest.live()),
        (Some(next), Some(next))
    );
}

#[test]
fn a_stale_or_repeated_go_is_refused_and_touches_nothing() {
    let mut pair = Pair::connected();
    let id = pair.connect();
    for link in [0, 1, 2] {
        assert_eq!(shown(&mut pair, &[go(link, 0)]), Err(Fault::Stale));
    }
    assert_eq!(pair.guest.live(), Some(id));
    pair.host.say(0, "still here").unwrap();
    pair.carry();
    assert_eq!(texts(&mut pair.guest), ["still here"]);
}

#[test]
fn a_go_that_was_given_up_and_arrives_late_is_stale_not_fatal() {
    let mut pair = Pair::connected();
    let late = pair.host.nominate();
    pair.host.go_failed(pair.now);
    pair.guest.say(0, "meanwhile").unwrap();
    pair.carry();
    pair.pass(10 * MS);
    pair.carry();
    assert_eq!(pair.guest.queued(), 0);
    assert_eq!(shown(&mut pair, &[late]), Err(Fault::Stale));
    assert_eq!(pair.guest.live(), Some(LinkId(1)));
}

#[test]
fn an_answer_to_a_replaced_go_is_stale_and_the_newer_one_still_waits() {
    let mut pair = Pair::connected();
    pair.host.nominate();
    pair.host.nominate();
    assert_eq!(answered(&mut pair, &[go(2, 0)]), Err(Fault::Stale));
    assert!(pair.host.is_frozen());
    assert_eq!(answered(&mut pair, &[go(3, 0)]), Ok(()));
    assert_eq!(pair.host.live(), Some(LinkId(1000)));
}

#[test]
fn an_answer_after_the_go_was_given_up_changes_nothing() {
    let mut pair = Pair::connected();
    pair.host.nominate();
    pair.host.go_failed(pair.now);
    assert_eq!(answered(&mut pair, &[go(2, 0)]), Err(Fault::Stale));
    assert_eq!(pair.host.live(), Some(LinkId(1)));
}

#[test]
fn impossible_numbers_in_go_and_its_answer_are_fatal() {
    let mut pair = Pair::connected();
    pair.guest.say(0, "never sent").unwrap();
    for received in [1, u64::MAX] {
        let fault = shown(&mut pair, &[go(9, received)]).unwrap_err();
        assert_eq!(fault, Fault::Misbehaved("impossible acknowledgement"));
        assert!(fault.is_fatal());
    }
    assert_eq!(pair.guest.live(), Some(LinkId(1)));

    pair.host.nominate();
    let fault = answered(&mut pair, &[go(3, 0)]).unwrap_err();
    assert_eq!(fault, Fault::Misbehaved("an answer to no go"));
    let fault = answered(&mut pair, &[go(2, 1)]).unwrap_err();
    assert_eq!(fault, Fault::Misbehaved("impossible acknowledgement"));
}

#[test]
fn an_answer_below_what_was_acknowledged_is_fatal() {
    let mut pair = Pair::connected();
    pair.host.say(0, "a").unwrap();
    pair.carry();
    pair.pass(10 * MS);
    pair.carry();
    assert_eq!(pair.host.queued(), 0);
    pair.host.nominate();
    let fault = answered(&mut pair, &[go(2, 0)]).unwrap_err();
    assert_eq!(fault, Fault::Misbehaved("impossible acknowledgement"));
}

#[test]
fn a_link_that_does_not_begin_with_go_is_fatal() {
    let mut pair = Pair::apart();
    for first in [
        &[][..],
        &[Payload::Ping],
        &[Payload::Ack { received: 0 }, go(1, 0)],
    ] {
        let fault = shown(&mut pair, first).unwrap_err();
        assert_eq!(fault, Fault::Misbehaved("a link without go"));
    }
    pair.host.nominate();
    let fault = answered(&mut pair, &[Payload::Ping]).unwrap_err();
    assert_eq!(fault, Fault::Misbehaved("go without an answer"));
    assert_eq!((pair.host.live(), pair.guest.live()), (None, None));
}

#[test]
fn a_second_go_on_a_link_is_fatal() {
    let mut played = Played::new();
    let fault = played.say(&[go(2, 0)]).unwrap_err();
    assert_eq!(fault, Fault::Misbehaved("a second go"));
    assert_eq!(played.guest.live(), None);

    let mut pair = Pair::apart();
    let fault = shown(&mut pair, &[go(1, 0), go(2, 0)]).unwrap_err();
    assert_eq!(fault, Fault::Misbehaved("a second go"));
    assert_eq!(pair.guest.live(), None);
}

#[test]
fn while_a_go_is_unanswered_the_former_link_is_frozen() {
    let mut pair = Pair::connected();
    pair.host.say(0, "waits").unwrap();
    pair.host.nominate();
    assert!(pair.host.is_frozen());
    assert_eq!(transmit(&mut pair.host, pair.now), Vec::<Vec<u8>>::new());
    assert_eq!(pair.host.deadline(true), None);
    pair.host.go_failed(pair.now);
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 1);
}

#[test]
fn silence_while_frozen_is_not_held_against_the_link() {
    let mut pair = Pair::connected();
    pair.host.say(0, "waits for its acknowledgement").unwrap();
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 1);
    pair.now += 4 * SECOND;
    pair.host.nominate();
    for _ in 0..60 {
        pair.now += SECOND;
        assert_eq!(pair.host.handle_timeout(pair.now), Ok(()));
    }
    pair.host.go_failed(pair.now);
    // Asks at once, and the peer has the usual time.
    let thawed = pair.now;
    assert_eq!(pair.host.deadline(true), Some(thawed));
    assert_eq!(pair.host.handle_timeout(thawed), Ok(()));
    assert_eq!(transmit(&mut pair.host, thawed).len(), 1);
    let before = thawed + 5 * SECOND - MS;
    assert_eq!(pair.host.handle_timeout(before), Ok(()));
    assert_eq!(events(&mut pair.host), []);
    let before = thawed + 10 * SECOND - MS;
    assert_eq!(pair.host.handle_timeout(before), Ok(()));
    assert_eq!(events(&mut pair.host), [Event::Unstable(true)]);
    let dead = pair.host.handle_timeout(thawed + 10 * SECOND);
    assert_eq!(dead, Err((LinkId(1), Fault::Silent)));
}

#[test]
fn a_quiet_link_is_asked_at_once_when_it_is_read_again() {
    let mut pair = Pair::connected();
    pair.host.nominate();
    pair.now += 60 * SECOND;
    pair.host.go_failed(pair.now);
    assert_eq!(pair.host.handle_timeout(pair.now), Ok(()));
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 1);
    let before = pair.now + 10 * SECOND - MS;
    assert_eq!(pair.host.handle_timeout(before), Ok(()));
}

#[test]
fn another_link_ends_the_doubt_about_the_one_before() {
    let mut pair = Pair::connected();
    for session in [&mut pair.host, &mut pair.guest] {
        session.say(0, "unanswered").unwrap();
        transmit(session, pair.now);
    }
    pair.pass(5 * SECOND);
    pair.connect();
    for session in [&mut pair.host, &mut pair.guest] {
        let told = events(session);
        let doubts = told.iter().filter(|e| matches!(e, Event::Unstable(_)));
        let doubts: Vec<_> = doubts.collect();
        assert_eq!(doubts, [&Event::Unstable(true), &Event::Unstable(false)]);
    }
}

#[test]
fn records_of_a_link_that_does_not_count_are_passed_over() {
    let mut pair = Pair::connected();
    let mut body = vec![1; 400];
    assert_eq!(pair.guest.receive(LinkId(77), &mut body, pair.now), Ok(()));
    pair.guest.link_lost(LinkId(77));
    assert_eq!(pair.guest.live(), Some(LinkId(1)));
}
