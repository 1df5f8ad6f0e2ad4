//! The agreement between client and mediator: messages, limits, timeouts.
//!
//! All that both sides must know, and nothing else: no socket, no state. One
//! JSON object a WebSocket text message on `GET /v1/rendezvous?t=…`. Unknown fields
//! are ignored, unknown types are refused.
//!
//! ```text
//! client                      mediator                      client
//!   join {v, room, offer, again} ►
//!   ◄─── waiting {observed, expires_in, …}
//!                                 ◄─ join {v, room, offer, again}
//!   ◄─── paired {host, …}         paired {guest, …} ───►
//!   sealed {data} ─────────────── held ◄───────────────── sealed {data}
//!   ◄─── sealed {data}                      sealed {data} ───►
//!   done ────────────►            ◄────────────────── done
//! ```
//!
//! Where no direct path opens, and the mediator relays:
//!
//! ```text
//!   relay ───────────────────────►
//!                                 ◄────────────────── relay
//!   ◄─── relaying                         relaying ───►
//!   binary message ─────────────────────► binary message
//!   binary message ◄───────────────────── binary message
//! ```
//!
//! An `error` is the last message on its connection: the mediator closes after it.
//!
//! Here are the messages, and in `error_code` why a mediator refuses; `bounds` is how long, how many and how fast, `opaque` what
//! passes through unread, `address` what counts as one address, `dns_sd` the names under which a
//! mediator is found on the local network.

#![forbid(unsafe_code)]

mod address;
mod bounds;
mod dns_sd;
mod error_code;
mod opaque;

use std::net::SocketAddr;
use std::ops::Not;

use serde::{Deserialize, Serialize, de};

pub use address::AddressKey;
pub use bounds::*;
pub use dns_sd::{InstanceId, NoInstanceId, SERVICE};
pub use error_code::ErrorCode;
pub use opaque::{Opaque, Tag};

/// Version of this agreement, `v` of `join`.
pub const VERSION: u64 = 1;
/// Path of the WebSocket. What stands behind it, in a query, a mediator ignores.
pub const PATH: &str = "/v1/rendezvous";
/// Where a mediator listens that is told no port, and the port of an address without TLS that
/// names none.
pub const DEFAULT_PORT: u16 = 7700;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ClientMessage {
    /// First message: wait in this room. The same room and offer again while
    /// waiting: renew the seat. With another offer: give up the present seat or
    /// pairing and take a new seat.
    Join {
        /// [`VERSION`].
        v: u64,
        /// The room's tag.
        room: Tag,
        /// OFFER, opaque to the mediator.
        offer: Opaque,
        /// It comes back: to a session, to a contact, or to a seat whose connection is another
        /// one now. Counted by [`REJOINS_PER_MINUTE`].
        #[serde(default, skip_serializing_if = "Not::not")]
        again: bool,
    },
    /// After `paired`, once: handed on to the peer as it is, as soon as the peer's
    /// is there too.
    Sealed {
        /// SEALED, opaque to the mediator.
        data: Opaque,
    },
    /// After both `sealed`, once: have the mediator hand on what both say from now on.
    /// The next from the mediator is `relaying`, once the peer asked too.
    Relay,
    /// The pair is connected: the mediator forgets it and closes this connection.
    Done,
}

