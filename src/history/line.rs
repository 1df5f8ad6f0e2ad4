//! One line of `peers.txt`.
//!
//! ```text
//! started ⇥ last seen ⇥ name ⇥ room ⇥ address ⇥ path ⇥ state ⇥ key
//! ```
//!
//! Times are RFC 3339 in UTC to the millisecond. In the texts a backslash is `\\`, a tab `\t`, a
//! line feed `\n`, and what cannot be seen `\u{200b}`, so that the file is safe to print as it is.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use undertone_core::text::display_name::folded_skeleton;
use undertone_core::text::safe::is_hidden;

use crate::contacts::begins_with_words;
use crate::trust::Trust;

/// Bytes of a line at most; ours stay far below.
pub(super) const MAX_LINE_BYTES: usize = 8 * 1024;

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it came about.
    pub started: Timestamp,
    /// When the other person was last heard of on it.
    pub last_seen: Timestamp,
    /// The other person's petname, or in an alarm the name that they gave.
    pub name: String,
    /// ROOM, never its secret.
    pub room: String,
    /// Their address, as `IP:PORT`, or the relay's.
    pub address: String,
    /// How it went.
    pub path: Path,
    /// What we knew of their identity.
    pub state: Finding,
    /// All words of their fingerprint.
    pub key: String,
}

/// How the two were connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// One dialled the other.
    Direct,
    /// Directly, over UDP.
    DirectUdp,
    /// Through a relay.
    Relay,
}

/// What came of the other person's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// So sure we were of it.
    Trust(Trust),
    /// An alarm kept the chat shut.
    Alarm,
    /// The words did not match.
    Differed,
}

/// Why a line cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is not UTF-8.
    #[error("it is no text")]
    NotText,
    /// Longer than 8 KiB.
    #[error("it is too long")]
    TooLong,
    /// Not eight fields between tabs.
    #[error("it has {0} fields, not 8")]
    Fields(usize),
    /// One of the two times.
    #[error("a time in it is no RFC 3339 time")]
    Time,
    /// A backslash that stands for nothing.
    #[error("a \\ in it stands for nothing")]
    Escape,
    /// The path is neither `direct`, `direct udp` nor `relay`.
    #[error("its path is neither direct nor relay")]
    Path,
    /// The state is none of the five.
    #[error("its state is none that is known")]
    State,
    /// The key is not sixteen words.
    #[error("its key is not sixteen words")]
    Key,
}

impl Entry {
    /// Whether a person means this line by `who`: its name, or its key (all of it, or its first
    /// words).
    #[must_use]
    pub fn is(&self, who: &str) -> bool {
        self.name == who || begins_with_words(&self.key, who)
    }

    /// The form in which names that look alike are equal.
    pub(super) fn looks(&self) -> String {
        folded_skeleton(&self.name)
    }
}

impl Path {
    /// All of them.
    const ALL: [Self; 3] = [Self::Direct, Self::DirectUdp, Self::Relay];

    /// The word for it, in the file and on the screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::DirectUdp => "direct udp",
            Self::Relay => "relay",
        }
    }
}

impl Finding {
    /// All of them, the most doubtful last.
    pub(super) const ALL: [Self; 5] = [
        Self::Trust(Trust::Verified),
        Self::Trust(Trust::Invite),
        Self::Trust(Trust::Unverified),
        Self::Differed,
        Self::Alarm,
    ];

    /// The words for it, in the file and on the screen.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Trust(trust) => trust.in_words(),
            Self::Alarm => "identity changed",
            Self::Differed => "words differed",
        }
    }
}

/// The line, without its line feed.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: Timestamp| format!("{:.3}", to_millis(time));
        let fields = [
            time(self.started),
            time(self.last_seen),
            escaped(&self.name),
            escaped(&self.room),
            escaped(&self.address),
            self.path.as_str().to_owned(),
            self.state.in_words().to_owned(),
            escaped(&self.key),
        ];
        f.write_str(&fields.join("\t"))
    }
}

impl FromStr for Entry {
    type Err = LineError;

    fn from_str(line: &str) -> Result<Self, LineError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(LineError::TooLong);
        }
        let fields: Vec<&str> = line.split('\t').collect();
        let [started, last_seen, name, room, address, path, state, key] = fields[..] else {
            return Err(LineError::Fields(fields.len()));
        };
        let time = |text: &str| text.parse::<Timestamp>().map_err(|_| LineError::Time);
        let words = key.split('-');
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphabetic());
        if words.clone().count() != 16 || !words.clone().all(is_word) {
            return Err(LineError::Key);
        }
        Ok(Self {
            started: time(started)?,
            last_seen: time(last_seen)?,
            name: unescaped(name)?,
            room: unescaped(room)?,
            address: unescaped(address)?,
            path: Path::ALL
                .into_iter()
                .find(|known| known.as_str() == path)
                .ok_or(LineError::Path)?,
            state: Finding::ALL
                .into_iter()
                .find(|known| known.in_words() == state)
                .ok_or(LineError::State)?,
            key: key.to_owned(),
        })
    }
}

/// The time without what is finer than a millisecond.
pub(super) fn to_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            c if is_hidden(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn unescaped(text: &str) -> Result<String, LineError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = after.chars();
        match chars.next() {
            Some('\\') => out.push('\\'),
            Some('t') => out.push('\t'),
            Some('n') => out.push('\n'),
            Some('u') => {
                let (digits, tail) = chars
                    .as_str()
                    .strip_prefix('{')
                    .and_then(|text| text.split_once('}'))
                    .ok_or(LineError::Escape)?;
                let code = u32::from_str_radix(digits, 16).map_err(|_| LineError::Escape)?;
                out.push(char::from_u32(code).ok_or(LineError::Escape)?);
                chars = tail.chars();
            }
            _ => return Err(LineError::Escape),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
pub(super) mod tests;
