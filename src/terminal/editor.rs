//! The draft: a text, a cursor in it, and what edits it.
//!
//! Owns: the text, in whole graphemes; what was killed; what was typed before. Does not own: the
//! keys ([`keys`]), nor how much of it is seen ([`window`]).
//!
//! A draft is at most [`TEXT_MAX`] bytes, as is a message. Line breaks are LF; other controls never
//! get in: a pasted escape becomes its picture, so that nothing is lost without a sign and nothing
//! acts anywhere.

pub mod history;
pub mod keys;
pub mod motion;
pub mod window;

use std::ops::Range;

use undertone_core::payload::TEXT_MAX;
use undertone_core::text::safe::Safe;
use unicode_segmentation::GraphemeCursor;

use self::history::History;
use self::motion::Motion;

/// A draft, and the cursor in it.
#[derive(Debug, Clone, Default)]
pub struct Editor {
    text: String,
    /// A byte index, always between two graphemes.
    cursor: usize,
    killed: String,
    /// Whether the last edit was a kill, which the next one then adds to.
    killing: bool,
    history: History,
}

/// It would be over [`TEXT_MAX`] bytes; the draft is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message takes at most 16 KiB")]
pub struct Full;

impl Editor {
    /// The draft.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    #[must_use]
    pub fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    /// What stands behind the cursor.
    #[must_use]
    pub fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Puts text where the cursor is. CR and CRLF become LF, other controls their pictures.
    ///
    /// # Errors
    /// [`Full`]: nothing of it was put in.
    pub fn insert(&mut self, text: &str) -> Result<(), Full> {
        // Normalising never shortens by more than half.
        if text.len() > 2 * TEXT_MAX {
            return Err(Full);
        }
        let text = normalised(text);
        if self.text.len() + text.len() > TEXT_MAX {
            return Err(Full);
        }
        self.killing = false;
        self.text.insert_str(self.cursor, &text);
        self.set_cursor(self.cursor + text.len());
        Ok(())
    }

    /// Moves the cursor.
    pub fn go(&mut self, motion: Motion) {
        self.killing = false;
        self.cursor = self.target(motion);
    }

    /// Deletes from the cursor to there.
    pub fn delete(&mut self, motion: Motion) {
        self.killing = false;
        self.cut(motion);
    }

    /// Deletes from the cursor to there, for [`Editor::yank`]. Kills in a row make one text.
    pub fn kill(&mut self, motion: Motion) {
        let backward = self.target(motion) < self.cursor;
        let cut = self.cut(motion);
        if cut.is_empty() {
            return;
        }
        if !self.killing {
            self.killed.clear();
        }
        let at = if backward { 0 } else { self.killed.len() };
        self.killed.insert_str(at, &cut);
        self.killing = true;
    }

    /// Puts in what was killed last.
    ///
    /// # Errors
    /// [`Full`].
    pub fn yank(&mut self) -> Result<(), Full> {
        let killed = self.killed.clone();
        self.insert(&killed)
    }

    /// Swaps the graphemes on both sides of the cursor and goes on by one; at the end, the last two.
    pub fn transpose(&mut self) {
        self.killing = false;
        let end = self.next(self.cursor);
        let middle = if end == self.cursor {
            self.previous(end)
        } else {
            self.cursor
        };
        let start = self.previous(middle);
        let left = self.text.get(start..middle).unwrap_or_default();
        let right = self.text.get(middle..end).unwrap_or_default();
        let swapped = format!("{right}{left}");
        if !left.is_empty() {
            self.text.replace_range(start..end, &swapped);
            self.set_cursor(end);
        }
    }

    /// Takes the last `bytes` before the cursor away and puts `text` there: a completed word.
    ///
    /// # Errors
    /// [`Full`]; the draft is as it was.
    pub fn replace_before(&mut self, bytes: usize, text: &str) -> Result<(), Full> {
        let start = self.cursor.saturating_sub(bytes);
        let text = normalised(text);
        let length = self.text.len() - (self.cursor - start) + text.len();
        if length > TEXT_MAX || !self.text.is_char_boundary(start) {
            return Err(Full);
        }
        self.killing = false;
        self.text.replace_range(start..self.cursor, &text);
        self.set_cursor(start + text.len());
        Ok(())
    }

    /// Shows what was typed before the shown one; the draft itself is kept.
    pub fn older(&mut self) {
        if let Some(text) = self.history.older(&self.text) {
            self.set(text);
        }
    }

    /// Shows what was typed after the shown one, and at last the draft.
    pub fn newer(&mut self) {
        if let Some(text) = self.history.newer() {
            self.set(text);
        }
    }

    /// Takes the draft out, and keeps it in memory for [`Editor::older`].
    pub fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.history.push(&text);
        self.clear();
        text
    }

    /// Keeps a text for [`Editor::older`] that was typed some other time.
    pub fn remember(&mut self, text: &str) {
        self.history.push(text);
    }

    /// Throws the draft away. What was killed and typed before stays.
    pub fn clear(&mut self) {
        self.set(String::new());
        self.history.rest();
    }

    fn set(&mut self, text: String) {
        self.killing = false;
        self.cursor = text.len();
        self.text = text;
    }

    /// Puts the cursor at `at`, or behind the grapheme that `at` came to stand in: an edit can make
    /// one of two, as a mark does.
    fn set_cursor(&mut self, at: usize) {
        let mut grapheme = GraphemeCursor::new(at, self.text.len(), true);
        self.cursor = match grapheme.is_boundary(&self.text, 0) {
            Ok(true) => at,
            _ => self.next(at),
        };
    }

    fn cut(&mut self, motion: Motion) -> String {
        let target = self.target(motion);
        let range: Range<usize> = self.cursor.min(target)..self.cursor.max(target);
        let start = range.start;
        let cut = self.text.drain(range).collect();
        self.set_cursor(start);
        cut
    }
}

fn normalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\r' => out.push('\n'),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push_str(Safe::line(c.encode_utf8(&mut [0; 4])).as_str()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
