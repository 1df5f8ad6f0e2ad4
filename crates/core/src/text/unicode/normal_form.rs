//! The normal forms of Unicode (UAX #15): NFC, NFD, NFKC and NFKD.
//!
//! For text of a few kilobytes: what has more marks on one character takes time by their square.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Table;

/// Canonical decompositions, a step of each: at most two characters.
const CANONICAL: Table = Table(include_str!("canonical.txt"));
/// Compatibility decompositions, where they differ from the canonical ones, in full.
const COMPATIBLE: Table = Table(include_str!("compatible.txt"));
/// Canonical combining classes, where they are not 0, in decimal.
const CLASSES: Table = Table(include_str!("classes.txt"));

/// What two characters are composed to.
static COMPOSED: LazyLock<BTreeMap<(char, char), char>> = LazyLock::new(|| {
    let mut composed = BTreeMap::new();
    for (c, parts) in CANONICAL.entries() {
        let mut parts = parts.chars();
        if let (Some(first), Some(second)) = (parts.next(), parts.next())
            && !is_excluded(c)
        {
            composed.insert((first, second), c);
        }
    }
    composed
});

/// Syllables of Hangul, and what they are made of: the numbers of The Unicode Standard, §3.12.
const SYLLABLES: u32 = 0xac00;
const LEADING: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
const TRAILING: u32 = 0x11a7;
const LEADING_COUNT: u32 = 19;
const VOWEL_COUNT: u32 = 21;
const TRAILING_COUNT: u32 = 28;

/// A character behind its canonical combining class.
type Classed = (u8, char);

/// Normalization Form C.
pub(crate) fn nfc(text: &str) -> String {
    normalized(text, false, true)
}

/// Normalization Form D.
pub(crate) fn nfd(text: &str) -> String {
    normalized(text, false, false)
}

/// Normalization Form KC.
pub(crate) fn nfkc(text: &str) -> String {
    normalized(text, true, true)
}

/// Normalization Form KD.
pub(crate) fn nfkd(text: &str) -> String {
    normalized(text, true, false)
}

fn normalized(text: &str, compatible: bool, compose: bool) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut chars = Vec::with_capacity(text.len());
    for c in text.chars() {
        decompose(c, compatible, &mut chars);
    }
    if compose {
        chars = composed(chars);
    }
    chars.into_iter().map(|(_, c)| c).collect()
}

/// Puts what `c` is made of behind `chars`, marks in the order of their classes.
fn decompose(c: char, compatible: bool, chars: &mut Vec<Classed>) {
    if let Some(syllable) = u32::from(c).checked_sub(SYLLABLES)
        && syllable < LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT
    {
        let (of_block, trailing) = (syllable / TRAILING_COUNT, syllable % TRAILING_COUNT);
        let leading = LEADING + of_block / VOWEL_COUNT;
        let vowel = VOWELS + of_block % VOWEL_COUNT;
        let trailing = (trailing > 0).then_some(TRAILING + trailing);
        let parts = [Some(leading), Some(vowel), trailing];
        chars.extend(
            parts
                .into_iter()
                .flatten()
                .filter_map(char::from_u32)
                .map(|c| (0, c)),
        );
        return;
    }
    let parts = compatible.then(|| COMPATIBLE.get(c)).flatten();
    if let Some(parts) = parts.or_else(|| CANONICAL.get(c)) {
        for part in parts.chars() {
            decompose(part, compatible, chars);
        }
        return;
    }
    let class = class(c);
    let before = chars.iter().rposition(|(other, _)| *other <= class);
    match class {
        0 => chars.push((0, c)),
        class => chars.insert(before.map_or(0, |at| at + 1), (class, c)),
    }
}

/// Its canonical combining class.
fn class(c: char) -> u8 {
    CLASSES
        .get(c)
        .and_then(|class| class.parse().ok())
        .unwrap_or(0)
}

/// The Canonical Composition Algorithm (The Unicode Standard, D117).
fn composed(chars: Vec<Classed>) -> Vec<Classed> {
    let mut out: Vec<Classed> = Vec::with_capacity(chars.len());
    let mut starter = None;
    for (class, c) in chars {
        if let Some(at) = starter {
            let behind = out.get(at + 1..).and_then(|behind| behind.last());
            let is_blocked = behind.is_some_and(|(before, _)| *before >= class);
            if !is_blocked
                && let Some((_, first)) = out.get_mut(at)
                && let Some(both) = pair(*first, c)
            {
                *first = both;
                continue;
            }
        }
        if class == 0 {
            starter = Some(out.len());
        }
        out.push((class, c));
    }
    out
}

