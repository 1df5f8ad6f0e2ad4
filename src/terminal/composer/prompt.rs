//! What stands before the draft: who is there, and how sure that is. It is the one place that a
//! peer's text cannot reach, so that a sign in it can be believed.
//!
//! ```text
//! bob ⚠ ›   bob ◆ ›   bob ✓ ›   bob ✗ ›   bob … 2 queued ›   bob ✓ relay ›
//! bob ✓ unstable ›   bob · left ›
//! ```

use undertone_core::text::safe::{Safe, columns};

use crate::terminal::style::{Style, Tone};

/// Columns of the row that the draft keeps, where there are as many twice.
const DRAFT: usize = 20;

/// How it stands with the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// ⚠: nothing was compared.
    NotVerified,
    /// ◆: both knew the secret of a room.
    Invite,
    /// ✓: the words were compared.
    Verified,
    /// ✗: the chat is shut.
    Shut,
    /// …: there is no link now.
    Lost {
        /// Messages that wait for one.
        queued: usize,
    },
    /// ·: the chat is over.
    Left,
}

/// Who is there, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    name: Safe,
    state: State,
    note: &'static str,
}

impl Prompt {
    /// A prompt that names `name`; `note` says what is special about the link.
    #[must_use]
    pub fn new(name: &str, state: State, note: &'static str) -> Self {
        Prompt {
            name: Safe::name(name),
            state,
            note,
        }
    }

    /// The prompt for a row of `width` columns, and how many it takes. Where it is narrow, the
    /// count or note goes first, then the name; the sign last.
    pub(super) fn shown(&self, width: usize, style: Style) -> (String, usize) {
        let (sign, tone) = match self.state {
            State::NotVerified => ("⚠", Some(Tone::Warning)),
            State::Invite => ("◆", None),
            State::Verified => ("✓", Some(Tone::Good)),
            State::Shut => ("✗", Some(Tone::Alarm)),
            State::Lost { .. } => ("…", None),
            State::Left => ("·", None),
        };
        let queue = match self.state {
            _ if width < 2 * DRAFT => String::new(),
            State::Lost {
                queued: queued @ 1..,
            } => format!(" {queued} queued"),
            State::Lost { .. } => String::new(),
            State::Left => " left".to_owned(),
            _ if self.note.is_empty() => String::new(),
            _ => format!(" {}", self.note),
        };
        let room = width.saturating_sub(DRAFT).max(width / 2);
        let tail = columns(sign) + columns(&queue) + 3;
        let name = match room.checked_sub(tail + 1) {
            Some(left @ 2..) => format!("{} ", self.name.clipped(left)),
            _ => String::new(),
        };
        if tail > room {
            let sign = if room == 0 { "" } else { sign };
            return (sign.to_owned(), columns(sign));
        }
        let taken = columns(&name) + tail;
        let sign = match tone {
            Some(tone) => style.tone(tone, sign),
            None => style.dim(sign),
        };
        let name = style.bold(&name);
        (format!("{name}{sign}{} › ", style.dim(&queue)), taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_tells_the_state_and_gets_narrow() {
        let lost = Prompt::new("bob", State::Lost { queued: 2 }, "relay");
        let shown = |prompt: &Prompt, width| prompt.shown(width, Style::new(false)).0;
        assert_eq!(shown(&lost, 80), "bob … 2 queued › ");
        assert_eq!(shown(&lost, 30), "bob … › ");
        let left = Prompt::new("bob", State::Left, "");
        assert_eq!(shown(&left, 80), "bob · left › ");
        assert_eq!(shown(&left, 30), "bob · › ");
        let relayed = Prompt::new("bob", State::Verified, "relay");
        assert_eq!(shown(&relayed, 80), "bob ✓ relay › ");
        assert_eq!(shown(&relayed, 30), "bob ✓ › ");
        let doubtful = Prompt::new("bob", State::Verified, "relay, unstable");
        assert_eq!(shown(&doubtful, 80), "bob ✓ relay, unstable › ");
        let verified = Prompt::new("bob", State::Verified, "");
        assert_eq!(shown(&verified, 80), "bob ✓ › ");
        assert_eq!(shown(&verified, 10), "✓ › ");
        assert_eq!(shown(&verified, 3), "✓");
        assert_eq!(shown(&verified, 1), "");
        let long = Prompt::new(&"世".repeat(16), State::Shut, "");
        assert_eq!(shown(&long, 30), "世世世世… ✗ › ");
        let (text, taken) = verified.shown(80, Style::new(true));
        assert_eq!(text, "\x1b[1mbob \x1b[0m\x1b[32m✓\x1b[0m › ");
        assert_eq!(taken, 8);
    }

    #[test]
    fn it_never_takes_the_whole_row() {
        let states = [State::Shut, State::Invite, State::Lost { queued: 1000 }];
        for width in 0..100 {
            for state in states {
                let prompt = Prompt::new("Ada 世界", state, "relay, unstable");
                let (text, taken) = prompt.shown(width, Style::new(false));
                assert_eq!(columns(&text), taken);
                assert!(taken <= width.saturating_sub(DRAFT).max(width / 2));
            }
        }
    }
}
