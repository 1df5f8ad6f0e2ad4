//! The disk: the data directory of one person, and how what is in it is read and written.
//!
//! Owns: the choice of the folder, its mode 0700, files of mode 0600 (`file`), locks between
//! processes (`lock`), whether all of that works here (`probe`), and the thread that does it while
//! a chat goes on (`writer`): nothing of the disk is on the loop of a chat. Does not own: what the
//! files hold (`identity`, `contacts`, `history`, `terminal::prompts`).

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod file;
mod folders;
mod lock;
mod probe;
mod writer;

pub(crate) use file::{
    create, followed, make_private_dir, open, open_private, read, replace, replace_at_once,
    replace_by, tighten_file,
};
pub use folders::Place;
pub(crate) use lock::Lock;
pub use probe::{Lacks, NO_LOCKS, probe};
pub(crate) use probe::{check_folder, probe_file, probe_lock};
pub use writer::{News, Writer};

/// How long the disk may take to answer one who waits for it.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// The data directory of one person.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    privacy: Privacy,
}

/// Whether others on this machine could open a file or a folder of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privacy {
    /// It was closed to them.
    Kept,
    /// It was open, and has just been closed: to be said, since they may have looked.
    Restored,
    /// It is open, and its file system keeps no modes, as on a USB stick.
    Impossible,
}

impl Privacy {
    /// What is to be said about it.
    #[must_use]
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Self::Kept => None,
            Self::Restored => Some(
                "your data directory was open to others on this machine, and is now closed: they may have read your key",
            ),
            Self::Impossible => Some(
                "others on this machine may read your data directory, with your key: its file system keeps no modes\n  Name a folder on another disk with --data-dir, or mount that one with umask=077.",
            ),
        }
    }
}

/// Why the data directory, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Neither a folder was named nor a home directory found.
    #[error(
        "no home directory to keep the identity in: {0}\n  Set HOME, or name a folder with --data-dir or UNDERTONE_DATA_DIR."
    )]
    NoHome(String),
    /// The folder is one that everyone writes to, such as /tmp.
    #[error(
        "{dir} is shared by everyone on this machine\n  {}Name a folder of your own with --data-dir, for example {dir}/undertone.", led_there(place.as_deref())
    )]
    Shared {
        /// The folder.
        dir: PathBuf,
        /// What led there, where that is known.
        place: Option<Box<Place>>,
    },
    /// Another process has held the lock of a file for long.
    #[error(
        "another program has held {0} for {seconds} s\n  Is another undertone stopped, or hanging? End it, and try again.", seconds = lock::WITHIN.as_secs()
    )]
    Locked(PathBuf),
    /// The disk does not answer.
    #[error(
        "the disk has not answered for {} s\n  Is the data directory on a network that is gone? Name another one with --data-dir.", ANSWERS_WITHIN.as_secs()
    )]
    Silent,
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}\n  {}", remedy(source, place.as_deref()))]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// What led there, where that is known.
        place: Option<Box<Place>>,
    },
}

impl StoreError {
    /// Puts the file's name and what was tried to an error of the system.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
            place: None,
        }
    }

    /// Says what led to the place that cannot be used.
    #[must_use]
    pub fn led_by(mut self, led_by: &Place) -> Self {
        if let Self::Io { place, .. } | Self::Shared { place, .. } = &mut self {
            *place = Some(Box::new(led_by.clone()));
        }
        self
    }
}

fn remedy(error: &io::Error, place: Option<&Place>) -> String {
    use io::ErrorKind::{
        InvalidInput, IsADirectory, NotADirectory, PermissionDenied, QuotaExceeded,
        ReadOnlyFilesystem, StorageFull,
    };
    let what = match error.kind() {
        StorageFull | QuotaExceeded => "Free some space there, or name one on another disk",
        ReadOnlyFilesystem => "That disk can only be read: name one on another disk",
        PermissionDenied => "Check its owner and mode, or name one of your own",
        InvalidInput | IsADirectory => "Put back what belongs there, or name another one",
        NotADirectory => "What stands before the last / must be a folder: name another one",
        _ => "Check its owner, its mode and the space on the disk, or name another one",
    };
    let option = place.map_or("--data-dir", |place| place.option);
    format!("{}{what} with {option}.", led_there(place))
}

/// A sentence, and a space behind it, where it is known what led there.
fn led_there(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!("{} leads there. ", place.by))
}

impl Store {
    /// Opens the data directory, and makes it where there is none.
    ///
    /// A folder that others can read is tightened to 0700; [`Store::privacy`] then tells, so that
    /// it can be said, unless nothing was there to be read.
    ///
    /// # Errors
    /// [`StoreError`] where the folder cannot be made or tightened.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        make_private_dir(dir)?;
        let was_empty = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
        let privacy = match file::tighten_dir(dir)? {
            Privacy::Restored if was_empty => Privacy::Kept,
            privacy => privacy,
        };
        Ok(Self {
            dir: dir.to_owned(),
            privacy,
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file of this name in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether the folder was open to others, and is now.
    #[must_use]
    pub fn privacy(&self) -> Privacy {
        self.privacy
    }
}

/// Does what touches the disk on a thread of its own, and waits for it, 10 s at most: the loop goes
/// on meanwhile, whatever the disk does.
///
/// # Errors
/// [`StoreError::Silent`].
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::time::timeout(ANSWERS_WITHIN, tokio::task::spawn_blocking(work)).await;
    // Cut off or called off: either way there is no answer.
    done.map_or(Err(StoreError::Silent), |done| {
        done.map_err(|_| StoreError::Silent)
    })
}

#[cfg(test)]
mod tests;
