//! Why the conversation with a client is over, relayed or not.

use crate::refusal::Refusal;

/// Why a conversation is over.
pub(crate) enum Outcome {
    /// Close politely.
    Close,
    /// Say that the peer of a relayed pair went, then close.
    PeerLeft,
    /// Say why, then close.
    Refused(Refusal),
    /// Nobody reads any more.
    Gone,
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
