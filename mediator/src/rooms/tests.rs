//! Rooms under a clock that stands until it is moved: each rule by itself, then all at random.

use super::*;
use proptest::prelude::*;

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
        Self {
            rooms: Rooms::new(RoomLimits {
                rooms: max_rooms,
                seat: SEAT,
                pairing: PAIRING,
                relay_ask: RELAY_ASK,
                relays: Some(1),
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
        self.run(|rooms, now, out| rooms.join(client, room, bytes(offer), now, out))
    }

    fn sealed(&mut self, client: ClientId, data: u8) -> Out {
        self.run(|rooms, now, out| rooms.sealed(client, bytes(data), now, out))
    }

    fn relay(&mut self, client: ClientId) -> Out {
        self.run(|rooms, now, out| rooms.relay(client, now, out))
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
    assert!(bed.rooms.repeats(1, &ROOM, &bytes(1)));
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
fn sealed_is_held_until_both_are_there_and_goes_once_each_way() {
    let mut bed = Bed::paired();
    assert_eq!(bed.sealed(1, 7), []);
    let now = bed.now;
    assert_eq!(bed.sealed(2, 8), [sealed(2, 7, now), sealed(1, 8, now)]);
    assert!(bed.rooms.is_paired(1));
}

#[test]
fn the_nearer_client_is_told_later_by_half_of_what_it_was_earlier() {
    let ms = Duration::from_millis;
    for (near, far, delay) in [(20, 20, 0), (10, 90, 40), (1, 1_001, 500), (0, 9_000, 500)] {
        for (nearer, farther) in [(1, 2), (2, 1)] {
            let mut bed = Bed::paired();
            bed.now += ms(near);
            assert_eq!(bed.sealed(nearer, 7), []);
            bed.now += ms(far - near);
            let out = bed.sealed(farther, 8);
            let (now, later) = (bed.now, bed.now + ms(delay));
            assert_eq!(out, [sealed(farther, 7, now), sealed(nearer, 8, later)]);
        }
    }
}

#[test]
fn who_leaves_before_both_are_sealed_takes_its_own_along() {
    let mut bed = Bed::paired();
    bed.sealed(1, 7);
    assert_eq!(bed.leave(1), [(2, Event::PeerLeft)]);
    assert_eq!(bed.sealed(2, 8), []);
    assert!(bed.empty());
}

#[test]
fn a_second_sealed_ends_the_pairing() {
    for both in [false, true] {
        let mut bed = Bed::paired();
        bed.sealed(1, 7);
        if both {
            bed.sealed(2, 8);
        }
        assert_eq!(
            bed.sealed(1, 7),
            [(2, Event::PeerLeft), refused(1, Refusal::SealedTwice)]
        );
        assert!(bed.empty());
        assert_eq!(bed.sealed(2, 8), []);
    }
}

#[test]
fn sealed_while_waiting_is_refused() {
    let mut bed = Bed::new(9);
    bed.join(1, ROOM, 1);
    assert_eq!(bed.sealed(1, 7), [refused(1, Refusal::NotPaired)]);
    assert!(bed.empty());
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

#[test]
fn a_relay_begins_when_both_asked() {
    let mut bed = Bed::new(9);
    bed.sealed_pair(1, 2);
    assert_eq!(bed.relay(2), []);
    let both = [(1, Event::Relaying), (2, Event::Relaying)];
    assert_eq!(bed.relay(1), both);
    assert!(!bed.rooms.is_paired(1));
    // It lasts until one of the two goes.
    bed.now += SEAT;
    assert_eq!((bed.lapse(1), bed.lapse(2)), (vec![], vec![]));
    assert_eq!(bed.leave(1), [(2, Event::PeerLeft)]);
    assert!(bed.empty());
    assert_eq!(bed.relay(2), []);
}

#[test]
fn who_asked_waits_longer_for_the_other_to_agree() {
    let mut bed = Bed::new(9);
    bed.sealed_pair(1, 2);
    bed.now += PAIRING / 2;
    bed.relay(1);
    let until = bed.now + RELAY_ASK;
    bed.now = until - Duration::from_millis(1);
    assert_eq!((bed.lapse(1), bed.lapse(2)), (vec![], vec![]));
    assert_eq!(bed.rooms.paired_until(2), Some(until));
    bed.now = until;
    assert_eq!(bed.lapse(1).len(), 2);
    assert!(bed.empty());
}

#[test]
fn a_relay_is_refused_before_both_sealed_twice_and_where_there_is_none() {
    let mut bed = Bed::paired();
    bed.sealed(1, 7);
    let out = bed.relay(1);
    assert_eq!(out, [(2, Event::PeerLeft), refused(1, Refusal::RelayEarly)]);
    bed.sealed_pair(1, 2);
    bed.relay(1);
    let out = bed.relay(1);
    assert_eq!(out, [(2, Event::PeerLeft), refused(1, Refusal::RelayTwice)]);
    bed.join(1, ROOM, 1);
    assert_eq!(bed.relay(1), [refused(1, Refusal::NotPaired)]);
    bed.rooms.limits.relays = None;
    bed.sealed_pair(1, 2);
    let out = bed.relay(1);
    assert_eq!(out, [(2, Event::PeerLeft), refused(1, Refusal::NoRelay)]);
    assert!(bed.empty());
}

#[test]
fn relays_are_capped_and_come_free() {
    let mut bed = Bed::new(9);
    for (host, guest) in [(1, 2), (3, 4)] {
        bed.sealed_pair(host, guest);
        bed.relay(host);
    }
    assert_eq!(bed.relay(2).len(), 2);
    let full = Refusal::RelayFull;
    assert_eq!(bed.relay(4), [refused(4, full), refused(3, full)]);
    bed.leave(1);
    bed.sealed_pair(3, 4);
    bed.relay(4);
    assert_eq!(bed.relay(3), [(3, Event::Relaying), (4, Event::Relaying)]);
}

#[derive(Clone, Debug)]
enum Act {
    Join(ClientId, u8, u8),
    Sealed(ClientId),
    Relay(ClientId),
    Done(ClientId),
    Leave(ClientId),
    Lapse(ClientId),
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let client = 0..6u64;
    prop_oneof![
        6 => (client.clone(), 0..3u8, 0..8u8).prop_map(|(c, r, o)| Act::Join(c, r, o)),
        3 => client.clone().prop_map(Act::Sealed),
        3 => client.clone().prop_map(Act::Relay),
        1 => client.clone().prop_map(Act::Done),
        1 => client.clone().prop_map(Act::Leave),
        2 => client.prop_map(Act::Lapse),
        1 => (0..700u64).prop_map(Act::Pass),
    ]
}

/// What each client knows from its events alone.
#[derive(Default, Clone, PartialEq, Debug)]
struct Known {
    pairings: usize,
    sealed: usize,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn whatever_the_clients_do_the_rooms_hold_together(
        acts in proptest::collection::vec(act(), 1..120)
    ) {
        let mut bed = Bed::new(2);
        let mut known = vec![Known::default(); 6];
        for act in acts {
            let actor = match act {
                Act::Join(c, ..) | Act::Sealed(c) | Act::Relay(c) | Act::Done(c) | Act::Leave(c) | Act::Lapse(c) => Some(c),
                Act::Pass(_) => None,
            };
            let before = bed.now;
            let out = match act {
                Act::Join(client, room, offer) => bed.join(client, Tag([room; 32]), offer),
                Act::Sealed(client) => bed.sealed(client, 0),
                Act::Relay(client) => bed.relay(client),
                Act::Done(client) => { bed.rooms.done(client); Out::new() }
                Act::Leave(client) => bed.leave(client),
                Act::Lapse(client) => bed.lapse(client),
                Act::Pass(seconds) => { bed.now += Duration::from_secs(seconds); Out::new() }
            };
            // Each act tells few, so that a mailbox can be small.
            prop_assert!(out.len() <= 3);
            let roles: Vec<_> = out.iter().filter_map(|(c, e)| match e {
                Event::Paired { role, offer, until } => Some((*c, *role, offer, *until)),
                _ => None,
            }).collect();
            // Pairings come in twos: a host that waited, the joining client as its guest.
            prop_assert!(roles.is_empty() || roles.len() == 2);
            if let [(host, Role::Host, guest_offer, _), (guest, Role::Guest, host_offer, _)] = &roles[..] {
                prop_assert!(host != guest && Some(*guest) == actor);
                prop_assert!(guest_offer != host_offer);
            } else {
                prop_assert!(roles.is_empty());
            }
            for (client, event) in &out {
                let known = &mut known[*client as usize];
                match event {
                    Event::Paired { .. } => { known.pairings += 1; known.sealed = 0; }
                    Event::Sealed { at, .. } => {
                        known.sealed += 1;
                        prop_assert!(known.pairings > 0 && known.sealed == 1);
                        prop_assert!(*at >= bed.now && *at <= bed.now + SEALED_HOLD);
                    }
                    Event::Relaying => {
                        let place = bed.rooms.places.get(client);
                        prop_assert!(known.sealed == 1 && matches!(place, Some(Place::Relaying(_))));
                    }
                    Event::Waiting { until } => prop_assert_eq!(*until, before + SEAT),
                    Event::PeerLeft => prop_assert!(!bed.rooms.places.contains_key(client)),
                    // Only the one who joins may be seated again by the same act.
                    Event::Refused(_) => prop_assert!(!bed.rooms.places.contains_key(client)),
                }
            }
            let relaying = bed.rooms.places.values().filter(|place| matches!(place, Place::Relaying(_)));
            prop_assert_eq!(relaying.count(), 2 * bed.rooms.relays);
            prop_assert!(bed.rooms.relays <= 1);
            // No tag seats two, and seats and places agree.
            let mut seated: Vec<_> = bed.rooms.seats.values().map(|seat| seat.client).collect();
            seated.sort_unstable();
            seated.dedup();
            prop_assert_eq!(seated.len(), bed.rooms.seats.len());
            prop_assert!(bed.rooms.seats.len() <= 2);
            for (tag, seat) in &bed.rooms.seats {
                prop_assert!(matches!(bed.rooms.places.get(&seat.client), Some(Place::Waiting(t)) if t == tag));
            }
            for (client, place) in &bed.rooms.places {
                match place {
                    Place::Waiting(tag) => prop_assert_eq!(bed.rooms.seats[tag].client, *client),
                    // Pairing is mutual and never with oneself.
                    Place::Paired(paired) => match bed.rooms.places.get(&paired.other) {
                        Some(Place::Paired(back)) => {
                            prop_assert_eq!(back.other, *client);
                            prop_assert!(paired.other != *client && paired.until == back.until);
                        }
                        _ => prop_assert!(false, "one-sided pairing"),
                    },
                    Place::Relaying(other) => prop_assert!(
                        matches!(bed.rooms.places.get(other), Some(Place::Relaying(back)) if back == client)
                    ),
                }
            }
        }
        for client in 0..6 {
            bed.leave(client);
        }
        prop_assert!(bed.empty());
    }
}
