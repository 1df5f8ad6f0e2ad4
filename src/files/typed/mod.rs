//! Paths as people type, paste or drop them: `a "b c" 'd' e\ f ~/g file:///h%20i`. Quotes and
//! backslashes are those of a shell; nothing else of one is understood.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER_PERMISSIVE;

mod complete;
mod dropped;

pub use complete::{Candidates, complete};
pub use dropped::dropped;

/// What a path in a `file:` URL begins with.
const URL: &str = "file://";

/// Why a text names no files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// A quote that is not closed.
    #[error("a {0} is not closed\n  Put a backslash before one that is part of a name.")]
    Unclosed(char),
    /// `~`, and nobody knows where that is.
    #[error("no home directory for ~\n  Write the whole path.")]
    NoHome,
    /// A URL of a file on another machine, or one that cannot be read.
    #[error("{0} is no file of this machine\n  Write its path.")]
    Url(String),
}

/// The paths in a text, in order. `home` is what `~` stands for.
///
/// # Errors
/// [`TypedError`].
pub fn paths(text: &str, home: Option<&Path>) -> Result<Vec<PathBuf>, TypedError> {
    let typed = Typed::of(text);
    match typed.quote {
        Some(quote) => Err(TypedError::Unclosed(quote)),
        None => {
            let words = typed.words.iter().chain(&typed.last);
            words.map(|word| word.path(home)).collect()
        }
    }
}

/// A text taken apart.
#[derive(Debug, Default)]
struct Typed {
    /// The words that are complete.
    words: Vec<Word>,
    /// The one that the text ends with, if nothing stands behind it.
    last: Option<Word>,
    /// The quote that is open in it.
    quote: Option<char>,
}

/// A word of the text, without its quotes.
#[derive(Debug)]
struct Word {
    /// Where it begins in the text.
    start: usize,
    text: String,
    /// Whether it begins with a `~` that stands for the home directory.
    has_tilde: bool,
    /// Whether any of it is in quotes.
    is_quoted: bool,
}

impl Word {
    fn path(&self, home: Option<&Path>) -> Result<PathBuf, TypedError> {
        if let Some(url) = self.text.strip_prefix(URL) {
            return of_url(url).ok_or_else(|| TypedError::Url(self.text.clone()));
        }
        match self.text.strip_prefix('~').filter(|_| self.has_tilde) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let home = home.ok_or(TypedError::NoHome)?;
                Ok(home.join(rest.trim_start_matches('/')))
            }
            _ => Ok(PathBuf::from(&self.text)),
        }
    }
}

impl Typed {
    fn of(text: &str) -> Self {
        let mut typed = Self::default();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let escaped = match (typed.quote, c) {
                (None, '\\') => next,
                (Some('"'), '\\') => next.filter(|next| matches!(next, '"' | '\\')),
                _ => None,
            };
            match escaped {
                Some(escaped) => {
                    chars.next();
                    typed.word(at, c).text.push(escaped);
                }
                None => typed.take(at, c),
            }
        }
        typed
    }

    fn take(&mut self, at: usize, c: char) {
        match (self.quote, c) {
            (None, blank) if blank.is_ascii_whitespace() => self.words.extend(self.last.take()),
            (None, '"' | '\'') => {
                self.word(at, c).is_quoted = true;
                self.quote = Some(c);
            }
            (Some(open), _) if c == open => self.quote = None,
            _ => self.word(at, c).text.push(c),
        }
    }

    /// The word that this character belongs to: a new one, if none is open.
    fn word(&mut self, start: usize, c: char) -> &mut Word {
        self.last.get_or_insert_with(|| Word {
            start,
            text: String::new(),
            has_tilde: c == '~',
            is_quoted: false,
        })
    }
}

/// What stands behind `file://`: a host, which is this one, and a path.
fn of_url(url: &str) -> Option<PathBuf> {
    let (host, _) = url.split_once('/')?;
    let path = url.get(host.len()..)?;
    if !matches!(host, "" | "localhost") {
        return None;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut parts = path.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let digits = part.get(..2)?;
        bytes.extend(HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    (!bytes.contains(&0)).then(|| OsString::from_vec(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStrExt;

    fn typed(text: &str) -> Result<Vec<PathBuf>, TypedError> {
        paths(text, Some(Path::new("/home/ada")))
    }

    #[test]
    fn quotes_backslashes_home_and_urls_are_understood() {
        for (text, expected) in [
            ("", &[][..]),
            ("  \t ", &[]),
            ("a b", &["a", "b"]),
            (r#"a "b c" 'd  e' f\ g"#, &["a", "b c", "d  e", "f g"]),
            (
                r#"it\'s "a \"b\" \c" 'a\b'"#,
                &["it's", r#"a "b" \c"#, r"a\b"],
            ),
            (r#"a"b c"'d'\""#, &[r#"ab cd""#]),
            (r#""" ''"#, &["", ""]),
            ("a\\", &["a\\"]),
            ("~ ~/a ~//b", &["/home/ada", "/home/ada/a", "/home/ada/b"]),
            (r"~bob '~' \~ a~/b", &["~bob", "~", "~", "a~/b"]),
            ("file:///a%20b/%C3%a9 x", &["/a b/é", "x"]),
            ("'file://localhost/a b'", &["/a b"]),
            ("-", &["-"]),
        ] {
            let expected: Vec<PathBuf> = expected.iter().map(PathBuf::from).collect();
            assert_eq!(typed(text), Ok(expected), "{text}");
        }
        let bytes = typed("file:///caf%E9").unwrap();
        assert_eq!(bytes[0].as_os_str().as_bytes(), b"/caf\xe9");
    }

    #[test]
    fn what_names_no_file_here_is_told() {
        assert_eq!(typed("it's"), Err(TypedError::Unclosed('\'')));
        assert_eq!(typed(r#"a "b\""#), Err(TypedError::Unclosed('"')));
        assert_eq!(paths("~/a", None), Err(TypedError::NoHome));
        for url in [
            "file://host/a",
            "file://a",
            "file:///%",
            "file:///%zz",
            "file:///%00",
            "file:///%é",
        ] {
            assert_eq!(typed(url), Err(TypedError::Url(url.into())), "{url}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text: String) {
            let _ = typed(&text);
            let quoted = format!("'{}'", text.replace('\'', r"'\''"));
            prop_assume!(!text.starts_with(URL));
            prop_assert_eq!(typed(&quoted), Ok(vec![text.into()]));
        }
    }
}
