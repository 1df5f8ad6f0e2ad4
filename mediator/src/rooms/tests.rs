//! Who waits and who meets, under a clock that stands until it is moved.

mod pairing;
mod random;

use std::net::IpAddr;

use undertone_wire::Role;

use super::*;

const SEAT: Duration = Duration::from_secs(600);
const PAIRING: Duration = Duration::from_secs(60);
const RELAY_ASK: Duration = Duration::from_secs(120);
const ROOM: Tag = Tag([1; 32]);

/// The rooms under a clock that stands until it is moved.
struct Bed {
    rooms: Rooms,
    now: Instant,
}

impl Bed {
    fn new(max_rooms: usize) -> Self {
        Self::relaying(max_rooms, 1)
    }

    fn relaying(max_rooms: usize, relays: usize) -> Self {
        Self {
            rooms: Rooms::new(RoomLimits {
                rooms: max_rooms,
                seat: SEAT,
                pairing: PAIRING,
                relay_ask: RELAY_ASK,
                relays: Some(relays),
            }),
            now: Instant::now(),
        }
    }

    fn run(&mut self, act: impl FnOnce(&mut Rooms, Instant, &mut Out)) -> Out {
        let mut out = Out::new();
        act(&mut self.rooms, self.now, &mut out);
        out
    }

    fn join(&mut self, client: ClientId, room: Tag, offer: u8) -> Out {
        let join = asks(client, room, offer);
        self.run(|rooms, now, out| rooms.join(join, now, out))
    }

    fn sealed(&mut self, client: ClientId, data: u8) -> Out {
        self.run(|rooms, now, out| rooms.sealed(client, bytes(data), now, out))
    }

    fn relay(&mut self, client: ClientId) -> Out {
        self.relay_from(client, 1)
    }

    /// From the address with this number.
    fn relay_from(&mut self, client: ClientId, address: u32) -> Out {
        let address = IpAddr::from(address.to_be_bytes()).into();
        self.run(|rooms, now, out| rooms.relay(client, address, now, out))
    }

    /// These two paired anew, both sealed passed.
    fn sealed_pair(&mut self, host: ClientId, guest: ClientId) {
        self.join(host, ROOM, host as u8);
        self.join(guest, ROOM, guest as u8);
        self.sealed(host, 7);
        assert_eq!(self.sealed(guest, 8).len(), 2);
    }

    fn leave(&mut self, client: ClientId) -> Out {
        self.run(|rooms, _, out| rooms.leave(client, out))
    }

    fn lapse(&mut self, client: ClientId) -> Out {
        self.run(|rooms, now, out| rooms.lapse(client, now, out))
    }

    /// 1 and 2 paired with offers 1 and 2.
    fn paired() -> Self {
        let mut bed = Self::new(9);
        bed.join(1, ROOM, 1);
        let out = bed.join(2, ROOM, 2);
        let until = bed.now + PAIRING;
        assert_eq!(
            out,
            [
                (
                    1,
                    Event::Paired {
                        role: Role::Host,
                        offer: bytes(2),
                        until
                    }
                ),
                (
                    2,
                    Event::Paired {
                        role: Role::Guest,
                        offer: bytes(1),
                        until
                    }
                ),
            ]
        );
        bed
    }

    fn empty(&self) -> bool {
        self.rooms.seats.is_empty() && self.rooms.places.is_empty()
    }
}

fn asks(client: ClientId, room: Tag, offer: u8) -> Join {
    Join {
        client,
        room,
        offer: bytes(offer),
    }
}

fn bytes(byte: u8) -> Opaque {
    Opaque::new(&[byte]).unwrap()
}

fn waiting(client: ClientId, until: Instant) -> Out {
    vec![(client, Event::Waiting { until })]
}

fn sealed(client: ClientId, data: u8, at: Instant) -> (ClientId, Event) {
    let data = bytes(data);
    (client, Event::Sealed { data, at })
}

fn refused(client: ClientId, refusal: Refusal) -> (ClientId, Event) {
    (client, Event::Refused(refusal))
}

