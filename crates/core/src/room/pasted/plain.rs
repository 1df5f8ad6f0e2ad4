//! A link as keyboards for East Asian scripts write it: full-width letters, digits and marks, and
//! the other forms that Unicode counts as compatible with a character of ASCII.
//!
//! Only where ROOM begins they may be somebody's choice: there no more is replaced than shows that
//! a `#` or a `%` was meant, unless the link begins with full-width letters too.

use zeroize::Zeroizing;

use crate::text::unicode::normal_form::nfkc;

const SCHEMES: [&str; 2] = ["http://", "https://"];

/// The character of ASCII that one of another width or style stands for; else the character.
/// In a host an ideographic full stop is a dot (UTS #46 §2.3).
pub(super) fn ascii(c: char) -> char {
    let form = nfkc(c.encode_utf8(&mut [0; 4]));
    let mut forms = form.chars();
    match (forms.next(), forms.next()) {
        (Some('\u{3002}'), None) => '.',
        (Some(plain), None) if plain.is_ascii_graphic() => plain,
        _ => c,
    }
}

/// The text, character by character as [`ascii`] has it.
pub(in crate::room) fn folded(text: &str) -> Zeroizing<String> {
    // No form of ASCII takes more bytes than what it stands for.
    let mut folded = Zeroizing::new(String::with_capacity(text.len()));
    folded.extend(text.chars().map(ascii));
    folded
}

/// Where a link begins.
pub(super) fn scheme(text: &str) -> Option<usize> {
    let mut places = text.char_indices().map(|(at, _)| at);
    places.find(|at| begins(text.get(*at..).unwrap_or_default()))
}

/// Whether a link stands at the beginning.
fn begins(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// The text with its links in ASCII, up to the `#` of each; without a link it stays as it is.
pub(super) fn plain(text: &str) -> Zeroizing<String> {
    let folded = folded(text);
    if scheme(&folded).is_none() {
        return Zeroizing::new(text.to_owned());
    }
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    // Whether we are in the link's address; whether it has full-width letters.
    let (mut in_place, mut wide) = (false, false);
    for ((at, ascii), c) in folded.char_indices().zip(text.chars()) {
        if begins(folded.get(at..).unwrap_or_default()) {
            (in_place, wide) = (true, ascii != c);
        }
        in_place &= ascii != '#' && !ascii.is_whitespace();
        let meant = in_place || matches!(ascii, '#' | '%') || wide && c.is_alphanumeric();
        plain.push(if meant { ascii } else { c });
    }
    plain
}
