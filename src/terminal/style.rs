//! Colour and weight (SGR, ECMA-48 §8.3.117), where they are wanted; plain text where not.
//!
//! Only the sixteen colours that a person has chosen for the terminal, none of those that vanish on
//! a light or on a dark ground, and nothing that is said by colour alone.

use std::ffi::OsString;

/// What was asked for with `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// Where it is a terminal, and the environment says nothing else.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Whether there is colour. The flag is stronger than `NO_COLOR` (no-color.org), that than
    /// `CLICOLOR_FORCE`, that than `TERM=dumb`, that than whether it `is_terminal`.
    pub fn resolve(self, is_terminal: bool, env: impl Fn(&str) -> Option<OsString>) -> bool {
        let set = |name| env(name).filter(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR").is_some() => false,
            Self::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto => is_terminal && set("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

/// A colour with a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// To be minded.
    Warning,
    /// Something is wrong.
    Alarm,
}

/// Whether there is colour, and what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    color: bool,
}

/// Colours for people: cyan, magenta, blue and their bright forms. Not those with a meaning.
const PEOPLE: [u8; 6] = [36, 35, 34, 96, 95, 94];

impl Style {
    /// With colour, or without any escape at all.
    #[must_use]
    pub fn new(color: bool) -> Self {
        Self { color }
    }

    /// Less important, or not yet certain.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.sgr(2, text)
    }

    /// More important.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.sgr(1, text)
    }

    /// With a meaning.
    #[must_use]
    pub fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => 32,
            Tone::Warning => 33,
            Tone::Alarm => 31,
        };
        self.sgr(code, text)
    }

    /// In the colour of a person, by what does not change about them: their key, or their name.
    #[must_use]
    pub fn person(self, who: &[u8], text: &str) -> String {
        // FNV-1a: the same colour in every version, and nothing depends on it.
        let hash = who.iter().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        let codes = PEOPLE.iter().cycle();
        let code = codes.skip(hash as usize % PEOPLE.len()).copied().next();
        self.sgr(code.unwrap_or(39), text)
    }

    /// Line by line: each can be cut out of the scrollback as it is.
    fn sgr(self, code: u8, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let paint = |line: &str| format!("\x1b[{code}m{line}\x1b[0m");
        text.split('\n').map(paint).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment() {
        use ColorChoice::{Always, Auto, Never};
        let of = |choice: ColorChoice, terminal, vars: &[(&str, &str)]| {
            choice.resolve(terminal, |name| {
                let found = vars.iter().find(|(var, _)| *var == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        for (choice, terminal, vars, color) in [
            (Auto, true, &[][..], true),
            (Auto, false, &[], false),
            (Auto, true, &[("TERM", "dumb")], false),
            (Auto, true, &[("TERM", "xterm")], true),
            (Auto, true, &[("NO_COLOR", "1")], false),
            (Auto, true, &[("NO_COLOR", "")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (
                Auto,
                true,
                &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
                false,
            ),
            (Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")], true),
            (Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ] {
            assert_eq!(
                of(choice, terminal, vars),
                color,
                "{choice:?} {terminal} {vars:?}"
            );
        }
    }

    #[test]
    fn a_person_keeps_a_colour_and_a_line_ends_what_it_begins() {
        let style = Style::new(true);
        assert_eq!(style.person(b"bob", "x"), style.person(b"bob", "x"));
        let colours: std::collections::HashSet<_> =
            (0..64_u8).map(|key| style.person(&[key], "x")).collect();
        assert_eq!(colours.len(), PEOPLE.len());
        assert_eq!(style.dim("a\nb"), "\x1b[2ma\x1b[0m\n\x1b[2mb\x1b[0m");
    }

    proptest::proptest! {
        #[test]
        fn without_colour_there_is_no_escape(text in "[^\\x1b]{0,20}") {
            let style = Style::new(false);
            for out in [
                style.dim(&text), style.bold(&text), style.tone(Tone::Alarm, &text),
                style.person(b"bob", &text),
            ] {
                proptest::prop_assert_eq!(&out, &text);
            }
        }
    }
}
