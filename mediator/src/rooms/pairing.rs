//! Two that have met: their `sealed`, and the relay if both ask for it.
//!
//! Both `sealed` are held until both are there. From `paired` to a client's `sealed` is
//! its round trip time r, so that the one that came first is the nearer one's. The
//! farther one is told at t, the nearer one at t + (r_far − r_near)/2: what is under way
//! for r/2 then arrives at both at once. Whoever delays its `sealed` passes for far, and
//! makes the peer wait for [`SEALED_HOLD`] at most.

use std::mem;
use std::time::Instant;

use undertone_wire::{AddressKey, Opaque, Role, SEALED_HOLD, Tag};

use super::{ClientId, Event, Join, Out, Place, Rooms, Seat};
use crate::refusal::Refusal;

/// One side of a pairing. It keeps the `join` to know it again when a renewal crosses `paired`.
pub(super) struct Paired {
    pub(super) other: ClientId,
    pub(super) room: Tag,
    pub(super) offer: Opaque,
    sealed: Sealed,
    /// Has asked for the relay, from there.
    relay: Option<AddressKey>,
    pub(super) until: Instant,
}

/// How far a client's own `sealed` is.
enum Sealed {
    Awaited,
    /// Came then; the peer's is awaited.
    Held(Opaque, Instant),
    /// Both were there, and were handed on.
    Passed,
}

impl Rooms {
    pub(super) fn pair(&mut self, host: Seat, guest: Join, now: Instant, out: &mut Out) {
        let until = now + self.limits.pairing;
        let paired = |other, offer| {
            Place::Paired(Box::new(Paired {
                other,
                room: guest.room,
                offer,
                sealed: Sealed::Awaited,
                relay: None,
                until,
            }))
        };
        self.places
            .insert(host.client, paired(guest.client, host.offer.clone()));
        self.places
            .insert(guest.client, paired(host.client, guest.offer.clone()));
        out.push((
            host.client,
            Event::Paired {
                role: Role::Host,
                offer: guest.offer,
                until,
            },
        ));
        out.push((
            guest.client,
            Event::Paired {
                role: Role::Guest,
                offer: host.offer,
                until,
            },
        ));
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
            Some(Place::Relaying(..)) | None => {}
        }
    }

    /// `relay`: the first one makes the pairing last until the peer had time to
    /// agree, the second one begins it. Outside a pairing it crossed `peer-left` and is
    /// dropped.
    pub fn relay(&mut self, client: ClientId, address: AddressKey, now: Instant, out: &mut Out) {
        let refusal = match self.places.get_mut(&client) {
            Some(Place::Paired(paired)) => match self.limits.relays {
                None => Refusal::NoRelay,
                Some(_) if !matches!(paired.sealed, Sealed::Passed) => Refusal::RelayEarly,
                Some(_) if paired.relay.is_some() => Refusal::RelayTwice,
                Some(_) => {
                    paired.relay = Some(address);
                    let other = paired.other;
                    return self.agree(client, other, now, out);
                }
            },
            Some(Place::Waiting(_)) => Refusal::NotPaired,
            Some(Place::Relaying(..)) | None => return,
        };
        self.leave(client, out);
        out.push((client, Event::Refused(refusal)));
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

    /// One of the two is out already; this was its address.
    pub(super) fn end_relay(&mut self, address: AddressKey, other: ClientId) {
        self.sides.close(address);
        if let Some(Place::Relaying(_, address)) = self.places.remove(&other) {
            self.sides.close(address);
        }
        self.relays = self.relays.saturating_sub(1);
    }

    /// One of the two has just asked for the relay.
    fn agree(&mut self, client: ClientId, other: ClientId, now: Instant, out: &mut Out) {
        let asked = [client, other].map(|side| self.asked_for_relay(side));
        let [Some(address), Some(others)] = asked else {
            let until = now + self.limits.relay_ask;
            for side in [client, other] {
                if let Some(Place::Paired(paired)) = self.places.get_mut(&side) {
                    paired.until = until.max(paired.until);
                }
            }
            return;
        };
        match self.take_relay([address, others]) {
            Ok(()) => {
                self.places.insert(client, Place::Relaying(other, address));
                self.places.insert(other, Place::Relaying(client, others));
                out.push((client, Event::Relaying));
                out.push((other, Event::Relaying));
            }
            Err(refusal) => {
                self.refuse(client, refusal, out);
                self.refuse(other, refusal, out);
            }
        }
    }

    /// From where this one of a pair has asked for the relay, if it has.
    fn asked_for_relay(&self, client: ClientId) -> Option<AddressKey> {
        match self.places.get(&client) {
            Some(Place::Paired(paired)) => paired.relay,
            _ => None,
        }
    }

    /// Counts one more relayed pair, of these addresses.
    fn take_relay(&mut self, [one, other]: [AddressKey; 2]) -> Result<(), Refusal> {
        if self.limits.relays.is_none_or(|most| self.relays >= most) {
            return Err(Refusal::RelayFull);
        }
        if !self.sides.open(one) {
            return Err(Refusal::RelayShare);
        }
        if !self.sides.open(other) {
            self.sides.close(one);
            return Err(Refusal::RelayShare);
        }
        self.relays += 1;
        Ok(())
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
}
