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
//! Both `sealed` are held until both are there. From `paired` to a client's `sealed` is
//! its round trip time r, so that the one that came first is the nearer one's. The
//! farther one is told at t, the nearer one at t + (r_far − r_near)/2: what is under way
//! for r/2 then arrives at both at once. Whoever delays its `sealed` passes for far, and
//! makes the other one wait for [`SEALED_HOLD`] at most.

use std::collections::HashMap;
use std::mem;
use std::time::{Duration, Instant};

use crate::refusal::Refusal;
use crate::wire::{Opaque, Role, SEALED_HOLD, Tag};

/// A connection's number, never used twice.
pub type ClientId = u64;

/// Something to tell a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// You are first, until then.
    Waiting {
        /// When the seat lapses.
        until: Instant,
    },
    /// You have met the other one.
    Paired {
        /// Who listens and who dials.
        role: Role,
        /// The other one's offer.
        offer: Opaque,
        /// When the pairing lapses.
        until: Instant,
    },
    /// The other one's `sealed`.
    Sealed {
        /// Its data.
        data: Opaque,
        /// Not to be told before this, nor anything that comes after it.
        at: Instant,
    },
    /// Both asked for the relay.
    Relaying,
    /// The other one went.
    PeerLeft,
    /// You are outside now, and the connection is to be closed.
    Refused(Refusal),
}

/// Whom to tell what.
pub type Out = Vec<(ClientId, Event)>;

/// All rooms of a mediator.
pub struct Rooms {
    seats: HashMap<Tag, Seat>,
    places: HashMap<ClientId, Place>,
    relays: usize,
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

struct Seat {
    client: ClientId,
    offer: Opaque,
    until: Instant,
}

enum Place {
    Waiting(Tag),
    Paired(Box<Paired>),
    /// Relayed to and from this one.
    Relaying(ClientId),
}

/// One side of a pairing. It keeps the `join` to know it again when a renewal crosses `paired`.
struct Paired {
    other: ClientId,
    room: Tag,
    offer: Opaque,
    sealed: Sealed,
    /// Has asked for the relay.
    relay: bool,
    until: Instant,
}

/// How far a client's own `sealed` is.
enum Sealed {
    Awaited,
    /// Came then; the other one's is awaited.
    Held(Opaque, Instant),
    /// Both were there, and were handed on.
    Passed,
}

impl Rooms {
    /// No room yet.
    #[must_use]
    pub fn new(limits: RoomLimits) -> Self {
        Self {
            seats: HashMap::new(),
            places: HashMap::new(),
            relays: 0,
            limits,
        }
    }

    /// Is this `join` the one by which the client has its present seat or pairing?
    #[must_use]
    pub fn repeats(&self, client: ClientId, room: &Tag, offer: &Opaque) -> bool {
        match self.places.get(&client) {
            Some(Place::Waiting(tag)) => {
                tag == room && self.seats.get(tag).is_some_and(|seat| seat.offer == *offer)
            }
            Some(Place::Paired(paired)) => paired.room == *room && paired.offer == *offer,
            Some(Place::Relaying(_)) | None => false,
        }
    }

    /// `join`. The same one again renews a seat and is ignored in a pairing: it
    /// crossed `paired`. Another one gives up the present seat or pairing first.
    ///
    /// The very offer that waits, from another connection, is its owner back after a
    /// cut that was not noticed here yet (an offer is fresh for every attempt, and
    /// nobody else has seen it): it takes over the seat, lest it be paired with its
    /// own ghost.
    pub fn join(
        &mut self,
        client: ClientId,
        room: Tag,
        offer: Opaque,
        now: Instant,
        out: &mut Out,
    ) {
        if self.repeats(client, &room, &offer) {
            if let (Some(Place::Waiting(_)), Some(seat)) =
                (self.places.get(&client), self.seats.get_mut(&room))
            {
                seat.until = now + self.limits.seat;
                out.push((client, Event::Waiting { until: seat.until }));
            }
            return;
        }
        self.leave(client, out);
        match self.seats.remove(&room) {
            Some(seat) if seat.until <= now => {
                self.refuse(seat.client, Refusal::SeatExpired, out);
                self.seat(client, room, offer, now, out);
            }
            Some(seat) if seat.offer == offer => {
                self.refuse(seat.client, Refusal::Superseded, out);
                self.seat(client, room, offer, now, out);
            }
            Some(seat) => self.pair(seat, client, room, offer, now, out),
            None if self.seats.len() >= self.limits.rooms => {
                out.push((client, Event::Refused(Refusal::Full)));
            }
            None => self.seat(client, room, offer, now, out),
        }
    }

    /// `sealed`: held until both are there, and handed on once each way; a second one
    /// ends the pairing. Outside it crossed `peer-left` and is dropped.
    pub fn sealed(&mut self, client: ClientId, data: Opaque, now: Instant, out: &mut Out) {
        match self.places.get(&client) {
            Some(Place::Paired(paired)) if matches!(paired.sealed, Sealed::Awaited) => {
                let other = paired.other;
                match self.pass(other) {
                    Some((theirs, since)) => {
                        self.set_sealed(client, Sealed::Passed);
                        let lead = now.saturating_duration_since(since) / 2;
                        let at = now + lead.min(SEALED_HOLD);
                        out.push((
                            client,
                            Event::Sealed {
                                data: theirs,
                                at: now,
                            },
                        ));
                        out.push((other, Event::Sealed { data, at }));
                    }
                    None => self.set_sealed(client, Sealed::Held(data, now)),
                }
            }
            Some(Place::Paired(_)) => {
                self.leave(client, out);
                out.push((client, Event::Refused(Refusal::SealedTwice)));
            }
            Some(Place::Waiting(_)) => {
                self.leave(client, out);
                out.push((client, Event::Refused(Refusal::NotPaired)));
            }
            Some(Place::Relaying(_)) | None => {}
        }
    }

