//! What happens to an offer of files, as a program reads it: `"type":"file"`.

use std::path::Path;

use serde::Serialize;
use undertone_core::files::Outcome;

use crate::engine::event::transfer::{Offered, OfferedFile, Progress, Step, Transfer};
use crate::trust::Trust;

/// Something happened to an offer of files.
#[derive(Debug, Serialize)]
pub(super) struct FileLine<'a> {
    /// Its number in this conversation, from 1, never used again.
    id: u32,
    /// `in`: from the other person; `out`: to them.
    direction: &'static str,
    /// Our name for the other person.
    peer: &'a str,
    /// What is offered.
    name: &'a str,
    #[serde(flatten)]
    step: StepLine<'a>,
}

/// How far it is: `"state"`.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum StepLine<'a> {
    /// The other person offers it: it may be accepted or declined.
    Offered {
        /// What we know of their key.
        trust: Trust,
        /// Files in it.
        files: u64,
        /// Bytes of them all; left out where nobody knows.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// The first ten files.
        first: Vec<Listed<'a>>,
        /// How many begin with a dot, or are in a folder that does.
        hidden: u64,
        /// How many may be executed.
        executable: u64,
        /// How many files and folders are called otherwise on the disk.
        renamed: u64,
        /// Where it goes unless another folder is named.
        #[serde(skip_serializing_if = "Option::is_none")]
        into: Option<String>,
        /// Bytes that are free there.
        #[serde(skip_serializing_if = "Option::is_none")]
        free: Option<u64>,
        /// It is accepted already, by `--accept`.
        accepted: bool,
    },
    /// It is offered to the other person, who decides.
    Waiting {
        /// Files in it.
        files: u64,
        /// Bytes of them all; left out where nobody knows.
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        /// What is left out, and why.
        skipped: &'a [String],
    },
    /// What an earlier offer left is compared: so many bytes of its files.
    Checking(ProgressLine),
    /// It was accepted, and goes on from here.
    Started(ProgressLine),
    /// Bytes have arrived.
    Progress(ProgressLine),
    /// The receiver's disk is full.
    Paused {
        /// What to do.
        message: &'a str,
    },
    /// All of it is here, and being written to the disk for good.
    Saving,
    /// The receiver has it in its place.
    Done {
        /// Bytes of the files.
        size: u64,
        /// Where it is, at the receiver.
        paths: Vec<String>,
        /// Files that were not kept, at the receiver.
        dropped: &'a [String],
    },
    /// It is over, and did not come about.
    Failed {
        /// How: `declined`, `no-space`, `cannot-write`, `source`, `cancelled`, `too-large`,
        /// `not-acceptable` or `failed`.
        outcome: &'static str,
        /// Whether the other end said so.
        by_peer: bool,
        /// More about it.
        #[serde(skip_serializing_if = "str::is_empty")]
        message: &'a str,
    },
    /// It is interrupted: what is here is kept.
    Kept(ProgressLine),
}

/// In bytes of the data as it is sent, entries of the list included; of `checking` in bytes of files.
#[derive(Debug, Serialize)]
struct ProgressLine {
    /// The receiver has so much.
    done: u64,
    /// Of so much; left out where nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// A file of an offer.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    /// From what is offered to the file.
    path: &'a str,
    /// Its bytes.
    size: u64,
    /// Whether it begins with a dot, or is in a folder that does.
    hidden: bool,
    /// Whether it may be executed.
    executable: bool,
}

impl<'a> FileLine<'a> {
    pub(super) fn of(transfer: &'a Transfer) -> Self {
        Self {
            id: transfer.number,
            direction: if transfer.outgoing { "out" } else { "in" },
            peer: &transfer.peer,
            name: &transfer.name,
            step: StepLine::of(&transfer.step),
        }
    }
}

impl<'a> StepLine<'a> {
    fn of(step: &'a Step) -> Self {
        match step {
            Step::Offered(Offered {
                trust,
                files,
                size,
                first,
                hidden,
                executable,
                renamed,
                into,
                free,
                lacks_space: _,
                // `connected` says by which path.
                relay: _,
                accepted,
            }) => Self::Offered {
                trust: *trust,
                files: *files,
                size: *size,
                first: first.iter().map(Listed::of).collect(),
                hidden: *hidden,
                executable: *executable,
                renamed: *renamed,
                into: into.as_deref().map(shown),
                free: *free,
                accepted: *accepted,
            },
            Step::Waiting {
                files,
                size,
                skipped,
                relay: _,
            } => Self::Waiting {
                files: *files,
                size: *size,
                skipped,
            },
            Step::Checking(progress) => Self::Checking(progress.into()),
            Step::Started(progress) => Self::Started(progress.into()),
            Step::Progress(progress) => Self::Progress(progress.into()),
            Step::Paused { message } => Self::Paused { message },
            Step::Saving => Self::Saving,
            Step::Done {
                size,
                paths,
                dropped,
            } => Self::Done {
                size: *size,
                paths: paths.iter().map(|path| shown(path)).collect(),
                dropped,
            },
            Step::Failed {
                outcome,
                by_peer,
                message,
            } => Self::Failed {
                outcome: in_code(*outcome),
                by_peer: *by_peer,
                message,
            },
            Step::Kept(progress) => Self::Kept(progress.into()),
        }
    }
}

impl<'a> Listed<'a> {
    fn of(file: &'a OfferedFile) -> Self {
        Self {
            path: &file.path,
            size: file.size,
            hidden: file.hidden,
            executable: file.executable,
        }
    }
}

impl From<&Progress> for ProgressLine {
    fn from(progress: &Progress) -> Self {
        let Progress { done, total } = *progress;
        Self { done, total }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn in_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Received => "received",
        Outcome::Declined => "declined",
        Outcome::NoSpace => "no-space",
        Outcome::CannotWrite => "cannot-write",
        Outcome::Source => "source",
        Outcome::Cancelled => "cancelled",
        Outcome::TooLarge => "too-large",
        Outcome::NotAcceptable => "not-acceptable",
        Outcome::Failed => "failed",
    }
}
