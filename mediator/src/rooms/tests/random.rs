//! Whatever clients do: the rooms hold together, and no client is told what cannot be.

use undertone_wire::SEALED_HOLD;

use super::*;
use proptest::prelude::*;

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
                        prop_assert!(known.sealed == 1 && matches!(place, Some(Place::Relaying(..))));
                    }
                    Event::Waiting { until } => prop_assert_eq!(*until, before + SEAT),
                    Event::PeerLeft => prop_assert!(!bed.rooms.places.contains_key(client)),
                    // Only the one who joins may be seated again by the same act.
                    Event::Refused(_) => prop_assert!(!bed.rooms.places.contains_key(client)),
                }
            }
            let relaying = bed.rooms.places.values().filter(|place| matches!(place, Place::Relaying(..)));
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
                    Place::Relaying(other, _) => prop_assert!(
                        matches!(bed.rooms.places.get(other), Some(Place::Relaying(back, _)) if back == client)
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
