//! Where rows end: a text is broken here, so that no terminal has to.
//!
//! A terminal that wraps begins the next row in column 0, where lines of ours begin: whoever pads
//! a message with blanks could write one. So every row is ended by us, at the width that the
//! terminal has when it is printed, and the further rows of a message hang under its text:
//!
//! ```text
//! 09:14 bob   Yes. I have it here, and        lead, text
//!             send it tomorrow.               hang, text
//! ```
//!
//! The hang is as wide as the lead, yet at most half the row, so that a long name leaves room, and
//! at least [`OURS`] columns, where the row has [`NARROW`]. Lines of ours begin left of that: times,
//! signs and `error:` in column 0, remarks in 2, links in 4, names in 6. In a narrower terminal no
//! text is lost, and it is not told apart by its column.
//!
//! Does not own: what is shown ([`Safe`]); what a terminal that is made narrower later does to the
//! rows that it has.

mod lead;
mod list;
mod rows;

use console::Term;
use undertone_core::text::safe::{Safe, columns};

pub use self::lead::Lead;
use self::list::Entry;
use self::rows::broken;
use super::fingerprints::beside;
use super::style::{Style, Tone};

/// In the columns before this one lines of ours begin, and no further row of a message.
pub const OURS: usize = 7;
/// The narrowest row with room for them and for one wide character.
pub const NARROW: usize = OURS + 2;
/// Columns of a remark of ours: longer rows are hard to read.
const REMARK: usize = 79;
/// How far further rows of a remark are indented.
const INDENT: usize = 2;

/// Lines to be printed, and not broken into rows yet: by then the width may be another one.
#[derive(Debug, Clone)]
pub struct Text {
    lines: Vec<Line>,
    /// What every row is painted with.
    paint: Option<(Style, Paint)>,
}

/// How a row is painted.
type Paint = fn(Style, &str) -> String;

#[derive(Debug, Clone)]
enum Line {
    /// Of ours: behind a lead that may have colours, and further rows behind `hang` blanks.
    Remark {
        lead: String,
        taken: usize,
        hang: usize,
        body: String,
    },
    /// Of ours: a name, and what there is to know of it.
    Entry(Entry),
    /// Of ours: two keys, the one that was expected and the one that came.
    Keys(String, String),
    /// Of ours, and never broken: to be copied, or a picture.
    Whole(String),
    /// What somebody said.
    Message(Lead, Safe),
}

impl Text {
    /// A remark of ours, of one or several lines; what others said in it is [`Safe`] already.
    #[must_use]
    pub fn remark(text: &str) -> Self {
        let remark = |line: &str| {
            let body = line.trim_start_matches(' ').to_owned();
            let taken = line.len() - body.len();
            Line::Remark {
                lead: " ".repeat(taken),
                taken,
                hang: taken.max(INDENT),
                body,
            }
        };
        Self {
            lines: text.split('\n').map(remark).collect(),
            paint: None,
        }
    }

    /// Something of ours behind what it is called; further rows stand under the first.
    #[must_use]
    pub fn labelled(label: &str, body: &str) -> Self {
        let taken = columns(label);
        let line = Line::Remark {
            lead: label.to_owned(),
            taken,
            hang: taken,
            body: body.to_owned(),
        };
        Self {
            lines: vec![line],
            paint: None,
        }
    }

    /// `error: message`, the hint below; every line after the first is indented.
    #[must_use]
    pub fn error(message: &Safe, hint: &Safe, style: Style) -> Self {
        let [message, hint] = [message, hint].map(|text| text.as_str().replace('\n', "\n  "));
        let mut text = Self::remark(&match hint.as_str() {
            "" => message,
            hint => format!("{message}\n  {hint}"),
        });
        if let Some(Line::Remark { lead, taken, .. }) = text.lines.first_mut() {
            *lead = format!("{} ", style.tone(Tone::Alarm, "error:"));
            *taken = "error: ".len();
        }
        text
    }

    /// What somebody said.
    #[must_use]
    pub fn message(lead: Lead, body: Safe) -> Self {
        Self {
            lines: vec![Line::Message(lead, body)],
            paint: None,
        }
    }

