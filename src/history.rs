//! `peers.txt`: whom one talked to, a line a connection.
//!
//! Owns: the file, written whole under a lock so that two clients share it, mode 0600. A line that
//! cannot be read is skipped with its number named, and survives every rewrite byte for byte, as do
//! comments and blank lines. Neither a message nor a room's secret enters, and of a key only the
//! words of its fingerprint. Does not own: whether anything is written (`--no-history`), who is a
//! contact (`contacts`).

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::store::{self, Lock, StoreError};

pub mod line;
pub mod table;

pub use line::{Entry, LineError, Path as LinkPath, State};

const HEADER: &str = "\
# undertone: a line a connection, fields separated by tabs; peers.txt.example explains them.
# started\tlast seen\tname\troom\taddress\tpath\tstate\tkey
";

/// The history file of one person. Holds no copy: every call reads the file.
#[derive(Debug, Clone)]
pub struct History {
    path: PathBuf,
}

/// The line of one connection: its start, which is unique in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineId(Timestamp);

/// A line that cannot be read. It stays in the file as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its number, from 1, comments counted.
    pub number: usize,
    /// What is wrong with it.
    pub why: LineError,
}

impl History {
    /// The history in this file; it need not be there yet.
    ///
    /// # Errors
    /// [`StoreError`] where the folder cannot be made.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        if let Some(dir) = dir.filter(|dir| !dir.is_dir()) {
            store::make_private_dir(dir)?;
        }
        // A link to the file is followed, not replaced by a file.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self { path })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a connection. Its start is moved by milliseconds where another line has the same.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read or replaced.
    pub fn append(&self, entry: &Entry) -> Result<LineId, StoreError> {
        let mut entry = entry.clone();
        entry.started = line::to_millis(entry.started);
        self.change(|lines| {
            let used: Vec<Timestamp> = lines
                .iter()
                .filter_map(|line| Some(line.entry()?.started))
                .collect();
            while used.contains(&entry.started) {
                entry.started += SignedDuration::from_millis(1);
            }
            entry.last_seen = entry.last_seen.max(entry.started);
            lines.push(Line::of(&entry));
            Some(LineId(entry.started))
        })
        .map(|id| id.unwrap_or(LineId(entry.started)))
    }

    /// Changes the line of a connection: when the other one was last seen, the state. `false`:
    /// the line is gone (somebody ran `peers forget`), and stays gone.
    ///
    /// # Errors
    /// As [`History::append`].
    pub fn update(&self, id: LineId, change: impl FnOnce(&mut Entry)) -> Result<bool, StoreError> {
        let changed = self.change(|lines| {
            let (line, mut entry) = lines.iter_mut().find_map(|line| {
                let entry = line.entry().filter(|entry| entry.started == id.0)?;
                Some((line, entry))
            })?;
            change(&mut entry);
            entry.started = id.0;
            *line = Line::of(&entry);
            Some(())
        })?;
        Ok(changed.is_some())
    }

    /// All connections in the order of the file, and the lines that cannot be read.
    ///
    /// # Errors
    /// [`StoreError`] where the file is there and cannot be read.
    pub fn read(&self) -> Result<(Vec<Entry>, Vec<Damaged>), StoreError> {
        let (mut entries, mut damaged) = (Vec::new(), Vec::new());
        for (index, line) in self.lines()?.iter().enumerate() {
            match line.parse() {
                None => {}
                Some(Ok(entry)) => entries.push(entry),
                Some(Err(why)) => damaged.push(Damaged {
                    number: index + 1,
                    why,
                }),
            }
        }
        Ok((entries, damaged))
    }

    /// Gives another name to the lines that [`Entry::is`] `who`; how many.
    ///
    /// # Errors
    /// As [`History::append`].
    pub fn rename(&self, who: &str, name: &str) -> Result<usize, StoreError> {
        let mut renamed = 0;
        self.change(|lines| {
            for line in lines {
                if let Some(mut entry) = line.entry().filter(|entry| entry.is(who)) {
                    name.clone_into(&mut entry.name);
                    *line = Line::of(&entry);
                    renamed += 1;
                }
            }
            (renamed > 0).then_some(())
        })?;
        Ok(renamed)
    }

    /// Removes the lines that [`Entry::is`] `who`; how many.
    ///
    /// # Errors
    /// As [`History::append`].
    pub fn forget(&self, who: &str) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        self.change(|lines| {
            let before = lines.len();
            lines.retain(|line| !line.entry().is_some_and(|entry| entry.is(who)));
            forgotten = before - lines.len();
            (forgotten > 0).then_some(())
        })?;
        Ok(forgotten)
    }

    fn lines(&self) -> Result<Vec<Line>, StoreError> {
        let bytes = store::read(&self.path)?.unwrap_or_default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        Ok(lines.map(|line| Line(line.to_vec())).collect())
    }

    /// Replaces the file by what `change` makes of it; with `None` nothing is written.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Vec<Line>) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let _lock = Lock::on(&self.path)?;
        let mut lines = self.lines()?;
        if lines.is_empty() {
            lines.push(Line(HEADER.into()));
        } else if let Some(Line(last)) = lines.last_mut().filter(|line| !line.0.ends_with(b"\n")) {
            // Somebody's editor, or a full disk: the next line must not run into it.
            last.push(b'\n');
        }
        let Some(result) = change(&mut lines) else {
            return Ok(None);
        };
        let bytes: Vec<u8> = lines.into_iter().flat_map(|Line(bytes)| bytes).collect();
        store::replace(&self.path, &bytes)?;
        Ok(Some(result))
    }
}

/// A line as it stands in the file, its line feed included.
struct Line(Vec<u8>);

impl Line {
    fn of(entry: &Entry) -> Self {
        Self(format!("{entry}\n").into_bytes())
    }

    /// `None` for a comment or a blank line.
    fn parse(&self) -> Option<Result<Entry, LineError>> {
        let bytes = self.0.trim_ascii_end();
        if bytes.is_empty() || bytes.starts_with(b"#") {
            return None;
        }
        // Trailing tabs belong to the line: an empty last field.
        let bytes = self.0.strip_suffix(b"\n").unwrap_or(&self.0);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => text.parse(),
            Err(_) => Err(LineError::NotText),
        })
    }

    fn entry(&self) -> Option<Entry> {
        self.parse()?.ok()
    }
}

#[cfg(test)]
mod tests;
