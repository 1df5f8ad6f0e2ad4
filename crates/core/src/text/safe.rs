//! Text of others, made harmless to show.
//!
//! Owns: [`Safe`], the only form in which a text that we did not write (message, name, room, file
//! name, error text, a field of `peers.txt`, a mediator's message) goes to a terminal. Nothing is
//! stripped: what could act is shown instead, so that a trick is seen as one. Does not own: colours
//! and layout.
//!
//! | in the text | shown |
//! |---|---|
//! | C0 and DEL | their pictures, `␛` (U+2400 …); a tab as 4 spaces; CRLF as LF, which stays in messages |
//! | C1, bidi controls, zero-width, fillers, tags, private use, noncharacters, U+2028/9 | `<U+202E>` |
//! | what Unicode 18 has not assigned: nobody knows how it is drawn | `<U+0378>` |
//! | our own sigils and their look-alikes | `<U+25C6>` |
//! | more than 4 marks on one character | 4, then `<+996 marks>` |
//! | a mark with nothing to sit on | `<U+0301>`: it would change what we print before it |
//! | bytes that are no UTF-8 | `<FF>` |
//! | joiner or variation selector inside an emoji | left out: the family stands side by side |
//!
//! The blocks in which emoji come are an exception to what is not assigned: next year's are shown,
//! as wide as emoji are. Nothing invisible will ever be among them.
//!
//! The last row is the one thing that is dropped. A joined emoji has another width in nearly every
//! terminal, and the draft that a person types must stay where it is; apart, each part is two
//! columns wide everywhere. Names are stricter: there a joiner is shown too.
//!
//! A text grows at most fourfold in bytes (a C1 control: 2 → 8).

use std::fmt;

use unicode_width::UnicodeWidthChar;

use super::unicode::category::{Category, category};
use super::unicode::script::is_unassigned;

/// The signs by which our own lines are known, and what looks like them.
const SIGILS: [char; 10] = ['◆', '✗', '⚠', '✓', '✔', '✘', '⬥', '⯁', '🗸', '🗴'];
/// Marks on one character that are shown; scripts need up to three.
const MAX_MARKS: usize = 4;
const TAB: &str = "    ";
const ZWJ: char = '\u{200d}';

/// A text that does nothing to a terminal but show.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Safe(String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Line,
    Name,
}

impl Safe {
    /// A message: line feeds stay. Its printer indents the lines after the first
    /// (`terminal::layout` of the program), so that none of them passes for a line of ours.
    #[must_use]
    pub fn message(text: &str) -> Self {
        Self(shown(text, Kind::Message))
    }

    /// One line: line feeds are shown too, as `␊`.
    #[must_use]
    pub fn line(text: &str) -> Self {
        Self(shown(text, Kind::Line))
    }

    /// A name: as [`Safe::line`], and joiners within emoji are shown too, because what differs must
    /// look different.
    #[must_use]
    pub fn name(text: &str) -> Self {
        Self(shown(text, Kind::Name))
    }

    /// One line of bytes that may be no UTF-8 at all.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut out = String::new();
        for chunk in bytes.utf8_chunks() {
            out.push_str(&shown(chunk.valid(), Kind::Line));
            for byte in chunk.invalid() {
                out.push_str(&format!("<{byte:02X}>"));
            }
        }
        Self(out)
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Columns that it takes at most: of its longest line where it has several.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.lines().map(columns).max().unwrap_or(0)
    }

    /// At most `columns` wide; what does not fit is replaced by `…`. For one line.
    #[must_use]
    pub fn clipped(&self, columns: usize) -> Self {
        if self.width() <= columns {
            return self.clone();
        }
        let mut out = String::new();
        let mut width = 0;
        // Behind what is whole: marks stay with what they sit on.
        let mut end = 0;
        for c in self.0.chars() {
            if !is_mark(c) {
                end = out.len();
            }
            width += self::width(c);
            if width >= columns {
                out.truncate(end);
                break;
            }
            out.push(c);
        }
        if columns > 0 {
            out.push('…');
        }
        Self(out)
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether a character shows nothing of itself, or acts on what stands around it: controls, bidi
/// controls, zero-width ones, fillers, tags, variation selectors, private use, noncharacters.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
            | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164
            | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d159
            | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..)
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether a text of such characters alone looks empty, wherever it is not shown by this program:
/// white space, and what [`is_hidden`] but for controls and private use, which fonts may draw.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    let drawn = c.is_control() || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    c.is_whitespace() || is_hidden(c) && !drawn
}