    /// With a link below, on a line of its own.
    #[must_use]
    pub fn with_link(self, link: &str) -> Self {
        self.with_whole(&format!("    {link}"))
    }

    /// With lines below that stay as they are.
    #[must_use]
    pub fn with_whole(mut self, lines: &str) -> Self {
        let whole = lines.split('\n').map(str::to_owned);
        self.lines.extend(whole.map(Line::Whole));
        self
    }

    /// With names below, each with what there is to know of it beside it, or under it where that
    /// leaves too little room.
    #[must_use]
    pub fn with_list(mut self, entries: &[(Safe, Safe)]) -> Self {
        self.lines.extend(list::of(entries).map(Line::Entry));
        self
    }

    /// With two keys below, side by side as far as the row allows.
    #[must_use]
    pub fn with_keys(mut self, was: &str, is: &str) -> Self {
        self.lines.push(Line::Keys(was.to_owned(), is.to_owned()));
        self
    }

    /// With a further remark below.
    #[must_use]
    pub fn and(mut self, remark: &str) -> Self {
        self.lines.extend(Self::remark(remark).lines);
        self
    }

    /// All of it painted.
    #[must_use]
    pub fn painted(mut self, style: Style, paint: Paint) -> Self {
        self.paint = Some((style, paint));
        self
    }

    /// Bytes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let sizes = self.lines.iter().map(|line| match line {
            Line::Remark { body, .. } | Line::Whole(body) => body.len(),
            Line::Entry(entry) => entry.size(),
            Line::Keys(was, is) => was.len() + is.len(),
            Line::Message(_, body) => body.as_str().len(),
        });
        sizes.sum()
    }

    /// The rows for a terminal of this `width`, joined by line feeds. `None`: there is no terminal;
    /// a line of a message then stays whole, and the lines after its first hang all the same.
    #[must_use]
    pub fn rows(&self, width: Option<usize>) -> String {
        let mut rows = Vec::new();
        for line in &self.lines {
            line.break_into(&mut rows, width.unwrap_or(usize::MAX).max(1));
        }
        if let Some((style, paint)) = self.paint {
            rows = rows.iter().map(|row| paint(style, row)).collect();
        }
        rows.join("\n")
    }
}

impl Line {
    fn break_into(&self, out: &mut Vec<String>, width: usize) {
        match self {
            Self::Whole(line) => out.push(line.clone()),
            Self::Remark {
                lead,
                taken,
                hang,
                body,
            } => {
                let width = width.min(REMARK);
                fill(out, (lead, *taken), (*hang).min(width / 2), body, width);
            }
            Self::Keys(was, is) => {
                let keys = beside(was, is, width.min(REMARK));
                out.extend(keys.lines().map(str::to_owned));
            }
            Self::Entry(entry) => entry.break_into(out, width.min(REMARK)),
            Self::Message(lead, body) => {
                let (lead, taken) = lead.shown(width);
                fill(
                    out,
                    (&lead, taken),
                    hang(taken, width),
                    body.as_str(),
                    width,
                );
            }
        }
    }
}

/// Where further rows of a message begin.
fn hang(lead: usize, width: usize) -> usize {
    lead.min(OURS.max(width / 2)).min(width.saturating_sub(2))
}

/// Breaks `body` into rows: the first behind the lead, the others behind `hang` blanks.
fn fill(out: &mut Vec<String>, lead: (&str, usize), hang: usize, body: &str, width: usize) {
    let (mut before, taken) = lead;
    let mut room = width.saturating_sub(taken);
    let blanks = " ".repeat(hang);
    for line in body.split('\n') {
        for row in broken(line, room, width - hang) {
            out.push(format!("{before}{row}"));
            before = &blanks;
        }
        room = width - hang;
    }
}

/// Columns of this terminal; `None` where it is none.
#[must_use]
pub fn width_of(terminal: &Term) -> Option<usize> {
    terminal.is_term().then(|| terminal.size().1.into())
}

#[cfg(test)]
mod tests;
