//! The part goes, and nothing else: by open folders, through no link and into no other disk.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Mode, fstat, openat, unlinkat};
use rustix::io::Errno;
use undertone_core::files::DEPTH_MAX;

use super::level::open_part;
use super::{Folder, PlaceError};
use crate::files::at::{DIRECTORY, names};

/// Removes the part of this name that another run left in this folder, unless it is in use. One
/// that is gone, or whose folder is, is no error.
///
/// # Errors
/// [`PlaceError`].
pub fn clear(folder: &Path, part: &str) -> Result<(), PlaceError> {
    let is_gone = |error: &PlaceError| matches!(error, PlaceError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound);
    let opened = Folder::open(folder).and_then(|folder| {
        // Whatever the journal says: no other name is one of ours.
        if part.contains('/') || !part.starts_with('.') || !part.ends_with(".part") {
            return Err(PlaceError::Changed(folder.path().join(part)));
        }
        let fd = open_part(&folder, part)?;
        Ok((folder, fd))
    });
    match opened {
        Ok((folder, fd)) => remove(&folder, part, &fd),
        Err(error) if is_gone(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Empties an open part, and removes its name where it still leads to it.
pub(super) fn remove(target: &Folder, name: &str, part: &OwnedFd) -> Result<(), PlaceError> {
    let path = target.path().join(name);
    // Fails where something that is not empty has the name.
    let removed = empty(part, DEPTH_MAX).and_then(|()| unlinkat(target, name, AtFlags::REMOVEDIR));
    match removed {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(errno) => Err(PlaceError::io("remove", &path)(errno)),
    }
}

fn empty(folder: &OwnedFd, depth: usize) -> Result<(), Errno> {
    for name in names(folder)? {
        remove_in(folder, &name, depth)?;
    }
    Ok(())
}

/// Removes what has this name in an open folder of the part.
pub(super) fn remove_in(folder: &OwnedFd, name: &CStr, depth: usize) -> Result<(), Errno> {
    match unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) if depth > 0 => {}
        Err(errno) => return Err(errno),
    }
    let inner = openat(folder, name, DIRECTORY, Mode::empty())?;
    if fstat(&inner)?.st_dev != fstat(folder.as_fd())?.st_dev {
        return Err(Errno::XDEV);
    }
    empty(&inner, depth - 1)?;
    drop(inner);
    unlinkat(folder, name, AtFlags::REMOVEDIR)
}
