//! What takes what is received: a part in a folder, or standard output.

use std::path::PathBuf;

use undertone_core::files::entry::Entry;

use super::output::{Output, OutputFile};
use super::place::{Part, PlaceError};

/// Where what is received goes.
#[derive(Debug, Clone)]
pub enum Target {
    /// Into this folder.
    Folder(PathBuf),
    /// There, the contents of one file.
    Output(Output),
}

impl Target {
    /// The folder, if it is one.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.clone()),
            Self::Output(_) => None,
        }
    }
}

/// What is written to. The calls are those of [`Part`].
#[derive(Debug)]
pub enum Sink {
    /// A part, which becomes what it is called once it is whole.
    Part(Part),
    /// What was written is there at once.
    Output(OutputFile),
}

impl Sink {
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Part(part) => part.is_open(),
            Self::Output(output) => output.is_open(),
        }
    }

    pub(super) fn begin(&mut self, entry: &Entry) -> Result<(), PlaceError> {
        match self {
            Self::Part(part) => part.begin(entry),
            Self::Output(output) => output.begin(entry),
        }
    }

    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PlaceError> {
        match self {
            Self::Part(part) => part.write_at(at, bytes),
            Self::Output(output) => output.write_at(at, bytes),
        }
    }

    /// What is out is out, kept or not.
    pub(super) fn end(&mut self, is_kept: bool) -> Result<(), PlaceError> {
        match self {
            Self::Part(part) => part.end(is_kept),
            Self::Output(output) => output.end(),
        }
    }

    pub(super) fn sync(&mut self) -> Result<(), PlaceError> {
        match self {
            Self::Part(part) => part.sync(),
            Self::Output(output) => output.sync(),
        }
    }

    pub(super) fn place(&mut self, placed: impl FnMut(PathBuf)) -> Result<(), PlaceError> {
        match self {
            Self::Part(part) => part.place(placed),
            Self::Output(output) => output.sync(),
        }
    }

    pub(super) fn discard(self) -> Result<(), PlaceError> {
        match self {
            Self::Part(part) => part.discard(),
            Self::Output(_) => Ok(()),
        }
    }
}
