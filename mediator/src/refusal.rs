//! Every refusal on one page: its code, its words, when to try again.
//!
//! Nothing of what a client sent is repeated in them.

use std::time::Duration;

use undertone_wire::{
    DecodeError, ErrorCode, MAX_MESSAGE, MediatorMessage, RELAY_MESSAGE, VERSION,
};

/// Why a client is refused, from rooms, limits and connection alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not a message of the agreement.
    Malformed,
    /// A text message over [`MAX_MESSAGE`].
    TooLong,
    /// A binary message.
    NotText,
    /// More messages than a connection may send.
    TooMany,
    /// A `join` of another version.
    Version,
    /// A second `sealed` in one pairing.
    SealedTwice,
    /// `sealed` or `done` while waiting.
    NotPaired,
    /// The same `join` came on another connection and took the seat along.
    Superseded,
    /// Too many joins from the address.
    RateLimited {
        /// Until the next one is let in.
        retry_after: Duration,
    },
    /// Every room is taken.
    Full,
    /// The seat lapsed.
    SeatExpired,
    /// The pairing took too long.
    PairingExpired,
    /// `relay` at a mediator that does not relay.
    NoRelay,
    /// `relay` before both `sealed`.
    RelayEarly,
    /// A second `relay` in one pairing.
    RelayTwice,
    /// Text, other than `done`, while relaying.
    NotBinary,
    /// A binary message over [`RELAY_MESSAGE`].
    RelayTooLong,
    /// As many pairs as may be relayed are.
    RelayFull,
    /// One of the two addresses has as many sides of relayed pairs as it may.
    RelayShare,
    /// The pair has relayed as many bytes as it may.
    RelaySpent,
    /// Neither waiting nor paired for too long.
    Idle,
    /// The mediator is stopping.
    ShuttingDown,
}

/// Where everything is taken, a seat may come free in this many seconds.
pub(crate) const FULL_RETRY: u64 = 30;
/// A pair whose bytes are spent may pair and relay anew, after this many seconds.
const SPENT_RETRY: u64 = 60;

impl Refusal {
    /// The word for programs.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Malformed | Self::TooLong | Self::NotText | Self::TooMany => {
                ErrorCode::BadRequest
            }
            Self::SealedTwice | Self::NotPaired => ErrorCode::BadRequest,
            Self::NoRelay | Self::RelayEarly | Self::RelayTwice => ErrorCode::BadRequest,
            Self::NotBinary | Self::RelayTooLong => ErrorCode::BadRequest,
            Self::RelayFull | Self::RelayShare | Self::RelaySpent => ErrorCode::RelayLimit,
            Self::Version => ErrorCode::Version,
            Self::Superseded => ErrorCode::RoomBusy,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Full => ErrorCode::Full,
            Self::SeatExpired | Self::PairingExpired | Self::Idle => ErrorCode::Expired,
            Self::ShuttingDown => ErrorCode::ShuttingDown,
        }
    }

    /// The `error` to send.
    #[must_use]
    pub fn message(self) -> MediatorMessage {
        let retry_after = match self {
            Self::RateLimited { retry_after } => Some(seconds_up(retry_after).max(1)),
            Self::Full | Self::RelayFull | Self::RelayShare => Some(FULL_RETRY),
            Self::RelaySpent => Some(SPENT_RETRY),
            Self::ShuttingDown => Some(5),
            _ => None,
        };
        MediatorMessage::Error {
            code: self.code(),
            message: self.words(),
            retry_after,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Malformed => {
                "not a message of this protocol; is this an undertone client?".into()
            }
            Self::TooLong => {
                format!("message over {MAX_MESSAGE} bytes; none of this protocol is that long")
            }
            Self::NotText => "binary message; this protocol speaks JSON text".into(),
            Self::TooMany => {
                "too many messages on one connection; connect again, more slowly".into()
            }
            Self::Version => {
                format!("this mediator speaks version {VERSION}; use a client of that version")
            }
            Self::SealedTwice => "a second sealed in one pairing ends it; join again".into(),
            Self::NotPaired => {
                "nobody is here to forward this to; wait until you are paired".into()
            }
            Self::Superseded => {
                "the same join came on another connection, which now has the seat".into()
            }
            Self::RateLimited { .. } => {
                "too many joins from your address; wait, then try again".into()
            }
            Self::Full => "all rooms are taken; try again later or use another mediator".into(),
            Self::SeatExpired => "nobody came before the seat expired; join again".into(),
            Self::PairingExpired => {
                "the pairing took too long and was forgotten; join again".into()
            }
            Self::NoRelay => {
                "this mediator does not relay; try another one, or a direct path".into()
            }
            Self::RelayEarly => "a relay is for a pair that has swapped sealed; ask later".into(),
            Self::RelayTwice => "the relay was asked for before; once is enough".into(),
            Self::NotBinary => "text while relaying; only binary messages are forwarded".into(),
            Self::RelayTooLong => {
                format!("binary message over {RELAY_MESSAGE} bytes; send it in parts")
            }
            Self::RelayFull => {
                "as many pairs as this mediator relays at a time are there; try again later".into()
            }
            Self::RelayShare => {
                "as much as this mediator relays at a time for one address is; try again later"
                    .into()
            }
            Self::RelaySpent => {
                "this pair has relayed as many bytes as this mediator allows; pair again".into()
            }
            Self::Idle => "no join came in time; connect again".into(),
            Self::ShuttingDown => "the mediator is stopping; try again in a moment".into(),
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::TooLong => Self::TooLong,
            DecodeError::Version => Self::Version,
            DecodeError::Malformed => Self::Malformed,
        }
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds_up(time: Duration) -> u64 {
    time.as_secs()
        .saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_never_too_early_nor_zero() {
        for (time, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (59_999, 60)] {
            let refusal = Refusal::RateLimited {
                retry_after: Duration::from_millis(time),
            };
            let MediatorMessage::Error {
                code, retry_after, ..
            } = refusal.message()
            else {
                panic!()
            };
            assert_eq!((code, retry_after), (ErrorCode::RateLimited, Some(seconds)));
        }
    }
}
