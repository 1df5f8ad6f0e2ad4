//! What is not sent, and why: counted, and the first of it named.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// How many are named.
const NAMED_MAX: usize = 100;

/// Why something is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A symbolic link inside of a folder.
    Link,
    /// A pipe, which has no end that anybody knows.
    Pipe,
    /// A socket.
    Socket,
    /// A device.
    Device,
    /// The system does not let us read it.
    Unreadable(io::ErrorKind),
    /// Changed while it was sent.
    Changed,
    /// Its name would be too long on the wire.
    Name,
    /// In too many folders.
    Depth,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => f.write_str("a link"),
            Self::Pipe => f.write_str("a pipe"),
            Self::Socket => f.write_str("a socket"),
            Self::Device => f.write_str("a device"),
            Self::Unreadable(kind) => write!(f, "cannot be read: {kind}"),
            Self::Changed => f.write_str("changed while it was read"),
            Self::Name => f.write_str("its name is too long"),
            Self::Depth => f.write_str("in too many folders"),
        }
    }
}

/// What is not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    count: u64,
    named: Vec<(PathBuf, Reason)>,
}

impl Skipped {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first hundred, with their paths from what was named on.
    #[must_use]
    pub fn named(&self) -> &[(PathBuf, Reason)] {
        &self.named
    }

    /// Each of those that are named, with why, in words, and how many more there are.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let named = self.named.iter();
        let named = named.map(|(path, why)| format!("{}: {why}", path.display()));
        let more = self.count.saturating_sub(self.named.len() as u64);
        let more = (more > 0).then(|| format!("and {more} more"));
        named.chain(more).collect()
    }

    pub(super) fn add(&mut self, path: PathBuf, reason: Reason) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push((path, reason));
        }
    }
}
