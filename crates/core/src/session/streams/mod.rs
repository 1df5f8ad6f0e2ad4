//! Streams of bytes beside the messages, as of a file, with credit (PROTOCOL.md §7).
//!
//! ```text
//! sender     open ──▶ its number, told by a message  …  wanted ─▶ supply ─▶ a piece
//! receiver   accept ──▶ credit                       …  Event::Piece ─▶ took ─▶ more credit
//! either     close ──▶ close, confirmed by the other one's
//! ```
//!
//! Nothing that was sent is kept: on each link the receiver says where it is, and from there on the
//! source is read, again where it must be. Pieces wait for messages, never the other way round.

mod closes;
mod incoming;
mod outgoing;
mod table;
mod window;

use crate::time::Instant;

pub(super) use self::table::Streams;
use super::Session;
use crate::crypto::seal::LANES;
use crate::payload::PLAINTEXT_MAX;

/// The most streams of one end at a time.
pub const STREAMS_MAX: usize = 16;
/// How much of a stream may be here that nobody has taken, in bytes.
pub const CREDIT: u64 = 4 * 1024 * 1024;
/// Bytes of a piece at most: with what is said beside it, it fills a record.
pub const PIECE_MAX: usize = PLAINTEXT_MAX - 512;
/// How much of one source is wanted at a time, in bytes, at most: as many pieces as are sealed at a time.
pub const WANTED_MAX: usize = LANES * PIECE_MAX;

/// Names a stream of this session: the host's have odd numbers, the guest's even ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// One end has [`STREAMS_MAX`] streams already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many streams at a time")]
pub struct TooMany;

/// What is to be read from the source of a stream next, for [`Session::supply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which stream.
    pub stream: StreamId,
    /// From which byte of it on: as the peer says, and so perhaps beyond its end.
    pub offset: u64,
    /// How many bytes at most; at least 1.
    pub len: usize,
}

impl Session {
    /// Opens a stream to the peer, which is told of it by a message of its own, and sends nothing
    /// before the peer has accepted it.
    ///
    /// # Errors
    /// [`TooMany`] until another one is closed by both.
    pub fn open_stream(&mut self) -> Result<StreamId, TooMany> {
        self.streams.open()
    }

    /// Accepts a stream of the peer's from this byte on: what comes before it is here already, or
    /// not wanted. Where the peer has closed it meanwhile, [`Event::Closed`](super::Event::Closed) says so. One that was
    /// accepted or closed here before stays as it is, and one of ours is none to accept.
    ///
    /// # Errors
    /// [`TooMany`]: the peer has more of them open than it may.
    pub fn accept(&mut self, stream: StreamId, from: u64, now: Instant) -> Result<(), TooMany> {
        let event = self.streams.accept(stream, from, now)?;
        self.events.extend(event);
        Ok(())
    }

    /// What is to be read next from the sources of our streams, while a link counts: of each stream
    /// whose peer takes more and of which nothing waits. They come as their turns do; a source that
    /// is being read, or is slow, may be passed over, and holds up none of the others.
    pub fn wanted(&self) -> Vec<Wanted> {
        let live = self.live.is_some() && !self.frozen && !self.is_switching() && !self.over;
        let wanted = live.then(|| self.streams.wanted());
        wanted.into_iter().flatten().collect()
    }

    /// Takes what was wanted, or the beginning of it, and says whether it still is: on another link
    /// a stream may go on further back. Only the `last` of it may be empty.
    pub fn supply(&mut self, wanted: Wanted, bytes: &[u8], last: bool) -> bool {
        self.live.is_some() && self.streams.supply(wanted, bytes, last)
    }

    /// Everything of this stream before `upto` is taken, and more may come.
    pub fn took(&mut self, stream: StreamId, upto: u64, now: Instant) {
        self.streams.took(stream, upto, now);
    }

    /// Says no more of this stream, and hears no more of it: all of it is here, or it is not
    /// wanted, or not to be had. Pieces that came before may still be told.
    pub fn close_stream(&mut self, stream: StreamId) {
        self.streams.close(stream);
    }

    /// How often the peer has said that more of a stream of ours is there. While that grows, what is
    /// unanswered is on its way.
    pub fn advances(&self) -> u64 {
        self.streams.advances()
    }

    /// How far the peer had this stream of ours when it was last heard of.
    pub fn acknowledged(&self, stream: StreamId) -> Option<u64> {
        self.streams.acknowledged(stream)
    }
}
