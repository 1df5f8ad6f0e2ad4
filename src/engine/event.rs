//! What happens in a conversation, as the engine tells it to a face: typed, and without a word of
//! how it looks. Strings of others are raw here: a face makes them safe.

mod parts;
pub mod transfer;

use std::net::SocketAddr;

use jiff::Timestamp;
use undertone_core::crypto::words::Fingerprint;

use crate::link::path::Path;
use crate::link::ranking::Reach;
use crate::store::News;
use crate::trust::Trust;
use transfer::Transfer;

pub use parts::{AlarmCause, Leaving, Loss, Problem, Status, Wait, WayBack};

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// Our seat is taken; the other person is awaited.
    Waiting {
        /// ROOM.
        room: String,
        /// The link for the other person, secret included.
        invite: String,
        /// Further links to the same room, for other networks.
        more_invites: Vec<String>,
        /// From where each of these links works, `invite` first; empty where only its mediator's
        /// owner knows.
        reach: Vec<Reach>,
        /// Seconds until the seat expires; it is renewed before that.
        expires_in: u64,
        /// Nobody else knows of the room: to be shown, come what may.
        made_up: bool,
    },
    /// How far the wait for the other person is, whenever that changes.
    Wait(Wait),
    /// Somebody came, and it is known who: what was typed before is theirs to hear.
    Met {
        /// Our name for the other person.
        peer: String,
    },
    /// A link counts.
    Connected {
        /// Our name for the other person.
        peer: String,
        /// How it goes.
        route: Path,
        /// What we know of the other person's key.
        trust: Trust,
        /// Whether that stems from an earlier meeting, and this one by itself proves less.
        earlier: bool,
        /// Whether the conversation goes on after an interruption.
        resumed: bool,
        /// Whether one of the two had started anew, and this is another session.
        again: bool,
        /// Whether it is our own identity on another terminal.
        yourself: bool,
    },
    /// Another way is taken than before; nothing was lost on the way over.
    Path {
        /// How the link goes now.
        route: Path,
    },
    /// The other person has not been heard for some seconds, and should have been; or,
    /// `false`, is heard again.
    Unstable {
        /// Our name for the other person.
        peer: String,
        /// Whether it is so now.
        unstable: bool,
    },
    /// How it stands with the other person, whenever that changes.
    Status {
        /// Our name for the other person.
        peer: String,
        /// How it stands.
        status: Status,
    },
    /// Somebody said something.
    Message {
        /// Its number, from 1, without gaps.
        id: u64,
        /// Our name for who said it.
        from: String,
        /// What.
        text: String,
        /// When, by the clock of who said it.
        time: Timestamp,
        /// When it came, by ours.
        received: Timestamp,
        /// It was sent before this session too, and may have been shown then.
        resent: bool,
    },
    /// The first message follows that is `resent`.
    Resent {
        /// Our name for who said it.
        peer: String,
    },
    /// We said something at a prompt: it is kept until it has arrived.
    Said {
        /// Its number.
        id: u64,
        /// What.
        text: String,
        /// When.
        time: Timestamp,
    },
    /// It was said to nobody, for nobody is there.
    Unsaid {
        /// What.
        text: String,
    },
    /// Our messages of these numbers have arrived.
    Delivered {
        /// The first one's.
        first: u64,
        /// The last one's.
        last: u64,
    },
    /// Our message waits for a link.
    Queued {
        /// Its number.
        id: u64,
    },
    /// The link was lost and is sought again.
    Reconnecting {
        /// Our name for the other person.
        peer: String,
        /// When it was lost.
        since: Timestamp,
        /// Why.
        reason: Loss,
        /// How many of our messages wait.
        queued: usize,
    },
    /// Without a link, whenever that changes: how the other person comes back who starts anew.
    Back {
        /// Our name for the other person.
        peer: String,
        /// By what.
        way: WayBack,
    },
    /// The same, as a face that was asked for the invite shows it: by these links.
    Invites {
        /// Our name for the other person.
        peer: String,
        /// The links, secret included, the best first.
        links: Vec<String>,
        /// From where each of them works; empty where only its mediator's owner knows.
        reach: Vec<Reach>,
        /// Whether the first one went to the terminal's clipboard.
        copied: bool,
    },
    /// The words that we read out; the other person's are awaited.
    Words {
        /// Four words.
        mine: [&'static str; 4],
        /// Our name for the other person.
        peer: String,
    },
    /// The words matched.
    Verified {
        /// Our name for the other person.
        peer: String,
    },
    /// The chat stays blocked.
    Alarm {
        /// Why.
        cause: AlarmCause,
        /// Whom we expected, or who is there.
        peer: String,
        /// The name that who is there gave, where it is another one.
        name: Option<String>,
        /// The key that we know.
        was: Option<Fingerprint>,
        /// The key that is there.
        is: Fingerprint,
        /// When the expected one was last met, and how well known.
        last_met: Option<(Timestamp, Trust)>,
        /// What opens the chat without comparing words.
        override_by: Option<String>,
        /// Which words of `is` that takes, from 1.
        override_words: Vec<usize>,
    },
    /// The conversation is over.
    Left {
        /// Our name for the other person.
        peer: String,
        /// Why.
        reason: Leaving,
    },
    /// A meeting is over without our doing, or came to nothing: [`Command::Meet`] begins another
    /// one, [`Command::Leave`] ends the conversation.
    ///
    /// [`Command::Meet`]: super::Command::Meet
    /// [`Command::Leave`]: super::Command::Leave
    Parted {
        /// Our name for the other person; empty where there was none yet.
        peer: String,
        /// Whether the other person said goodbye.
        left: bool,
        /// What went wrong, where something did.
        error: Option<Problem>,
    },
    /// Who is there.
    Who {
        /// Our name for the other person.
        peer: String,
        /// The key.
        fingerprint: Fingerprint,
        /// What we know of it.
        trust: Trust,
        /// How the link goes, or went.
        route: Path,
        /// The other end, or the mediator that relays; `None` without a link.
        address: Option<SocketAddr>,
        /// How many of our messages wait.
        queued: usize,
        /// Without a link: why the mediator is of no use, once that was noted.
        absent: Option<String>,
    },
    /// Something to know; nothing to be done.
    Note {
        /// What.
        message: String,
        /// A question, or its answer: to be shown, come what may.
        asked: bool,
    },
    /// The same of several things, each with its name.
    List {
        /// What it is about.
        heading: &'static str,
        /// Names, and what there is to know of each.
        entries: Vec<(String, String)>,
    },
    /// Something happened to an offer of files.
    Transfer(Transfer),
    /// What is tried, for whoever asks why it does not work.
    Detail {
        /// What.
        message: String,
    },
    /// What was shown before may go: a face's own wish, behind the answers to earlier commands.
    Clear,
    /// The commands before this one are obeyed, as a face wants to know.
    Obeyed,
    /// Something went wrong.
    Error(Problem),
}

