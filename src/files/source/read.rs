//! The contents of what was listed, at any place of them, and whether they are what was listed.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::{Errno, pread, read};

use super::Listing;
use super::listing::mtime;
use super::walk::READ;
use crate::files::at::DIRECTORY;
use crate::files::extents::locate;

/// What is to be said of a file behind its contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it was listed, and nobody changed it while it was read.
    Unchanged,
    /// It was changed.
    Changed,
    /// It cannot be read.
    Unreadable,
}

/// Reads the files of a listing, one at a time; a file is open from the first byte that is asked of
/// it until its verdict.
#[derive(Debug)]
pub struct Reader {
    listing: Arc<Listing>,
    /// The folder that the last file was in: the next one is likely to be there, too.
    folder: Option<(u32, OwnedFd)>,
    file: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    index: u32,
    /// With what it was when it was opened; `None` where it could not be.
    opened: Option<(OwnedFd, Stat)>,
    verdict: Verdict,
}

impl Reader {
    /// For these files.
    #[must_use]
    pub fn new(listing: Arc<Listing>) -> Self {
        Self {
            listing,
            folder: None,
            file: None,
        }
    }

    /// Fills `buf` with what stands at `position` of the contents of the file at this place in the
    /// list. Where nothing can be read zeros do, and the [`verdict`](Self::verdict) says so.
    pub fn read_at(&mut self, index: usize, position: u64, buf: &mut [u8]) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.open(index);
        let mut at = 0;
        while let Some(rest) = buf.get_mut(at..).filter(|rest| !rest.is_empty()) {
            match self.read_run(index, position + at as u64, rest) {
                Some(len) => at += len,
                None => return rest.fill(0),
            }
        }
    }

    /// Closes the file, and says whether what was read of it can be kept.
    pub fn verdict(&mut self, index: usize) -> Verdict {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.open(index);
        let Some(file) = self.file.take() else {
            return Verdict::Unreadable;
        };
        let Some((fd, before)) = file.opened.filter(|_| file.verdict == Verdict::Unchanged) else {
            return file.verdict;
        };
        let size = self.listing.size(index);
        let has_more = || pread(&fd, &mut [0; 1], size) != Ok(0);
        match fstat(&fd) {
            Err(_) => Verdict::Unreadable,
            Ok(after) if !is_same(&before, &after) => Verdict::Changed,
            Ok(_) if self.listing.is_counted(index) && has_more() => Verdict::Changed,
            Ok(_) => Verdict::Unchanged,
        }
    }

    /// Reads up to the next hole; `None` where nothing can be read any more.
    fn read_run(&mut self, index: u32, position: u64, buf: &mut [u8]) -> Option<usize> {
        let extents = self.listing.extents(index);
        let file = self.file.as_mut()?;
        let (fd, _) = file.opened.as_ref()?;
        if file.verdict != Verdict::Unchanged {
            return None;
        }
        let Some((offset, run)) = locate(extents, position) else {
            file.verdict = Verdict::Changed;
            return None;
        };
        let run = usize::try_from(run).unwrap_or(usize::MAX).min(buf.len());
        let buf = buf.get_mut(..run)?;
        loop {
            file.verdict = match pread(fd, &mut *buf, offset) {
                Ok(0) => Verdict::Changed,
                Ok(len) => return Some(len),
                Err(Errno::INTR) => continue,
                Err(_) => Verdict::Unreadable,
            };
            return None;
        }
    }

    /// Opens the file, if it is not open, and compares it with what was listed.
    fn open(&mut self, index: u32) {
        if self.file.as_ref().is_some_and(|file| file.index == index) {
            return;
        }
        self.file = None;
        let opened = self.open_at(index, READ).and_then(|fd| {
            let stat = fstat(&fd)?;
            Ok((fd, stat))
        });
        let (opened, verdict) = match opened {
            // It was readable when it was listed.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => (None, Verdict::Changed),
            Err(_) => (None, Verdict::Unreadable),
            Ok((_, stat)) if !self.is_as_listed(index, &stat) => (None, Verdict::Changed),
            Ok(opened) => (Some(opened), Verdict::Unchanged),
        };
        self.file = Some(OpenFile {
            index,
            opened,
            verdict,
        });
    }

    fn is_as_listed(&self, index: u32, stat: &Stat) -> bool {
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        let size = u64::try_from(stat.st_size).ok();
        let is_same =
            size == Some(self.listing.size(index)) && mtime(stat) == self.listing.mtime(index);
        // What has no size has no time either: in /proc it is that of the first look at it.
        let is_same = is_same || self.listing.is_counted(index) && size == Some(0);
        is_file && is_same
    }

    /// Opens an entry in its folder, and that in its own, where they are not open.
    fn open_at(&mut self, index: u32, flags: OFlags) -> Result<OwnedFd, Errno> {
        let Some(parent) = self.listing.parent(index) else {
            let path = self.listing.roots.get(&index).ok_or(Errno::NOENT)?;
            return openat(CWD, path, flags, Mode::empty());
        };
        if self.folder.as_ref().is_none_or(|(open, _)| *open != parent) {
            let fd = self.open_at(parent, DIRECTORY)?;
            self.folder = Some((parent, fd));
        }
        let (_, folder) = self.folder.as_ref().ok_or(Errno::NOENT)?;
        let name = self.listing.name_on_disk(index).ok_or(Errno::NOENT)?;
        openat(folder, OsStr::from_bytes(name), flags, Mode::empty())
    }
}

fn is_same(before: &Stat, after: &Stat) -> bool {
    let parts = |stat: &Stat| {
        let changed = (stat.st_ctime, stat.st_ctime_nsec);
        (stat.st_dev, stat.st_ino, stat.st_size, mtime(stat), changed)
    };
    parts(before) == parts(after)
}

/// Reads what comes next through a pipe, as much as there is; waits for it. 0 is its end.
///
/// # Errors
/// The system's.
pub fn read_pipe(pipe: impl AsFd, buf: &mut [u8]) -> std::io::Result<usize> {
    let pipe = pipe.as_fd();
    loop {
        match read(pipe, &mut *buf) {
            Ok(len) => return Ok(len),
            Err(Errno::INTR) => {}
            // Another program may have made it one that does not wait.
            Err(Errno::AGAIN) => match poll(&mut [PollFd::new(&pipe, PollFlags::IN)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            },
            Err(errno) => return Err(errno.into()),
        }
    }
}