/// What the mediator says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum MediatorMessage {
    /// Answer to `join`: you are first.
    Waiting {
        /// Your address as seen from here; port 0 where a proxy hides it.
        observed: SocketAddr,
        /// Seconds until the seat expires.
        expires_in: u64,
        /// Seconds after which the seat is to be taken anew over a new connection, for which this
        /// one makes room. `None`: never.
        #[serde(
            default,
            deserialize_with = "whole",
            skip_serializing_if = "Option::is_none"
        )]
        reseat: Option<u64>,
        /// What else it does for who is here.
        #[serde(flatten)]
        terms: Terms,
    },
    /// Two have met; each gets the other's offer.
    Paired {
        /// Who listens and who dials.
        role: Role,
        /// The peer's OFFER.
        offer: Opaque,
        /// Your address as seen from here; port 0 where a proxy hides it.
        observed: SocketAddr,
        /// Whether `relay` may be asked for here.
        #[serde(default)]
        relay: bool,
        /// What else it does for who is here.
        #[serde(flatten)]
        terms: Terms,
    },
    /// The peer's `sealed`, once yours is there too: to the farther one of both at
    /// once, to the nearer one after half of what it was earlier, at most
    /// [`SEALED_HOLD`], so that both have it at the same time.
    Sealed {
        /// The peer's SEALED.
        data: Opaque,
    },
    /// Both asked for the relay. From now on each side's binary messages, at most
    /// [`RELAY_MESSAGE`] each, are handed on to the peer as they are, in order.
    Relaying,
    /// The peer went before either said `done`. While relaying it comes after all
    /// that the peer had said, and is the last message.
    PeerLeft,
    /// Refused; the connection is closed after it.
    Error {
        /// What, for programs.
        code: ErrorCode,
        /// What, why and what to do, for people.
        message: String,
        /// Seconds after which trying again makes sense. Another value than a whole number from 0
        /// counts for nothing.
        #[serde(
            default,
            deserialize_with = "whole",
            skip_serializing_if = "Option::is_none"
        )]
        retry_after: Option<u64>,
    },
}

/// What a mediator does beside pairing, said in `waiting` and `paired`. What is not said it does
/// not, or does not tell; a value of another kind counts for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The UDP port at which it says by STUN (RFC 8489) from where it is asked.
    #[serde(
        default,
        deserialize_with = "port",
        skip_serializing_if = "Option::is_none"
    )]
    pub stun: Option<u16>,
    /// Bytes a second of a relayed pair, both ways together.
    #[serde(
        default,
        deserialize_with = "whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub relay_rate: Option<u64>,
    /// Bytes of a relayed pair in all, both ways together.
    #[serde(
        default,
        deserialize_with = "whole",
        skip_serializing_if = "Option::is_none"
    )]
    pub relay_bytes: Option<u64>,
}

/// Who listens and who dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Was first; listens.
    Host,
    /// Came second; dials.
    Guest,
}

/// Why a text is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Over [`MAX_MESSAGE`] bytes.
    #[error("message over {MAX_MESSAGE} bytes")]
    TooLong,
    /// A `join` of another version.
    #[error("another version than {VERSION}")]
    Version,
    /// No JSON, an unknown type, a missing or malformed field.
    #[error("not a message of this agreement")]
    Malformed,
}

impl ClientMessage {
    /// The text to send.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// Reads one text message. The version is looked at first: what another
    /// version's other fields look like is not known here.
    ///
    /// # Errors
    /// [`DecodeError`], none of which repeats the text.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Head {
            r#type: String,
            v: u64,
        }
        let message = decode(text);
        match message {
            Ok(Self::Join { v, .. }) if v != VERSION => Err(DecodeError::Version),
            Err(DecodeError::Malformed) => match serde_json::from_str::<Head>(text) {
                Ok(head) if head.r#type == "join" && head.v != VERSION => Err(DecodeError::Version),
                _ => Err(DecodeError::Malformed),
            },
            message => message,
        }
    }
}

impl MediatorMessage {
    /// The text to send.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// Reads one text message.
    ///
    /// # Errors
    /// [`DecodeError`], none of which repeats the text.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        decode(text)
    }
}

#[allow(
    clippy::expect_used,
    reason = "strings, numbers and unit variants always have a JSON form"
)]
fn encode<T: Serialize>(message: &T) -> String {
    serde_json::to_string(message).expect("plain data")
}

/// Reads a number; one that is too large is the largest, and what is no whole number from 0 none.
fn whole<'de, D: de::Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    let huge = || {
        value
            .as_f64()
            .is_some_and(|number| number >= u64::MAX as f64)
    };
    Ok(value.as_u64().or_else(|| huge().then_some(u64::MAX)))
}

/// Reads a port in the same way.
fn port<'de, D: de::Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    let port = whole(from)?.and_then(|port| u16::try_from(port).ok());
    Ok(port.filter(|port| *port != 0))
}

fn decode<T: de::DeserializeOwned>(text: &str) -> Result<T, DecodeError> {
    if text.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLong);
    }
    serde_json::from_str(text).map_err(|_| DecodeError::Malformed)
}

#[cfg(test)]
mod tests;
