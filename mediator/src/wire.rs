//! The agreement between client and mediator: messages, limits, timeouts.
//!
//! All that both sides must know, and nothing else: no socket, no state. One
//! JSON object a WebSocket text message on `GET /v1/rendezvous`. Unknown fields
//! are ignored, unknown types are refused.
//!
//! ```text
//! client                      mediator                      client
//!   join {v, room, offer} ───────►
//!   ◄─── waiting {observed, expires_in}
//!                                 ◄─────── join {v, room, offer}
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

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Version of this agreement, `v` of `join`.
pub const VERSION: u64 = 1;
/// Path of the WebSocket.
pub const PATH: &str = "/v1/rendezvous";
/// Port of a mediator whose address names none.
pub const DEFAULT_PORT: u16 = 7700;
/// Longest text message, in bytes, either way.
pub const MAX_MESSAGE: usize = 4 * 1024;
/// Longest `offer` or `data`, in bytes once decoded (the longest in use has 256).
pub const MAX_OPAQUE: usize = 1024;

/// Life of a waiting seat; the same `join` sent again renews it.
pub const SEAT_LIFE: Duration = Duration::from_secs(600);
/// Life of a pairing whose clients never say `done`.
pub const PAIRING_LIFE: Duration = Duration::from_secs(60);
/// The longest that a `sealed` is held back from the nearer client, so that both begin
/// to dial at the same time.
pub const SEALED_HOLD: Duration = Duration::from_millis(500);
/// Life of a pairing from when one asked for the relay: what the other one gets to agree.
pub const RELAY_ASK_LIFE: Duration = Duration::from_secs(120);
/// The mediator sends a WebSocket ping this often.
pub const PING_EVERY: Duration = Duration::from_secs(20);
/// A connection silent for this long is gone: two pings, and 5 s to answer the second.
pub const SILENCE: Duration = Duration::from_secs(45);
/// Time for the TLS handshake, and again for the HTTP request.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// A connection that neither waits nor is paired is closed after this long.
pub const IDLE: Duration = Duration::from_secs(10);
/// Time for one write to a client that does not read.
pub const WRITE: Duration = Duration::from_secs(4);

/// Open connections in all.
pub const MAX_CONNECTIONS: usize = 16_384;
/// Open connections an address (IPv6: a /64).
pub const MAX_CONNECTIONS_PER_ADDRESS: usize = 64;
/// Rooms in which someone waits.
pub const MAX_ROOMS: usize = 12_000;
/// `join` messages an address (IPv6: a /64) and minute; renewals are not counted.
pub const JOINS_PER_MINUTE: u32 = 30;
/// WebSocket messages, pings and pongs that one connection may send at once; one more a second.
/// Binary messages of a relayed pair are not among them.
pub const MESSAGE_BURST: u32 = 32;

