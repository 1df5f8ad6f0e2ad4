//! Why a pairing ends.

use crate::crypto::keys::InvalidPoint;

/// Why a pairing ended. On the wire every cause looks alike: the socket closes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// A message of the wrong length.
    #[error("{0} has the wrong length")]
    Length(&'static str),
    /// An OFFER of another version, or without a suite of ours. Nobody vouches for it.
    #[error("the other program is older or newer, or somebody says so")]
    Version,
    /// An OFFER that repeats a value of ours.
    #[error("our own offer came back to us")]
    Reflected,
    /// A point that is not one, is not canonical or has a low order.
    #[error("the other side sent an invalid key")]
    Point,
    /// SEALED did not open: the secrets differ, or somebody altered it.
    #[error("that secret did not match")]
    Secret,
    /// SEALED does not hold what its OFFER committed to.
    #[error("the other side broke its commitment")]
    Commitment,
    /// Candidates that are none.
    #[error("the other side sent malformed candidates")]
    Candidates,
    /// Another identity than the one that is expected.
    #[error("the other side uses another identity than expected")]
    Identity,
    /// CONFIRM did not open, or is not the first valid one repeated.
    #[error("the confirmation is not valid")]
    Confirm,
    /// The best common version or suite is not the one in use.
    #[error("somebody forced an older version of the protocol")]
    Downgrade,
    /// The peer, of this name, has no version or suite of ours, and ours are newer.
    #[error("the other side's program is older than this one")]
    TheyAreOlder(String),
    /// The same, and theirs are newer.
    #[error("this program is older than the other side's")]
    WeAreOlder(String),
    /// An encapsulation key that is none.
    #[error("the other side sent an invalid encapsulation key")]
    Encapsulation,
    /// A display name that is not 1 to 64 bytes of UTF-8.
    #[error("the other side's name is malformed")]
    Name,
}

impl PairingError {
    /// Whether a CONFIRM says this of itself: it came from who has the secret, and
    /// none that says otherwise will follow.
    pub fn is_authentic(&self) -> bool {
        !matches!(self, Self::Length(_) | Self::Confirm)
    }
}

impl From<InvalidPoint> for PairingError {
    fn from(_: InvalidPoint) -> Self {
        Self::Point
    }
}
