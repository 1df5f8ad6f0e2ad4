//! One line into rows: greedy, by words. Blanks of every kind end a word, and those at which a row
//! ends are left out. A word longer than a row is broken between two graphemes, and one of those
//! that is longer still (Hangul letters can be stacked without end) between two characters.

use undertone_core::text::safe::columns;
use unicode_segmentation::UnicodeSegmentation;

/// The room from which on a word that is broken anyway is begun, rather than in the next row.
const BEGUN: usize = 8;

/// The rows of a `line` without line feeds: the first has `room` columns, the others `width`.
pub(super) fn broken(line: &str, room: usize, width: usize) -> Vec<&str> {
    if columns(line) <= room {
        return vec![line];
    }
    let mut rows = Rows {
        line,
        rows: Vec::new(),
        start: 0,
        end: 0,
        used: 0,
        room,
        width: width.max(1),
    };
    let mut at = 0;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.len() - rest.trim_start().len();
        let word = rest.get(blanks..).unwrap_or_default();
        let word = word.split(char::is_whitespace).next().unwrap_or_default();
        rows.put(at, at + blanks, word);
        at += blanks + word.len();
    }
    rows.finished()
}

struct Rows<'a> {
    line: &'a str,
    rows: Vec<&'a str>,
    /// Where the row begins and ends in the line.
    start: usize,
    end: usize,
    /// Columns of that.
    used: usize,
    /// Columns of this row.
    room: usize,
    /// Columns of every further one.
    width: usize,
}

impl<'a> Rows<'a> {
    /// A word that stands at `at`, with the blanks before it from `blank` on.
    fn put(&mut self, blank: usize, at: usize, word: &'a str) {
        let blanks = columns(self.line.get(blank..at).unwrap_or_default());
        let wide = columns(word);
        if self.used + blanks + wide <= self.room {
            self.end = at + word.len();
            self.used += blanks + wide;
            return;
        }
        let left = self.room.saturating_sub(self.used + blanks);
        if wide <= self.width || left < BEGUN {
            self.end_row(at);
        } else {
            self.used += blanks;
        }
        self.put_broken(at, word);
    }

    /// As much of a word into each row as it takes.
    fn put_broken(&mut self, mut at: usize, mut word: &'a str) {
        loop {
            let (fits, used) = fitting(word, self.room - self.used);
            let (piece, rest) = word.split_at_checked(fits).unwrap_or((word, ""));
            at += piece.len();
            self.end = at;
            self.used += used;
            if rest.is_empty() {
                return;
            }
            self.end_row(at);
            word = rest;
        }
    }

    /// The row is full; the next one begins at `next`.
    fn end_row(&mut self, next: usize) {
        // Blanks before the first word are not worth a row.
        if self.end > self.start || self.room < self.width {
            self.rows
                .push(self.line.get(self.start..self.end).unwrap_or_default());
            self.room = self.width;
        }
        (self.start, self.end, self.used) = (next, next, 0);
    }

    fn finished(mut self) -> Vec<&'a str> {
        if self.end > self.start || self.rows.is_empty() {
            self.rows
                .push(self.line.get(self.start..self.end).unwrap_or_default());
        }
        self.rows
    }
}

/// How many bytes of a word fit into `room` columns, and how many columns they take. At least one
/// character does: a row is too narrow for some.
fn fitting(word: &str, room: usize) -> (usize, usize) {
    let mut fits = (0, 0);
    // The last place, in the second half, at which addresses and fingerprints are read in parts.
    let mut joint = (0, 0);
    for (at, grapheme) in word.grapheme_indices(true) {
        let used = fits.1 + columns(grapheme);
        if used > room {
            break;
        }
        fits = (at + grapheme.len(), used);
        if matches!(grapheme, "-" | "/") && used >= room / 2 {
            joint = fits;
        }
    }
    match (joint, fits) {
        _ if fits.0 == word.len() => fits,
        (joint @ (1.., _), _) => joint,
        (_, fits @ (1.., _)) => fits,
        _ => characters(word, room),
    }
}

/// The same by characters, for a grapheme that is longer than the row; marks stay with theirs.
fn characters(word: &str, room: usize) -> (usize, usize) {
    let mut fits = (0, 0);
    for (at, c) in word.char_indices() {
        let used = fits.1 + columns(c.encode_utf8(&mut [0; 4]));
        if used > room && at > 0 {
            break;
        }
        fits = (at + c.len_utf8(), used);
    }
    fits
}
