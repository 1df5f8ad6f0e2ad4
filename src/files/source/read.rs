//! The contents of what was listed, at any place of them, and whether they are what was listed.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::{Errno, pread};
use undertone_core::files::entry::Entry;
use undertone_core::files::name::Name;
use undertone_core::files::receive::Verdict;

use super::listed::{Listed, nanos_of, seconds};
use super::look::READ;
use crate::files::at::DIRECTORY;

/// Reads files one at a time; a file is open from the first byte that is asked of it until its
/// verdict.
#[derive(Debug)]
pub(super) struct Reader {
    listed: Listed,
    /// The folder that the last file was in: the next one is likely to be there, too.
    folder: Option<(Box<[Name]>, OwnedFd)>,
    file: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    number: usize,
    /// With what it was when it was opened; `None` where it could not be.
    opened: Option<(OwnedFd, Stat)>,
    verdict: Verdict,
}

impl Reader {
    pub(super) fn new(listed: Listed) -> Self {
        Self {
            listed,
            folder: None,
            file: None,
        }
    }

    /// Fills `buf` with what stands at `at` in the file of this entry. Where nothing can be read
    /// zeros do, and the verdict says so.
    pub(super) fn read_at(
        &mut self,
        number: usize,
        folders: &[Name],
        entry: &Entry,
        at: u64,
        buf: &mut [u8],
    ) {
        let mut filled = 0;
        let file = self.open(number, folders, entry);
        while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read(at + filled as u64, rest) {
                Some(len) => filled += len,
                None => return rest.fill(0),
            }
        }
    }

    /// Whether the file that was read last is as it was when it was opened, as far as is known.
    pub(super) fn holds(&self) -> bool {
        let Some(file) = &self.file else { return true };
        let opened = file.opened.as_ref();
        let opened = opened.filter(|_| file.verdict == Verdict::Whole);
        opened.is_some_and(|(fd, before)| fstat(fd).is_ok_and(|now| is_same(before, &now)))
    }

    /// Closes the file, and says whether what was read of it can be kept.
    pub(super) fn verdict(&mut self, number: usize, folders: &[Name], entry: &Entry) -> Verdict {
        let verdict = self.open(number, folders, entry).verdict;
        let opened = self.file.take().and_then(|file| file.opened);
        let Some((fd, before)) = opened.filter(|_| verdict == Verdict::Whole) else {
            return verdict;
        };
        let is_counted = self.listed.counted.contains(&number);
        let has_more = || pread(&fd, &mut [0; 1], entry.size) != Ok(0);
        match fstat(&fd) {
            Err(_) => Verdict::Unreadable,
            Ok(after) if !is_same(&before, &after) => Verdict::Changed,
            Ok(_) if is_counted && has_more() => Verdict::Changed,
            Ok(_) => Verdict::Whole,
        }
    }

    /// Opens the file, if it is not open, and compares it with what was listed.
    fn open(&mut self, number: usize, folders: &[Name], entry: &Entry) -> &mut OpenFile {
        let open = self.file.take().filter(|file| file.number == number);
        let file = open.unwrap_or_else(|| {
            let opened = self.open_at(folders, &entry.name, READ);
            let opened = opened.and_then(|fd| fstat(&fd).map(|stat| (fd, stat)));
            let (opened, verdict) = match opened {
                // It was there when it was listed.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => (None, Verdict::Changed),
                Err(_) => (None, Verdict::Unreadable),
                Ok((fd, stat)) => {
                    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
                    match is_file && self.listed.is_same(number, entry, &stat) {
                        true => (Some((fd, stat)), Verdict::Whole),
                        false => (None, Verdict::Changed),
                    }
                }
            };
            OpenFile {
                number,
                opened,
                verdict,
            }
        });
        self.file.insert(file)
    }

    /// Opens an entry in its folder, and that in its own, where they are not open.
    fn open_at(&mut self, folders: &[Name], name: &Name, flags: OFlags) -> Result<OwnedFd, Errno> {
        let Some((last, above)) = folders.split_last() else {
            let path = self.listed.roots.get(name).ok_or(Errno::NOENT)?;
            return openat(CWD, path, flags, Mode::empty());
        };
        if self
            .folder
            .as_ref()
            .is_none_or(|(open, _)| **open != *folders)
        {
            let fd = self.open_at(above, last, DIRECTORY)?;
            self.folder = Some((folders.into(), fd));
        }
        let (_, folder) = self.folder.as_ref().ok_or(Errno::NOENT)?;
        let on_disk = self.listed.on_disk(folders, name);
        openat(folder, OsStr::from_bytes(&on_disk), flags, Mode::empty())
    }
}

impl OpenFile {
    /// Reads what is there; `None` where nothing can be read any more.
    fn read(&mut self, at: u64, buf: &mut [u8]) -> Option<usize> {
        let (fd, _) = self.opened.as_ref()?;
        while self.verdict == Verdict::Whole {
            self.verdict = match pread(fd, &mut *buf, at) {
                Ok(0) => Verdict::Changed,
                Ok(len) => return Some(len),
                Err(Errno::INTR) => continue,
                Err(_) => Verdict::Unreadable,
            };
        }
        None
    }
}

fn is_same(before: &Stat, after: &Stat) -> bool {
    let parts = |stat: &Stat| {
        let modified = (seconds(stat), nanos_of(stat));
        let changed = (stat.st_ctime, stat.st_ctime_nsec);
        (stat.st_dev, stat.st_ino, stat.st_size, modified, changed)
    };
    parts(before) == parts(after)
}
