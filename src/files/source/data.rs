//! An offer as its sender has it: the list, and the data from any place on.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use undertone_core::files::OfferId;
use undertone_core::files::compare::{Chunks, Hasher};
use undertone_core::files::entry::{Entry, Kind};
use undertone_core::files::name::Name;
use undertone_core::files::receive::Verdict;
use undertone_core::files::schedule::{Builder, Place, Schedule};
use undertone_core::files::{Refused, Totals};

use super::listed::Listed;
use super::pipe::read_pipe;
use super::read::Reader;
use crate::files::skipped::{Reason, Skipped};

/// Bytes that are hashed at a time.
const HASHED_AT_ONCE: usize = 256 * 1024;

/// What is sent. Nothing that was read is kept, but for what was wrong with it.
#[derive(Debug)]
pub struct Source {
    name: Name,
    schedule: Schedule,
    reader: Reader,
    skipped: Skipped,
    failed: Skipped,
    pipe: Option<Pipe>,
}

/// What comes through a pipe comes once.
#[derive(Debug)]
struct Pipe {
    fd: OwnedFd,
    read: u64,
}

impl Source {
    /// Of entries that were found; `None`: there are none.
    pub(super) fn of(builder: Builder, listed: Listed, skipped: Skipped) -> Option<Self> {
        let mut schedule = builder.finish()?;
        // Places it at the first entry.
        schedule.place(0);
        Some(Self {
            name: schedule.entry().name.clone(),
            schedule,
            reader: Reader::new(listed),
            skipped,
            failed: Skipped::default(),
            pipe: None,
        })
    }

    /// Of what comes through this pipe, by this name.
    ///
    /// # Errors
    /// [`Refused`]: not with this name.
    pub fn of_pipe(name: Name, fd: OwnedFd) -> Result<Self, Refused> {
        let mut builder = Builder::default();
        builder.push(&Entry {
            depth: 0,
            name,
            kind: Kind::Pipe,
            size: 0,
            // Of two pipes none is the other's rest.
            mtime: now(),
            extents: None,
            version: None,
        })?;
        let source = Self::of(builder, Listed::default(), Skipped::default());
        let mut source = source.ok_or(Refused::Cut)?;
        source.pipe = Some(Pipe { fd, read: 0 });
        Ok(source)
    }

    /// How much was read of a pipe; `None` of what is none.
    #[must_use]
    pub fn piped(&self) -> Option<u64> {
        self.pipe.as_ref().map(|pipe| pipe.read)
    }

    /// What the offer is called.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What names it on both ends.
    #[must_use]
    pub fn id(&self) -> OfferId {
        self.schedule.id()
    }

    /// How much there is.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        self.schedule.totals()
    }

    /// All bytes of the list.
    #[must_use]
    pub fn list(&self) -> &[u8] {
        self.schedule.list()
    }

    /// What was found and is not sent.
    #[must_use]
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Files that the receiver does not keep, because they changed or could not be read.
    #[must_use]
    pub fn failed(&self) -> &Skipped {
        &self.failed
    }

    /// Fills `buf` with the data from `offset` on; gives how many bytes there were, fewer than its
    /// length at the end. Of a pipe it is what comes next, waited for; 0 is the end there, too.
    ///
    /// # Errors
    /// Of a pipe the system's, and [`io::ErrorKind::Unsupported`] for a place that was read. Of one
    /// file alone, as soon as nothing of it will be kept, that in words; of others none: their
    /// verdicts say it.
    pub fn fill(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buf.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            filled += match self.schedule.place(offset + filled as u64) {
                Place::End => break,
                Place::Bytes(bytes) => {
                    let len = bytes.len().min(rest.len());
                    let (from, to) = (bytes.get(..len), rest.get_mut(..len));
                    if let (Some(from), Some(to)) = (from, to) {
                        to.copy_from_slice(from);
                    }
                    len
                }
                Place::Contents { at, .. } if self.pipe.is_some() => {
                    // What is there goes out before anything is waited for.
                    if filled > 0 {
                        break;
                    }
                    return self.read_pipe(at, rest);
                }
                Place::Contents { file, at, len } => {
                    let len = usize::try_from(len).map_or(rest.len(), |len| len.min(rest.len()));
                    let (entry, folders) = (self.schedule.entry(), self.schedule.folders());
                    let rest = rest.get_mut(..len).unwrap_or_default();
                    self.reader.read_at(file, folders, entry, at, rest);
                    if self.totals().is_one_file() && !self.reader.holds() {
                        self.verdict(file);
                        return Err(io::Error::other(self.failed.in_words().join(", ")));
                    }
                    len
                }
                Place::Verdict { file } => {
                    let byte = rest.split_at_mut(1).0;
                    byte.fill(self.verdict(file).byte());
                    1
                }
            };
        }
        Ok(filled)
    }

    /// SHA-256 of the first contents, chunk by chunk. Before each piece of them `goes_on` hears how many
    /// bytes were hashed; where it says no there are none.
    pub fn hash(&mut self, chunks: Chunks, goes_on: impl Fn(u64) -> bool) -> Option<Vec<u8>> {
        let (mut hasher, mut buf) = (Hasher::new(chunks), vec![0; HASHED_AT_ONCE]);
        let mut offset = 0;
        while hasher.missing() > 0 {
            offset += match self.schedule.place(offset) {
                Place::End => return None,
                Place::Bytes(bytes) => bytes.len() as u64,
                Place::Verdict { .. } => 1,
                Place::Contents { file, at, len } => {
                    if !goes_on(hasher.done()) {
                        return None;
                    }
                    let len = len.min(hasher.missing()).min(HASHED_AT_ONCE as u64);
                    let (entry, folders) = (self.schedule.entry(), self.schedule.folders());
                    let read = usize::try_from(len)
                        .ok()
                        .and_then(|len| buf.get_mut(..len))?;
                    self.reader.read_at(file, folders, entry, at, read);
                    hasher.take(read);
                    len
                }
            };
        }
        Some(hasher.finish())
    }

    fn verdict(&mut self, file: usize) -> Verdict {
        let (entry, folders) = (self.schedule.entry(), self.schedule.folders());
        let verdict = self.reader.verdict(file, folders, entry);
        let reason = match verdict {
            Verdict::Whole => return verdict,
            Verdict::Changed => Reason::Changed,
            Verdict::Unreadable => Reason::Unreadable(io::ErrorKind::Other),
        };
        let names = folders.iter().chain([&entry.name]);
        let path: PathBuf = names.map(Name::as_str).collect();
        // It may be read again, when a link was cut.
        if !self.failed.named().iter().any(|(named, _)| *named == path) {
            self.failed.add(path, reason);
        }
        verdict
    }

    fn read_pipe(&mut self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let pipe = self.pipe.as_mut().filter(|pipe| pipe.read == at);
        let pipe = pipe.ok_or(io::ErrorKind::Unsupported)?;
        let len = read_pipe(&pipe.fd, buf)?;
        pipe.read += len as u64;
        Ok(len)
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
