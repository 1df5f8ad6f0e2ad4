//! What happens to an offer of files, of either end.

use std::path::{Path, PathBuf};

use undertone_core::files::Outcome;
use undertone_core::files::entry::Kind;
use undertone_core::files::list::{Listed, Summary};
use undertone_core::files::name::Name;

use crate::files::place::Folder;
use crate::files::size::bytes;
use crate::link::path::RelayLimits;
use crate::trust::Trust;

/// Something happened to an offer.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// Its number in this conversation, from 1, never used again.
    pub number: u32,
    /// Our name for the other person.
    pub peer: String,
    /// Whether it goes to the other person, and does not come from them.
    pub outgoing: bool,
    /// What is offered, as it is called on the wire: it may do anything to a terminal.
    pub name: String,
    /// What happened.
    pub step: Step,
}

/// How far it is.
#[derive(Debug, Clone)]
pub enum Step {
    /// The other person offers it, and it may be accepted or declined.
    Offered(Offered),
    /// It is offered to the other person, who decides.
    Waiting {
        /// Files in it.
        files: u64,
        /// Bytes of them all, where that is known.
        size: Option<u64>,
        /// What is left out, and why, in words.
        skipped: Vec<String>,
        /// What the mediator carries at most, where it carries the conversation.
        relay: Option<RelayLimits>,
    },
    /// What an earlier offer left is compared with the same files of this one, at this end: so many
    /// bytes of them.
    Checking(Progress),
    /// It was accepted, and goes on from here.
    Started(Progress),
    /// Bytes have arrived: both ends count what the receiver has.
    Progress(Progress),
    /// The receiver's disk is full: it goes on by itself once there is space.
    Paused {
        /// Where, and what to do.
        message: String,
    },
    /// All of it is here, and being written to the disk for good.
    Saving,
    /// The receiver has it in its place.
    Done {
        /// Bytes of the files.
        size: u64,
        /// Where it is, at the receiver.
        paths: Vec<PathBuf>,
        /// Files that were not kept, because they changed or could not be read, at the receiver.
        dropped: Vec<String>,
    },
    /// It is over, and did not come about.
    Failed {
        /// How.
        outcome: Outcome,
        /// Whether the other end said so.
        by_peer: bool,
        /// More about it; may be empty.
        message: String,
    },
    /// It is interrupted: what is here is kept, and the same offer goes on with it.
    Kept(Progress),
}

impl Step {
    /// It did not come about because of this end.
    pub(in crate::engine) fn failed(outcome: Outcome, message: String) -> Self {
        Self::Failed {
            outcome,
            by_peer: false,
            message,
        }
    }
}

/// How much of it the receiver has, in bytes of the data as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So much.
    pub done: u64,
    /// Of so much; `None` where nobody knows.
    pub total: Option<u64>,
}

/// What the other person offers.
#[derive(Debug, Clone)]
pub struct Offered {
    /// What we know of their key.
    pub trust: Trust,
    /// Files in it.
    pub files: u64,
    /// Bytes of them all, holes included, where that is known.
    pub size: Option<u64>,
    /// The first files.
    pub first: Vec<OfferedFile>,
    /// How many begin with a dot, or are in a folder that does.
    pub hidden: u64,
    /// How many may be executed.
    pub executable: u64,
    /// How many files and folders are called otherwise on the disk.
    pub renamed: u64,
    /// Where it goes unless another folder is named; `None`: to standard output.
    pub into: Option<PathBuf>,
    /// Bytes that are free there, where the system says.
    pub free: Option<u64>,
    /// That is less than it takes.
    pub lacks_space: bool,
    /// What the mediator carries at most, where it carries the conversation.
    pub relay: Option<RelayLimits>,
    /// It is accepted already, for what we know of their key.
    pub accepted: bool,
}

/// One file of it.
#[derive(Debug, Clone)]
pub struct OfferedFile {
    /// From what is offered to the file, with `/` between: it may do anything to a terminal.
    pub path: String,
    /// Its bytes.
    pub size: u64,
    /// Whether it begins with a dot, or is in a folder that does.
    pub hidden: bool,
    /// Whether it may be executed.
    pub executable: bool,
}

impl Step {
    /// It was received, and nothing of it is kept: the sender's file changed, or could not be read.
    pub(in crate::engine) fn lost(by_peer: bool, dropped: &[String]) -> Self {
        Self::Failed {
            outcome: Outcome::Source,
            by_peer,
            message: dropped.join("\n"),
        }
    }
}

impl Offered {
    /// What is in the list, and where it would go; so many bytes of it are there already. It is not
    /// accepted.
    pub(in crate::engine) fn new(
        summary: &Summary,
        trust: Trust,
        into: Option<PathBuf>,
        relay: Option<RelayLimits>,
        kept: u64,
    ) -> Self {
        let free = into.as_deref().and_then(free);
        let rest = summary.totals.contents.saturating_sub(kept);
        Self {
            trust,
            files: summary.totals.files,
            size: summary.totals.size,
            first: OfferedFile::all_of(&summary.first),
            hidden: summary.hidden,
            executable: summary.executable,
            renamed: summary.renamed,
            free,
            lacks_space: free.is_some_and(|free| free < rest),
            // Which folder `.` is nobody sees.
            into: into.map(|into| std::path::absolute(&into).unwrap_or(into)),
            relay,
            accepted: false,
        }
    }
}

fn free(folder: &Path) -> Option<u64> {
    Folder::open(folder).ok()?.free()
}

impl OfferedFile {
    /// These of a list.
    pub(in crate::engine) fn all_of(files: &[Listed]) -> Vec<Self> {
        files.iter().map(Self::new).collect()
    }

    /// Its path, and what there is to know of it.
    pub(crate) fn in_words(&self) -> (String, String) {
        let mut words = bytes(self.size);
        for (is_so, what) in [(self.hidden, "hidden"), (self.executable, "can be run")] {
            if is_so {
                words += &format!(" · {what}");
            }
        }
        (self.path.clone(), words)
    }

    fn new(listed: &Listed) -> Self {
        let names: Vec<_> = listed.path.iter().map(Name::as_str).collect();
        Self {
            path: names.join("/"),
            size: listed.size,
            hidden: listed.is_hidden(),
            executable: listed.kind == Kind::Executable,
        }
    }
}

impl Progress {
    /// Whether that is all of it.
    #[must_use]
    pub fn is_all(self) -> bool {
        self.total.is_some_and(|total| self.done >= total)
    }

    /// How much that is of a hundred, rounded down.
    #[must_use]
    pub fn percent(self) -> Option<u64> {
        let total = u128::from(self.total?);
        let done = u128::from(self.done).min(total);
        let percent = (100 * done).checked_div(total).unwrap_or(100);
        u64::try_from(percent).ok()
    }
}
