//! Why a chat did not come about, or ended badly: the exit code of each, and the words for it.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use undertone_core::mediator_url::MediatorUrl;
use undertone_core::pairing::PairingError;

use crate::contacts::ContactsError;
use crate::engine::connect::pair::Failure;
use crate::engine::event::{Event, Problem};
use crate::exit::Exit;
use crate::rendezvous::{RendezvousError, try_again_in};
use crate::store::StoreError;

/// What to do about an invite that is dead.
const NEW_ROOM: &str =
    "Make a new one with a blank room, and give it to the other person over a safe channel.";

/// Why a chat did not come about, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The mediator.
    #[error(transparent)]
    Mediator(#[from] RendezvousError),
    /// The mediator is to be asked again when nobody is waited for any more.
    #[error("{0}")]
    MediatorLater(RendezvousError),
    /// No mediator could be started here.
    #[error("cannot run a mediator on port {0} of this machine: {1}")]
    LocalMediator(u16, io::Error),
    /// No multicast DNS.
    #[error("cannot look for a mediator on the local network: {0}")]
    Lan(io::Error),
    /// An invite that leads to whatever machine reads it, and nobody is there.
    #[error(
        "{0} is this machine itself, and no mediator runs here: nobody elsewhere can use this link"
    )]
    ToItself(MediatorUrl),
    /// An invite that names this machine, was not made here, and nobody is there.
    #[error("{0} is this machine, and no mediator runs here")]
    NoneHere(MediatorUrl),
    /// Nobody is at the port of an invite to a room that was made here, with another port.
    #[error("no mediator at {0}: this room was made at port {1} of this machine")]
    OtherPort(MediatorUrl, u16),
    /// The address to listen on is another machine's.
    #[error("{0} is no address of this machine")]
    NotHere(IpAddr),
    /// No listener for the peer.
    #[error("cannot listen for the other person: {0}")]
    Listen(io::Error),
    /// Somebody came, and it went wrong.
    #[error("{why}")]
    Attempt {
        /// Whether it counts against the invite.
        spent: bool,
        /// What went wrong.
        why: Failure,
    },
    /// Three times somebody came, and it went wrong.
    #[error("{why}, for the third time: this invite is dead")]
    InviteDead {
        /// What went wrong the last time.
        why: Failure,
    },
    /// The attempt was stopped once our SEALED was out.
    #[error("this attempt is spent: it was stopped before the other person had shown who they are")]
    BrokenOff {
        /// How many are left.
        left: u32,
    },
    /// There were too many spent attempts in this room, perhaps in an earlier run.
    #[error("this room had three failed attempts within a day: this invite is dead")]
    RoomSpent,
    /// Attempts cannot be counted.
    #[error(transparent)]
    Attempts(StoreError),
    /// Nobody came in time.
    #[error("nobody came within {} s", .0.as_secs())]
    Nobody(Duration),
    /// The peer is gone and did not come back in time.
    #[error("the other person did not come back within {} s{}", limit.as_secs(), undelivered(*queued))]
    NotBack {
        /// How long was waited.
        limit: Duration,
        /// How many of our messages did not arrive.
        queued: usize,
    },
    /// It cannot be told who the peer is.
    #[error(transparent)]
    Contacts(#[from] ContactsError),
    /// What was said cannot be written to stdout.
    #[error("cannot write to stdout: {0}")]
    Output(io::Error),
    /// The other side broke the protocol.
    #[error("{0}")]
    Broken(undertone_core::session::Fault),
    /// The words did not match; which of them.
    #[error("this chat is ended, for the words did not match twice: {0}")]
    WrongWords(String),
    /// Left while an alarm, or `--require-verified`, kept the chat shut.
    #[error("nothing was sent: the other person's identity was not verified")]
    Shut,
    /// Lines of a pipe were refused.
    #[error("not all of your lines were sent: {0} refused")]
    Unsent(usize),
    /// Some messages did not arrive.
    #[error("{0} of your messages did not arrive")]
    Undelivered(usize),
    /// The system.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl ChatError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Mediator(_)
            | Self::MediatorLater(_)
            | Self::LocalMediator(..)
            | Self::Lan(_)
            | Self::ToItself(_)
            | Self::NoneHere(_)
            | Self::OtherPort(..) => Exit::Mediator,
            Self::NotHere(_) => Exit::Usage,
            Self::Nobody(_) | Self::NotBack { .. } => Exit::Nobody,
            Self::Attempt { why, .. } | Self::InviteDead { why } => ended_by(why).1,
            Self::Undelivered(_) | Self::Unsent(_) => Exit::NoPath,
            Self::BrokenOff { .. } | Self::RoomSpent | Self::WrongWords(_) | Self::Shut => {
                Exit::Identity
            }
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Unread,
            Self::Listen(_)
            | Self::Contacts(_)
            | Self::Output(_)
            | Self::Attempts(_)
            | Self::System(_) => Exit::InternalError,
            Self::Broken(_) => Exit::Protocol,
        }
    }

    /// As it is shown: what, why, and what to do.
    pub fn problem(&self) -> Problem {
        let (code, hint): (_, String) = match self {
            Self::Mediator(error) => (of_mediator(error), error.remedy()),
            Self::MediatorLater(error) => {
                let when = try_again_in(error.retry_after().unwrap_or_default());
                let hint = format!("{when}, which is more than is left of --timeout.");
                (of_mediator(error), hint)
            }
            Self::LocalMediator(..) => (
                "no-mediator",
                "Name one with --mediator, or another port with --local-port.".into(),
            ),
            Self::Lan(_) => (
                "no-mediator",
                "May this machine use multicast DNS (UDP port 5353)? Without --lan it is not needed."
                    .into(),
            ),
            Self::Attempt { spent, why } => {
                let spent = match why {
                    _ if !spent => "",
                    Failure::NoPath(_) => " The other person waits on; three such attempts end an invite.",
                    _ => {
                        " This attempt is spent: ask the other person, who still waits, for the secret or a new invite."
                    }
                };
                (ended_by(why).0, format!("{}{spent}", why.advice()))
            }
            Self::InviteDead { why } => (
                ended_by(why).0,
                format!(
                    "{} This attempt is spent, and with it the invite. {NEW_ROOM}",
                    why.advice()
                ),
            ),
            Self::BrokenOff { left } => (
                "spent",
                match left {
                    0 => format!("Somebody came. It was the third time, and this invite is dead. {NEW_ROOM}"),
                    left => format!("Somebody came; it may have been a guess at the secret. {left} left for this invite."),
                },
            ),
            Self::RoomSpent => ("spent", NEW_ROOM.into()),
            Self::Nobody(_) => (
                "nobody",
                "The room stays free: run it again when the other person is ready.".into(),
            ),
            Self::NotBack { .. } => (
                "nobody",
                "Meet again in the same room; the contact is kept.".into(),
            ),
            Self::Undelivered(_) => {
                ("undelivered", "Send them again when you next meet.".into())
            }
            Self::Unsent(_) => (
                "unsent",
                "A line holds 16 KiB at most: send it in parts.".into(),
            ),
            Self::WrongWords(_) => (
                "wrong-words",
                "Someone may be in between, and have read along. Call the other person, whose program only says that you left, and start again with a new room, whose invite you give them by a safe way."
                    .into(),
            ),
            Self::Shut => (
                "not-verified",
                "Compare the words by voice next time, in a chat: /verify.".into(),
            ),
            Self::Broken(_) => (
                "broken",
                "The fault is the other person's program. Bring undertone up to date on both sides, and meet again."
                    .into(),
            ),
            Self::ToItself(url) => (
                "no-mediator",
                format!(
                    "It works on the machine where it was made, while somebody waits there. {} Made elsewhere, ask for the link that works from where you are: whoever made it sees which one that is.",
                    run_one(url)
                ),
            ),
            Self::NoneHere(url) => (
                "no-mediator",
                format!(
                    "It works while somebody waits here. {} Was another machine meant, ask whoever made the link.",
                    run_one(url)
                ),
            ),
            Self::OtherPort(url, _) => (
                "no-mediator",
                format!("Is the port in the invite right? {}", run_one(url)),
            ),
            Self::NotHere(_) => (
                "listen",
                "Give --bind one that it has, as undertone doctor lists them; without --bind it listens on all of them."
                    .into(),
            ),
            Self::Listen(_) => (
                "listen",
                "Check --bind: perhaps another program has that port.".into(),
            ),
            Self::Output(_) => (
                "output",
                "Is the disk of the log full? What was not written is not acknowledged either."
                    .into(),
            ),
            Self::Contacts(_) | Self::Attempts(_) | Self::System(_) => {
                ("system", String::new())
            }
        };
        Problem {
            code,
            message: self.to_string(),
            hint,
        }
    }

    /// The same as an event.
    pub fn event(&self) -> Event {
        Event::Error(self.problem())
    }
}

