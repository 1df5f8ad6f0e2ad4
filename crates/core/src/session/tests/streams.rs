//! Streams: bytes under credit, beside messages, across links; and peers that take what they were
//! not given.

use super::*;
use crate::crypto::seal::LANES;
use crate::payload::{StreamPart, decode};
use crate::session::streams::{CREDIT, PIECE_MAX, STREAMS_MAX, StreamId, Wanted};

/// Two on a link, and a stream of the guest's that the host has accepted.
pub(super) fn streaming() -> (Pair, StreamId) {
    let mut pair = Pair::connected();
    let stream = pair.guest.open_stream().unwrap();
    pair.host.accept(stream, 0, pair.now).unwrap();
    pair.carry();
    (pair, stream)
}

/// What stands at a place of a stream.
fn byte(stream: StreamId, offset: u64) -> u8 {
    (offset.wrapping_mul(31) + stream.0 * 7 + (offset >> 8)) as u8
}

/// A piece of a stream of `size` bytes, and whether it is the last one.
fn read(wanted: Wanted, size: u64) -> (Vec<u8>, bool) {
    let end = size.min(wanted.offset + wanted.len as u64);
    let bytes = (wanted.offset..end).map(|offset| byte(wanted.stream, offset));
    (bytes.collect(), end == size)
}

/// Supplies what is wanted, of streams of `size` bytes.
fn supply(session: &mut Session, size: u64) {
    for wanted in session.wanted() {
        let (bytes, last) = read(wanted, size);
        assert!(session.supply(wanted, &bytes, last));
    }
}

/// What arrived of one stream, where it was checked to be what was sent.
#[derive(Default, Debug, PartialEq, Eq)]
struct Got {
    upto: u64,
    last: bool,
    closed: bool,
}

fn get(session: &mut Session, stream: StreamId, got: &mut Got) {
    for event in events(session) {
        match event {
            Event::Piece {
                stream: of,
                offset,
                bytes,
                last,
            } if of == stream => {
                assert_eq!(offset, got.upto);
                let here = bytes.iter().zip(offset..);
                here.for_each(|(found, at)| assert_eq!(*found, byte(stream, at)));
                got.upto += bytes.len() as u64;
                got.last = last;
            }
            Event::Closed(of) if of == stream => got.closed = true,
            _ => {}
        }
    }
}

/// Carries everything, the guest's streams being of `size` bytes; the host takes all of this one.
fn run(pair: &mut Pair, stream: StreamId, size: u64, got: &mut Got) {
    loop {
        supply(&mut pair.guest, size);
        let carried = pair.carry();
        get(&mut pair.host, stream, got);
        pair.host.took(stream, got.upto, pair.now);
        pair.pass(10 * MS);
        if carried == [0, 0] && pair.guest.wanted().is_empty() {
            return;
        }
    }
}

#[test]
fn a_stream_arrives_and_is_closed_by_both() {
    for size in [0, 1, PIECE_MAX as u64, 3 * CREDIT + 17] {
        let mut pair = Pair::connected();
        let stream = pair.guest.open_stream().unwrap();
        assert_eq!(stream, StreamId(2));
        assert_eq!(pair.guest.wanted(), [], "no credit yet");
        pair.host.accept(stream, 0, pair.now).unwrap();
        pair.carry();
        let mut got = Got::default();
        run(&mut pair, stream, size, &mut got);
        let (upto, last) = (got.upto, got.last);
        assert_eq!((upto, last, got.closed), (size, true, false));
        assert_eq!(pair.guest.acknowledged(stream), Some(size));
        pair.host.close_stream(stream);
        pair.carry();
        assert_eq!(events(&mut pair.guest), [Event::Closed(stream)]);
        assert_eq!(events(&mut pair.host), []);
        assert_eq!(pair.guest.acknowledged(stream), None);
        assert_eq!(pair.carry(), [0, 0]);
    }
}

/// The receiver has all of it and still keeps it from being closed, as to check it: on another link
/// nothing of it is left to be said.
#[test]
fn a_stream_that_ended_has_nothing_more_on_another_link() {
    let (mut pair, stream) = streaming();
    let mut got = Got::default();
    run(&mut pair, stream, 5000, &mut got);
    assert!(got.last && pair.guest.advances() > 0);
    assert!(!pair.guest.awaits_answer());
    pair.connect();
    run(&mut pair, stream, 5000, &mut got);
    assert_eq!(
        (got.upto, pair.guest.acknowledged(stream)),
        (5000, Some(5000))
    );
    pair.host.close_stream(stream);
    pair.carry();
    assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
}

