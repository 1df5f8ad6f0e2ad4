//! What a client is told of its room, and whom it is told.

use std::time::Instant;

use undertone_wire::{Opaque, Role};

use crate::refusal::Refusal;

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
    /// You have met the peer.
    Paired {
        /// Who listens and who dials.
        role: Role,
        /// The peer's offer.
        offer: Opaque,
        /// When the pairing lapses.
        until: Instant,
    },
    /// The peer's `sealed`.
    Sealed {
        /// Its data.
        data: Opaque,
        /// Not to be told before this, nor anything that comes after it.
        at: Instant,
    },
    /// Both asked for the relay.
    Relaying,
    /// The peer went.
    PeerLeft,
    /// You are outside now, and the connection is to be closed.
    Refused(Refusal),
}

/// Whom to tell what.
pub type Out = Vec<(ClientId, Event)>;
