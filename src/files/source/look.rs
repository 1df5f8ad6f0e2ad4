//! What stands at a name: a file or folder, which is opened, or something that is left alone.

use std::ffi::CStr;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::{Errno, read};
use undertone_core::files::entry::{Extent, Kind};

use super::holes;
use crate::files::at::DIRECTORY;
use crate::files::skipped::Reason;

/// How files are opened: a pipe or a device that has taken a file's place is not waited for.
pub(super) const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// What is read at most of a file for which the system says no size, as in `/proc`.
const COUNTED_MAX: u64 = 64 * 1024 * 1024;

/// What there is of a file or folder but its name.
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) stat: Stat,
    pub(super) size: u64,
    pub(super) extents: Option<Box<[Extent]>>,
    pub(super) is_counted: bool,
    pub(super) fd: OwnedFd,
}

/// What stands there, without opening it.
pub(super) fn kind_of(folder: BorrowedFd<'_>, name: &CStr) -> Result<FileType, Reason> {
    let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(unreadable)?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

/// Opens it, and looks at what was opened.
pub(super) fn look(folder: BorrowedFd<'_>, name: &CStr, kind: FileType) -> Result<Seen, Reason> {
    let flags = match kind {
        FileType::Directory => DIRECTORY,
        FileType::RegularFile => READ,
        other => return Err(reason_of(other)),
    };
    let fd = openat(folder, name, flags, Mode::empty()).map_err(unreadable)?;
    let stat = fstat(&fd).map_err(unreadable)?;
    let opened = FileType::from_raw_mode(stat.st_mode);
    if opened != kind {
        return Err(reason_of(opened));
    }
    let mut seen = Seen {
        kind: Kind::Folder,
        stat,
        size: 0,
        extents: None,
        is_counted: false,
        fd,
    };
    if kind == FileType::RegularFile {
        let is_executable = Mode::from_raw_mode(stat.st_mode).contains(Mode::XUSR);
        seen.kind = if is_executable {
            Kind::Executable
        } else {
            Kind::File
        };
        seen.size = u64::try_from(stat.st_size).unwrap_or_default();
        seen.extents = holes::find(&seen.fd, &stat, seen.size).map_err(unreadable)?;
        if seen.size == 0 {
            seen.size = count(&seen.fd).map_err(unreadable)?;
            seen.is_counted = seen.size > 0;
        }
    }
    Ok(seen)
}

/// How much there is to read where the system says nothing, [`COUNTED_MAX`] at most.
fn count(file: &OwnedFd) -> Result<u64, Errno> {
    let (mut buf, mut size) = ([0; 4096], 0);
    while size < COUNTED_MAX {
        match read(file, &mut buf) {
            Ok(0) | Err(Errno::AGAIN) => break,
            Ok(len) => size += len as u64,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(size)
}

fn reason_of(kind: FileType) -> Reason {
    match kind {
        FileType::Symlink => Reason::Link,
        FileType::Fifo => Reason::Pipe,
        FileType::Socket => Reason::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => Reason::Device,
        // It was another thing when it was looked at first.
        _ => Reason::Unreadable(io::ErrorKind::NotFound),
    }
}

pub(super) fn unreadable(errno: Errno) -> Reason {
    Reason::Unreadable(io::Error::from(errno).kind())
}
