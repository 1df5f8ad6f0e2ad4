//! What happens in a chat, as every face of it is told: people, and programs by
//! `--json` (one object a line, `"v":1`). More fields may come; none changes its
//! meaning.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::contacts::Trust;
use crate::link::ranking::Reach;
use crate::store::News;

/// Something to be shown. Strings of others are raw here: a face makes them safe.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event {
    /// Our seat is taken; the other one is awaited.
    Waiting {
        /// ROOM.
        room: String,
        /// The link for the other one, secret included.
        invite: String,
        /// Further links to the same room, for other networks.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        more_invites: Vec<String>,
        /// From where each of these links works, `invite` first; empty where only its mediator's
        /// owner knows.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        reach: Vec<Reach>,
        /// Seconds until the seat lapses; it is renewed before that.
        expires_in: u64,
    },
    /// A link counts.
    Connected {
        /// Our name for the other one.
        peer: String,
        /// How it goes: `direct` or `relay`.
        path: &'static str,
        /// Which way: `local`, `ipv6`, `ipv4` or `relay`.
        route: &'static str,
        /// The other end, or the mediator that relays.
        address: String,
        /// What we know of the other one's key.
        trust: Standing,
        /// Whether that stems from an earlier meeting, and this one by itself proves less.
        #[serde(skip)]
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
        /// How it goes: `direct` or `relay`.
        path: &'static str,
        /// Which way: `local`, `ipv6`, `ipv4` or `relay`.
        route: &'static str,
        /// The other end, or the mediator that relays.
        address: String,
    },
    /// The other one has not been heard for some seconds, and should have been; or,
    /// `false`, is heard again.
    Unstable {
        /// Our name for the other one.
        peer: String,
        /// Whether it is so now.
        unstable: bool,
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
        #[serde(serialize_with = "rfc_3339")]
        time: Timestamp,
        /// When it came, by ours.
        #[serde(serialize_with = "rfc_3339")]
        received: Timestamp,
        /// It was sent before this session too, and may have been shown then.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        resent: bool,
    },
    /// Our message has arrived.
    Delivered {
        /// Its number.
        id: u64,
    },
    /// Our message waits for a link.
    Queued {
        /// Its number.
        id: u64,
    },
    /// The link was lost and is sought again.
    Reconnecting {
        /// Our name for the other one.
        peer: String,
        /// When it was lost (RFC 3339, UTC).
        since: String,
        /// Why.
        reason: String,
        /// How many of our messages wait.
        queued: usize,
    },
    /// The words that we read out; the other one's are awaited.
    Words {
        /// Four words.
        mine: [&'static str; 4],
        /// Our name for the other one.
        peer: String,
    },
    /// The words matched.
    Verified {
        /// Our name for the other one.
        peer: String,
    },
    /// The chat stays shut.
    Alarm {
        /// `name-known`, `room-known`, `former-key` or `not-verified`.
        kind: &'static str,
        /// Whom we expected, or who is there.
        peer: String,
        /// The name that who is there gave, where it is another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The whole fingerprint of the key that we know.
        #[serde(skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// The whole fingerprint of the key that is there.
        is: String,
        /// When the expected one was last met, and how well known (RFC 3339, UTC).
        #[serde(skip_serializing_if = "Option::is_none")]
        last_met: Option<(String, Standing)>,
        /// What opens the chat without comparing words.
        #[serde(skip_serializing_if = "Option::is_none")]
        override_by: Option<String>,
        /// Which words of `is` that takes, from 1.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        override_words: Vec<usize>,
    },
    /// The conversation is over.
    Left {
        /// Our name for the other one.
        peer: String,
        /// `quit`, or why else.
        reason: String,
    },
    /// Who is there, by `/who`.
    Who {
        /// Our name for the other one.
        peer: String,
        /// The whole fingerprint.
        fingerprint: String,
        /// What we know of the key.
        trust: Standing,
        /// How it goes, or went: `direct` or `relay`.
        path: &'static str,
        /// Which way: `local`, `ipv6`, `ipv4` or `relay`.
        route: &'static str,
        /// The other end, or the mediator that relays; `None` without a link.
        address: Option<String>,
        /// How many of our messages wait.
        queued: usize,
        /// Without a link: why the mediator is of no use, once that was noted.
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<String>,
    },
    /// Something to know; nothing to be done.
    Note {
        /// What.
        message: String,
    },
    /// The same of several things, each with its name: to programs a note, with a line for each.
    #[serde(rename = "note")]
    List {
        /// All of it.
        message: String,
        /// What it is about.
        #[serde(skip)]
        heading: &'static str,
        /// Names, and what there is to know of each.
        #[serde(skip)]
        entries: Vec<(String, String)>,
    },
    /// Something went wrong.
    Error {
        /// For programs.
        code: &'static str,
        /// What and why.
        message: String,
        /// What to do about it.
        hint: String,
    },
}

fn rfc_3339<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}

impl Event {
    /// A remark of ours as a sentence, which begins with a capital. Not for one that begins
    /// with a name: names keep their letters.
    pub fn note(message: &str) -> Self {
        let mut rest = message.chars();
        let first = rest.next().into_iter().flat_map(char::to_uppercase);
        Event::Note {
            message: first.chain(rest.as_str().chars()).collect(),
        }
    }

    /// A heading, and entries below it.
    pub fn list(heading: &'static str, entries: Vec<(String, String)>) -> Self {
        let lines = entries
            .iter()
            .map(|(name, what)| format!("\n{name}: {what}"));
        Event::List {
            message: format!("{heading}{}", lines.collect::<String>()),
            heading,
            entries,
        }
    }

    /// Something could not be written to the disk, or is written after all.
    pub fn of_news(news: &News) -> Self {
        match news {
            News::Failed(message) => Event::not_kept(message),
            News::Kept(message) => Event::note(message),
        }
    }

    /// What could not be written, why, and on a second line what to do.
    pub fn not_kept(message: &str) -> Self {
        let (message, hint) = message.split_once('\n').unwrap_or((message, ""));
        Event::Error {
            code: "not-kept",
            message: message.to_owned(),
            hint: hint.trim().to_owned(),
        }
    }
}

/// How sure we are of who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// The words were compared.
    Verified,
    /// Both knew the secret of a room.
    Invite,
    /// Nothing was compared.
    Unverified,
}

impl From<Trust> for Standing {
    fn from(trust: Trust) -> Self {
        match trust {
            Trust::Verified => Standing::Verified,
            Trust::Invite => Standing::Invite,
            Trust::Unverified => Standing::Unverified,
        }
    }
}

impl Standing {
    /// As people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Standing::Verified => "verified",
            Standing::Invite => "via invite",
            Standing::Unverified => "not verified",
        }
    }
}
