//! The folder that the person names: resolved once, held open, and all else is relative to it.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Dir, Mode, OFlags, StatVfs, fstatvfs, fsync, openat};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::PlaceError;

/// How folders are opened: never through a link.
pub(super) const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

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

/// What is in an open folder, in the order of the bytes.
pub(super) fn names(folder: impl AsFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}
