//! Where a key leads: a grapheme, a word, the start or the end.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::Editor;

/// Where a key leads, seen from the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// The start of the draft.
    Start,
    /// Its end.
    End,
    /// One grapheme back.
    Left,
    /// One grapheme on.
    Right,
    /// Before the letters and digits that are left of the cursor.
    WordLeft,
    /// Behind those that are right of it.
    WordRight,
    /// Before the last run of anything but blanks (Ctrl-W).
    BlankLeft,
}

impl Editor {
    pub(super) fn target(&self, motion: Motion) -> usize {
        let (before, after) = (self.before(), self.after());
        let word = char::is_alphanumeric;
        match motion {
            Motion::Start => 0,
            Motion::End => self.text.len(),
            Motion::Left => self.previous(self.cursor),
            Motion::Right => self.next(self.cursor),
            Motion::WordLeft => run_before(before, word),
            Motion::WordRight => self.text.len() - run_after(after, word).len(),
            Motion::BlankLeft => run_before(before, |c: char| !c.is_whitespace()),
        }
    }

    pub(super) fn previous(&self, at: usize) -> usize {
        let mut grapheme = GraphemeCursor::new(at, self.text.len(), true);
        grapheme
            .prev_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(0)
    }

    pub(super) fn next(&self, at: usize) -> usize {
        let mut grapheme = GraphemeCursor::new(at, self.text.len(), true);
        let next = grapheme.next_boundary(&self.text, 0).ok().flatten();
        next.unwrap_or(self.text.len())
    }
}

/// Where the last run of graphemes that begin with such a character starts.
fn run_before(text: &str, of: impl Fn(char) -> bool) -> usize {
    let is = |grapheme: &str| grapheme.chars().next().is_some_and(&of);
    let mut graphemes = text.grapheme_indices(true).rev().peekable();
    while graphemes.next_if(|(_, grapheme)| !is(grapheme)).is_some() {}
    let run = std::iter::from_fn(|| graphemes.next_if(|(_, grapheme)| is(grapheme)));
    run.last().map_or(0, |(at, _)| at)
}

/// What follows the first run of graphemes that begin with such a character.
fn run_after(text: &str, of: impl Fn(char) -> bool) -> &str {
    let is = |grapheme: &str| grapheme.chars().next().is_some_and(&of);
    let mut graphemes = text.graphemes(true).peekable();
    let mut at = 0;
    while let Some(grapheme) = graphemes.next_if(|grapheme| !is(grapheme)) {
        at += grapheme.len();
    }
    while let Some(grapheme) = graphemes.next_if(|grapheme| is(grapheme)) {
        at += grapheme.len();
    }
    text.get(at..).unwrap_or_default()
}