    /// `relay`: the first one makes the pairing last until the other one had time to
    /// agree, the second one begins it. Outside a pairing it crossed `peer-left` and is
    /// dropped.
    pub fn relay(&mut self, client: ClientId, now: Instant, out: &mut Out) {
        let refusal = match self.places.get(&client) {
            Some(Place::Paired(paired)) => match self.limits.relays {
                None => Refusal::NoRelay,
                Some(_) if !matches!(paired.sealed, Sealed::Passed) => Refusal::RelayEarly,
                Some(_) if paired.relay => Refusal::RelayTwice,
                Some(relays) => {
                    let other = paired.other;
                    return self.agree(client, other, relays, now, out);
                }
            },
            Some(Place::Waiting(_)) => Refusal::NotPaired,
            Some(Place::Relaying(_)) | None => return,
        };
        self.leave(client, out);
        out.push((client, Event::Refused(refusal)));
    }

    /// `done`: the pair is forgotten, and the other one hears nothing of it.
    pub fn done(&mut self, client: ClientId) {
        match self.places.remove(&client) {
            Some(Place::Paired(paired)) => {
                self.places.remove(&paired.other);
            }
            Some(Place::Waiting(room)) => {
                self.seats.remove(&room);
            }
            Some(Place::Relaying(other)) => self.end_relay(other),
            None => {}
        }
    }

    /// The client goes, or gives up its place; the other one of a pair is told.
    pub fn leave(&mut self, client: ClientId, out: &mut Out) {
        match self.places.remove(&client) {
            Some(Place::Paired(paired)) => {
                self.places.remove(&paired.other);
                out.push((paired.other, Event::PeerLeft));
            }
            Some(Place::Waiting(room)) => {
                self.seats.remove(&room);
            }
            Some(Place::Relaying(other)) => {
                self.end_relay(other);
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
            Some(Place::Paired(_) | Place::Relaying(_)) => {}
            None => out.push((client, Event::Refused(Refusal::Idle))),
        }
    }

    /// Until when the client may stay in its pairing.
    #[must_use]
    pub fn paired_until(&self, client: ClientId) -> Option<Instant> {
        match self.places.get(&client) {
            Some(Place::Paired(paired)) => Some(paired.until),
            _ => None,
        }
    }

    /// Is the client in a pairing that nobody ended?
    #[must_use]
    pub fn is_paired(&self, client: ClientId) -> bool {
        matches!(self.places.get(&client), Some(Place::Paired(_)))
    }

    /// Rooms in which someone waits.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.seats.len()
    }

    fn seat(&mut self, client: ClientId, room: Tag, offer: Opaque, now: Instant, out: &mut Out) {
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

    fn pair(
        &mut self,
        host: Seat,
        guest: ClientId,
        room: Tag,
        offer: Opaque,
        now: Instant,
        out: &mut Out,
    ) {
        let until = now + self.limits.pairing;
        let paired = |other, offer| {
            Place::Paired(Box::new(Paired {
                other,
                room,
                offer,
                sealed: Sealed::Awaited,
                relay: false,
                until,
            }))
        };
        self.places
            .insert(host.client, paired(guest, host.offer.clone()));
        self.places
            .insert(guest, paired(host.client, offer.clone()));
        out.push((
            host.client,
            Event::Paired {
                role: Role::Host,
                offer,
                until,
            },
        ));
        out.push((
            guest,
            Event::Paired {
                role: Role::Guest,
                offer: host.offer,
                until,
            },
        ));
    }

    fn agree(
        &mut self,
        client: ClientId,
        other: ClientId,
        relays: usize,
        now: Instant,
        out: &mut Out,
    ) {
        let both_asked = matches!(self.places.get(&other), Some(Place::Paired(p)) if p.relay);
        if both_asked && self.relays >= relays {
            self.refuse(client, Refusal::RelayFull, out);
            self.refuse(other, Refusal::RelayFull, out);
        } else if both_asked {
            self.relays += 1;
            self.places.insert(client, Place::Relaying(other));
            self.places.insert(other, Place::Relaying(client));
            out.push((client, Event::Relaying));
            out.push((other, Event::Relaying));
        } else {
            let until = now + self.limits.relay_ask;
            for side in [client, other] {
                if let Some(Place::Paired(paired)) = self.places.get_mut(&side) {
                    paired.until = until.max(paired.until);
                    paired.relay |= side == client;
                }
            }
        }
    }

    /// One of the two is out already.
    fn end_relay(&mut self, other: ClientId) {
        self.places.remove(&other);
        self.relays = self.relays.saturating_sub(1);
    }

    /// Takes what is held of this client, and since when.
    fn pass(&mut self, client: ClientId) -> Option<(Opaque, Instant)> {
        let Some(Place::Paired(paired)) = self.places.get_mut(&client) else {
            return None;
        };
        match mem::replace(&mut paired.sealed, Sealed::Passed) {
            Sealed::Held(data, since) => Some((data, since)),
            not_held => {
                paired.sealed = not_held;
                None
            }
        }
    }

    fn set_sealed(&mut self, client: ClientId, sealed: Sealed) {
        if let Some(Place::Paired(paired)) = self.places.get_mut(&client) {
            paired.sealed = sealed;
        }
    }

    fn refuse(&mut self, client: ClientId, refusal: Refusal, out: &mut Out) {
        self.places.remove(&client);
        out.push((client, Event::Refused(refusal)));
    }
}

#[cfg(test)]
mod tests;
