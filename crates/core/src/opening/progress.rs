//! What becomes of a pairing's streams, as it is told to whoever carries them.

use crate::frame::Frames;
use crate::pairing::{PairingError, PeerIdentity};
use crate::session::Fault;
use crate::session::record::RecordError;

/// Why a pairing ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// CONFIRM says so.
    #[error(transparent)]
    Pairing(#[from] PairingError),
    /// The peer broke the rules.
    #[error(transparent)]
    Session(#[from] Fault),
}

impl From<RecordError> for OpeningError {
    fn from(error: RecordError) -> Self {
        Self::Session(error.into())
    }
}

/// What became of the bytes of one stream.
#[derive(Debug, Default)]
pub struct Progress {
    /// To be written on this stream, also where the pairing then ends.
    pub write: Vec<u8>,
    /// Who the peer is; told once.
    pub peer: Option<PeerIdentity>,
    /// How this stream stands.
    pub way: Way,
}

/// How a stream stands.
#[derive(Debug, Default)]
pub enum Way {
    /// More bytes are awaited.
    #[default]
    Open,
    /// It is no way to the peer, and to be closed.
    Closed,
    /// It is the session's live link, and this is what was read behind. All others are to be closed.
    Live(Frames),
    /// The pairing has ended.
    Failed(OpeningError),
}
