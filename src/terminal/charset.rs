//! Which characters the terminal shows, by its locale: UTF-8, or ASCII only.
//!
//! In any other charset the bytes of UTF-8 show as something else, and some act: 9B among them is
//! CSI to a terminal of ISO 8859-1. So nothing but ASCII is sent there, column for column. What
//! goes to a file or a pipe stays as it is.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

use undertone_core::text::safe::width;

/// A stream of ours, in characters that its terminal shows.
#[derive(Debug)]
pub struct Out<W> {
    inner: W,
    ascii: bool,
}

impl<W: Write + IsTerminal> Out<W> {
    /// Where it is a terminal, by the locale.
    pub fn new(inner: W) -> Self {
        let ascii = shows_ascii_only(&inner);
        Self { inner, ascii }
    }
}

/// Whether it is a terminal that shows nothing but ASCII, as far as the locale tells.
pub fn shows_ascii_only(stream: &impl IsTerminal) -> bool {
    static UTF_8: OnceLock<bool> = OnceLock::new();
    let utf_8 = *UTF_8.get_or_init(|| is_utf_8(|name| std::env::var_os(name)));
    !utf_8 && stream.is_terminal()
}

impl<W: Write> Write for Out<W> {
    /// Whole characters are written at once, as everything does that writes text.
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if !self.ascii {
            return self.inner.write(text);
        }
        let shown = ascii(&String::from_utf8_lossy(text));
        self.inner.write_all(shown.as_bytes())?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Whether the locale (POSIX, Base Definitions 8.2) has UTF-8. Where none is set, terminals of
/// today have.
fn is_utf_8(env: impl Fn(&str) -> Option<OsString>) -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let mut set = names.iter().filter_map(|name| env(name));
    let locale = set.find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_string_lossy().to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The same in ASCII: signs by others that mean the same, and `?` for each column of the rest.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '◆' => out.push('*'),
            '⚠' => out.push('!'),
            '✓' => out.push('+'),
            '✗' => out.push('x'),
            '›' => out.push('>'),
            '·' => out.push('-'),
            '…' => out.push('~'),
            '↑' => out.push('^'),
            '↓' => out.push('v'),
            '⏎' => out.push('$'),
            '↻' => out.push('='),
            c => out.extend(std::iter::repeat_n('?', width(c))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_that_is_set_counts() {
        for (vars, utf_8) in [
            (&[][..], true),
            (&[("LANG", "C")], false),
            (&[("LANG", "POSIX")], false),
            (&[("LANG", "C.UTF-8")], true),
            (&[("LANG", "de_DE.utf8")], true),
            (&[("LANG", "fr_FR.ISO-8859-1")], false),
            (&[("LC_CTYPE", "UTF-8"), ("LANG", "C")], true),
            (&[("LC_ALL", ""), ("LANG", "C")], false),
            (&[("LC_ALL", "C"), ("LANG", "C.UTF-8")], false),
        ] {
            let env = |name: &str| {
                let found = vars.iter().find(|(var, _)| *var == name);
                found.map(|(_, value)| OsString::from(value))
            };
            assert_eq!(is_utf_8(env), utf_8, "{vars:?}");
        }
    }

    #[test]
    fn signs_have_others_and_no_column_moves() {
        assert_eq!(ascii("bob ⚠ › hi…"), "bob ! > hi~");
        assert_eq!(ascii("bob ✓ ↓7 43% ›"), "bob + v7 43% >");
        assert_eq!(ascii("09:14 bob ↻ hi"), "09:14 bob = hi");
        assert_eq!(ascii("世é\u{301}👩x"), "???".to_owned() + "??x");
        // An emoji that Unicode has yet to assign: two columns, here as in a draft.
        assert_eq!(ascii("\u{1f8d9}"), "??");
    }

    proptest::proptest! {
        #[test]
        fn nothing_but_ascii_is_left(text in ".{0,40}") {
            let shown = ascii(&text);
            proptest::prop_assert!(shown.is_ascii());
            let columns = undertone_core::text::safe::columns;
            proptest::prop_assert_eq!(columns(&shown), columns(&text));
        }
    }
}
