//! The row's bytes: how it is painted, taken away for what is printed, and begun anew.
//!
//! ```text
//! row    = \r  CSI K  CSI ?7l  prompt  before  ESC 7  after  ESC 8  CSI ?7h
//! print  = \r  CSI K  (line \r\n)*
//! ```
//!
//! The cursor is saved where the text before it ends (DECSC), not computed: so it is right also
//! where a terminal gives a character another width than we do, and without wrapping (DECAWM)
//! such a row is cut, never two rows. All between the marks of a synchronized update (mode 2026),
//! which terminals that do not know them ignore.

use std::time::Instant;

use undertone_core::text::safe::{Safe, columns};

use super::question::{self, Mode, Question};
use super::{AGAIN, Composer};
use crate::terminal::editor::window::Visible;
use crate::terminal::layout::Text;

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";
const ERASE: &[u8] = b"\r\x1b[K";
/// Asks the terminal in which column the cursor is (ECMA-48 §8.3.35).
pub const ASK_COLUMN: &[u8] = b"\x1b[6n";
/// Columns of what stands between a question and its answer.
const MARK: usize = 3;
/// Bytes that are held while the width changes; more do not wait.
const HELD: usize = 64 * 1024;

/// Columns and rows; a terminal that does not know its own says 0.
pub(super) fn size(width: u16, height: u16) -> (usize, usize) {
    let or = |given: u16, usual| if given == 0 { usual } else { given.into() };
    (or(width, 80), or(height, 24))
}

impl Composer {
    /// Prints lines in the row's place; the next [`Composer::paint`] brings it back below them. While
    /// the width changes they wait, and are broken into rows of the new one.
    pub fn print(&mut self, text: Text, out: &mut Vec<u8>) {
        if self.settled.is_some() {
            self.held_size += text.size();
            self.held.push(text);
            if self.held_size > HELD {
                self.settle(out);
            }
            return;
        }
        self.begin_update(out);
        self.erase(out);
        self.lines_out(&text, out);
    }

    /// Paints the row, if it is to look different, or takes it away while nothing is heard. Comes
    /// last in what is written together.
    pub fn paint(&mut self, out: &mut Vec<u8>) {
        if self.settled.is_none() && self.painted != self.row().map(|(row, _)| row) {
            self.begin_update(out);
            self.row_out(out);
        }
        self.end_update(out);
    }

    /// Takes the row away; the next [`Composer::paint`] brings it back.
    pub fn leave(&mut self, out: &mut Vec<u8>) {
        if self.settled.is_some() {
            self.settle(out);
        }
        self.erase(out);
        self.end_update(out);
    }

    /// Pushes all that is on the screen into the scrollback; the row stays at the bottom.
    pub fn clear(&mut self, out: &mut Vec<u8>) {
        self.leave(out);
        out.extend_from_slice(cleared(self.height).as_bytes());
        self.paint(out);
    }

    /// When [`Composer::tick`] is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let unarmed = self.interrupted.map(|last| last + AGAIN);
        self.settled.into_iter().chain(unarmed).min()
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant, out: &mut Vec<u8>) {
        if self.interrupted.is_some_and(|last| now >= last + AGAIN) {
            self.interrupted = None;
        }
        if self.settled.is_some_and(|settled| now >= settled) && !self.asks(now, out) {
            self.settle(out);
        }
        self.paint(out);
    }

    pub(super) fn lines_out(&self, text: &Text, out: &mut Vec<u8>) {
        for line in text.rows(Some(self.width)).split('\n') {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }

    pub(super) fn begin_update(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.updating, true) {
            out.extend_from_slice(BEGIN);
        }
    }

    fn end_update(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.updating) {
            out.extend_from_slice(END);
        }
    }

    fn row_out(&mut self, out: &mut Vec<u8>) {
        let Some((row, column)) = self.row() else {
            return self.erase(out);
        };
        out.extend_from_slice(row.as_bytes());
        self.painted = Some(row);
        self.broken.painted(column);
    }

    pub(super) fn erase(&mut self, out: &mut Vec<u8>) {
        if self.painted.take().is_some() {
            out.extend_from_slice(ERASE);
        }
    }

    /// Whether the terminal is ours from now on. A row that was there has gone.
    pub(super) fn come(&mut self, ours: bool) {
        self.away = !ours;
        self.painted = None;
    }

    /// The row as it is to be, and the column of the cursor in it; `None` while nothing typed is heard.
    fn row(&self) -> Option<(String, usize)> {
        if self.deaf_until.is_some() || self.away {
            return None;
        }
        let (head, taken) = self.head();
        let (editor, hint) = match &self.mode {
            Mode::Draft if self.interrupted.is_some() && self.draft.text().is_empty() => {
                (Some(&self.draft), "Ctrl-C again to quit")
            }
            Mode::Draft => (Some(&self.draft), ""),
            Mode::Pasted { .. } => (None, ""),
            Mode::Asked(_, answer) => (Some(answer), ""),
        };
        let room = self.width.saturating_sub(taken);
        let mut visible = editor
            .map(|editor| editor.visible(room))
            .unwrap_or_default();
        if !hint.is_empty() {
            visible.after = self.style.dim(Safe::line(hint).clipped(room).as_str());
        }
        let column = taken + visible.column();
        Some((painted(&head, &visible), column))
    }

    /// What stands before the draft, and its columns.
    fn head(&self) -> (String, usize) {
        let question = match &self.mode {
            Mode::Draft => return self.prompt.shown(self.width, self.style),
            Mode::Pasted { again, .. } => {
                question::of_paste(self.lines(), *again, self.width.saturating_sub(MARK))
            }
            Mode::Asked(question, _) => question.text(self.width.saturating_sub(MARK)).to_owned(),
        };
        // Where an answer is typed behind it, there is room for that.
        let room = match &self.mode {
            Mode::Pasted { .. } | Mode::Asked(Question::Key { .. }, _) => {
                self.width.saturating_sub(MARK)
            }
            _ => self.width.saturating_sub(13),
        };
        let text = Safe::line(&question).clipped(room.max(self.width / 2));
        if self.width < 8 {
            return (text.to_string(), columns(text.as_str()));
        }
        (
            format!("{} › ", self.style.bold(text.as_str())),
            columns(text.as_str()) + MARK,
        )
    }
}

/// Pushes all that is on a screen of so many rows into the scrollback; the cursor is at the bottom.
pub fn cleared(height: usize) -> String {
    // Far below: the terminal stops at its last row, whatever its height is by now.
    format!("\x1b[9999;1H{}", "\n".repeat(height))
}

/// The bytes of a row: a head, and a draft with the cursor in it.
pub(in crate::terminal) fn painted(head: &str, visible: &Visible) -> String {
    let Visible { before, after } = visible;
    format!("\r\x1b[K\x1b[?7l{head}{before}\x1b7{after}\x1b8\x1b[?7h")
}
