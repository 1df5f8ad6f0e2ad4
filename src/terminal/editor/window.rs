//! What of the draft is seen: one row, scrolled sideways so that the cursor is in it.
//!
//! ```text
//! the draft       the quick brown fox jumps over the lazy dog
//! in 20 columns        […fox jumps over| the…]
//! ```
//!
//! `…` stands where more of it is on that side, if the row has eight columns. A quarter of the row
//! is kept for what follows the cursor. Only what can be seen is looked at: a key press in a draft
//! of 16 KiB costs no more than in a short one.

use undertone_core::text::safe::{Safe, columns};
use unicode_segmentation::UnicodeSegmentation;

use super::Editor;

/// Where a draft is cut.
const CUT: &str = "…";
/// The fewest columns in which that is said.
const SIGNED: usize = 8;

/// The part of a draft that a row shows. Safe to print.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visible {
    /// Left of the cursor.
    pub before: String,
    /// From the cursor on.
    pub after: String,
}

impl Visible {
    /// The cursor's column, from 0.
    #[must_use]
    pub fn column(&self) -> usize {
        columns(&self.before)
    }
}

impl Editor {
    /// What `width` columns show, the cursor's own included: behind the last character it needs
    /// one. Never half a character.
    #[must_use]
    pub fn visible(&self, width: usize) -> Visible {
        let sign = if width < SIGNED { "" } else { CUT };
        let right = || self.after().graphemes(true).flat_map(pieces);
        let left = || {
            let left = self.before().graphemes(true).rev();
            left.flat_map(|grapheme| pieces(grapheme).into_iter().rev())
        };
        let following = fit(right(), width, "");
        let kept = columns(&following.concat()).min(width / 4).max(1);
        let mut before = fit(left(), width.saturating_sub(kept), sign);
        before.reverse();
        let before = before.concat();
        let rest = width.saturating_sub(columns(&before));
        let after = fit(right(), rest, sign);
        Visible {
            before,
            after: after.concat(),
        }
    }
}

/// One grapheme as it is shown, cut where a row may be: what is shown of it can be long.
fn pieces(grapheme: &str) -> Vec<String> {
    if grapheme == "\n" {
        return vec!["⏎".to_owned()];
    }
    let safe = Safe::line(grapheme);
    safe.as_str().graphemes(true).map(str::to_owned).collect()
}

/// As many as fit; where that is not all, with the sign of that behind.
fn fit(pieces: impl IntoIterator<Item = String>, width: usize, sign: &str) -> Vec<String> {
    let mut used = 0;
    let mut out: Vec<String> = Vec::new();
    for piece in pieces {
        let taken = columns(&piece);
        if used + taken > width {
            while used + columns(sign) > width
                && let Some(piece) = out.pop()
            {
                used -= columns(&piece);
            }
            if used + columns(sign) <= width {
                out.push(sign.to_owned());
            }
            break;
        }
        used += taken;
        out.push(piece);
    }
    out
}
