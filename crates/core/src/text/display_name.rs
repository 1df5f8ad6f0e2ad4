//! Display names: what a person may be called, and when two names look alike.
//!
//! A name proves nothing (the badge belongs to the key), but it must be readable and must not pass
//! for another: NFC, 1–64 bytes, at most 32 columns, one script or one of the mixes of UTS #39's
//! level *highly restrictive*, nothing hidden, no sign of our own.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use unicode_width::UnicodeWidthStr;

use super::safe::{Safe, is_hidden, is_sigil};
use super::unicode::normal_form::nfc;
use super::unicode::script;
pub use confusables::folded_skeleton;
pub use looks::Looks;

pub(crate) mod confusables;
mod looks;

/// Bytes of a name at most, as in CONFIRM.
pub const MAX_NAME_BYTES: usize = 64;
/// Columns of a name at most.
pub const MAX_NAME_COLUMNS: usize = 32;
/// What our own lines call somebody, or ourselves, as it looks.
static RESERVED: LazyLock<[Looks; 6]> =
    LazyLock::new(|| [YOURSELF, "you", "me", "undertone", "system", "mediator"].map(Looks::of));
const YOURSELF: &str = "yourself";

/// A name that can be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DisplayName(String);

/// Why a text is no name. Each message can be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing but spaces.
    #[error("a name cannot be blank\n  Choose what the other person is to call you.")]
    Blank,
    /// More than 64 bytes or 32 columns.
    #[error("that name is too long\n  A name takes at most 32 columns and 64 bytes.")]
    TooLong,
    /// A character that is hidden, acts on the terminal, or is one of our own signs.
    #[error("a name cannot contain {0}\n  Use letters, digits, spaces and common signs.")]
    Forbidden(Safe),
    /// It begins with a dash, as an option does.
    #[error(
        "a name cannot begin with a dash\n  It would be taken for an option; put something before it."
    )]
    Dash,
    /// Letters of different scripts, which can look like one.
    #[error(
        "that name mixes letters of different scripts\n  Letters that look alike could pass for another name; use one script."
    )]
    MixedScripts,
    /// A name that we use ourselves.
    #[error("that name is reserved\n  undertone's own lines use it; choose another one.")]
    Reserved,
}

impl DisplayName {
    /// Takes a name as a person or a peer gives it: spaces around it are dropped, the rest is
    /// brought to NFC.
    ///
    /// # Errors
    /// [`NameError`], which says why and what to do.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        // A megabyte is not worth normalising.
        if text.len() > 16 * MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        let name = nfc(text);
        let name = name.trim();
        if name.is_empty() {
            return Err(NameError::Blank);
        }
        let forbidden = |c: &char| {
            is_hidden(*c)
                || is_sigil(*c)
                || matches!(c, '›' | '…' | '*' | '\\')
                || (c.is_whitespace() && *c != ' ')
        };
        if let Some(c) = name.chars().find(forbidden) {
            return Err(NameError::Forbidden(Safe::name(&c.to_string())));
        }
        // Too many marks, or one at the start.
        if Safe::name(name).as_str() != name {
            return Err(NameError::Forbidden(
                Safe::name(name).clipped(MAX_NAME_COLUMNS),
            ));
        }
        if name.len() > MAX_NAME_BYTES || name.width() > MAX_NAME_COLUMNS {
            return Err(NameError::TooLong);
        }
        if name.starts_with('-') {
            return Err(NameError::Dash);
        }
        if !one_script(name) {
            return Err(NameError::MixedScripts);
        }
        let name = Self(name.to_owned());
        let looks = name.looks();
        if RESERVED.iter().any(|reserved| reserved.meets(&looks)) {
            return Err(NameError::Reserved);
        }
        Ok(name)
    }

    /// What we call another terminal of our own, whatever it calls itself: nobody else may.
    #[must_use]
    pub fn yourself() -> Self {
        Self(YOURSELF.to_owned())
    }

    /// What a name must not share with another one's, or it may pass for it.
    #[must_use]
    pub fn looks(&self) -> Looks {
        Looks::of(&self.0)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names that look alike are equal: UTS #39's skeleton with case folded. To
    /// be compared only, never shown. It errs towards equal: a needless alarm costs a question, a
    /// missing one the conversation.
    #[must_use]
    pub fn skeleton(&self) -> String {
        folded_skeleton(&self.0)
    }

    /// The name with a number behind it, `bob 2`, shortened where it would be too long. `None` when
    /// no name comes of it.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Option<Self> {
        let mut stem = self.0.as_str();
        loop {
            match Self::parse(&format!("{} {number}", stem.trim_end())) {
                Err(NameError::TooLong) => {
                    let (last, _) = stem.char_indices().next_back()?;
                    stem = stem.get(..last)?;
                }
                other => return other.ok(),
            }
        }
    }

    /// The name for the terminal.
    #[must_use]
    pub fn safe(&self) -> Safe {
        Safe::name(&self.0)
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.safe().fmt(f)
    }
}

impl FromStr for DisplayName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// UTS #39 §5.2, up to *highly restrictive*: one script, or Latin with what Japanese, Chinese or
/// Korean is written in. Signs that belong to every script count as none.
fn one_script(name: &str) -> bool {
    if script::shared(name.chars()).is_none_or(|scripts| !scripts.is_empty()) {
        return true;
    }
    let rest = script::shared(name.chars().filter(|c| !script::is_latin(*c)));
    rest.is_none_or(|scripts| {
        scripts
            .iter()
            .any(|script| matches!(*script, "Hanb" | "Jpan" | "Kore"))
    })
}

#[cfg(test)]
mod tests;
