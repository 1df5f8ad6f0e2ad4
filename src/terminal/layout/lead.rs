//! What stands before a message: when, and who.
//!
//! ```text
//! 09:14 bob   text        of the other person
//! 09:14 you   text        of ours
//! 09:14 you … text        of ours, and not known to have arrived
//! 09:14 bob ↻ text        of the other person, and perhaps for the second time
//! ```

use undertone_core::text::safe::{Safe, columns};

use super::OURS;
use crate::terminal::style::Style;

/// Between name and text.
const GAP: &str = "   ";
/// The same, where it has not arrived: told without colours too.
const WAITS: &str = " … ";

/// The same, where it may have been shown before a crash.
const RESENT: &str = " ↻ ";

/// Who said it, and when.
#[derive(Debug, Clone)]
pub struct Lead {
    time: String,
    name: Safe,
    whose: Whose,
    style: Style,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Theirs { resent: bool },
    Ours { arrived: bool },
}

impl Lead {
    /// `time` is of five columns.
    #[must_use]
    pub fn of(name: &str, time: String, style: Style) -> Self {
        Self {
            time,
            name: Safe::name(name),
            whose: Whose::Theirs { resent: false },
            style,
        }
    }

    /// The other person said it before a crash, too, if `resent`.
    #[must_use]
    pub fn resent(mut self, resent: bool) -> Self {
        self.whose = Whose::Theirs { resent };
        self
    }

    /// Of ours.
    #[must_use]
    pub fn ours(time: String, arrived: bool, style: Style) -> Self {
        Self {
            time,
            name: Safe::name("you"),
            whose: Whose::Ours { arrived },
            style,
        }
    }

    /// For a row of this `width`, and how many columns it takes. A long name is cut, so that it
    /// stays one row.
    pub(super) fn shown(&self, width: usize) -> (String, usize) {
        let name = self.name.clipped(width.saturating_sub(OURS + GAP.len()));
        let time = self.style.dim(&self.time);
        let (painted, gap) = match self.whose {
            Whose::Theirs { resent } => (
                self.style
                    .person(self.name.as_str().as_bytes(), name.as_str()),
                if resent { RESENT } else { GAP },
            ),
            Whose::Ours { arrived: true } => (self.style.bold(name.as_str()), GAP),
            Whose::Ours { arrived: false } => (name.to_string(), WAITS),
        };
        let taken = columns(&self.time) + 1 + columns(name.as_str()) + GAP.len();
        (format!("{time} {painted}{gap}"), taken)
    }
}
