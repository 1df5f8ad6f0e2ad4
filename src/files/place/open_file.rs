//! The file that is being written, until it is complete.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{
    AtFlags, FileType, Stat, Timespec, Timestamps, UTIME_OMIT, fdatasync, fstat, ftruncate,
    futimens, statat, utimensat,
};
use rustix::io::{Errno, pwrite};
use undertone_core::files::entry::{Entry, Kind};

use super::PlaceError;
use super::level::Level;

/// A file may have been changed so much later than now, by another clock.
const MTIME_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// The file that is being written.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) fd: OwnedFd,
    pub(super) name: String,
    kind: Kind,
    size: u64,
    mtime: u64,
    has_holes: bool,
    /// Bytes of it that are no hole.
    contents: u64,
    /// How many of them are written.
    written: u64,
}

impl OpenFile {
    /// That of an entry, with so many bytes of its contents written.
    pub(super) fn of(entry: &Entry, name: String, fd: OwnedFd, written: u64) -> Self {
        Self {
            fd,
            name,
            kind: entry.kind,
            size: entry.size,
            mtime: entry.mtime,
            has_holes: entry.extents.is_some(),
            contents: entry.contents(),
            written,
        }
    }

    /// Writes bytes that stand at `at`, no more than the entry says.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8], path: &Path) -> Result<(), PlaceError> {
        let written = self.written.saturating_add(bytes.len() as u64);
        let end = at.checked_add(bytes.len() as u64);
        let fits = end.is_some_and(|end| end <= self.size) && written <= self.contents;
        if !fits && self.kind != Kind::Pipe {
            return Err(PlaceError::Misfit);
        }
        let mut left = bytes;
        while !left.is_empty() {
            let offset = at + (bytes.len() - left.len()) as u64;
            match pwrite(&self.fd, left, offset) {
                Ok(0) => return Err(PlaceError::io("write to", path)(Errno::IO)),
                Ok(len) => left = left.get(len..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(PlaceError::io("write to", path)(errno)),
            }
        }
        self.written = written;
        Ok(())
    }

    /// Gives it its length and time, waits for the disk where it is to be waited for, and makes sure
    /// that its name still leads to it and nothing else does.
    pub(super) fn complete(
        &self,
        level: &Level,
        is_synced: bool,
        path: &Path,
    ) -> Result<(), PlaceError> {
        if self.kind != Kind::Pipe && self.written != self.contents {
            return Err(PlaceError::Misfit);
        }
        if self.has_holes {
            ftruncate(&self.fd, self.size).map_err(PlaceError::io("write to", path))?;
        }
        set_mtime(&self.fd, self.mtime);
        if is_synced {
            fdatasync(&self.fd).map_err(PlaceError::io("write to", path))?;
        }
        let here = statat(&level.fd, &*self.name, AtFlags::SYMLINK_NOFOLLOW);
        let open = fstat(&self.fd).map_err(PlaceError::io("read", path))?;
        match here.is_ok_and(|here| is_same(&here, &open)) && is_lone_file(&open) {
            true => Ok(()),
            false => Err(PlaceError::Changed(path.to_owned())),
        }
    }
}

fn is_same(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
}

/// Whether it is a file which nothing else leads to.
pub(super) fn is_lone_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_nlink <= 1
}

/// Best effort: some file systems keep none, or let nobody else set it.
pub(super) fn set_mtime(fd: impl AsFd, mtime: u64) {
    if let Some(times) = times(mtime) {
        let _ = futimens(fd, &times);
    }
}

/// The same of what has this name in an open folder.
pub(super) fn set_mtime_at(folder: impl AsFd, name: &str, mtime: u64) {
    if let Some(times) = times(mtime) {
        let _ = utimensat(folder, name, &times, AtFlags::SYMLINK_NOFOLLOW);
    }
}

fn times(mtime: u64) -> Option<Timestamps> {
    let since = Duration::from_secs(mtime);
    let latest = SystemTime::now() + MTIME_AHEAD;
    let is_plausible = UNIX_EPOCH
        .checked_add(since)
        .is_some_and(|mtime| mtime <= latest);
    let (true, Ok(tv_sec)) = (is_plausible, i64::try_from(mtime)) else {
        return None;
    };
    let time = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    Some(Timestamps {
        last_access: time(0, UTIME_OMIT),
        last_modification: time(tv_sec, 0),
    })
}
