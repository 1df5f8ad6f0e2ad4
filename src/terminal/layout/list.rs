//! Names, and what there is to know of each: beside them, all in one column, or under them where
//! that would be too narrow to read.
//!
//! ```text
//!   /verify       compare four words by voice,         /verify
//!                 so that nobody can be in between       compare four words
//!   /who          who is there, and how                  by voice, so that
//! ```

use undertone_core::text::safe::{Safe, columns};

use super::{INDENT, fill};

/// Between the longest name and what stands beside it.
const GAP: usize = 2;
/// A longer name has no part in where that column is.
const NAME_MAX: usize = 16;
/// Fewer columns than these are too few to read in.
const LEAST: usize = 20;

/// A name, and what there is to know of it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    name: Safe,
    what: Safe,
    /// Where `what` begins, if it stands beside the name.
    column: usize,
}

/// Entries that have one column.
pub(super) fn of(entries: &[(Safe, Safe)]) -> impl Iterator<Item = Entry> {
    let widths = entries.iter().map(|(name, _)| columns(name.as_str()));
    let longest = widths.filter(|width| *width <= NAME_MAX).max().unwrap_or(0);
    entries.iter().map(move |(name, what)| Entry {
        name: name.clone(),
        what: what.clone(),
        column: INDENT + longest + GAP,
    })
}

impl Entry {
    pub(super) fn size(&self) -> usize {
        self.name.as_str().len() + self.what.as_str().len()
    }

    pub(super) fn break_into(&self, out: &mut Vec<String>, width: usize) {
        let (name, what) = (self.name.as_str(), self.what.as_str());
        let gap = self.column.checked_sub(INDENT + columns(name));
        if let Some(gap @ GAP..) = gap
            && self.column + LEAST <= width
        {
            let lead = format!("{:INDENT$}{name}{:gap$}", "", "");
            return fill(out, (&lead, self.column), self.column, what, width);
        }
        let hang = (2 * INDENT).min(width / 2);
        let [lead, under] = [INDENT.min(hang), hang].map(|blanks| " ".repeat(blanks));
        fill(out, (&lead, lead.len()), hang, name, width);
        fill(out, (&under, hang), hang, what, width);
    }
}
