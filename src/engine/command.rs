//! What a face asks of a conversation.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use undertone_core::files::Outcome;
use undertone_core::files::name::Name;

use super::event::Event;
use crate::exit::Exit;
use crate::files::source::Filter;

/// Something to be done, in the order in which it was asked for.
#[derive(Debug)]
pub enum Command {
    /// To be said to the other person; empty says nothing.
    Say(String),
    /// A line was too long to be said, and is dropped.
    TooLong,
    /// Shows the words to be read out; with those that the other person read, compares them.
    Verify(Option<String>),
    /// The words are not compared for now.
    VerifyLater,
    /// Lets a changed key in, by these words of it.
    Trust(String),
    /// Tells who is there.
    Who,
    /// Tells whom one talked to.
    Peers,
    /// Offers what these paths name to the other person.
    Send {
        /// What.
        paths: Vec<PathBuf>,
        /// What is left out.
        filter: Filter,
    },
    /// Offers what comes through a pipe until its end.
    SendPipe {
        /// What it is called at the other person's.
        name: Name,
        /// The end that is read.
        pipe: OwnedFd,
    },
    /// Accepts an offer of files.
    Accept {
        /// Which; `None`: the only one.
        number: Option<u32>,
        /// Into which folder, if not where everything goes.
        into: Option<PathBuf>,
    },
    /// Declines an offer of files.
    Reject {
        /// Which; `None`: the only one.
        number: Option<u32>,
        /// What the peer hears.
        outcome: Outcome,
    },
    /// Ends what is being sent or received, or offered: this one, or the only one.
    Cancel(Option<u32>),
    /// Tells what is being sent, received and offered, or what is in this one of them.
    Files(Option<u32>),
    /// The mediator may carry the conversation.
    AllowRelay,
    /// Shows an answer of the face's own behind what was asked for before.
    Show(Event),
    /// Meets somebody again, after [`Event::Parted`].
    Meet,
    /// Nothing more comes: leaves once what was said has arrived.
    EndInput,
    /// Leaves.
    Leave(Exit),
}

impl Command {
    /// The person declines an offer of files: this one, or the only one.
    #[must_use]
    pub fn declined(number: Option<u32>) -> Self {
        Self::Reject {
            number,
            outcome: Outcome::Declined,
        }
    }
}
