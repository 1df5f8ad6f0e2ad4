//! Writes the tables from the crates that the tests compare them with.
//!
//! ```sh
//! cargo test -p undertone-core --lib write_the_tables -- --ignored    # where a crate knows more
//! ```

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_security::mixed_script::AugmentedScriptSet;

use crate::text::display_name::confusables;

/// A run goes on across so many characters that map nothing.
const GAP: u32 = 8;
/// So many code points have a line at most: it is searched from its beginning.
const RUN: u32 = 64;

/// All but those of the planes that have none, or private ones.
pub(crate) fn characters() -> impl Iterator<Item = char> {
    ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}')
}

/// As [`super::Table`] reads it.
fn written(mapped: impl Fn(char) -> Option<String>) -> String {
    let mut table = String::new();
    let (mut first, mut last) = (0, 0);
    for (c, field) in characters().filter_map(|c| Some((c, mapped(c)?))) {
        let code = u32::from(c);
        match code - last <= GAP && code - first < RUN {
            true => table.extend((last..code).map(|_| '\t')),
            false => {
                write!(table, "\n{c}").unwrap();
                first = code;
            }
        }
        table += &field;
        last = code;
    }
    table.trim_start_matches('\n').to_owned() + "\n"
}

/// A step of its canonical decomposition: the one character that it stands for, or its last part
/// behind what those before are composed to.
fn step(c: char) -> Option<String> {
    if c.nfd().eq([c]) || ('가'..='힣').contains(&c) {
        return None;
    }
    let same: String = c.nfc().collect();
    if same.chars().count() == 1 && same != c.to_string() {
        return Some(same);
    }
    let parts: String = c.nfd().collect();
    let mut before = parts.chars();
    let last = before.next_back()?;
    let composed: String = before.as_str().nfc().collect();
    match composed.chars().count() {
        1 => Some(composed + &last.to_string()),
        _ => Some(parts),
    }
}

/// What has a canonical decomposition has its compatibility decomposition by that.
fn compatible(c: char) -> Option<String> {
    let parts: String = c.nfkd().collect();
    (c.nfd().eq([c]) && parts != c.to_string()).then_some(parts)
}

fn class(c: char) -> Option<String> {
    let class = canonical_combining_class(c);
    (class > 0).then(|| class.to_string())
}

fn category(c: char) -> Option<String> {
    let name = match c.general_category() {
        GeneralCategory::OpenPunctuation => "(",
        GeneralCategory::ClosePunctuation => ")",
        GeneralCategory::InitialPunctuation | GeneralCategory::FinalPunctuation => "\"",
        GeneralCategory::OtherPunctuation => ".",
        _ if c.general_category_group() == GeneralCategoryGroup::Mark => "M",
        _ => return None,
    };
    Some(name.to_owned())
}

/// As `scripts.txt` has them.
pub(crate) fn scripts(c: char) -> String {
    let set = AugmentedScriptSet::for_char(c);
    if c.script() == Script::Unknown {
        return String::new();
    }
    if set.is_all() {
        return "*".to_owned();
    }
    let mut names: Vec<_> = set.base.iter().map(Script::short_name).collect();
    let systems = [(set.hanb, "Hanb"), (set.jpan, "Jpan"), (set.kore, "Kore")];
    names.extend(systems.iter().filter(|(is, _)| *is).map(|(_, name)| name));
    names.join(" ")
}

/// As `script` reads it. Surrogates, which are no characters, go with what is before them.
fn written_scripts() -> String {
    let mut table = String::new();
    let (mut first, mut before) = (0, scripts('\0'));
    for c in char::MIN..=char::MAX {
        let scripts = scripts(c);
        if scripts != before {
            writeln!(table, "{:x} {before}", u32::from(c) - first).unwrap();
            (first, before) = (u32::from(c), scripts);
        }
    }
    table + &format!("{:x} {before}\n", 0x11_0000 - first)
}

#[test]
#[ignore = "writes the sources"]
fn write_the_tables() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/text");
    for (name, table) in [
        ("unicode/canonical.txt", written(step)),
        ("unicode/compatible.txt", written(compatible)),
        ("unicode/classes.txt", written(class)),
        ("unicode/categories.txt", written(category)),
        ("unicode/scripts.txt", written_scripts()),
        (
            "display_name/confusables.txt",
            written(confusables::tests::mapped),
        ),
    ] {
        std::fs::write(format!("{folder}/{name}"), table).unwrap();
    }
}
