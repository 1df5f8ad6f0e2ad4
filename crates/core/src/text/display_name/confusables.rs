//! What looks alike: UTS #39 §4, in lower case. The data is Unicode's (`confusables.txt`,
//! `DerivedCoreProperties.txt`), under the Unicode License v3.

use crate::text::safe::is_hidden;
use crate::text::unicode::Table;
use crate::text::unicode::normal_form::{nfd, nfkc};

/// Prototypes in lower case, of what is left of any text in lower case and NFKC, by NFD.
const PROTOTYPES: Table = Table(include_str!("confusables.txt"));

/// The skeleton of any text; see [`DisplayName::skeleton`](super::DisplayName::skeleton).
///
/// Folded on both sides of the look-up: `I` and `l` are confusable, `i` and `l` are not, yet `I`
/// folds to `i`. So the three are made one.
#[must_use]
pub fn folded_skeleton(text: &str) -> String {
    let lower = nfd(&nfkc(text).to_lowercase());
    let mut prototypes = String::with_capacity(lower.len());
    for c in lower.chars().filter(|c| !is_ignorable(*c)) {
        match PROTOTYPES.get(c) {
            Some(prototype) => prototypes.push_str(prototype),
            None => prototypes.push(c),
        }
    }
    nfd(&prototypes)
        .to_lowercase()
        .chars()
        .filter_map(folded)
        .collect()
}

/// A character of a skeleton, as it is compared.
fn folded(c: char) -> Option<char> {
    match c {
        'i' | 'ı' | '1' => Some('l'),
        c => (!is_hidden(c) && !c.is_whitespace()).then_some(c),
    }
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
pub(crate) mod tests {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::text::unicode::tables::characters;

    /// What a text comes to before its look-alikes are looked up.
    fn lower(text: &str) -> String {
        text.nfkc().collect::<String>().to_lowercase()
    }

    fn theirs(text: &str) -> String {
        let skeleton: String = unicode_security::skeleton(&lower(text)).collect();
        skeleton.to_lowercase().chars().filter_map(folded).collect()
    }

    /// All that is ever looked up: the two sigmas come of one capital.
    static LOOKED_UP: LazyLock<BTreeSet<char>> = LazyLock::new(|| {
        let mut all = BTreeSet::from(['ς']);
        for c in characters() {
            all.extend(lower(&c.to_string()).nfd());
        }
        all
    });

    /// The prototype that the table has for a character.
    pub(crate) fn mapped(c: char) -> Option<String> {
        if !LOOKED_UP.contains(&c) || is_ignorable(c) {
            return None;
        }
        let prototype = unicode_security::skeleton(&c.to_string()).collect::<String>();
        let prototype = prototype.to_lowercase();
        let comes_to = |text: &str| text.chars().filter_map(folded).collect::<String>();
        (comes_to(&prototype) != comes_to(&c.to_string())).then_some(prototype)
    }

    #[test]
    fn every_character_has_the_skeleton_of_unicode_security() {
        for c in characters() {
            let text = c.to_string();
            assert_eq!(folded_skeleton(&text), theirs(&text), "{c:?}");
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let mapped: Vec<char> = LOOKED_UP
            .iter()
            .copied()
            .filter(|c| PROTOTYPES.get(*c).is_some())
            .collect();
        let part = prop_oneof![prop::sample::select(mapped), any::<char>()];
        prop::collection::vec(part, 0..8).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn any_text_has_the_skeleton_of_unicode_security(text in texts()) {
            prop_assert_eq!(folded_skeleton(&text), theirs(&text));
        }
    }
}
