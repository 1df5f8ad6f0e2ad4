//! Why a mediator refuses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why the mediator refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// Not a message of this agreement, or not at this point.
    BadRequest,
    /// Another version than [`VERSION`](crate::VERSION).
    Version,
    /// The seat went to another connection that sent the very same `join`.
    RoomBusy,
    /// Too many `join` messages from this address; see `retry_after`.
    RateLimited,
    /// All rooms or connections are taken; see `retry_after`.
    Full,
    /// Seat, pairing or idle connection outlived its time.
    Expired,
    /// A cap on the relay: pairs at a time, in all or for an address, or bytes of this pair;
    /// see `retry_after`.
    RelayLimit,
    /// The mediator is stopping.
    ShuttingDown,
    /// A code of a later mediator: what its message says counts. Never sent.
    #[serde(other)]
    Unknown,
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
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
