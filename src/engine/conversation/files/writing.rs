//! An offer that was accepted, on the thread that writes: full disks are waited for, and the journal
//! says from time to time how much is safe.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use undertone_core::files::Outcome;
use undertone_core::files::name::Name;
use undertone_core::files::receive::Receive;

use crate::files::incoming::{Incoming, IncomingError};
use crate::files::journal::{Journal, Transfer};
use crate::files::output::Output;
use crate::files::place::{Folder, Part, PlaceError};
use crate::files::sink::Sink;
use crate::store::StoreError;

/// A full disk is tried again after so long.
const AGAIN: Duration = Duration::from_millis(500);
/// So many bytes may come twice after a crash …
const SAFE_EVERY: u64 = 64 * 1024 * 1024;
/// … or what came in so long.
const SAFE_AFTER: Duration = Duration::from_secs(5);

/// What the conversation and the thread that writes tell each other meanwhile.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// It is to end.
    pub(super) cancelled: AtomicBool,
    /// The disk is full: it is tried again and again.
    pub(super) full: AtomicBool,
    /// So many bytes were hashed.
    pub(super) checked: AtomicU64,
}

/// What is being received.
#[derive(Debug)]
pub(in crate::engine::conversation) struct Writing {
    incoming: Incoming,
    /// `None` where it cannot go on after a crash.
    noted: Option<Noted>,
    signals: Arc<Signals>,
    /// A buffer for bytes that are to be written, empty.
    pub(super) spare: Vec<u8>,
}

/// What the journal says of it.
#[derive(Debug)]
struct Noted {
    journal: Journal,
    transfer: Transfer,
    /// When that was said.
    safe: Instant,
}

/// What was received, in its place.
#[derive(Debug)]
pub(in crate::engine::conversation) struct Received {
    pub(super) paths: Vec<PathBuf>,
    /// Files that are not there, and why, in words.
    pub(super) dropped: Vec<String>,
}

/// Why it does not come about here.
#[derive(Debug, thiserror::Error)]
pub(in crate::engine::conversation) enum WriteError {
    #[error(transparent)]
    Incoming(#[from] IncomingError),
    #[error("what is here cannot be noted: {0}")]
    Journal(#[from] StoreError),
    #[error("no more than {0} bytes are taken here")]
    TooLarge(u64),
    #[error("it was cancelled")]
    Cancelled,
}

impl WriteError {
    /// The word about it for the peer.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Incoming(error) => error.outcome(),
            Self::Journal(_) => Outcome::CannotWrite,
            Self::TooLarge(_) => Outcome::TooLarge,
            Self::Cancelled => Outcome::Cancelled,
        }
    }
}

impl From<PlaceError> for WriteError {
    fn from(error: PlaceError) -> Self {
        Self::Incoming(error.into())
    }
}

/// What is written, or what cannot be: the person is asked again.
pub(in crate::engine::conversation) type Begun = Result<Box<Writing>, (Box<Receive>, WriteError)>;

impl Writing {
    /// Makes the part that the journal is to know.
    ///
    /// # Errors
    /// [`WriteError`].
    pub(super) fn create(
        receive: Receive,
        noted: (Journal, Transfer),
        signals: Arc<Signals>,
    ) -> Result<Self, WriteError> {
        let (_, transfer) = &noted;
        let name = Name::new(&transfer.name).map_err(|_| PlaceError::Misfit)?;
        let part = Part::create(Folder::open(&transfer.folder)?, &name)?;
        Self::begin(receive, part, noted, signals)
    }

    /// Goes on with `receive` in this part, and notes where that is.
    ///
    /// # Errors
    /// [`WriteError::Journal`].
    pub(super) fn begin(
        receive: Receive,
        part: Part,
        (journal, mut transfer): (Journal, Transfer),
        signals: Arc<Signals>,
    ) -> Result<Self, WriteError> {
        part.target().path().clone_into(&mut transfer.folder);
        transfer.part = part.kept().clone();
        (transfer.offset, transfer.reached) = (receive.offset(), receive.reached());
        journal.keep(&transfer)?;
        let noted = Noted {
            journal,
            transfer,
            safe: Instant::now(),
        };
        Ok(Self::of(receive, Sink::Part(part), Some(noted), signals))
    }

