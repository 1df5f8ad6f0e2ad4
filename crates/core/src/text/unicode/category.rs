//! The general categories that are asked for: marks and punctuation.

use super::Table;

/// `M`, `(`, `)`, `"` and `.` for the categories of [`Category`].
const CATEGORIES: Table = Table(include_str!("categories.txt"));

/// Some of the general categories of Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    /// M: drawn onto the character before it, or beside it.
    Mark,
    /// Ps.
    OpenPunctuation,
    /// Pe.
    ClosePunctuation,
    /// Pi and Pf: « » ‹ › and their like.
    QuotePunctuation,
    /// Po.
    OtherPunctuation,
}

/// The category of a character; `None` where it is none of these.
pub(crate) fn category(c: char) -> Option<Category> {
    match CATEGORIES.get(c)? {
        "M" => Some(Category::Mark),
        "(" => Some(Category::OpenPunctuation),
        ")" => Some(Category::ClosePunctuation),
        "\"" => Some(Category::QuotePunctuation),
        _ => Some(Category::OtherPunctuation),
    }
}

#[cfg(test)]
mod tests {
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    use super::*;
    use crate::text::unicode::tables::characters;

    #[test]
    fn every_character_has_the_category_of_unicode_properties() {
        for c in characters() {
            let theirs = match c.general_category() {
                GeneralCategory::OpenPunctuation => Some(Category::OpenPunctuation),
                GeneralCategory::ClosePunctuation => Some(Category::ClosePunctuation),
                GeneralCategory::InitialPunctuation | GeneralCategory::FinalPunctuation => {
                    Some(Category::QuotePunctuation)
                }
                GeneralCategory::OtherPunctuation => Some(Category::OtherPunctuation),
                _ if c.general_category_group() == GeneralCategoryGroup::Mark => {
                    Some(Category::Mark)
                }
                _ => None,
            };
            assert_eq!(category(c), theirs, "{c:?}");
        }
    }
}
