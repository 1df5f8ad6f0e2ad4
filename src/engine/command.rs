//! What a face asks of a conversation.

use super::event::Event;
use crate::exit::Exit;

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
