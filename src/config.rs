//! The config file: what stands behind flag and `UNDERTONE_*` variable.
//!
//! Owns: where the file is, its keys (each the long flag of that name), and errors that name file,
//! line and remedy. Does not own: what a value means. It is checked by the flag's own parser, and
//! becomes that flag's default, so that flag > variable > file > built-in default.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::de::{DeTable, DeValue};
use undertone_host::{read_file, read_named, variables};

use crate::rendezvous::proxy::ProxyChoice;
use crate::store::Place;

/// What may stand behind a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// An absolute one: the file is read from any folder.
    Path,
    Number,
    Switch,
    List,
}

/// The keys: what someone may want the same way every time. A room is not one of them, because
/// undertone offers the last one and a secret does not belong here; nor is what is for one run.
const KEYS: [(&str, Kind); 21] = [
    ("accept", Kind::Text),
    ("advertise", Kind::List),
    ("bind", Kind::Text),
    ("color", Kind::Text),
    ("data-dir", Kind::Path),
    ("downloads", Kind::Path),
    ("hide-ip", Kind::Switch),
    ("lan", Kind::Switch),
    ("local-port", Kind::Number),
    ("long", Kind::Switch),
    ("mediator", Kind::Text),
    ("name", Kind::Text),
    ("no-history", Kind::Switch),
    ("peers-file", Kind::Path),
    ("plain", Kind::Switch),
    ("proxy", Kind::Text),
    ("notify", Kind::Switch),
    ("qr", Kind::Switch),
    ("relay", Kind::Text),
    ("require-verified", Kind::Switch),
    ("timeout", Kind::Number),
];

impl Kind {
    fn wanted(self) -> &'static str {
        match self {
            Self::Text => "text in quotes",
            Self::Path => "an absolute path in quotes",
            Self::Number => "a number",
            Self::Switch => "true or false",
            Self::List => "a list of texts, like [\"203.0.113.7:40000\"]",
        }
    }

    /// The value as it would stand on the command line; several for a list.
    fn texts(self, value: &DeValue<'_>) -> Option<Vec<String>> {
        match (self, value) {
            (Self::Text, DeValue::String(text)) => Some(vec![text.to_string()]),
            (Self::Path, DeValue::String(text)) => Path::new(&**text)
                .is_absolute()
                .then(|| vec![text.to_string()]),
            (Self::Number, DeValue::Integer(number)) if number.radix() == 10 => {
                Some(vec![number.as_str().to_owned()])
            }
            (Self::Switch, DeValue::Boolean(on)) => Some(vec![on.to_string()]),
            (Self::List, DeValue::Array(items)) => items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect(),
            _ => None,
        }
    }
}

/// What a config file says, checked.
#[derive(Debug, Default)]
pub struct Config {
    /// The file.
    path: PathBuf,
    values: Values,
}

/// Key and value, as on the command line.
type Values = Vec<(&'static str, Vec<String>)>;

/// Why a config file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the config file {path}: {source}\n  {by} leads there: correct it, or name another file with --config.", path = .place.path.display(), by = .place.by)]
    Read {
        /// The file.
        place: Place,
        /// What the system said.
        source: io::Error,
    },
    /// Something in it is wrong.
    #[error("{path}:{line}: {fault}", path = .path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What, and on a second line what to do.
        fault: String,
    },
}