#[test]
fn it_may_begin_where_the_receiver_has_it_already() {
    let mut pair = Pair::connected();
    let stream = pair.guest.open_stream().unwrap();
    pair.host.accept(stream, 1000, pair.now).unwrap();
    pair.carry();
    let mut got = Got {
        upto: 1000,
        ..Got::default()
    };
    run(&mut pair, stream, 5000, &mut got);
    assert_eq!(got.upto, 5000);
}

#[test]
fn on_another_link_the_source_is_read_from_where_the_receiver_is() {
    let (mut pair, stream) = streaming();
    let mut got = Got::default();
    let size = CREDIT / 2;
    supply(&mut pair.guest, size);
    while pair.guest.wanted().is_empty() {
        pair.carry();
        pair.pass(10 * MS);
    }
    get(&mut pair.host, stream, &mut got);
    // Sealed, and lost with its link; and what waits behind it.
    let lost = pair.guest.wanted()[0];
    assert_eq!(lost.offset, got.upto);
    let (bytes, _) = read(lost, got.upto + 1000);
    assert!(pair.guest.supply(lost, &bytes, false));
    transmit(&mut pair.guest, pair.now);
    let stale = pair.guest.wanted()[0];
    assert!(stale.offset > got.upto);
    supply(&mut pair.guest, size);
    pair.connect();
    assert_eq!(pair.guest.wanted()[0].offset, got.upto);
    let (bytes, last) = read(stale, size);
    assert!(
        !pair.guest.supply(stale, &bytes, last),
        "of the link before"
    );
    run(&mut pair, stream, size, &mut got);
    assert_eq!((got.upto, got.last), (size, true));
}

#[test]
fn who_does_not_take_one_stream_holds_up_nothing_else() {
    let mut pair = Pair::connected();
    let [slow, quick] = [(); 2].map(|()| pair.guest.open_stream().unwrap());
    for stream in [slow, quick] {
        pair.host.accept(stream, 0, pair.now).unwrap();
    }
    pair.carry();
    let size = 3 * CREDIT;
    let mut got = Got::default();
    let mut idle = 0;
    loop {
        supply(&mut pair.guest, size);
        pair.carry();
        let mut slow_bytes = 0;
        for event in events(&mut pair.host) {
            if let Event::Piece { stream, bytes, .. } = event {
                if stream == quick {
                    got.upto += bytes.len() as u64;
                } else {
                    slow_bytes += bytes.len() as u64;
                }
            }
        }
        idle += slow_bytes;
        pair.host.took(quick, got.upto, pair.now);
        pair.pass(10 * MS);
        if got.upto == size {
            break;
        }
    }
    assert_eq!(idle, CREDIT, "nothing beyond its credit");
    pair.guest.say(0, "still here").unwrap();
    pair.carry();
    assert_eq!(texts(&mut pair.host), ["still here"]);
}

#[test]
fn a_message_waits_for_four_pieces_at_the_most() {
    let mut pair = Pair::connected();
    let streams = [(); 2].map(|()| pair.guest.open_stream().unwrap());
    for stream in streams {
        pair.host.accept(stream, 0, pair.now).unwrap();
    }
    pair.carry();
    // Until the window has room for all that may wait.
    for _ in 0..40 {
        supply(&mut pair.guest, u64::MAX);
        pair.carry();
        for event in events(&mut pair.host) {
            if let Event::Piece { stream, offset, .. } = event {
                pair.host.took(stream, offset + 1, pair.now);
            }
        }
        pair.pass(10 * MS);
    }
    supply(&mut pair.guest, u64::MAX);
    let lengths = |pair: &mut Pair| -> Vec<usize> {
        let records = transmit(&mut pair.guest, pair.now);
        records.iter().map(Vec::len).collect()
    };
    assert_eq!(lengths(&mut pair).len(), LANES, "no more at a time");
    assert!(pair.guest.deadline(true).unwrap() <= pair.now, "the rest");
    pair.guest.say(0, "at once").unwrap();
    let behind = lengths(&mut pair);
    assert!(
        behind[0] < 1000 && behind[1] > 1000,
        "the message goes first"
    );
    while pair.guest.deadline(true).unwrap() <= pair.now {
        assert!(!lengths(&mut pair).is_empty());
    }
}

