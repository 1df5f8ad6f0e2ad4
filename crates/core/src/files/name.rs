//! What a file or folder is called on the wire, and what it may be called on a disk.
//!
//! A name is one component of a path. One that could lead elsewhere is refused, and the whole offer
//! with it; one that is only awkward, because it hides something or Windows takes it for something
//! else, is made safe by who receives it, in the same way on every system.

use std::borrow::Cow;
use std::fmt::Write;

use super::NAME_MAX;
use crate::text::safe::is_hidden;

/// What Windows keeps for itself in names, beside `\` and `/`.
const RESERVED: [char; 7] = ['<', '>', ':', '"', '|', '?', '*'];
/// What Windows takes for a device, whatever stands behind a dot. COM and LPT follow with a digit.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// The name of a file or folder: not empty, at most 255 bytes, and leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing at all.
    #[error("a name that is empty")]
    Empty,
    /// More than [`NAME_MAX`] bytes.
    #[error("a name of more than {NAME_MAX} bytes")]
    TooLong,
    /// `.` or `..`, or with `/`, `\` or NUL in it.
    #[error("a name that leads elsewhere")]
    Path,
}

impl Name {
    /// Takes a name as a peer gives it.
    ///
    /// # Errors
    /// [`NameError`]: nothing that was offered with it is to be taken.
    pub fn new(text: &str) -> Result<Self, NameError> {
        match text {
            "" => Err(NameError::Empty),
            "." | ".." => Err(NameError::Path),
            _ if text.len() > NAME_MAX => Err(NameError::TooLong),
            _ if text.contains(['/', '\\', '\0']) => Err(NameError::Path),
            _ => Ok(Self(text.into())),
        }
    }

    /// Takes a name from a disk, for the wire: bytes that are no UTF-8, and `\`, become `%XX`. So
    /// two names may become the same one.
    ///
    /// # Errors
    /// [`NameError`], above all where that makes it too long.
    pub fn from_disk(bytes: &[u8]) -> Result<Self, NameError> {
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(&chunk.valid().replace('\\', "%5C"));
            for byte in chunk.invalid() {
                // Writing to a string cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
        }
        Self::new(&text)
    }

    /// The name as it is on the wire. It may do anything to a terminal:
    /// [`Safe::name`](crate::text::safe::Safe::name) shows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether file managers leave it out: it begins with a dot.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.0.starts_with('.')
    }

    /// The name to give to it on a disk: what cannot be seen or acts on what stands around it, what
    /// Windows reserves, and dots and spaces at the end become `_`, as does the last character of a
    /// device's name. Never longer than it was, never empty, `.` or `..`; borrowed where nothing is
    /// changed. Two names may become the same one.
    #[must_use]
    pub fn safe(&self) -> Cow<'_, str> {
        let end = self.0.trim_end_matches(['.', ' ']).len();
        let device = device(&self.0);
        let is_bad = |at: usize, c: char| {
            at >= end || is_hidden(c) || RESERVED.contains(&c) || device == Some(at)
        };
        match self.0.char_indices().any(|(at, c)| is_bad(at, c)) {
            false => Cow::Borrowed(&self.0),
            true => {
                let chars = self.0.char_indices();
                Cow::Owned(
                    chars
                        .map(|(at, c)| if is_bad(at, c) { '_' } else { c })
                        .collect(),
                )
            }
        }
    }
}

/// Where the last character of the device's name stands that Windows takes this name for.
fn device(name: &str) -> Option<usize> {
    let stem = name.split('.').next()?.trim_end_matches(' ');
    let (last, digit) = stem.char_indices().next_back()?;
    let port = stem.get(..last)?;
    let is_port = (port.eq_ignore_ascii_case("COM") || port.eq_ignore_ascii_case("LPT"))
        && matches!(digit, '0'..='9' | '¹' | '²' | '³');
    let is_device = DEVICES.iter().any(|each| stem.eq_ignore_ascii_case(each));
    (is_port || is_device).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[test]
    fn what_leads_elsewhere_is_no_name() {
        for text in [
            ".",
            "..",
            "/",
            "/etc/passwd",
            "a/b",
            "../a",
            "a/",
            "..\\a",
            "C:\\a",
            "\\\\host\\share",
            "a\0",
            "\0",
        ] {
            assert_eq!(Name::new(text), Err(NameError::Path), "{text:?}");
        }
        assert_eq!(Name::new(""), Err(NameError::Empty));
        assert_eq!(Name::new(&"x".repeat(256)), Err(NameError::TooLong));
        for text in ["...", ".a", "a..b", "~", "-rf", " ", "é", &"x".repeat(255)] {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn awkward_names_are_made_safe_and_others_stay() {
        for (text, safe) in [
            ("a.txt", "a.txt"),
            ("日本語 é (2).tar.gz", "日本語 é (2).tar.gz"),
            (".bashrc", ".bashrc"),
            ("-rf", "-rf"),
            ("a:b?.txt", "a_b_.txt"),
            ("<>:\"|?*", "_______"),
            ("a\x1b]52;c;\x07", "a_]52;c;_"),
            ("a\nb\x7f\u{9b}", "a_b__"),
            ("gpj.\u{202e}exe", "gpj._exe"),
            ("\u{200b}.profile", "_.profile"),
            ("a\u{feff}\u{e0041}", "a__"),
            ("a. .", "a___"),
            ("...", "___"),
            (" ", "_"),
            ("CON", "CO_"),
            ("nul.tar.gz", "nu_.tar.gz"),
            ("Aux .txt", "Au_ .txt"),
            ("com1.x", "com_.x"),
            ("LPT²", "LPT_"),
            ("CONIN$", "CONIN_"),
            ("COM", "COM"),
            ("COM10", "COM10"),
            ("console", "console"),
            ("a.con", "a.con"),
        ] {
            assert_eq!(name(text).safe(), safe, "{text:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_escaped() {
        for (bytes, text) in [
            (&b"caf\xe9.txt"[..], "caf%E9.txt"),
            (b"\xff\xfe", "%FF%FE"),
            (b"a\\b\xc3", "a%5Cb%C3"),
            ("é%".as_bytes(), "é%"),
        ] {
            assert_eq!(Name::from_disk(bytes).unwrap().as_str(), text);
        }
        assert_eq!(Name::from_disk(&[0xff; 86]), Err(NameError::TooLong));
        assert_eq!(Name::from_disk(b"a/\xff"), Err(NameError::Path));
    }

    #[test]
    fn hidden_is_what_begins_with_a_dot() {
        let hidden = [".a", "...", "a.b", "\u{200b}.a"].map(|text| name(text).is_hidden());
        assert_eq!(hidden, [true, true, false, false]);
    }

    proptest! {
        #[test]
        fn a_safe_name_is_a_name_and_stays_as_it_is(text: String, bytes: Vec<u8>) {
            for name in [Name::new(&text), Name::from_disk(&bytes)].into_iter().flatten() {
                let safe = name.safe();
                prop_assert!(safe.len() <= name.as_str().len());
                prop_assert!(!safe.contains(is_hidden));
                let again = Name::new(&safe).unwrap();
                prop_assert_eq!(again.safe(), safe);
            }
        }
    }
}
