//! What a session tells its driver: what happened, and why a link ended.

use super::liveness;
use super::outbox::ImpossibleAck;
use super::record::RecordError;
use super::streams::StreamId;
use crate::crypto::keys::PublicKey;
use crate::files::compare::Chunks;
use crate::files::{Offer, OfferId, Outcome};
use crate::payload::Malformed;

/// What happened, for the driver and the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message arrived.
    Text {
        /// Its number, from 1, without gaps, across sessions.
        seq: u64,
        /// When it was written, in milliseconds since 1970, by the peer's clock.
        sent: u64,
        /// What it says.
        text: String,
        /// It was sent in a session before, too, and may have been shown then.
        resent: bool,
    },
    /// Files are offered, on two streams of the peer's. Their numbers are those of streams once
    /// this session goes on in another one: then they are closed.
    Offer {
        /// Its number, among those of messages.
        seq: u64,
        /// What is offered.
        offer: Offer,
    },
    /// What became of an offer of either end, as the peer says.
    Outcome {
        /// Its number, among those of messages.
        seq: u64,
        /// Which offer.
        id: OfferId,
        /// What became of it.
        outcome: Outcome,
    },
    /// The peer asks for the hashes of an offer of ours.
    Compare {
        /// Its number, among those of messages.
        seq: u64,
        /// Which offer.
        id: OfferId,
        /// Of what.
        chunks: Chunks,
    },
    /// The hashes of an offer of the peer's.
    Hashes {
        /// Its number, among those of messages.
        seq: u64,
        /// Which offer.
        id: OfferId,
        /// One behind the other.
        hashes: Box<[u8]>,
    },
    /// The receiver of an offer of ours waits for space on its disk.
    Paused {
        /// Its number, among those of messages.
        seq: u64,
        /// Which offer.
        id: OfferId,
    },
    /// Everything that we said up to this number has arrived; numbers go on across sessions.
    Delivered(u64),
    /// An answer is awaited for long, and the live link may be dead; or, `false`, it
    /// is not: something was heard, or another link counts. Silent where the link is
    /// lost.
    Unstable(bool),
    /// What we said has arrived, and is not acknowledged: the peer's chat is blocked.
    /// Told once, until something is.
    Withheld,
    /// Nothing of what we said is acknowledged for long, although the peer is heard.
    /// Told like [`Event::Withheld`], and not beside it.
    Unheeded,
    /// The keys of the live link are renewed: what our identity agrees on with this key of the
    /// peer's is to be told to [`Session::agreed`](super::Session::agreed).
    Agree(PublicKey),
    /// They are renewed.
    Renewed,
    /// The next bytes of a stream of the peer's that we accepted.
    Piece {
        /// Which stream.
        stream: StreamId,
        /// How many bytes come before them.
        offset: u64,
        /// Never empty, but for the last ones.
        bytes: Vec<u8>,
        /// The stream ends with them.
        last: bool,
    },
    /// The peer closed this stream, or is gone: nothing more is said of it. Of one of the peer's own
    /// that is told before it was accepted, too, and again where it is said again.
    Closed(StreamId),
    /// The peer said goodbye; the session is over.
    Left,
    /// The same, because the peer's program cannot go on.
    Failed,
}

impl Event {
    /// The number of what is to be [`shown`](super::Session::shown), where it has one.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Text { seq, .. }
            | Self::Offer { seq, .. }
            | Self::Outcome { seq, .. }
            | Self::Compare { seq, .. }
            | Self::Hashes { seq, .. }
            | Self::Paused { seq, .. } => Some(*seq),
            _ => None,
        }
    }
}

/// Why a link ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Somebody tampered with the link, or it was cut in the middle of a record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Something was to be answered, and nothing was heard for too long.
    #[error("no answer for {} s", liveness::DEAD_AFTER.as_secs())]
    Silent,
    /// A `go` that another link has overtaken.
    #[error("an outdated link")]
    Stale,
    /// The peer itself broke the rules: the session cannot go on.
    #[error("the other side broke the protocol: {0}")]
    Misbehaved(&'static str),
}

impl Fault {
    /// Whether reconnecting is of no use.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Misbehaved(_))
    }
}

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Self::Misbehaved("malformed payload")
    }
}

impl From<ImpossibleAck> for Fault {
    fn from(_: ImpossibleAck) -> Self {
        Self::Misbehaved("impossible acknowledgement")
    }
}
