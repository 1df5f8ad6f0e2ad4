//! Where the contents of one file go, and nothing else does: standard output.
//!
//! What was written is gone, so it is never taken up again by another run. Holes are zeros.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, fstat, fsync};
use rustix::io::{Errno, write};
use undertone_core::files::entry::{Entry, Kind};

use super::place::PlaceError;

/// What it is called in words.
pub const NAME: &str = "standard output";

/// A pipe that has room takes so many bytes without waiting: PIPE_BUF (POSIX, `write`).
const AT_ONCE: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };
/// While whoever reads is slow, it is looked so often whether it is to end.
const LOOK_EVERY: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// What a hole is filled with at a time.
const ZEROS: usize = 64 * 1024;

/// What one file may be written to.
#[derive(Debug, Clone)]
pub struct Output(Arc<Mutex<Option<OwnedFd>>>);

/// The same, while that is done.
pub struct OutputFile {
    fd: OwnedFd,
    /// So many bytes are written without waiting where there is room.
    at_once: usize,
    /// The file's length, once it began; of a pipe nobody knows it.
    size: Option<u64>,
    is_open: bool,
    /// How much of the file is out.
    position: u64,
    is_cancelled: Box<dyn Fn() -> bool + Send>,
}

impl fmt::Debug for OutputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputFile")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Output {
    /// What goes to this.
    #[must_use]
    pub fn new(fd: OwnedFd) -> Self {
        Self(Arc::new(Mutex::new(Some(fd))))
    }

    /// Takes it for a file, which is given up once `is_cancelled`.
    ///
    /// # Errors
    /// [`PlaceError::Taken`], where another one took it.
    pub fn open(
        &self,
        is_cancelled: impl Fn() -> bool + Send + 'static,
    ) -> Result<OutputFile, PlaceError> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let fd = taken.ok_or(PlaceError::Taken)?;
        let is_file = fstat(&fd)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        Ok(OutputFile {
            fd,
            at_once: if is_file { usize::MAX } else { AT_ONCE },
            size: None,
            is_open: false,
            position: 0,
            is_cancelled: Box::new(is_cancelled),
        })
    }
}

impl OutputFile {
    /// Whether its file was begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// The file begins: the only one.
    ///
    /// # Errors
    /// [`PlaceError::Misfit`] of anything else.
    pub fn begin(&mut self, entry: &Entry) -> Result<(), PlaceError> {
        if !entry.kind.is_file() || self.is_open || self.position > 0 {
            return Err(PlaceError::Misfit);
        }
        self.size = (entry.kind != Kind::Pipe).then_some(entry.size);
        self.is_open = true;
        Ok(())
    }

    /// Writes bytes that stand at `at` in the file. A call that failed may be made again: what is out
    /// already is not written twice.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PlaceError> {
        self.fill(at)?;
        let done = self.position.saturating_sub(at);
        let done = usize::try_from(done).map_err(|_| PlaceError::Misfit)?;
        let mut left = bytes.get(done..).unwrap_or_default();
        while !left.is_empty() {
            let len = self.write(left)?;
            left = left.get(len..).unwrap_or_default();
        }
        Ok(())
    }

    /// The file is over.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn end(&mut self) -> Result<(), PlaceError> {
        if let Some(size) = self.size {
            self.fill(size)?;
        }
        self.is_open = false;
        Ok(())
    }

    /// Waits until it is on the disk, where it goes to one.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn sync(&self) -> Result<(), PlaceError> {
        match fsync(&self.fd) {
            // Of what is no file there is nothing to wait for.
            Err(errno @ (Errno::IO | Errno::NOSPC | Errno::DQUOT)) => Err(failed(errno)),
            _ => Ok(()),
        }
    }

    /// Writes zeros up to this place.
    fn fill(&mut self, upto: u64) -> Result<(), PlaceError> {
        let left = |position| usize::try_from(upto.saturating_sub(position)).unwrap_or(usize::MAX);
        let zeros = vec![0; left(self.position).min(ZEROS)];
        while self.position < upto {
            let hole = left(self.position);
            self.write(zeros.get(..hole).unwrap_or(&zeros))?;
        }
        Ok(())
    }

    /// Writes some of it, at least one byte: as much as whoever reads has room for.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, PlaceError> {
        let bytes = bytes.get(..self.at_once).unwrap_or(bytes);
        loop {
            if (self.is_cancelled)() {
                return Err(failed(Errno::CANCELED));
            }
            let room = PollFlags::OUT;
            match poll(
                &mut [PollFd::new(&self.fd.as_fd(), room)],
                Some(&LOOK_EVERY),
            ) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(errno) => return Err(failed(errno)),
            }
            match write(&self.fd, bytes) {
                Ok(len) => {
                    self.position += len as u64;
                    return Ok(len);
                }
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
    }
}