/// How to run a mediator at the port of a link, and wait there.
fn run_one(url: &MediatorUrl) -> String {
    format!(
        "To run a mediator here and wait: --local-port {}, and as the room only what follows /# in the link.",
        url.port()
    )
}

fn undelivered(queued: usize) -> String {
    match queued {
        0 => String::new(),
        queued => format!("; {queued} of your messages did not arrive"),
    }
}

/// The word for programs.
fn of_mediator(error: &RendezvousError) -> &'static str {
    match error {
        RendezvousError::Refused { .. } => "refused",
        _ => "no-mediator",
    }
}

/// The word for programs, and how the program ends.
fn ended_by(why: &Failure) -> (&'static str, Exit) {
    match why {
        Failure::NoPath(_) => ("no-path", Exit::NoPath),
        Failure::TheyAreOlder(_)
        | Failure::WeAreOlder(_)
        | Failure::Pairing(
            PairingError::TheyAreOlder(_) | PairingError::WeAreOlder(_) | PairingError::Downgrade,
        ) => ("version", Exit::Protocol),
        Failure::Pairing(
            PairingError::Name | PairingError::Candidates | PairingError::Encapsulation,
        ) => ("broken", Exit::Protocol),
        Failure::Pairing(_) | Failure::NoSecret | Failure::Left | Failure::Slow => {
            ("secret", Exit::Identity)
        }
    }
}