/// Longest binary message of a relayed pair, in bytes.
pub const RELAY_MESSAGE: usize = 16 * 1024;
/// Messages of a relayed pair that wait for a slow reader, each way.
pub const RELAY_QUEUE: usize = 4;
/// The most that a mediator holds of a relayed pair, each way: the queue; one message
/// read ahead, one or two on the way in, one held for its turn, one or two on the way
/// out. What the system's sockets hold comes on top.
pub const RELAY_HELD: usize = (RELAY_QUEUE + 6) * RELAY_MESSAGE;
/// What a relayed message counts beside its bytes: its headers, down to IP.
pub const RELAY_OVERHEAD: usize = 64;
/// Bytes a second of a relayed pair, both ways together.
pub const RELAY_RATE: u64 = 256 * 1024;
/// Bytes a second of all relayed pairs together.
pub const RELAY_TOTAL_RATE: u64 = 8 * 1024 * 1024;
/// Relayed pairs at a time.
pub const RELAY_PAIRS: usize = 256;
/// Bytes of a relayed pair in all, both ways together.
pub const RELAY_BYTES: u64 = 256 * 1024 * 1024;
/// A pair that was quiet may be ahead of its rate by what it may send in this time.
pub const RELAY_BURST: Duration = Duration::from_millis(250);

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ClientMessage {
    /// First message: wait in this room. Byte for byte the same again while
    /// waiting: renew the seat. With another offer: give up the present seat or
    /// pairing and take a new seat.
    Join {
        /// [`VERSION`].
        v: u64,
        /// The room's tag.
        room: Tag,
        /// OFFER, opaque to the mediator.
        offer: Opaque,
    },
    /// After `paired`, once: handed on to the other one as it is, as soon as the other
    /// one's is there too.
    Sealed {
        /// SEALED, opaque to the mediator.
        data: Opaque,
    },
    /// After both `sealed`, once: have the mediator hand on what both say from now on.
    /// The next from the mediator is `relaying`, once the other one asked too.
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
        /// Seconds until the seat lapses.
        expires_in: u64,
    },
    /// Two have met; each gets the other's offer.
    Paired {
        /// Who listens and who dials.
        role: Role,
        /// The other one's OFFER.
        offer: Opaque,
        /// Your address as seen from here; port 0 where a proxy hides it.
        observed: SocketAddr,
        /// Whether `relay` may be asked for here.
        #[serde(default)]
        relay: bool,
    },
    /// The other one's `sealed`, once yours is there too: to the farther one of both at
    /// once, to the nearer one after half of what it was earlier, at most
    /// [`SEALED_HOLD`], so that both have it at the same time.
    Sealed {
        /// The other one's SEALED.
        data: Opaque,
    },
    /// Both asked for the relay. From now on each side's binary messages, at most
    /// [`RELAY_MESSAGE`] each, are handed on to the other one as they are, in order.
    Relaying,
    /// The other one went before either said `done`. While relaying it comes after all
    /// that the other one had said, and is the last message.
    PeerLeft,
    /// Refused; the connection is closed after it.
    Error {
        /// What, for programs.
        code: ErrorCode,
        /// What, why and what to do, for people.
        message: String,
        /// Seconds after which trying again makes sense.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
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

/// Why the mediator refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Not a message of this agreement, or not at this point.
    BadRequest,
    /// Another version than [`VERSION`].
    Version,
    /// The seat went to another connection that sent the very same `join`.
    RoomBusy,
    /// Too many `join` messages from this address; see `retry_after`.
    RateLimited,
    /// All rooms or connections are taken; see `retry_after`.
    Full,
    /// Seat, pairing or idle connection outlived its time.
    Expired,
    /// A cap on the relay: pairs at a time, or bytes of this pair; see `retry_after`.
    RelayLimit,
    /// The mediator is stopping.
    ShuttingDown,
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

impl ErrorCode {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad-request",
            Self::Version => "version",
            Self::RoomBusy => "room-busy",
            Self::RateLimited => "rate-limited",
            Self::Full => "full",
            Self::Expired => "expired",
            Self::RelayLimit => "relay-limit",
            Self::ShuttingDown => "shutting-down",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A room's tag, 32 bytes; base64url without padding on the wire. All that the
/// mediator knows of a room. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(pub [u8; 32]);

/// Bytes that the mediator hands on unread, at most [`MAX_OPAQUE`]; base64url
/// without padding on the wire. `Debug` shows only how many.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(Box<[u8]>);

impl Opaque {
    /// `None` over [`MAX_OPAQUE`] bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (bytes.len() <= MAX_OPAQUE).then(|| Self(bytes.into()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("Tag(..)")
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        write!(f, "Opaque({} bytes)", bytes.len())
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Base64).and_then(|bytes| {
            let tag = bytes
                .try_into()
                .map_err(|_| de::Error::custom("a tag has 32 bytes"))?;
            Ok(Self(tag))
        })
    }
}

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Base64)?;
        Self::new(&bytes).ok_or_else(|| de::Error::custom("too many bytes"))
    }
}

/// Reads base64url without padding, and in its one canonical form only.
struct Base64;

impl de::Visitor<'_> for Base64 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| E::custom("not base64url without padding"))
    }
}

#[allow(
    clippy::expect_used,
    reason = "strings, numbers and unit variants always have a JSON form"
)]
fn encode<T: Serialize>(message: &T) -> String {
    serde_json::to_string(message).expect("plain data")
}

fn decode<T: de::DeserializeOwned>(text: &str) -> Result<T, DecodeError> {
    if text.len() > MAX_MESSAGE {
        return Err(DecodeError::TooLong);
    }
    serde_json::from_str(text).map_err(|_| DecodeError::Malformed)
}

#[cfg(test)]
mod tests;