/// Others' words as they stand in a sentence of ours: without what cannot be seen at their ends, and
/// without the mark that ends them, for ours goes on. `None` where nothing can be seen.
#[must_use]
pub fn clause(text: &str) -> Option<&str> {
    let ends = |c: char| is_invisible(c) || matches!(c, '.' | ',' | ';' | ':');
    let words = text.trim_start_matches(is_invisible).trim_end_matches(ends);
    (!words.is_empty()).then_some(words)
}

/// Whether a character is shown by its number: it [`is_hidden`], or Unicode has not said yet what
/// it is, unless it can only be an emoji.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    is_hidden(c) || is_unassigned(c) && !is_pictograph(c)
}

/// Where new emoji are put (Extended_Pictographic), assigned or not.
fn is_pictograph(c: char) -> bool {
    matches!(u32::from(c), 0x1f300..=0x1faff)
}

/// Columns that a text takes at most: character by character, because terminals differ about what
/// is drawn as one (a skin tone, a flag).
#[must_use]
pub fn columns(text: &str) -> usize {
    match is_printable_ascii(text) {
        true => text.len(),
        false => text.chars().map(width).sum(),
    }
}

/// Whether nothing in it needs a closer look: as most that is said.
fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Columns that a character takes at most. A new emoji has two, as soon as a terminal knows it.
#[must_use]
pub fn width(c: char) -> usize {
    match is_pictograph(c) && is_unassigned(c) {
        true => 2,
        false => c.width().unwrap_or(0),
    }
}

/// Whether a character is one of our own signs, or looks like one.
#[must_use]
pub fn is_sigil(c: char) -> bool {
    SIGILS.contains(&c)
}

fn shown(text: &str, kind: Kind) -> String {
    if is_printable_ascii(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    // What the next mark would sit on; `None` after something that must not be altered.
    let mut base: Option<char> = None;
    let mut marks = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_mark(c) && base.is_some() {
            marks += 1;
            if marks <= MAX_MARKS {
                out.push(c);
            }
            continue;
        }
        close_marks(&mut out, &mut marks);
        let next = chars.peek().copied();
        match c {
            '\r' if next == Some('\n') => {}
            '\n' if kind == Kind::Message => {
                out.push('\n');
                base = None;
            }
            '\t' => {
                out.push_str(TAB);
                base = None;
            }
            '\0'..='\u{1f}' | '\u{7f}' => {
                out.push(picture(c));
                base = None;
            }
            ZWJ if kind != Kind::Name
                && base.is_some_and(is_emoji)
                && next.is_some_and(is_emoji) => {}
            '\u{fe0e}' | '\u{fe0f}' if kind != Kind::Name && base.is_some_and(takes_selector) => {}
            _ if is_unseen(c) || is_sigil(c) || is_mark(c) => {
                out.push_str(&format!("<U+{:04X}>", u32::from(c)));
                base = None;
            }
            _ => {
                out.push(c);
                base = Some(c);
            }
        }
    }
    close_marks(&mut out, &mut marks);
    out
}

fn close_marks(out: &mut String, marks: &mut usize) {
    if *marks > MAX_MARKS {
        out.push_str(&format!("<+{} marks>", *marks - MAX_MARKS));
    }
    *marks = 0;
}

/// A character that is drawn onto the one before it. Conjoining Hangul counts: it stacks as well.
fn is_mark(c: char) -> bool {
    !is_unseen(c) && !is_sigil(c) && (width(c) == 0 || category(c) == Some(Category::Mark))
}

fn picture(control: char) -> char {
    let code = match u32::from(control) {
        0x7f => 0x21,
        code => code,
    };
    char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The blocks in which emoji stand that are joined to others.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0x2190..=0x21ff | 0x2300..=0x23ff | 0x2600..=0x27bf | 0x2b00..=0x2bff
        | 0x1f000..=0x1faff)
}

/// Characters that have both a text and an emoji form: those, and keycaps, © ® ‼ ⁉ ™ ℹ Ⓜ ▪ … 〰 〽 ㊗ ㊙.
fn takes_selector(c: char) -> bool {
    is_emoji(c)
        || matches!(c, '#' | '*' | '0'..='9' | '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | 'Ⓜ' | '▪' | '▫'
            | '▶' | '◀' | '◻'..='◾' | '〰' | '〽' | '㊗' | '㊙')
}

#[cfg(test)]
mod tests;