#[test]
fn a_pair_leaves_the_room_and_a_third_waits_for_a_fourth() {
    let mut bed = Bed::paired();
    assert_eq!(bed.rooms.waiting(), 0);
    assert_eq!(bed.join(3, ROOM, 3), waiting(3, bed.now + SEAT));
    assert_eq!(bed.join(4, ROOM, 4).len(), 2);
    assert!(bed.rooms.is_paired(1) && bed.rooms.is_paired(4));
}

#[test]
fn the_same_join_renews_the_seat() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    bed.now += SEAT / 2;
    assert!(bed.rooms.repeats(&asks(1, ROOM, 1)));
    assert_eq!(bed.join(1, ROOM, 1), waiting(1, bed.now + SEAT));
    bed.now += SEAT * 3 / 4;
    assert_eq!(bed.lapse(1), []);
    assert_eq!(bed.rooms.waiting(), 1);
}

#[test]
fn a_renewal_that_crosses_paired_is_ignored() {
    let mut bed = Bed::paired();
    assert_eq!(bed.join(1, ROOM, 1), []);
    assert_eq!(bed.sealed(1, 7), []);
    assert_eq!(bed.sealed(2, 8).len(), 2);
}

#[test]
fn a_seat_lapses_at_its_time_and_not_before() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    bed.now += SEAT - Duration::from_millis(1);
    assert_eq!(bed.lapse(1), []);
    bed.now += Duration::from_millis(1);
    assert_eq!(bed.lapse(1), [refused(1, Refusal::SeatExpired)]);
    assert!(bed.empty());
}

#[test]
fn nobody_is_paired_with_a_lapsed_seat() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    bed.now += SEAT;
    let out = bed.join(2, ROOM, 2);
    assert_eq!(out[0], refused(1, Refusal::SeatExpired));
    assert_eq!(out[1..], waiting(2, bed.now + SEAT));
}

#[test]
fn a_pairing_lapses_for_both() {
    let mut bed = Bed::paired();
    bed.now += PAIRING;
    let both = [
        refused(2, Refusal::PairingExpired),
        refused(1, Refusal::PairingExpired),
    ];
    assert_eq!(bed.lapse(2), both);
    assert!(bed.empty());
}

#[test]
fn another_offer_gives_up_the_seat() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    assert_eq!(bed.join(1, ROOM, 2), waiting(1, bed.now + SEAT));
    assert_eq!(bed.rooms.waiting(), 1);
    assert_eq!(bed.join(1, Tag([2; 32]), 2), waiting(1, bed.now + SEAT));
    assert_eq!(bed.rooms.waiting(), 1);
    assert_eq!(bed.join(3, ROOM, 3), waiting(3, bed.now + SEAT));
}

#[test]
fn another_offer_gives_up_the_pairing() {
    let mut bed = Bed::paired();
    let out = bed.join(1, ROOM, 9);
    assert_eq!(out[0], (2, Event::PeerLeft));
    assert_eq!(out[1..], waiting(1, bed.now + SEAT));
    assert!(!bed.rooms.is_paired(2));
}

#[test]
fn the_same_offer_from_another_connection_takes_the_seat_over() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    let out = bed.join(2, ROOM, 1);
    assert_eq!(out[0], refused(1, Refusal::Superseded));
    assert_eq!(out[1..], waiting(2, bed.now + SEAT));
    assert_eq!(bed.leave(1), []);
    assert_eq!(bed.rooms.waiting(), 1);
}

#[test]
fn done_forgets_without_a_word() {
    let mut bed = Bed::paired();
    bed.rooms.done(1);
    assert!(bed.empty());
    assert_eq!(bed.leave(1), []);
    bed.rooms.done(2);
    assert_eq!(bed.leave(2), []);
}

#[test]
fn leave_tells_the_other() {
    let mut bed = Bed::paired();
    assert_eq!(bed.leave(2), [(1, Event::PeerLeft)]);
    assert!(bed.empty());
}

#[test]
fn rooms_are_capped_but_a_taken_room_still_pairs() {
    let mut bed = Bed::new(2);
    bed.join(1, Tag([1; 32]), 1);
    bed.join(2, Tag([2; 32]), 2);
    assert_eq!(bed.join(3, Tag([3; 32]), 3), [refused(3, Refusal::Full)]);
    assert_eq!(bed.join(4, Tag([2; 32]), 4).len(), 2);
    assert_eq!(bed.join(3, Tag([3; 32]), 3), waiting(3, bed.now + SEAT));
}