fn failed(errno: Errno) -> PlaceError {
    PlaceError::io("write to", Path::new(NAME))(errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::testing::entry;
    use std::fs::File;
    use std::io::Read;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::{io, thread};

    fn pipe() -> (io::PipeReader, Output) {
        let (reader, writer) = io::pipe().unwrap();
        (reader, Output::new(writer.into()))
    }

    #[test]
    fn a_file_comes_out_with_zeros_for_its_holes_and_nothing_else() {
        let (mut reader, output) = pipe();
        let mut file = output.open(|| false).unwrap();
        assert!(matches!(output.open(|| false), Err(PlaceError::Taken)));
        let is_misfit = |done| matches!(done, Err(PlaceError::Misfit));
        assert!(is_misfit(file.begin(&entry(0, "a", Kind::Folder, 0))));
        let read = thread::spawn(move || {
            let mut read = Vec::new();
            reader.read_to_end(&mut read).map(|_| read)
        });
        file.begin(&entry(0, "a", Kind::File, 200_000)).unwrap();
        file.write_at(2, b"ab").unwrap();
        // It failed behind the first byte, and is tried again.
        file.write_at(3, b"bc").unwrap();
        file.write_at(100_000, &[7; 50_000]).unwrap();
        file.end().unwrap();
        assert!(is_misfit(file.begin(&entry(1, "b", Kind::File, 1))));
        file.sync().unwrap();
        drop(file);
        let read = read.join().unwrap().unwrap();
        let mut expected = vec![0; 200_000];
        expected[2..5].copy_from_slice(b"abc");
        expected[100_000..150_000].fill(7);
        assert!(read == expected, "{} bytes", read.len());
    }

    #[test]
    fn who_reads_no_more_ends_it_and_who_reads_nothing_does_not_hold_it_up() {
        let (reader, output) = pipe();
        let mut file = output.open(|| false).unwrap();
        file.begin(&entry(0, "a", Kind::Pipe, 0)).unwrap();
        drop(reader);
        let gone = file.write_at(0, b"x").unwrap_err();
        assert!(gone.to_string().contains("standard output"), "{gone}");
        let (_reader, output) = pipe();
        let stop = Arc::new(AtomicBool::new(false));
        let is_cancelled = Arc::clone(&stop);
        let mut file = output
            .open(move || is_cancelled.load(Ordering::Relaxed))
            .unwrap();
        file.begin(&entry(0, "a", Kind::File, 1 << 40)).unwrap();
        thread::scope(|scope| {
            let writes = scope.spawn(|| file.end());
            stop.store(true, Ordering::Relaxed);
            assert!(writes.join().unwrap().is_err());
        });
    }

    #[test]
    fn a_file_takes_it_too() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let opened = File::options().append(true).open(path.path()).unwrap();
        let mut file = Output::new(opened.into()).open(|| false).unwrap();
        file.begin(&entry(0, "a", Kind::File, 3)).unwrap();
        file.write_at(0, b"abc").unwrap();
        file.end().unwrap();
        file.sync().unwrap();
        assert_eq!(std::fs::read(path.path()).unwrap(), b"abc");
    }
}
