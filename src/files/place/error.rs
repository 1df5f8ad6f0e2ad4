//! Why something cannot be put where it is to go.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use undertone_host::words;

/// Why a received file or folder cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// No space is left, or no more than others may have. What was called may be called again, with
    /// the same values, once there is.
    #[error(
        "no space left for {}\n  Free some space there: it goes on by itself.", .0.display()
    )]
    Full(PathBuf),
    /// A larger file than the file system, or a limit of this process, allows.
    #[error(
        "{} is larger than a file can be there\n  Name a folder on another disk.", .0.display()
    )]
    TooLarge(PathBuf),
    /// The part is not what was made, or kept, under this name: somebody changed it.
    #[error(
        "{} was changed by something else while it was received\n  Let it be sent again.", .0.display()
    )]
    Changed(PathBuf),
    /// Another process receives into this part.
    #[error("{} is in use by another undertone\n  Wait until it ends, or end it.", .0.display())]
    InUse(PathBuf),
    /// Something else goes to standard output.
    #[error("standard output has another file already\n  Receive each by a run of its own.")]
    Taken,
    /// More names than this had to be numbered.
    #[error("more than {} names of it are the same here", super::NUMBERED_MAX)]
    TooManyNumbered,
    /// What comes is not what the entry says: out of order, or more of it.
    #[error("what came does not fit to the list")]
    Misfit,
    /// The system refused.
    #[error("cannot {action} {}: {}\n  {}", .path.display(), words(source), remedy(source))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl PlaceError {
    /// Puts what was tried, and on what, to the system's error.
    pub(in crate::files) fn io(action: &'static str, path: &Path) -> impl FnOnce(Errno) -> Self {
        move |errno| match errno {
            Errno::NOSPC | Errno::DQUOT => Self::Full(path.to_owned()),
            Errno::FBIG => Self::TooLarge(path.to_owned()),
            _ => Self::Io {
                action,
                path: path.to_owned(),
                source: errno.into(),
            },
        }
    }

    /// Whether the same call may succeed once there is space.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full(_))
    }
}

fn remedy(error: &io::Error) -> &'static str {
    use io::ErrorKind::{
        BrokenPipe, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem,
    };
    match error.kind() {
        BrokenPipe => "The program that reads it has ended.",
        NotFound => "Make that folder, or name another one.",
        NotADirectory => "Name a folder.",
        PermissionDenied => "Check its owner and mode, or name a folder of your own.",
        ReadOnlyFilesystem => "That disk can only be read: name a folder on another one.",
        _ => "Look at that folder, or name another one.",
    }
}
