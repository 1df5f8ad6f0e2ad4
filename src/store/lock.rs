//! Locks between processes, tried for a bounded time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::{StoreError, followed, open, open_private};

/// How long a lock is tried for: what is done under one takes milliseconds.
pub(super) const WITHIN: Duration = Duration::from_secs(5);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(5);

/// An exclusive lock between processes, held on a file beside the one that it guards (the guarded
/// file itself may be replaced, and a lock on it would go with the old one). Freed when dropped.
///
/// Some file systems of networks have none. There it goes without: whoever lets one program at a
/// time use the folder loses nothing, and is told so (`probe`).
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    exclusive: bool,
}

impl Lock {
    /// Waits until this process alone may change `path`, [`WITHIN`] at most.
    ///
    /// # Errors
    /// [`StoreError::Locked`], or the system's.
    pub(crate) fn on(path: &Path) -> Result<Self, StoreError> {
        let beside = beside(&followed(path)?);
        let options = &mut OpenOptions::new();
        let options = open_private(options.write(true).create(true).truncate(false));
        let file = open(options, &beside)?;
        let until = Instant::now() + WITHIN;
        loop {
            match try_lock(&file) {
                Ok(Some(exclusive)) => {
                    return Ok(Self {
                        _file: file,
                        exclusive,
                    });
                }
                Ok(None) if Instant::now() < until => sleep(AGAIN),
                Ok(None) => return Err(StoreError::Locked(path.to_owned())),
                Err(error) => return Err(StoreError::io("lock", &beside)(error)),
            }
        }
    }

    /// Whether nobody else can hold it: `false` where there are no locks.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.exclusive
    }
}

/// The file that is locked for this one.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// `Some` of whether there are locks here at all; `None` while another process holds this one.
pub(super) fn try_lock(file: &File) -> io::Result<Option<bool>> {
    match file.try_lock() {
        Ok(()) => Ok(Some(true)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) if is_interrupted(&error) => Ok(None),
        Err(TryLockError::Error(error)) if has_none(&error) => Ok(Some(false)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn is_interrupted(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}

/// NFS without its lock service says ENOLCK, others that they know no such thing.
fn has_none(error: &io::Error) -> bool {
    const NONE: [Errno; 4] = [Errno::NOLCK, Errno::NOTSUP, Errno::NOSYS, Errno::INVAL];
    error.kind() == io::ErrorKind::Unsupported
        || Errno::from_io_error(error).is_some_and(|errno| NONE.contains(&errno))
}
