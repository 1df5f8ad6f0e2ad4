//! The skeleton of a text: UTS #39 §4, by a table of its own. That of `unicode-security` is one of
//! pointers, which the system's loader would set one by one at each start of the program. The data is
//! Unicode's (`confusables.txt`, `DerivedCoreProperties.txt`), under the Unicode License v3.

use unicode_normalization::UnicodeNormalization;

/// A line for each character that has a prototype, by code point: it, and the prototype in NFD.
const PROTOTYPES: &str = include_str!("confusables.txt");

/// What is equal where two texts look alike.
pub(super) fn skeleton(text: &str) -> String {
    let mut prototypes = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_ignorable(*c)) {
        match prototype(c) {
            Some(prototype) => prototypes.push_str(prototype),
            None => prototypes.push(c),
        }
    }
    prototypes.nfd().collect()
}

/// Found by halves: in UTF-8 the order of bytes is that of code points.
fn prototype(c: char) -> Option<&'static str> {
    let mut key = [0; 4];
    let key = c.encode_utf8(&mut key).as_bytes();
    let mut lines = PROTOTYPES.as_bytes();
    while !lines.is_empty() {
        let (before, behind) = lines.split_at(lines.len() / 2);
        let begin = before.iter().rposition(|byte| *byte == b'\n');
        let begin = begin.map_or(0, |at| at + 1);
        let end = before.len() + behind.iter().position(|byte| *byte == b'\n')?;
        let line = lines.get(begin..end)?;
        if let Some(prototype) = line.strip_prefix(key) {
            return str::from_utf8(prototype).ok();
        }
        lines = match key < line {
            true => lines.get(..begin)?,
            false => lines.get(end + 1..)?,
        };
    }
    None
}

/// Whether it has the property `Default_Ignorable_Code_Point`.
fn is_ignorable(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn theirs(text: &str) -> String {
        unicode_security::skeleton(text).collect()
    }

    /// Where it fails since that crate knows more, the table is to be written anew as here.
    #[test]
    fn the_table_is_that_of_unicode_security() {
        let mut lines = String::new();
        // The planes between and behind have no characters, or private ones.
        for c in ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let text = c.to_string();
            assert_eq!(skeleton(&text), theirs(&text), "{c:?}");
            if text.nfd().eq([c]) && !is_ignorable(c) && theirs(&text) != text {
                lines.extend([text, theirs(&c.to_string()), "\n".to_owned()]);
            }
        }
        assert!(lines == PROTOTYPES, "write it anew");
    }

    proptest! {
        #[test]
        fn any_text_has_the_same_skeleton(text: String) {
            prop_assert_eq!(skeleton(&text), theirs(&text));
        }
    }
}
