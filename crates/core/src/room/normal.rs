//! The normal form of ROOM and SECRET (PROTOCOL.md §2): what keyboards and chat apps write in more
//! than one way is written in one.

use zeroize::Zeroizing;

use crate::text::unicode::normal_form::nfc;

/// Trimmed, NFC, look-alikes replaced, lower case with one small sigma, NFC. Lower-casing can undo NFC, hence twice.
pub(super) fn normal(text: &str) -> Zeroizing<String> {
    let composed = Zeroizing::new(nfc(text.trim()));
    let mut plain = Zeroizing::new(String::with_capacity(composed.len()));
    for c in composed.chars().filter(|c| !is_shaping(*c)).map(plain_form) {
        // Some keyboards make one long dash of two short ones.
        if c != '-' || !plain.ends_with('-') {
            plain.push(c);
        }
    }
    let lower = Zeroizing::new(plain.trim().to_lowercase());
    let lower: Zeroizing<String> = Zeroizing::new(lower.chars().map(one_sigma).collect());
    Zeroizing::new(nfc(&lower))
}

/// Lower-casing makes two of the one capital, by where it stands in its word.
fn one_sigma(c: char) -> char {
    match c {
        'ς' => 'σ',
        c => c,
    }
}

/// The character that is meant by one that a keyboard or a chat app puts in its place.
pub(super) fn plain_form(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{fe58}'
        | '\u{fe63}'
        | '\u{ff0d}' => '-',
        '\u{60}'
        | '\u{b4}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{ff07}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ff02}' => '"',
        _ => c,
    }
}

/// Whether a character only shapes those beside it: variation selectors, joiners, emoji tags.
fn is_shaping(c: char) -> bool {
    matches!(u32::from(c), 0x200c | 0x200d | 0x180b..=0x180d | 0x180f | 0xfe00..=0xfe0f
        | 0xe0020..=0xe007f | 0xe0100..=0xe01ef)
}

/// `#`, as keyboards for East Asian scripts may write it too.
pub(super) fn is_hash(c: char) -> bool {
    matches!(c, '#' | '\u{fe5f}' | '\u{ff03}')
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The list that PROTOCOL.md §2 refers to, character by character.
    const LIST: &str = include_str!("../../../../tests/vectors/room_characters.tsv");

    fn listed() -> HashMap<char, String> {
        let rows = LIST.lines().filter(|line| !line.starts_with('#'));
        let character = |hex: &str| char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap();
        rows.flat_map(|row| {
            let mut fields = row.split('\t');
            let (from, to) = (fields.next().unwrap(), fields.next().unwrap());
            let to: String = to.split_whitespace().map(character).collect();
            let (first, last) = from.split_once("..").unwrap_or((from, from));
            (character(first)..=character(last)).map(move |from| (from, to.clone()))
        })
        .collect()
    }

    #[test]
    fn every_character_is_read_as_the_published_list_has_it() {
        let listed = listed();
        for c in '\0'..=char::MAX {
            let ours = match c {
                c if is_hash(c) && c != '#' => "#".to_owned(),
                c if is_shaping(c) => String::new(),
                c => plain_form(c).to_string(),
            };
            let theirs = listed.get(&c).cloned().unwrap_or(c.to_string());
            assert_eq!(ours, theirs, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn two_keyboards_come_to_one_form() {
        for (one, other) in [
            ("cedar–otter", "cedar-otter"),
            ("cedar—otter", "cedar--otter"),
            ("o’brien", "O'Brien"),
            ("“yes”", "\"yes\""),
            ("❤\u{fe0f}", "❤"),
            ("👩\u{200d}👧", "👩👧"),
            ("x\u{200d} ", "x"),
        ] {
            assert_eq!(*normal(one), *normal(other));
        }
    }
}
