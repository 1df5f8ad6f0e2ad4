//! The folder that the person names: resolved once, held open, and all else is relative to it.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, StatVfs, fstatvfs, fsync, openat};
use rustix::process::geteuid;

use super::PlaceError;
use crate::files::at::DIRECTORY;

/// The folder into which files are received.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens it; a link to a folder is followed, here and never again.
    ///
    /// # Errors
    /// [`PlaceError::Io`], where there is no such folder.
    pub fn open(path: &Path) -> Result<Self, PlaceError> {
        let flags = DIRECTORY.difference(OFlags::NOFOLLOW);
        let fd = openat(CWD, path, flags, Mode::empty()).map_err(PlaceError::io("open", path))?;
        // Only to name it.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self { fd, path })
    }

    /// Its full path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that this user can still write there; `None` where the file system does not say.
    #[must_use]
    pub fn free(&self) -> Option<u64> {
        let vfs = fstatvfs(&self.fd).ok()?;
        let blocks = |vfs: &StatVfs| match geteuid().is_root() {
            true => vfs.f_bfree,
            false => vfs.f_bavail,
        };
        (vfs.f_blocks > 0).then(|| blocks(&vfs).saturating_mul(vfs.f_frsize))
    }

    /// Waits until its names are on the disk, where the file system can.
    pub(super) fn sync(&self) {
        let _ = fsync(&self.fd);
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