fn text(bytes: io::Result<Vec<u8>>) -> io::Result<String> {
    String::from_utf8(bytes?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

impl Config {
    /// Reads the file, or the pipe, that was named, for a command line of these flags.
    ///
    /// # Errors
    /// [`ConfigError`], also where there is none.
    pub fn read(place: &Place, flags: &Command) -> Result<Self, ConfigError> {
        Self::of(place, read_named(&place.path), flags)
    }

    fn of(place: &Place, bytes: io::Result<Vec<u8>>, flags: &Command) -> Result<Self, ConfigError> {
        let path = &place.path;
        let text = text(bytes).map_err(|source| ConfigError::Read {
            place: place.clone(),
            source,
        })?;
        let values = parse(&text, flags).map_err(|(span, fault)| ConfigError::Fault {
            path: path.clone(),
            line: line_of(&text, &span),
            fault,
        })?;
        Ok(Self {
            path: path.clone(),
            values,
        })
    }

    /// Reads a file that nobody named: without one nothing is set.
    ///
    /// # Errors
    /// [`ConfigError`] for one that is there.
    pub fn read_if_there(place: Option<&Place>, flags: &Command) -> Result<Self, ConfigError> {
        let is_there = |kind| !matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory);
        match place.map(|place| Self::of(place, read_file(&place.path), flags)) {
            None => Ok(Self::default()),
            Some(Err(ConfigError::Read { source, .. })) if !is_there(source.kind()) => {
                Ok(Self::default())
            }
            Some(read) => read,
        }
    }

    /// How the setting of this name is to be called, where it is set.
    #[must_use]
    pub fn name_of(&self, key: &str) -> Option<String> {
        let is_set = |(known, texts): &(&str, Vec<String>)| *known == key && !texts.is_empty();
        let set = self.values.iter().any(is_set);
        set.then(|| format!("{key} in {}", self.path.display()))
    }

    /// Whether it sets nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Makes the values the defaults of the flags of their names, in every command.
    #[must_use]
    pub fn apply(&self, command: Command) -> Command {
        let set = |command: Command| {
            command.mut_args(|arg| {
                let key = arg.get_long().map(str::to_owned);
                let value = self
                    .values
                    .iter()
                    .find(|(known, texts)| key.as_deref() == Some(known) && !texts.is_empty());
                match value {
                    Some((_, texts)) => arg.default_values(texts),
                    None => arg,
                }
            })
        };
        set(command).mut_subcommands(set)
    }
}

fn parse(text: &str, flags: &Command) -> Result<Values, (Range<usize>, String)> {
    let table = DeTable::parse(text).map_err(|error| {
        let fault = format!(
            "{}\n  A line is `key = value`, with texts in quotes.",
            error.message()
        );
        (error.span().unwrap_or_default(), fault)
    })?;
    let mut values = Vec::new();
    for (key, value) in table.get_ref() {
        let Some((known, kind)) = KEYS.into_iter().find(|(known, _)| known == key.get_ref()) else {
            let known = KEYS.map(|(known, _)| known).join(", ");
            let fault = format!(
                "there is no setting {:?}\n  There are: {known}.",
                key.get_ref()
            );
            return Err((key.span(), fault));
        };
        let fault = |why: &str| (value.span(), format!("{known}: {why}"));
        let texts = kind.texts(value.get_ref()).ok_or_else(|| {
            fault(&format!(
                "this is no value for it\n  Write {}.",
                kind.wanted()
            ))
        })?;
        if kind != Kind::Switch {
            for text in &texts {
                check(known, text, flags).map_err(|why| fault(&why))?;
            }
        }
        values.push((known, texts));
    }
    Ok(values)
}

/// Asks the flag's own parser, alone: what else is set must not matter.
fn check(key: &str, text: &str, flags: &Command) -> Result<(), String> {
    if key == "proxy" {
        // Its flag takes everything at first, for clap's errors would show a password.
        let read = text.parse::<ProxyChoice>();
        return read.map(drop).map_err(|error| error.to_string());
    }
    let Some(arg) = flags
        .get_arguments()
        .find(|arg| arg.get_long() == Some(key))
    else {
        return Ok(());
    };
    let alone = Command::new("").no_binary_name(true).arg(arg.clone());
    let Err(error) = alone.try_get_matches_from([format!("--{key}={text}")]) else {
        return Ok(());
    };
    let why = variables::why(&error).unwrap_or_else(|| "not possible".to_owned());
    Err(match error.source() {
        Some(_) => why,
        None => format!("{text:?} is {why}"),
    })
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    let before = text.bytes().take(span.start);
    before.filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
