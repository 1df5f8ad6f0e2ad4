//! What is said of files in messages: an offer, and the word about it.

/// What names an offer on both ends, also in another session: SHA-256 of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfferId(pub [u8; 32]);

/// A file or a folder that is offered, as the message says it that names its streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<N = Box<str>> {
    /// What names it.
    pub id: OfferId,
    /// The number of the sender's stream that lists the entries.
    pub list: u64,
    /// The number of the one with the data, once it is accepted.
    pub data: u64,
    /// What it is called: as the first entry is, or the list is refused. At most
    /// [`NAME_MAX`](super::NAME_MAX) bytes, and nothing more is sure of it before.
    pub name: N,
    /// How many files there are.
    pub count: u64,
    /// Bytes of all of them, holes included; `None` where nobody knows.
    pub size: Option<u64>,
}

impl<N> Offer<N> {
    /// The same, with the name kept in another way.
    pub fn map<'a, M>(&'a self, name: impl FnOnce(&'a N) -> M) -> Offer<M> {
        let Self {
            id,
            list,
            data,
            count,
            size,
            ..
        } = *self;
        Offer {
            id,
            list,
            data,
            name: name(&self.name),
            count,
            size,
        }
    }
}

/// What became of an offer. Either end says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has all of it in its place, on the disk.
    Received,
    /// The receiver does not want it.
    Declined,
    /// The receiver's disk has no space for it.
    NoSpace,
    /// The receiver cannot write where it is to go.
    CannotWrite,
    /// At the sender it changed, or cannot be read.
    Source,
    /// Somebody ended it.
    Cancelled,
    /// It is larger than the receiver takes.
    TooLarge,
    /// Its list, or its data, is not what it must be.
    NotAcceptable,
    /// Something else, or what a later version says.
    Failed,
}

impl Outcome {
    const ALL: [Self; 9] = [
        Self::Received,
        Self::Declined,
        Self::NoSpace,
        Self::CannotWrite,
        Self::Source,
        Self::Cancelled,
        Self::TooLarge,
        Self::NotAcceptable,
        Self::Failed,
    ];

    pub(crate) fn of_number(number: u64) -> Self {
        let known = usize::try_from(number).ok().and_then(|n| Self::ALL.get(n));
        known.copied().unwrap_or(Self::Failed)
    }

    pub(crate) fn number(self) -> u64 {
        self as u64
    }
}