#[test]
fn a_slow_source_holds_up_none_of_the_others() {
    let mut pair = Pair::connected();
    let [slow, quick] = [(); 2].map(|()| pair.guest.open_stream().unwrap());
    for stream in [slow, quick] {
        pair.host.accept(stream, 0, pair.now).unwrap();
    }
    pair.carry();
    let under_way = pair.guest.wanted()[0];
    assert_eq!(under_way.stream, slow);
    let size = 2 * CREDIT;
    let mut got = Got::default();
    for _ in 0..1000 {
        for wanted in pair.guest.wanted() {
            if wanted.stream == quick {
                let (bytes, last) = read(wanted, size);
                assert!(pair.guest.supply(wanted, &bytes, last));
            }
        }
        let waits = pair.guest.wanted();
        assert_eq!(waits, [under_way], "and goes on being wanted");
        pair.carry();
        get(&mut pair.host, quick, &mut got);
        pair.host.took(quick, got.upto, pair.now);
        pair.pass(10 * MS);
        if got.last {
            break;
        }
    }
    assert_eq!((got.upto, got.last), (size, true));
    // What it gives is taken, whatever waits of others; and once.
    let (bytes, last) = read(under_way, 1000);
    assert!(pair.guest.supply(under_way, &bytes, last));
    assert!(!pair.guest.supply(under_way, &bytes, last), "once");
    let mut got = Got::default();
    run(&mut pair, slow, 1000, &mut got);
    assert_eq!((got.upto, got.last), (1000, true));
}

/// However the window grows, what is left of it is not filled with crumbs.
#[test]
fn no_piece_is_cut_to_what_is_left_of_the_window() {
    let (mut pair, stream) = streaming();
    let mut shortest = usize::MAX;
    for _ in 0..6 {
        supply(&mut pair.guest, u64::MAX);
        let records = transmit(&mut pair.guest, pair.now);
        pair.now += 10 * MS;
        for mut body in records {
            pair.host
                .receive(LinkId(pair.links), &mut body, pair.now)
                .unwrap();
        }
        for event in events(&mut pair.host) {
            if let Event::Piece { offset, bytes, .. } = event {
                shortest = shortest.min(bytes.len());
                let upto = offset + bytes.len() as u64;
                pair.host.took(stream, upto, pair.now);
            }
        }
        pair.carry();
    }
    assert!(shortest > 16_000, "{shortest}");
}

#[test]
fn streams_take_turns() {
    let mut pair = Pair::connected();
    let streams = [(); 3].map(|()| pair.guest.open_stream().unwrap());
    for stream in streams {
        pair.host.accept(stream, 0, pair.now).unwrap();
    }
    pair.carry();
    let mut turns = Vec::new();
    while turns.len() < 6 {
        supply(&mut pair.guest, CREDIT);
        pair.carry();
        let pieces = events(&mut pair.host).into_iter();
        turns.extend(pieces.filter_map(|event| match event {
            Event::Piece { stream, .. } => Some(stream),
            _ => None,
        }));
        pair.pass(10 * MS);
    }
    assert_eq!(turns[..6], [streams, streams].concat());
}

#[test]
fn there_are_so_many_at_a_time_and_room_again_once_both_closed_one() {
    let mut pair = Pair::connected();
    let opened: Vec<_> = std::iter::from_fn(|| pair.guest.open_stream().ok()).collect();
    assert_eq!(opened.len(), STREAMS_MAX);
    pair.guest.close_stream(opened[3]);
    assert!(
        pair.guest.open_stream().is_err(),
        "the peer has not closed it"
    );
    pair.carry();
    assert!(pair.guest.open_stream().is_ok());
    // Of the other end there are as many.
    assert!(pair.host.open_stream().is_ok());
}

#[test]
fn nothing_is_accepted_twice_nor_of_our_own_nor_once_it_is_closed() {
    let mut pair = Pair::connected();
    let stream = pair.guest.open_stream().unwrap();
    let own = pair.host.open_stream().unwrap();
    pair.host.accept(stream, 0, pair.now).unwrap();
    pair.carry();
    let mut got = Got::default();
    run(&mut pair, stream, 5000, &mut got);
    pair.host.accept(stream, 0, pair.now).unwrap();
    pair.host.accept(own, 0, pair.now).unwrap();
    pair.carry();
    pair.host.close_stream(stream);
    pair.host.accept(stream, 0, pair.now).unwrap();
    pair.carry();
    pair.host.close_stream(own);
    pair.carry();
    assert!(pair.host.streams.is_idle() && pair.guest.streams.is_idle());
}

#[test]
fn another_session_closes_the_streams_of_the_one_before() {
    let mut pair = Pair::connected();
    let ours = pair.guest.open_stream().unwrap();
    let former = std::mem::replace(&mut pair.guest, session(Role::Guest));
    pair.guest.succeed(former);
    assert_eq!(events(&mut pair.guest), [Event::Closed(ours)]);
    assert_eq!(pair.guest.open_stream(), Ok(StreamId(2)));
}