impl Event {
    /// A remark of ours as a sentence, which begins with a capital. Not for one that begins
    /// with a name: names keep their letters.
    pub fn note(message: &str) -> Self {
        Self::named_note(sentence(message))
    }

    /// A remark of ours that begins with a name.
    pub fn named_note(message: String) -> Self {
        Self::Note {
            message,
            asked: false,
        }
    }

    /// A question, or the answer to one.
    pub fn asked(message: &str) -> Self {
        Self::Note {
            message: sentence(message),
            asked: true,
        }
    }

    /// Something went wrong.
    pub fn error(code: &'static str, message: &str, hint: &str) -> Self {
        Self::Error(Problem {
            code,
            message: message.to_owned(),
            hint: hint.to_owned(),
        })
    }

    /// Something could not be written to the disk, or is written after all.
    pub fn of_news(news: &News) -> Self {
        match news {
            News::Failed(message) => Self::not_kept(message),
            News::Kept(message) => Self::note(message),
        }
    }

    /// What could not be written, why, and on a second line what to do.
    pub fn not_kept(message: &str) -> Self {
        let (message, hint) = message.split_once('\n').unwrap_or((message, ""));
        Self::error("not-kept", message, hint.trim())
    }
}

/// The same, with a capital at its beginning.
fn sentence(message: &str) -> String {
    let mut rest = message.chars();
    let first = rest.next().into_iter().flat_map(char::to_uppercase);
    first.chain(rest.as_str().chars()).collect()
}
