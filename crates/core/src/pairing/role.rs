//! Which end of a pairing is which.

/// Which end of the pairing this is. A is the host: it waited first, listens,
/// and names the link that counts. B is the guest: it dials and speaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A: waited first, listens, leads.
    Host,
    /// B: came second, dials, speaks first on every link.
    Guest,
}

impl Role {
    /// The letter by which transcripts and records name this end.
    pub fn letter(self) -> u8 {
        match self {
            Self::Host => b'A',
            Self::Guest => b'B',
        }
    }

    /// The other end's role.
    pub fn other(self) -> Self {
        match self {
            Self::Host => Self::Guest,
            Self::Guest => Self::Host,
        }
    }

    /// Puts what is ours and what is theirs in the order A, B.
    pub(super) fn order<T>(self, ours: T, theirs: T) -> (T, T) {
        match self {
            Self::Host => (ours, theirs),
            Self::Guest => (theirs, ours),
        }
    }
}