/// What a host says that breaks the rules, to a guest with one stream of each, 2 and 1, both under
/// way: our piece went as far as `sent`, and the host's stream may come as far as `limit`.
#[test]
fn what_was_not_given_is_not_taken() {
    type Say = fn(u64) -> Payload<'static>;
    const ONE: &[u8] = &[7];
    fn piece(stream: u64, offset: u64, bytes: &'static [u8], last: bool) -> Payload<'static> {
        let part = StreamPart::Piece {
            offset,
            bytes,
            last,
        };
        Payload::Stream(stream, part)
    }
    fn credit(stream: u64, offset: u64, limit: u64) -> Payload<'static> {
        Payload::Stream(stream, StreamPart::Credit { offset, limit })
    }
    let wrong: [(&str, Say); 10] = [
        ("a gap", |_| piece(1, 1, ONE, false)),
        ("never accepted", |_| piece(3, 0, ONE, false)),
        ("our own", |_| piece(2, 0, ONE, false)),
        ("never opened, of ours", |_| credit(4, 0, 1)),
        ("their own", |_| credit(1, 0, 1)),
        ("more than was sent", |sent| credit(2, sent + 1, u64::MAX)),
        ("overflowing", |_| credit(2, u64::MAX, u64::MAX)),
        ("a close of what was never opened", |_| {
            Payload::Stream(6, StreamPart::Close)
        }),
        ("stream 0", |_| piece(0, 0, ONE, true)),
        ("credit for stream 0", |_| credit(0, 0, 1)),
    ];
    for (name, say) in wrong {
        let (mut played, sent, _) = under_way();
        let fault = played.say(&[say(sent)]);
        assert!(matches!(fault, Err(Fault::Misbehaved(_))), "{name}");
    }
    // A byte over the limit, where nothing was taken.
    let (mut played, _, limit) = under_way();
    let bytes = vec![0; PIECE_MAX];
    let mut at = 0;
    while at < limit {
        let len = (limit - at).min(PIECE_MAX as u64);
        let part = StreamPart::Piece {
            offset: at,
            bytes: &bytes[..len as usize],
            last: false,
        };
        played.say(&[Payload::Stream(1, part)]).unwrap();
        at += len;
    }
    assert!(played.say(&[piece(1, limit, ONE, false)]).is_err());
    // A second piece behind the last; a step back; closes without end.
    let (mut played, _, _) = under_way();
    played.say(&[piece(1, 0, ONE, true)]).unwrap();
    assert!(played.say(&[piece(1, 1, ONE, false)]).is_err());
    let (mut played, sent, _) = under_way();
    played.say(&[credit(2, sent, sent)]).unwrap();
    assert!(played.say(&[credit(2, sent - 1, sent)]).is_err());
    let (mut played, _, _) = under_way();
    let closes: Vec<_> = (0..=2 * STREAMS_MAX as u64)
        .map(|number| Payload::Stream(2 * number + 1, StreamPart::Close))
        .collect();
    assert!(played.say(&closes).is_err());
}

/// A limit is never taken back, and whatever it is, nothing overflows.
#[test]
fn any_credit_is_taken_that_makes_sense() {
    let (mut played, sent, _) = under_way();
    for limit in [u64::MAX, sent] {
        let part = StreamPart::Credit {
            offset: sent,
            limit,
        };
        played.say(&[Payload::Stream(2, part)]).unwrap();
        assert_eq!(played.guest.wanted()[0].offset, sent);
    }
}

/// The host at a live link with streams 2 (the guest's) and 1 (its own) under way: how much of the
/// guest's was sent, and how much of its own may come.
fn under_way() -> (Played, u64, u64) {
    let mut played = Played::new();
    let stream = played.guest.open_stream().unwrap();
    let now = played.now;
    played.guest.accept(StreamId(1), 0, now).unwrap();
    let part = StreamPart::Credit {
        offset: 0,
        limit: CREDIT,
    };
    played.say(&[Payload::Stream(stream.0, part)]).unwrap();
    let wanted = played.guest.wanted()[0];
    let (bytes, _) = read(wanted, 1000);
    let sent = bytes.len() as u64;
    played.guest.supply(wanted, &bytes, false);
    let mut limit = None;
    for record in played.hear() {
        for payload in decode(&record).map(Result::unwrap) {
            if let Payload::Stream(1, StreamPart::Credit { limit: said, .. }) = payload {
                limit = Some(said);
            }
        }
    }
    (played, sent, limit.unwrap())
}
