//! Who waits, who is paired, what lapses. Pure: no socket, no clock, no task.
//!
//! Calls say what a client did, and when; what is to be told to whom, and not before
//! when, goes into `out`, in order. A room is a seat under its tag: it exists while one client
//! waits, and a pair leaves it, so a third client waits for a fourth.
//!
//! ```text
//!            join, room empty            join, room taken
//! outside ───────────────────► waiting ───────────────────► paired
//!    ▲                            │ lapse, leave, done         │
//!    └────────────────────────────┴────────────────────────────┘
//!                                   done, leave, lapse, second sealed
//!
//!           relay, the first of two          relay, the second
//!    paired ───────────────► paired, longer ───────────────────► relaying
//!    leave of either: both outside; no lapse, no done
//! ```
//!
//! `event` is what a client is told, `pairing` what two do that have met.

mod event;
mod pairing;

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use undertone_wire::{AddressKey, Opaque, RELAY_LEAST, RELAY_SHARE, Tag};

use crate::limits::AddressCount;
use crate::refusal::Refusal;
pub use event::{ClientId, Event, Out};
use pairing::Paired;

/// All rooms of a mediator.
pub struct Rooms {
    seats: HashMap<Tag, Seat>,
    places: HashMap<ClientId, Place>,
    relays: usize,
    /// Sides of relayed pairs, an address.
    sides: AddressCount,
    limits: RoomLimits,
}

/// How many, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct RoomLimits {
    /// Rooms in which someone waits.
    pub rooms: usize,
    /// Life of a waiting seat.
    pub seat: Duration,
    /// Life of a pairing.
    pub pairing: Duration,
    /// Life of a pairing from when one of the two asked for the relay.
    pub relay_ask: Duration,
    /// Relayed pairs at a time; `None`: nothing is relayed here.
    pub relays: Option<usize>,
}

impl RoomLimits {
    fn relay_sides(&self) -> usize {
        (self.relays.unwrap_or_default() / RELAY_SHARE).max(RELAY_LEAST)
    }
}

/// A client that wants a place in a room.
#[derive(Debug)]
pub struct Join {
    /// Who.
    pub client: ClientId,
    /// Which room.
    pub room: Tag,
    /// For whoever is paired with it.
    pub offer: Opaque,
}

struct Seat {
    client: ClientId,
    offer: Opaque,
    until: Instant,
}

enum Place {
    Waiting(Tag),
    Paired(Box<Paired>),
    /// Relayed to and from this one; counted against our own address.
    Relaying(ClientId, AddressKey),
}

impl fmt::Debug for Rooms {
    /// How many there are, and nothing of who is in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms")
            .field("seats", &self.seats.len())
            .field("places", &self.places.len())
            .field("relays", &self.relays)
            .finish_non_exhaustive()
    }
}

impl Rooms {
    /// No room yet.
    #[must_use]
    pub fn new(limits: RoomLimits) -> Self {
        Self {
            seats: HashMap::new(),
            places: HashMap::new(),
            relays: 0,
            sides: AddressCount::new(limits.relay_sides()),
            limits,
        }
    }

    /// Is this `join` the one by which the client has its present seat or pairing?
    #[must_use]
    pub fn repeats(&self, join: &Join) -> bool {
        let Join {
            client,
            room,
            offer,
        } = join;
        match self.places.get(client) {
            Some(Place::Waiting(tag)) => {
                tag == room && self.seats.get(tag).is_some_and(|seat| seat.offer == *offer)
            }
            Some(Place::Paired(paired)) => paired.room == *room && paired.offer == *offer,
            Some(Place::Relaying(..)) | None => false,
        }
    }

    /// `join`. The same one again renews a seat and is ignored in a pairing: it
    /// crossed `paired`. Another one gives up the present seat or pairing first.
    ///
    /// The very offer that waits, from another connection, is its owner back after a
    /// cut that was not noticed here yet (an offer is fresh for every attempt, and
    /// nobody else has seen it): it takes over the seat, lest it be paired with its
    /// own ghost.
    pub fn join(&mut self, join: Join, now: Instant, out: &mut Out) {
        let client = join.client;
        if self.repeats(&join) {
            if let (Some(Place::Waiting(_)), Some(seat)) =
                (self.places.get(&client), self.seats.get_mut(&join.room))
            {
                seat.until = now + self.limits.seat;
                out.push((client, Event::Waiting { until: seat.until }));
            }
            return;
        }
        self.leave(client, out);
        match self.seats.remove(&join.room) {
            Some(seat) if seat.until <= now => {
                self.refuse(seat.client, Refusal::SeatExpired, out);
                self.seat(join, now, out);
            }
            Some(seat) if seat.offer == join.offer => {
                self.refuse(seat.client, Refusal::Superseded, out);
                self.seat(join, now, out);
            }
            Some(seat) => self.pair(seat, join, now, out),
            None if self.seats.len() >= self.limits.rooms => {
                out.push((client, Event::Refused(Refusal::Full)));
            }
            None => self.seat(join, now, out),
        }
    }

    /// `done`: the pair is forgotten, and the peer hears nothing of it.
    pub fn done(&mut self, client: ClientId) {
        match self.places.remove(&client) {
            Some(Place::Paired(paired)) => {
                self.places.remove(&paired.other);
            }
            Some(Place::Waiting(room)) => {
                self.seats.remove(&room);
            }
            Some(Place::Relaying(other, address)) => self.end_relay(address, other),
            None => {}
        }
    }

    /// The client goes, or gives up its place; the peer of a pair is told.
    pub fn leave(&mut self, client: ClientId, out: &mut Out) {
        match self.places.remove(&client) {
            Some(Place::Paired(paired)) => {
                self.places.remove(&paired.other);
                out.push((paired.other, Event::PeerLeft));
            }
            Some(Place::Waiting(room)) => {
                self.seats.remove(&room);
            }
            Some(Place::Relaying(other, address)) => {
                self.end_relay(address, other);
                out.push((other, Event::PeerLeft));
            }
            None => {}
        }
    }

    /// The client's time may be over: its seat's, its pairing's (for both), or that
    /// of a client outside, which the caller measures.
    pub fn lapse(&mut self, client: ClientId, now: Instant, out: &mut Out) {
        match self.places.get(&client) {
            Some(Place::Waiting(room)) => {
                if self.seats.get(room).is_some_and(|seat| seat.until <= now) {
                    self.seats.remove(&room.clone());
                    self.refuse(client, Refusal::SeatExpired, out);
                }
            }
            Some(Place::Paired(paired)) if paired.until <= now => {
                let other = paired.other;
                self.refuse(client, Refusal::PairingExpired, out);
                self.refuse(other, Refusal::PairingExpired, out);
            }
            Some(Place::Paired(_) | Place::Relaying(..)) => {}
            None => out.push((client, Event::Refused(Refusal::Idle))),
        }
    }

    /// Rooms in which someone waits.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.seats.len()
    }

    fn seat(&mut self, join: Join, now: Instant, out: &mut Out) {
        let Join {
            client,
            room,
            offer,
        } = join;
        let until = now + self.limits.seat;
        self.seats.insert(
            room,
            Seat {
                client,
                offer,
                until,
            },
        );
        self.places.insert(client, Place::Waiting(room));
        out.push((client, Event::Waiting { until }));
    }

    fn refuse(&mut self, client: ClientId, refusal: Refusal, out: &mut Out) {
        self.places.remove(&client);
        out.push((client, Event::Refused(refusal)));
    }
}

#[cfg(test)]
mod tests;
