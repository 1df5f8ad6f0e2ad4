//! When one name may pass for another: more than letters that look alike.
//!
//! A name's *stem* is what is left without what decorates it: spaces, punctuation and signs, what
//! stands in brackets, the accents of Latin, Greek and Cyrillic letters, digits at either end. Two
//! names meet if their skeletons are equal (UTS #39), or those of their stems.
//!
//! The line: letters, and digits between them, make another name. `ada l` is not `ada`, `ada2b` is
//! not `adab`; `ada 2` is `ada`, and so is `ada (work)`.

use std::collections::BTreeSet;

use super::folded_skeleton;
use crate::text::unicode::normal_form::{nfkc, nfkd};

/// All that a name looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks(BTreeSet<String>);

impl Looks {
    /// What this text looks like, as a name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let stem = stem(name);
        let mut looks = BTreeSet::from([folded_skeleton(name)]);
        // Digits may be letters in disguise: `b0` is `bo`, and `b 0` is `b`. So any number of
        // them may go.
        for rest in shorter(&stem) {
            looks.insert(folded_skeleton(&rest));
        }
        looks.remove("");
        Self(looks)
    }

    /// Whether one may pass for the other.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }
}

/// The letters and digits of a name, without what stands in brackets, if any are left then.
fn stem(name: &str) -> String {
    let bare: String = nfkd(name).chars().filter(|c| !is_accent(*c)).collect();
    let plain = nfkc(&bare);
    let mut depth = 0_usize;
    let outside = plain.chars().filter(|c| {
        let opens = matches!(
            c,
            '(' | '[' | '{' | '<' | '«' | '「' | '『' | '【' | '〈' | '《'
        );
        let closes = matches!(
            c,
            ')' | ']' | '}' | '>' | '»' | '」' | '』' | '】' | '〉' | '》'
        );
        depth += usize::from(opens);
        let inside = depth > 0;
        depth = depth.saturating_sub(usize::from(closes));
        !inside && c.is_alphanumeric()
    });
    let outside: String = outside.collect();
    match outside.is_empty() {
        true => plain.chars().filter(|c| c.is_alphanumeric()).collect(),
        false => outside,
    }
}

/// The stem, and what is left of it without some of the digits at its ends, if a letter is.
fn shorter(stem: &str) -> Vec<String> {
    let letters = stem.trim_start_matches(char::is_numeric);
    let mut all = vec![stem.to_owned()];
    for stem in [stem, letters] {
        let mut rest = stem;
        while !rest.is_empty() {
            if rest.chars().any(char::is_alphabetic) {
                all.push(rest.to_owned());
            }
            let Some(shorter) = rest.strip_suffix(char::is_numeric) else {
                break;
            };
            rest = shorter;
        }
    }
    all
}

/// Combining marks of Latin, Greek and Cyrillic. Those of other scripts tell words apart.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meet(one: &str, other: &str) -> bool {
        Looks::of(one).meets(&Looks::of(other))
    }

    #[test]
    fn decoration_makes_no_other_name() {
        for name in [
            "ada",
            "ADA",
            "ada.",
            "\"ada\"",
            "a-da",
            "ada 2",
            "ada2",
            "ada (work)",
            "(ada)",
            "ada [x] 3",
            "ádà",
            "ada!",
            "@ada",
            "ada_",
            "ada 🦊",
            "2 ada",
            "ada ²",
            "ada\u{2019}",
            "аdа",
            "ada 02",
        ] {
            assert!(meet("ada", name), "{name}");
        }
        for (one, other) in [
            ("boo", "bo0"),
            ("boo", "bo0 2"),
            ("bob 2", "bob 3"),
            ("ada (work)", "ada (home)"),
            ("Zoë", "Zoe"),
            ("O'Brien", "obrien"),
            ("Ελένη", "Ελενη"),
        ] {
            assert!(meet(one, other), "{one} {other}");
        }
    }

    #[test]
    fn letters_do() {
        for (one, other) in [
            ("ada", "ada l"),
            ("ada", "adam"),
            ("ada", "ida"),
            ("ada", "ada2b"),
            ("bob", "rob"),
            ("22", "23"),
            ("🦊", "🐻"),
            ("かな", "がな"),
            ("김민수", "김민주"),
            ("अनिल", "अनल"),
        ] {
            assert!(!meet(one, other), "{one} {other}");
        }
        assert!(meet("🦊", "🦊") && meet("22", "22"));
    }
}
