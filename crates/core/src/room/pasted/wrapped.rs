//! What stands around a link or a room: brackets and quotation marks of every script, and the marks
//! that end a sentence, by their category in Unicode.

use super::plain::ascii;
use crate::room::normal::plain_form;
use crate::text::unicode::category::{Category, category};

/// Whether something may open with it. Which of two quotation marks opens is a matter of language:
/// »so« and «so».
pub(super) fn is_opening(c: char) -> bool {
    is_quote(c) || c == '<' || category(c) == Some(Category::OpenPunctuation) || is_angled(c)
}

/// Whether `c` closes what `open` has opened.
pub(super) fn closes(open: char, c: char) -> bool {
    match (ascii(open), ascii(c)) {
        // Slack puts the label of a link behind the `|`.
        ('<', '>' | '|') | ('(', ')') | ('[', ']') | ('{', '}') => true,
        _ if is_quote(open) => plain_form(open) == plain_form(c),
        (open, _) if open.is_ascii() => false,
        _ => is_opening(open) && is_bracket(c) && !is_quote(c),
    }
}

/// Brackets, and quotation marks that are none of ASCII's in another form. No ROOM that is typed
/// has one.
pub(in crate::room) fn is_bracket(c: char) -> bool {
    let is_bracket = matches!(
        category(c),
        Some(Category::OpenPunctuation | Category::ClosePunctuation)
    );
    !is_quote(c) && (is_bracket || is_angled(c))
}

/// « » ‹ › and their like.
fn is_angled(c: char) -> bool {
    category(c) == Some(Category::QuotePunctuation)
}

/// Whether it is read as `'` or `"`.
fn is_quote(c: char) -> bool {
    matches!(plain_form(c), '\'' | '"')
}

/// The text between what opens it and what closes it.
pub(super) fn inside(text: &str) -> Option<&str> {
    let mut inside = text.chars();
    let (open, close) = (inside.next()?, inside.next_back()?);
    (close != '|' && closes(open, close)).then_some(inside.as_str())
}

/// Marks that end a sentence, a quotation or an emphasis, and stand behind a link.
pub(super) fn is_mark(c: char) -> bool {
    match ascii(c) {
        '-' | '#' | '%' | '/' | '&' | '=' | '@' | '\\' | '$' | '+' => false,
        c if c.is_ascii() => c.is_ascii_punctuation(),
        c => is_bracket(c) || is_quote(c) || category(c) == Some(Category::OtherPunctuation),
    }
}
