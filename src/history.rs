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
mod tests {
    use super::line::tests::{any_entry, entry};
    use super::*;
    use proptest::prelude::*;

    fn history() -> (tempfile::TempDir, History) {
        let dir = tempfile::tempdir().unwrap();
        let history = History::open(&dir.path().join("deep/peers.txt")).unwrap();
        (dir, history)
    }

    #[test]
    fn a_new_file_has_its_header_and_is_ours_alone() {
        let (_dir, history) = history();
        assert_eq!(history.read().unwrap(), (vec![], vec![]));
        assert!(!history.path().exists(), "reading makes no file");
        history.append(&entry("bob")).unwrap();
        let text = std::fs::read_to_string(history.path()).unwrap();
        assert!(text.starts_with(HEADER));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(history.path()), 0o600);
            assert_eq!(mode(history.path().parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn connections_that_start_in_one_millisecond_are_told_apart() {
        let (_dir, history) = history();
        let first = history.append(&entry("bob")).unwrap();
        let second = history.append(&entry("bob")).unwrap();
        assert_ne!(first, second);
        assert!(
            history
                .update(second, |e| e.state = State::Verified)
                .unwrap()
        );
        let (entries, _) = history.read().unwrap();
        assert_eq!(entries[0].state, State::Unverified);
        assert_eq!(entries[1].state, State::Verified);
    }

    #[test]
    fn a_line_that_was_forgotten_stays_gone() {
        let (_dir, history) = history();
        let id = history.append(&entry("bob")).unwrap();
        history.append(&entry("carol")).unwrap();
        assert_eq!(history.forget("bob").unwrap(), 1);
        assert!(!history.update(id, |e| e.state = State::Verified).unwrap());
        let (entries, _) = history.read().unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(history.rename("carol", "caro").unwrap(), 1);
        assert_eq!(history.rename("nobody", "x").unwrap(), 0);
        assert_eq!(history.read().unwrap().0[0].name, "caro");
    }

    #[test]
    #[cfg(unix)]
    fn a_symbolic_link_is_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        History::open(&link).unwrap().append(&entry("bob")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(History::open(&real).unwrap().read().unwrap().0.len(), 1);
    }

    #[test]
    fn clients_that_write_at_once_lose_nothing() {
        let (_dir, history) = history();
        let (writers, each) = (4, 25);
        std::thread::scope(|scope| {
            for writer in 0..writers {
                let history = &history;
                scope.spawn(move || {
                    for number in 0..each {
                        let id = history
                            .append(&entry(&format!("{writer}-{number}")))
                            .unwrap();
                        assert!(history.update(id, |e| e.state = State::Invite).unwrap());
                    }
                });
            }
        });
        let (entries, damaged) = history.read().unwrap();
        assert!(damaged.is_empty());
        let names: std::collections::HashSet<_> = entries.iter().map(|e| &e.name).collect();
        let starts: std::collections::HashSet<_> = entries.iter().map(|e| e.started).collect();
        assert_eq!(
            (names.len(), starts.len()),
            (writers * each, writers * each)
        );
        assert!(entries.iter().all(|e| e.state == State::Invite));
    }

    #[test]
    fn the_example_is_what_the_parser_reads() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers.txt.example");
        let example = std::fs::read_to_string(&path).unwrap();
        assert!(example.contains(HEADER.lines().nth(1).unwrap()));
        let (entries, damaged) = History { path }.read().unwrap();
        assert_eq!(damaged, []);
        assert_eq!(entries.len(), 3);
        let written: Vec<String> = entries.iter().map(Entry::to_string).collect();
        let lines: Vec<&str> = example
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .collect();
        assert_eq!(written, lines);
    }

    fn any_line() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            any_entry().prop_map(|entry| entry.to_string().into_bytes()),
            any_entry().prop_map(|entry| format!("{entry}\textra").into_bytes()),
            "# [ -~]{0,20}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>().prop_filter("one line", |b| *b != b'\n'), 0..40),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn what_cannot_be_read_survives_every_rewrite(
            lines in proptest::collection::vec(any_line(), 1..12),
            feed in any::<bool>(),
        ) {
            let (_dir, history) = history();
            let mut bytes = lines.join(&b'\n');
            if feed {
                bytes.push(b'\n');
            }
            std::fs::write(history.path(), &bytes).unwrap();
            let (before, damaged) = history.read().unwrap();

            let id = history.append(&entry("the added one")).unwrap();
            history.update(id, |e| e.state = State::Verified).unwrap();
            history.rename("the added one", "another name").unwrap();
            prop_assert_eq!(history.forget("another name").unwrap(), 1);

            let (after, still_damaged) = history.read().unwrap();
            prop_assert_eq!(after, before);
            prop_assert_eq!(still_damaged, damaged);
            if bytes.is_empty() {
                bytes.extend_from_slice(HEADER.as_bytes());
            } else if !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
            prop_assert_eq!(std::fs::read(history.path()).unwrap(), bytes);
        }
    }
}
