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
            Role::Host => b'A',
            Role::Guest => b'B',
        }
    }

    /// The other end's role.
    pub fn other(self) -> Role {
        match self {
            Role::Host => Role::Guest,
            Role::Guest => Role::Host,
        }
    }

    /// Puts what is ours and what is theirs in the order A, B.
    pub(super) fn order<T>(self, ours: T, theirs: T) -> (T, T) {
        match self {
            Role::Host => (ours, theirs),
            Role::Guest => (theirs, ours),
        }
    }
}
