//! What a line of `--json` holds. docs/events.md describes it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::file::FileLine;
use crate::link::ranking::Reach;
use crate::trust::Trust;

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Line<'a> {
    /// Our seat is taken; the other person is awaited.
    Waiting {
        /// ROOM.
        room: &'a str,
        /// The link for the other person, secret included.
        invite: &'a str,
        /// Further links to the same room, for other networks.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        more_invites: &'a [String],
        /// From where each of these links works, `invite` first; empty where only its mediator's
        /// owner knows.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        reach: &'a [Reach],
        /// Seconds until the seat expires; it is renewed before that.
        expires_in: u64,
    },
    /// A link counts.
    Connected {
        /// Our name for the other person.
        peer: &'a str,
        /// How it goes: `direct` or `relay`.
        path: &'static str,
        /// Which way: `local`, `ipv6`, `ipv4` or `relay`.
        route: &'static str,
        /// `udp` where a direct link goes over that, and not over TCP.
        #[serde(skip_serializing_if = "Option::is_none")]
        transport: Option<&'static str>,
        /// The other end, or the mediator that relays.
        address: String,
        /// What we know of the other person's key.
        trust: Trust,
        /// Whether the conversation goes on after an interruption.
        resumed: bool,
        /// Whether one of the two had started anew, and this is another session.
        again: bool,
        /// Whether it is our own identity on another terminal.
        yourself: bool,
    },
    /// Something happened to an offer of files.
    File(FileLine<'a>),
    /// Another way is taken than before; nothing was lost on the way over.
    Path {
        /// How it goes: `direct` or `relay`.
        path: &'static str,
        /// Which way: `local`, `ipv6`, `ipv4` or `relay`.
        route: &'static str,
        /// `udp` where a direct link goes over that, and not over TCP.
        #[serde(skip_serializing_if = "Option::is_none")]
        transport: Option<&'static str>,
        /// The other end, or the mediator that relays.
        address: String,
    },
    /// The other person has not been heard for some seconds, and should have been; or,
    /// `false`, is heard again.
    Unstable {
        /// Our name for the other person.
        peer: &'a str,
        /// Whether it is so now.
        unstable: bool,
    },
    /// Somebody said something.
    Message {
        /// Its number, from 1, without gaps.
        id: u64,
        /// Our name for who said it.
        from: &'a str,
        /// What.
        text: &'a str,
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
        /// Our name for the other person.
        peer: &'a str,
        /// When it was lost (RFC 3339, UTC).
        since: String,
        /// Why.
        reason: String,
        /// How many of our messages wait.
        queued: usize,
    },
    /// The words that we read out; the other person's are awaited.
    Words {
        /// Four words.
        mine: [&'static str; 4],
        /// Our name for the other person.
        peer: &'a str,
    },
    /// The words matched.
    Verified {
        /// Our name for the other person.
        peer: &'a str,
    },
    /// The chat stays blocked.
    Alarm {
        /// `name-known`, `room-known`, `former-key` or `not-verified`.
        kind: &'static str,
        /// Whom we expected, or who is there.
        peer: &'a str,
        /// The name that who is there gave, where it is another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<&'a str>,
        /// The whole fingerprint of the key that we know.
        #[serde(skip_serializing_if = "Option::is_none")]
        was: Option<String>,
        /// The whole fingerprint of the key that is there.
        is: String,
        /// When the expected one was last met, and how well known (RFC 3339, UTC).
        #[serde(skip_serializing_if = "Option::is_none")]
        last_met: Option<(String, Trust)>,
        /// What opens the chat without comparing words.
        #[serde(skip_serializing_if = "Option::is_none")]
        override_by: Option<&'a str>,
        /// Which words of `is` that takes, from 1.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        override_words: &'a [usize],
    },
    /// The conversation is over.
    Left {
        /// Our name for the other person.
        peer: &'a str,
        /// `quit`, or why else.
        reason: &'static str,
    },
    /// Who is there, by `/who`.
    Who {
        /// Our name for the other person.
        peer: &'a str,
        /// The whole fingerprint.
        fingerprint: String,
        /// What we know of the key.
        trust: Trust,
        /// How it goes, or went: `direct` or `relay`.
        path: &'static str,
        /// Which way: `local`, `ipv6`, `ipv4` or `relay`.
        route: &'static str,
        /// `udp` where a direct link goes over that, and not over TCP.
        #[serde(skip_serializing_if = "Option::is_none")]
        transport: Option<&'static str>,
        /// The other end, or the mediator that relays; `None` without a link.
        address: Option<String>,
        /// How many of our messages wait.
        queued: usize,
        /// Without a link: why the mediator is of no use, once that was noted.
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<&'a str>,
    },
    /// Something to know; nothing to be done.
    Note {
        /// What, of several things a line each.
        message: Cow<'a, str>,
    },
    /// Something went wrong.
    Error {
        /// For programs.
        code: &'static str,
        /// What and why.
        message: &'a str,
        /// What to do about it.
        hint: &'a str,
    },
}

fn rfc_3339<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(time)
}