    /// Begins to write `receive` to standard output.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub(super) fn begin_output(
        receive: Receive,
        output: &Output,
        signals: Arc<Signals>,
    ) -> Result<Self, WriteError> {
        let stop = Arc::clone(&signals);
        let output = output.open(move || stop.cancelled.load(Ordering::Relaxed))?;
        Ok(Self::of(receive, Sink::Output(output), None, signals))
    }

    fn of(receive: Receive, sink: Sink, noted: Option<Noted>, signals: Arc<Signals>) -> Self {
        Self {
            incoming: Incoming::new(receive, sink),
            noted,
            signals,
            spare: Vec::new(),
        }
    }

    /// How much of the data is written.
    pub(super) fn offset(&self) -> u64 {
        self.incoming.offset()
    }

    /// The folder that the journal has of it.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.noted.as_ref().map(|noted| &*noted.transfer.folder)
    }

    /// Writes the next bytes of the data.
    ///
    /// # Errors
    /// [`WriteError`].
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), WriteError> {
        let (incoming, signals) = (&mut self.incoming, &self.signals);
        persist(signals, || incoming.take(&mut bytes))?;
        let offset = self.offset();
        let is_due = |noted: &Noted| {
            let is_much = offset.saturating_sub(noted.transfer.offset) >= SAFE_EVERY;
            is_much || noted.safe.elapsed() >= SAFE_AFTER
        };
        match self.noted.as_ref().is_some_and(is_due) {
            true => self.keep(),
            false => Ok(()),
        }
    }

    /// Notes that everything so far is on the disk, once it is, where that is of use.
    ///
    /// # Errors
    /// [`WriteError`].
    pub(super) fn keep(&mut self) -> Result<(), WriteError> {
        let (incoming, signals) = (&mut self.incoming, &self.signals);
        let Some(noted) = &mut self.noted else {
            return Ok(());
        };
        noted.transfer.offset = persist(signals, || Ok(incoming.sync()?))?;
        noted.transfer.reached = incoming.reached();
        if let Some(part) = incoming.part() {
            noted.transfer.part = part.kept().clone();
        }
        noted.journal.keep(&noted.transfer)?;
        noted.safe = Instant::now();
        Ok(())
    }

    /// All of the data came: puts it in its place.
    ///
    /// # Errors
    /// [`WriteError`]; what is not in its place stays in the part.
    pub(super) fn finish(&mut self) -> Result<Received, WriteError> {
        let mut paths = Vec::new();
        let (incoming, signals) = (&mut self.incoming, &self.signals);
        persist(signals, || incoming.finish(|path| paths.push(path)))?;
        self.noted.as_ref().map_or(Ok(()), Noted::forget)?;
        Ok(Received {
            paths,
            dropped: self.incoming.failed().in_words(),
        })
    }

    /// Removes what there is of it.
    pub(super) fn discard(self) {
        // What stays behind `undertone files` lists.
        if self.incoming.discard().is_ok() {
            let _ = self.noted.as_ref().map(Noted::forget);
        }
    }
}

impl Noted {
    fn forget(&self) -> Result<(), StoreError> {
        self.journal.forget(&self.transfer.peer, &self.transfer.id)
    }
}

/// Does it again while the disk is full, unless it is cancelled.
fn persist<T>(
    signals: &Signals,
    mut work: impl FnMut() -> Result<T, IncomingError>,
) -> Result<T, WriteError> {
    loop {
        match work() {
            Err(error) if error.is_full() => signals.full.store(true, Ordering::Relaxed),
            done => {
                signals.full.store(false, Ordering::Relaxed);
                return Ok(done?);
            }
        }
        let until = Instant::now() + AGAIN;
        while Instant::now() < until {
            if signals.cancelled.load(Ordering::Relaxed) {
                return Err(WriteError::Cancelled);
            }
            thread::sleep(AGAIN / 10);
        }
    }
}
