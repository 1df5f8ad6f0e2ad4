//! Another width, and what the terminal has made of the row meanwhile.
//!
//! ```text
//! 24 columns         bob ⚠ › the quick brown|
//! 16, kept           bob ⚠ › the quic|          the cursor in the last column
//! 16, flowed anew    bob ⚠ › the quic
//!                    k brown|                   column 7 = 23 - 16: the row began one above
//! ```
//!
//! Terminals that flow rows anew break a row that is longer than the new width, and the cursor is
//! in a further one. Which kind a terminal is, its cursor's column tells: it is asked where the
//! cursor was beyond the new width, and one that does not answer in [`ANSWER`], or as none of the
//! two would, keeps what is above the cursor.

use std::time::{Duration, Instant};

use super::row::{ASK_COLUMN, size};
use super::{Composer, SETTLE};

/// How long the answer of a terminal is waited for.
const ANSWER: Duration = Duration::from_millis(200);

/// What is known of the row that was painted for the width before.
#[derive(Debug, Default)]
pub(super) struct Broken {
    /// The cursor's column in it.
    column: usize,
    /// The terminal was asked since the width last changed.
    asked: bool,
    /// Answers that have not come. One that never does ends the asking.
    awaited: u32,
    /// So many rows above the cursor's it begins.
    above: usize,
}

impl Broken {
    /// The row is painted, with the cursor in that column.
    pub(super) fn painted(&mut self, column: usize) {
        (self.column, self.above) = (column, 0);
    }
}

impl Composer {
    /// Another size. A width that changes has to settle first: see [`Composer::deadline`].
    pub fn resize(&mut self, width: u16, height: u16, now: Instant) {
        let (width, height) = size(width, height);
        self.height = height;
        if width != self.width || self.settled.is_some() {
            self.width = width;
            self.settled = Some(now + SETTLE);
            (self.broken.asked, self.broken.above) = (false, 0);
        }
    }

    /// The size is this one. Another width than before has to settle.
    pub fn measured(&mut self, width: u16, height: u16, now: Instant) {
        if size(width, height).0 != self.width {
            self.resize(width, height, now);
        }
    }

    /// Whether the terminal is asked now where the cursor is: the answer is waited for.
    pub(super) fn asks(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let broken = &mut self.broken;
        let beyond = self.painted.is_some() && broken.column >= self.width;
        if !beyond || broken.asked || broken.awaited > 0 {
            return false;
        }
        (broken.asked, broken.awaited) = (true, 1);
        self.settled = Some(now + ANSWER);
        out.extend_from_slice(ASK_COLUMN);
        true
    }

    /// The terminal answers in which column the cursor is.
    pub(super) fn located(&mut self, column: u16, at: Instant) {
        let broken = &mut self.broken;
        let Some(left) = broken.awaited.checked_sub(1) else {
            return;
        };
        broken.awaited = left;
        if !std::mem::take(&mut broken.asked) || self.settled.is_none() {
            return;
        }
        let flowed = broken.column.checked_rem(self.width);
        // In the last column it may be of either kind.
        if flowed == Some(column.into()) && usize::from(column) + 1 < self.width {
            broken.above = broken.column / self.width;
        }
        broken.asked = true;
        self.settled = Some(at);
    }

    /// Makes way for a row of the new width where the old one was: on the cursor's row, what is below
    /// it, and the rows above it that are the old one's.
    pub(super) fn settle(&mut self, out: &mut Vec<u8>) {
        self.settled = None;
        self.begin_update(out);
        // Without a row the cursor stands at the start of an empty one.
        if self.painted.is_some() {
            self.erase(out);
            if let above @ 1.. = std::mem::take(&mut self.broken.above) {
                out.extend_from_slice(format!("\x1b[{above}A").as_bytes());
            }
            out.extend_from_slice(b"\x1b[J");
        }
        self.held_size = 0;
        for text in std::mem::take(&mut self.held) {
            self.lines_out(&text, out);
        }
    }
}
