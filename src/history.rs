//! `peers.txt`: whom one talked to. A connection is a line; what is new of it later is a further
//! line of the same start and key, and the latest one counts.
//!
//! Owns: the file, which is only appended to while one talks, under a lock, so that two clients
//! share it, mode 0600. It is read as a stream, however long it is (`pieces`, `index`). A line that
//! cannot be read is skipped with its number named, and survives every change byte for byte, as do
//! comments and blank lines. Neither a message nor a room's secret enters, and of a key only the
//! words of its fingerprint. Does not own: whether anything is written (`--no-history`), who is a
//! contact (`contacts`).

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use undertone_host::open_file;

use crate::store::{self, Lock, Privacy, StoreError};

pub mod connection;
pub mod index;
pub mod line;
pub mod people;
mod pieces;
pub mod table;

pub use connection::Connection;
pub use index::{Index, View};
pub use line::{Entry, Finding, LineError, Path as LinkPath};
use pieces::Pieces;

const HEADER: &str = "\
# undertone: a line a connection, fields separated by tabs; peers.txt.example explains them.
# started\tlast seen\tname\troom\taddress\tpath\tstate\tkey
";

/// The history file of one person. Holds no copy: every call reads the file.
#[derive(Debug, Clone)]
pub struct History {
    path: PathBuf,
}

/// A line that cannot be read. It stays in the file as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// Its number, from 1, comments counted.
    pub number: usize,
    /// What is wrong with it.
    pub why: LineError,
}

/// What a line that is neither a comment nor blank holds.
type Found = Result<Entry, Damaged>;

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
        let history = Self { path };
        // What is no file is found at once.
        history.pieces()?;
        Ok(history)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether lines can be added: tried in its folder, and on the file if it is there. It is closed
    /// to others then.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot.
    pub fn probe(&self) -> Result<Privacy, StoreError> {
        let dir = self.path.parent().filter(|dir| !dir.as_os_str().is_empty());
        store::check_folder(dir.unwrap_or(Path::new(".")))?;
        store::probe_file(&self.path)?;
        match open_file(OpenOptions::new().append(true), &self.path) {
            Ok(_) => store::tighten_file(&self.path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Privacy::Kept),
            Err(error) => Err(StoreError::io("add to", &self.path)(error)),
        }
    }

    /// Adds a line: a connection, or what is new of one that is in the file. Gives the file that it
    /// is in now.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be opened or written to; it is then as it was.
    pub fn append(&self, entry: &Entry) -> Result<File, StoreError> {
        let lock = Lock::on(&self.path)?;
        let options = &mut OpenOptions::new();
        let options = store::open_private(options.read(true).append(true).create(true));
        let mut file = store::open(options, &self.path)?;
        let length = file.metadata().map(|metadata| metadata.len());
        let before = length.map_err(StoreError::io("read", &self.path))?;
        let mut text = match ends_a_line(&mut file, before) {
            Ok(_) if before == 0 => HEADER.to_owned(),
            Ok(true) => String::new(),
            // Somebody's editor, or a full disk: the next line must not run into it.
            Ok(false) => "\n".to_owned(),
            Err(error) => return Err(StoreError::io("read", &self.path)(error)),
        };
        text.push_str(&format!("{entry}\n"));
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a line is worse than none. Without a lock it could be another one's.
            if lock.is_exclusive() {
                let _ = file.set_len(before);
            }
            return Err(StoreError::io("write to", &self.path)(error));
        }
        Ok(file)
    }

    /// Shows every line that is neither a comment nor blank, in the order of the file, with where it
    /// begins. Stops at the first error of `see`.
    ///
    /// # Errors
    /// [`StoreError`] where the file is there and cannot be read; else those of `see`.
    pub fn scan<E: From<StoreError>>(
        &self,
        mut see: impl FnMut(u64, Found) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(mut pieces) = self.pieces()? else {
            return Ok(());
        };
        loop {
            let piece = pieces.next().map_err(StoreError::io("read", &self.path))?;
            let Some(piece) = piece else { return Ok(()) };
            let number = piece.number;
            if let Some(found) = piece.entry() {
                see(piece.at, found.map_err(|why| Damaged { number, why }))?;
            }
        }
    }

    /// The line that begins there, if it is still one.
    fn line_at(&self, file: &File, at: u64) -> Option<Entry> {
        let mut pieces = Pieces::at(BufReader::with_capacity(1024, file), at).ok()?;
        pieces.next().ok()??.entry()?.ok()
    }

    /// Gives another name to the lines that [`Entry::is`] `who`; how many.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read or replaced.
    pub fn rename(&self, who: &str, name: &str) -> Result<usize, StoreError> {
        self.rewrite(who, |entry| {
            let mut entry = entry.clone();
            name.clone_into(&mut entry.name);
            Some(entry)
        })
    }

    /// Removes the lines that [`Entry::is`] `who`; how many.
    ///
    /// # Errors
    /// As [`History::rename`].
    pub fn forget(&self, who: &str) -> Result<usize, StoreError> {
        self.rewrite(who, |_| None)
    }

    /// Replaces the file by one in which the lines of `who` are what `change` makes of them; how
    /// many those are.
    fn rewrite(
        &self,
        who: &str,
        change: impl Fn(&Entry) -> Option<Entry>,
    ) -> Result<usize, StoreError> {
        let mut any = false;
        self.scan(|_, found| {
            any |= found.is_ok_and(|entry| entry.is(who));
            Ok::<_, StoreError>(())
        })?;
        if !any {
            return Ok(0);
        }
        let _lock = Lock::on(&self.path)?;
        let Some(mut pieces) = self.pieces()? else {
            return Ok(0);
        };
        let mut changed = 0;
        store::replace_by(&self.path, |draft| {
            let mut draft = BufWriter::new(draft);
            while let Some(piece) = pieces.next()? {
                match piece.entry() {
                    Some(Ok(entry)) if entry.is(who) => {
                        changed += 1;
                        if let Some(entry) = change(&entry) {
                            writeln!(draft, "{entry}")?;
                        }
                    }
                    _ => draft.write_all(piece.bytes)?,
                }
            }
            draft.flush()
        })?;
        Ok(changed)
    }

    fn pieces(&self) -> Result<Option<Pieces<BufReader<File>>>, StoreError> {
        match open_file(OpenOptions::new().read(true), &self.path) {
            Ok(file) => Ok(Some(Pieces::new(BufReader::with_capacity(64 * 1024, file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("read", &self.path)(error)),
        }
    }
}

/// Whether the file, which is so long, ends with a line feed.
fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    file.seek(SeekFrom::Start(last))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte == *b"\n")
}

#[cfg(test)]
mod tests;
