//! What events are made of: why, how far, and how it stands.

use undertone_core::session::Fault;

use crate::link::frame::FrameError;
use crate::link::ranking::Reach;
use crate::rendezvous::RendezvousError;
use crate::trust::Trust;

/// What went wrong, and what to do.
#[derive(Debug, Clone)]
pub struct Problem {
    /// For programs.
    pub code: &'static str,
    /// What and why.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// How far the wait for the other person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A seat is held.
    Seated,
    /// Somebody is there, and not yet reached.
    Connecting,
    /// It is over.
    Over,
}

/// How somebody comes back who is looked for and starts anew.
#[derive(Debug, Clone)]
pub enum WayBack {
    /// By one of these links, the best first, with from where each works as far as is known. Nobody
    /// else is met by them meanwhile.
    Links(Vec<String>, Vec<Reach>),
    /// By the invite of before: its secret is not kept here.
    Before,
    /// Not at all: it is not known by what key they are the same.
    Unknown,
}

/// How it stands with the other person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// There is a link.
    Linked {
        /// How sure we are who is there.
        trust: Trust,
        /// Whether the mediator carries it.
        relayed: bool,
        /// Whether an answer is overdue.
        unstable: bool,
    },
    /// The chat is shut.
    Shut,
    /// There is no link now.
    Lost {
        /// Messages that wait for one.
        queued: usize,
    },
    /// The conversation is over.
    Left,
}

/// Why a link was lost.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The socket.
    #[error("the connection broke")]
    Broken,
    /// The mediator ended its relaying.
    #[error("{0}")]
    Relay(String),
    /// What came is no frame.
    #[error(transparent)]
    Frame(FrameError),
    /// The session ended the link.
    #[error("{0}")]
    Fault(Fault),
    /// This machine has another address now.
    #[error("your address changed")]
    Moved,
}

impl From<FrameError> for Loss {
    /// A mediator that relays says why it ended that.
    fn from(error: FrameError) -> Self {
        let said = match &error {
            FrameError::Length(_) => return Self::Frame(error),
            FrameError::Io(error) => error.get_ref(),
            FrameError::Closed => None,
        };
        match said.and_then(|said| said.downcast_ref::<RendezvousError>()) {
            Some(why) => Self::Relay(why.to_string()),
            None => Self::Broken,
        }
    }
}

/// Why a chat is shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmCause {
    /// The name is, or looks like, a contact's with another key.
    NameKnown,
    /// In this room we met a contact with another key.
    RoomKnown,
    /// It is a key that a contact gave up.
    FormerKey,
    /// Only who was verified is let in.
    NotVerified,
}

/// Why the other person left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// They wanted to.
    Quit,
    /// Their program could not go on.
    Failed,
}
