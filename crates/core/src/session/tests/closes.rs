//! Closes of streams: said by one end, by both, late, twice, again on another link, and without end.

use super::streams::streaming;
use super::*;
use crate::payload::{StreamPart, decode};
use crate::session::streams::{STREAMS_MAX, StreamId};

#[test]
fn a_close_that_was_lost_is_said_again() {
    for closer in [Role::Host, Role::Guest] {
        let (mut pair, stream) = streaming();
        let (one, other) = match closer {
            Role::Host => (&mut pair.host, &mut pair.guest),
            Role::Guest => (&mut pair.guest, &mut pair.host),
        };
        one.close_stream(stream);
        // Heard and confirmed; the confirmation is lost.
        let id = LinkId(pair.links);
        for mut body in transmit(one, pair.now) {
            other.receive(id, &mut body, pair.now).unwrap();
        }
        transmit(other, pair.now);
        assert!(events(other).contains(&Event::Closed(stream)));
        pair.connect();
        pair.carry();
        assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
        let told = [&mut pair.host, &mut pair.guest].map(events).concat();
        // Of the stream nothing is known any more where it was received: there it is told again.
        assert_eq!(told.contains(&Event::Closed(stream)), closer == Role::Guest);
    }
}

/// More messages wait than a record holds: the last of them says why.
#[test]
fn a_close_comes_behind_the_messages_that_were_said_before() {
    let (mut pair, stream) = streaming();
    let one = &mut pair.guest;
    for _ in 0..10 {
        one.say(0, &"x".repeat(crate::payload::TEXT_MAX)).unwrap();
    }
    one.say(0, "why").unwrap();
    one.close_stream(stream);
    pair.carry();
    let told = events(&mut pair.host);
    let at = |fits: &dyn Fn(&Event) -> bool| told.iter().position(fits).unwrap();
    let why = at(&|event| matches!(event, Event::Text { text, .. } if text == "why"));
    assert!(why < at(&|event| *event == Event::Closed(stream)));
}

#[test]
fn both_may_close_at_once_and_refuse_what_was_never_accepted() {
    let mut pair = Pair::connected();
    let stream = pair.guest.open_stream().unwrap();
    pair.host.close_stream(stream);
    pair.guest.close_stream(stream);
    pair.carry();
    assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
    assert_eq!(events(&mut pair.host), []);
    assert_eq!(events(&mut pair.guest), []);
}

/// Each end closes before it hears that the other one has, and one of them says nothing before.
#[test]
fn a_close_that_comes_before_ours_went_out_is_answered() {
    for first in [Role::Host, Role::Guest] {
        let (mut pair, stream) = streaming();
        pair.host.close_stream(stream);
        pair.guest.close_stream(stream);
        let (one, other) = match first {
            Role::Host => (&mut pair.host, &mut pair.guest),
            Role::Guest => (&mut pair.guest, &mut pair.host),
        };
        for mut body in transmit(one, pair.now) {
            other
                .receive(LinkId(pair.links), &mut body, pair.now)
                .unwrap();
        }
        pair.carry();
        assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
        assert_eq!(events(&mut pair.host), []);
        assert_eq!(events(&mut pair.guest), []);
    }
}

#[test]
fn closes_that_crossed_and_were_lost_are_settled_on_another_link() {
    let (mut pair, stream) = streaming();
    pair.host.close_stream(stream);
    pair.guest.close_stream(stream);
    transmit(&mut pair.host, pair.now);
    transmit(&mut pair.guest, pair.now);
    pair.connect();
    assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
}

/// Else the second answer is a close of its own, and so on without end.
#[test]
fn what_is_closed_twice_is_said_once() {
    let mut pair = Pair::connected();
    let stream = pair.guest.open_stream().unwrap();
    pair.host.close_stream(stream);
    let first = transmit(&mut pair.host, pair.now);
    pair.host.close_stream(stream);
    assert_eq!(transmit(&mut pair.host, pair.now).len(), 0);
    for mut body in first {
        pair.guest
            .receive(LinkId(pair.links), &mut body, pair.now)
            .unwrap();
    }
    pair.carry();
    assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
}

/// A message that names a stream may be read long after its sender closed that.
#[test]
fn who_accepts_what_was_closed_meanwhile_hears_that() {
    for answered in [false, true] {
        let mut pair = Pair::connected();
        let stream = pair.guest.open_stream().unwrap();
        pair.guest.close_stream(stream);
        if answered {
            pair.carry();
        } else {
            for mut body in transmit(&mut pair.guest, pair.now) {
                pair.host
                    .receive(LinkId(pair.links), &mut body, pair.now)
                    .unwrap();
            }
        }
        pair.host.accept(stream, 0, pair.now).unwrap();
        pair.carry();
        let told = events(&mut pair.host);
        let is_it = |event: &Event| *event == Event::Closed(stream);
        // By the close, and by what is said of the credit.
        assert!(told.len() == 2 && told.iter().all(is_it), "{told:?}");
        assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
    }
}

/// Whoever names streams and confirms no close gets no more of our memory, and our records hold
/// what there is to say.
#[test]
fn refusals_without_end_fit_in_a_record() {
    let mut played = Played::new();
    for number in 0..10_000 {
        played.guest.close_stream(StreamId(2 * number + 1));
    }
    let closes = |played: &mut Played| {
        let records = played.hear();
        let count = |record: &Vec<u8>| decode(record).map(Result::unwrap).count();
        records.iter().map(count).sum::<usize>()
    };
    assert_eq!(closes(&mut played), 2 * STREAMS_MAX);
    assert_eq!(closes(&mut played), 0);
    // Each answer makes room for another.
    played
        .say(&[Payload::Stream(1, StreamPart::Close)])
        .unwrap();
    assert_eq!(closes(&mut played), 1);
    let waiting = played.guest.streams.closing();
    assert!(waiting < 2000, "{waiting}");
}

/// A cut after the answer to each close: the sender may open as many again, and the other end does
/// not know yet that there is room.
#[test]
fn what_was_answered_on_a_lost_link_is_in_nobodys_way() {
    let mut pair = Pair::connected();
    let all = |session: &mut Session| {
        let streams = [(); STREAMS_MAX].map(|()| session.open_stream().unwrap());
        streams.to_vec()
    };
    let (former, ours) = (all(&mut pair.guest), all(&mut pair.host));
    former.iter().for_each(|id| pair.host.close_stream(*id));
    for mut body in transmit(&mut pair.host, pair.now) {
        pair.guest
            .receive(LinkId(pair.links), &mut body, pair.now)
            .unwrap();
    }
    transmit(&mut pair.guest, pair.now);
    let next = all(&mut pair.guest);
    let [host, guest] = channels();
    let id = pair.open(host, guest);
    for (stream, refused) in next.iter().zip([false, true].into_iter().cycle()) {
        pair.host.accept(*stream, 0, pair.now).unwrap();
        if refused {
            pair.host.close_stream(*stream);
        }
    }
    ours.iter().for_each(|id| pair.host.close_stream(*id));
    // Before a word of the guest's: no more than it takes.
    for mut body in transmit(&mut pair.host, pair.now) {
        pair.guest.receive(id, &mut body, pair.now).unwrap();
    }
    pair.carry();
    next.iter()
        .step_by(2)
        .for_each(|id| pair.host.close_stream(*id));
    pair.carry();
    assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
}
