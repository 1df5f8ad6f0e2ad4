//! The data of an offer, as it comes, on its way to the disk, or to standard output.
//!
//! One that another run left goes on like this: a [`List`] is made for the journal's offset, and the
//! part is [reopened](Part::reopen). Each entry that the list has [passed] is told
//! to the [`Replay`](super::place::Replay), which then [goes on](super::place::Replay::go_on) with
//! the file that [`Receive::file`] says.
//!
//! [`List`]: undertone_core::files::list::List
//! [passed]: undertone_core::files::list::List::is_passed

use std::path::PathBuf;

use undertone_core::files::entry::Entry;
use undertone_core::files::name::Name;
use undertone_core::files::receive::{Reached, Receive, Step, Verdict};
use undertone_core::files::{Outcome, Refused};

use super::place::{Part, PlaceError};
use super::sink::Sink;
use super::skipped::{Reason, Skipped};

/// Why what came is not on the disk.
#[derive(Debug, thiserror::Error)]
pub enum IncomingError {
    /// The peer's fault: nothing of the offer is to be kept.
    #[error("what came is not what was offered: {0}")]
    Refused(#[from] Refused),
    /// The disk's.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

impl IncomingError {
    /// Whether the same call may succeed once there is space.
    #[must_use]
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Place(error) if error.is_full())
    }

    /// The word about it for the peer.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(_) | Self::Place(PlaceError::Misfit | PlaceError::TooManyNumbered) => {
                Outcome::NotAcceptable
            }
            Self::Place(PlaceError::Full(_)) => Outcome::NoSpace,
            Self::Place(PlaceError::TooLarge(_)) => Outcome::TooLarge,
            Self::Place(_) => Outcome::CannotWrite,
        }
    }
}

/// An offer that is received.
#[derive(Debug)]
pub struct Incoming {
    receive: Receive,
    sink: Sink,
    /// What was read of the data and is not on the disk: there was no space.
    pending: Option<Pending>,
    failed: Skipped,
    /// The name of the file that began last.
    last: Option<Name>,
}

#[derive(Debug)]
enum Pending {
    Begin(Entry),
    Bytes { at: u64, bytes: Box<[u8]> },
    End(Verdict),
}

impl Incoming {
    /// What `receive` reads goes there: to something new, or a part that goes on at the same place.
    #[must_use]
    pub fn new(receive: Receive, sink: Sink) -> Self {
        let file = receive.file();
        Self {
            last: file.map(|(entry, _)| entry.name.clone()),
            receive,
            sink,
            pending: None,
            failed: Skipped::default(),
        }
    }

    /// The part into which it is written, where it is one.
    #[must_use]
    pub fn part(&self) -> Option<&Part> {
        match &self.sink {
            Sink::Part(part) => Some(part),
            Sink::Output(_) => None,
        }
    }

    /// Bytes of the data that were taken.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.receive.offset()
    }

    /// The same, by the entries of the list.
    #[must_use]
    pub fn reached(&self) -> Reached {
        self.receive.reached()
    }

    /// Files that were not kept because of what happened to them at the sender, since this was made.
    #[must_use]
    pub fn failed(&self) -> &Skipped {
        &self.failed
    }

    /// Writes the next bytes of the data.
    ///
    /// # Errors
    /// [`IncomingError`]. Where there is no space, call it again with what is left of `bytes`, which
    /// may be nothing; what was taken of them is kept until then.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Result<(), IncomingError> {
        self.settle()?;
        while let Some(step) = self.receive.take(bytes)? {
            match step {
                Step::Begin(entry) => {
                    self.last = Some(entry.name.clone());
                    self.pending = Some(Pending::Begin(entry));
                }
                Step::End(verdict) => self.pending = Some(Pending::End(verdict)),
                Step::Bytes { at, bytes } => {
                    let written = self.sink.write_at(at, bytes);
                    if written.as_ref().is_err_and(PlaceError::is_full) {
                        let bytes = bytes.into();
                        self.pending = Some(Pending::Bytes { at, bytes });
                    }
                    written?;
                }
            }
            self.settle()?;
        }
        Ok(())
    }

    /// Waits until all that was taken is on the disk; gives how much that is. Then a journal may
    /// say so, with what the [part](Self::part) keeps.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn sync(&mut self) -> Result<u64, PlaceError> {
        self.settle()?;
        self.sink.sync()?;
        Ok(self.offset())
    }

    /// All of the data came: puts what it is in its place, and tells each path to `placed`.
    ///
    /// # Errors
    /// [`IncomingError`].
    pub fn finish(&mut self, placed: impl FnMut(PathBuf)) -> Result<(), IncomingError> {
        self.settle()?;
        self.receive.finish()?;
        // Only of a pipe nothing says before that it is over.
        if self.sink.is_open() {
            self.sink.end(true)?;
        }
        Ok(self.sink.place(placed)?)
    }

    /// Removes what there is of it.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn discard(self) -> Result<(), PlaceError> {
        self.sink.discard()
    }

    /// Does what is pending; it stays so where it fails.
    fn settle(&mut self) -> Result<(), PlaceError> {
        match &self.pending {
            None => return Ok(()),
            Some(Pending::Begin(entry)) => self.sink.begin(entry)?,
            Some(Pending::Bytes { at, bytes }) => self.sink.write_at(*at, bytes)?,
            Some(Pending::End(Verdict::Whole)) => self.sink.end(true)?,
            Some(Pending::End(verdict)) => {
                let reason = match verdict {
                    Verdict::Unreadable => Reason::Unreadable(std::io::ErrorKind::Other),
                    _ => Reason::Changed,
                };
                self.sink.end(false)?;
                self.failed.add(self.path(), reason);
            }
        }
        self.pending = None;
        Ok(())
    }

    /// That of the last file, as the list has it.
    fn path(&self) -> PathBuf {
        let names = self.receive.folders().iter().chain(&self.last);
        names.map(Name::as_str).collect()
    }
}
