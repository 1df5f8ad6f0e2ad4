//! Whether a folder can be used as a data directory: tried beforehand, so that what is missing is
//! found before anybody comes.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::file::new_draft;
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
