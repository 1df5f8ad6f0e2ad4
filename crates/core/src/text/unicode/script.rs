//! The scripts that a character is written in: `Script_Extensions`, with the writing systems that
//! UTS #39 §5.1 adds: `Hanb`, `Jpan` and `Kore`, which are Chinese, Japanese and Korean.

use std::sync::LazyLock;

/// A line for each range of code points, in their order: how many, in hexadecimal, and the scripts
/// by their ISO 15924 codes. `*` is every script (Common and Inherited); what is not assigned has
/// none.
const SCRIPTS: &str = include_str!("scripts.txt");

/// The scripts of each range, behind its end.
static RANGES: LazyLock<Vec<(u32, &str)>> = LazyLock::new(|| {
    let mut end = 0;
    let ranges = SCRIPTS.lines().filter_map(|line| {
        let (count, scripts) = line.split_once(' ')?;
        end += u32::from_str_radix(count, 16).ok()?;
        Some((end, scripts))
    });
    ranges.collect()
});

/// Whether Unicode has not said yet what it is, or never will.
pub(crate) fn is_unassigned(c: char) -> bool {
    !c.is_ascii() && of(c).is_empty()
}

/// Whether it is a letter of Latin, and not of every script.
pub(crate) fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || of(c).split_whitespace().any(|script| script == "Latn")
}

/// The scripts in which all of the characters are written; `None` for every script.
pub(crate) fn shared(chars: impl Iterator<Item = char>) -> Option<Vec<&'static str>> {
    let mut shared: Option<Vec<_>> = None;
    for scripts in chars.map(of).filter(|scripts| *scripts != "*") {
        let scripts = scripts.split_whitespace();
        match &mut shared {
            Some(shared) => shared.retain(|script| scripts.clone().any(|other| other == *script)),
            None => shared = Some(scripts.collect()),
        }
    }
    shared
}

fn of(c: char) -> &'static str {
    let at = RANGES.partition_point(|(end, _)| *end <= u32::from(c));
    RANGES.get(at).map_or("", |(_, scripts)| *scripts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::unicode::tables;

    #[test]
    fn every_character_has_the_scripts_of_unicode_script() {
        for c in char::MIN..=char::MAX {
            assert_eq!(of(c), tables::scripts(c), "{c:?}");
        }
    }
}
