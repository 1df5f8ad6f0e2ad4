//! Whether a folder can be used as a data directory: found out beforehand, so that what is missing
//! is known before anybody comes.
//!
//! A chat asks the system (`check_folder`) and makes no file for it: one that is made and removed
//! again costs a file system more than all else at the start. The doctor, who has time, writes one
//! (`probe`), which finds a quota too.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{Access, StatVfs, access, statvfs};
use rustix::io::Errno;
use rustix::process::geteuid;
use undertone_host::open_file;

use super::file::{followed, new_draft, open, open_private};
use super::{StoreError, lock};

/// More than a line of the history takes.
const ROOM: [u8; 4096] = [0; 4096];

/// What is said where there are no locks.
pub const NO_LOCKS: &str = "the file system of your data directory has no locks: let one undertone at a time use it, or name a folder on another disk with --data-dir";

/// What a folder cannot do, and is done without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacks {
    /// Locks between processes, as on some network file systems: two programs that change the same
    /// file at once may each lose what the other one wrote.
    pub locks: bool,
}

/// Writes a file in the folder, locks it, and takes it away again. Links are not tried: `create`
/// goes without.
///
/// # Errors
/// [`StoreError`], where nothing can be kept there: it is full, read-only or somebody else's.
pub fn probe(dir: &Path) -> Result<Lacks, StoreError> {
    let (mut file, draft) = new_draft(&dir.join("probe"))?;
    let written = file.write_all(&ROOM);
    let locked = lock::try_lock(&file);
    drop(file);
    let removed = fs::remove_file(&draft);
    written.map_err(StoreError::io("write to", dir))?;
    let locked = locked.map_err(StoreError::io("lock a file in", dir))?;
    removed.map_err(StoreError::io("remove", &draft))?;
    Ok(Lacks {
        locks: locked == Some(false),
    })
}

/// Whether files can be made in the folder, and there is room for them, as far as the system says.
///
/// # Errors
/// [`StoreError`], as [`probe`].
pub(crate) fn check_folder(dir: &Path) -> Result<(), StoreError> {
    let refused = |errno: Errno| StoreError::io("write to", dir)(errno.into());
    access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(refused)?;
    match statvfs(dir) {
        Ok(free) if is_full(&free) => Err(refused(Errno::NOSPC)),
        // Who does not say is asked by the first file.
        _ => Ok(()),
    }
}

/// A file system that counts neither blocks nor files has no end of them.
fn is_full(free: &StatVfs) -> bool {
    let (blocks, files) = match geteuid().is_root() {
        true => (free.f_bfree, free.f_ffree),
        false => (free.f_bavail, free.f_favail),
    };
    let bytes = blocks.saturating_mul(free.f_frsize);
    free.f_blocks > 0 && bytes < ROOM.len() as u64 || free.f_files > 0 && files == 0
}

/// Whether this file can be read, locked and replaced, there or not. Its lock is left beside it,
/// where it will be needed.
///
/// # Errors
/// [`StoreError`], where it cannot.
pub(crate) fn probe_lock(path: &Path) -> Result<Lacks, StoreError> {
    probe_file(path)?;
    let beside = lock::beside(&followed(path)?);
    let options = &mut OpenOptions::new();
    let options = open_private(options.write(true).create(true).truncate(false));
    let locked = lock::try_lock(&open(options, &beside)?);
    let locked = locked.map_err(StoreError::io("lock", &beside))?;
    Ok(Lacks {
        locks: locked == Some(false),
    })
}

/// Whether this file can be read and replaced, if it is there: in its own folder, where a link to
/// it leads. What stands there or at the lock's place and is no file is found.
///
/// # Errors
/// [`StoreError`], where it cannot.
pub(crate) fn probe_file(path: &Path) -> Result<(), StoreError> {
    is_file_or_none(path)?;
    let file = followed(path)?;
    is_file_or_none(&lock::beside(&file))?;
    let dir = file.parent().unwrap_or(Path::new("."));
    match file == path {
        // The data directory itself has been looked at.
        true => Ok(()),
        false => check_folder(dir),
    }
}

fn is_file_or_none(path: &Path) -> Result<(), StoreError> {
    match open_file(OpenOptions::new().read(true), path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("read", path)(error))
        }
        _ => Ok(()),
    }
}
