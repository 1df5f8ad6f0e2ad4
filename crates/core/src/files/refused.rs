//! Why a list, or the data that goes with it, is not taken.

use super::ENTRIES_MAX;
use super::entry::EntryError;

/// The peer says what its own offer or this protocol does not allow: nothing of it is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// An entry in a folder that is not open, a name that does not come after the one before it in
    /// its folder, or a pipe beside others.
    #[error("an entry out of order")]
    Order,
    /// More than [`ENTRIES_MAX`], more than [`LIST_MAX`](super::LIST_MAX) bytes, or of more bytes than can be
    /// counted.
    #[error("a list of more than {ENTRIES_MAX} entries, or too large")]
    TooLarge,
    /// It ends too early.
    #[error("an end before all of it is there")]
    Cut,
    /// More than was announced.
    #[error("more than was announced")]
    More,
    /// Another name, count or size than the offer says.
    #[error("a list of something else than what is offered")]
    Offer,
    /// Its hash is not the offer's id.
    #[error("a list that is not the one that was announced")]
    Id,
    /// A verdict that is none.
    #[error("a malformed verdict")]
    Verdict,
}