/// What the two are composed to.
fn pair(first: char, second: char) -> Option<char> {
    let number = |c: char, base: u32, count: u32| {
        let number = u32::from(c).checked_sub(base)?;
        (number < count).then_some(number)
    };
    let vowel = number(second, VOWELS, VOWEL_COUNT);
    if let (Some(leading), Some(vowel)) = (number(first, LEADING, LEADING_COUNT), vowel) {
        return char::from_u32(SYLLABLES + (leading * VOWEL_COUNT + vowel) * TRAILING_COUNT);
    }
    let syllable = number(
        first,
        SYLLABLES,
        LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT,
    );
    let trailing = number(second, TRAILING + 1, TRAILING_COUNT - 1);
    if let (Some(syllable), Some(trailing)) = (syllable, trailing)
        && syllable % TRAILING_COUNT == 0
    {
        return char::from_u32(SYLLABLES + syllable + 1 + trailing);
    }
    COMPOSED.get(&(first, second)).copied()
}

/// Whether two parts are not composed to it (`Full_Composition_Exclusion`).
fn is_excluded(c: char) -> bool {
    matches!(c, '\u{344}' | '\u{958}'..='\u{95f}' | '\u{9dc}'..='\u{9df}' | '\u{a33}'..='\u{a5e}'
        | '\u{b5c}'..='\u{b5d}' | '\u{f43}'..='\u{fb9}' | '\u{2adc}' | '\u{fb1d}'..='\u{fb4e}'
        | '\u{1d15e}'..='\u{1d1c0}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::canonical_combining_class;

    use super::*;
    use crate::text::unicode::tables::characters;

    fn all_are_theirs(text: &str) {
        assert_eq!(nfc(text), text.nfc().collect::<String>(), "{text:?}");
        assert_eq!(nfd(text), text.nfd().collect::<String>(), "{text:?}");
        assert_eq!(nfkc(text), text.nfkc().collect::<String>(), "{text:?}");
        assert_eq!(nfkd(text), text.nfkd().collect::<String>(), "{text:?}");
    }

    #[test]
    fn every_character_has_the_forms_of_unicode_normalization() {
        for c in characters() {
            let alone = c.to_string();
            if alone.nfkd().eq([c]) && canonical_combining_class(c) == 0 {
                let mapped = CANONICAL.get(c).or(COMPATIBLE.get(c));
                assert_eq!((mapped, class(c)), (None, 0), "{c:?}");
                continue;
            }
            all_are_theirs(&alone);
            // Behind a character, and before marks of a low and a high class.
            all_are_theirs(&format!("a{c}\u{345}\u{334}"));
        }
    }

    #[test]
    fn every_two_characters_are_composed_as_by_unicode_normalization() {
        let (mut firsts, mut seconds) = (vec!['a', '\u{1100}', '가', '각'], vec!['\u{1161}']);
        for (_, parts) in CANONICAL.entries() {
            firsts.extend(parts.chars().next());
            seconds.extend(parts.chars().nth(1));
        }
        seconds.extend('\u{1160}'..='\u{11ff}');
        for parts in [&mut firsts, &mut seconds] {
            parts.sort_unstable();
            parts.dedup();
        }
        for first in firsts {
            for second in &seconds {
                let theirs = unicode_normalization::char::compose(first, *second);
                assert_eq!(pair(first, *second), theirs, "{first:?} {second:?}");
            }
        }
    }

    /// Parts that are reordered, composed or blocked, more often than chance has it.
    fn texts() -> impl Strategy<Value = String> {
        let parts: Vec<char> = CANONICAL
            .entries()
            .chain(COMPATIBLE.entries())
            .flat_map(|(c, parts)| std::iter::once(c).chain(parts.chars()))
            .chain(CLASSES.entries().map(|(c, _)| c))
            .chain(('\u{1100}'..='\u{11ff}').chain('가'..='갟'))
            .collect();
        let part = prop_oneof![
            prop::sample::select(parts),
            any::<char>(),
            prop::char::range('\u{300}', '\u{345}')
        ];
        prop::collection::vec(part, 0..12).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn any_text_has_the_forms_of_unicode_normalization(text in texts()) {
            all_are_theirs(&text);
        }
    }
}
