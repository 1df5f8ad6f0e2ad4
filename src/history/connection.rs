//! The lines of one connection, for as long as it lasts: written when something is new, the time
//! at which the other person was last seen alone once a minute at most.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use super::line::to_millis;
use super::{Entry, History};
use crate::store::{StoreError, Writer};

/// How old the last line may be before another is worth it for the time alone.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// One connection in the history.
#[derive(Debug)]
pub struct Connection {
    lines: Arc<Mutex<Lines>>,
    /// What is to be written next, and whether none will follow; several changes are one line.
    next: Arc<Mutex<Option<(Entry, bool)>>>,
}

impl Connection {
    /// One of which nothing is written yet.
    #[must_use]
    pub fn new(history: History) -> Self {
        let lines = Lines {
            history,
            written: None,
            forgotten: false,
            renamed: None,
        };
        Self {
            lines: Arc::new(Mutex::new(lines)),
            next: Arc::default(),
        }
    }

    /// Has it written how it stands now, where that is worth a line; `last` where none will follow.
    pub fn note(&self, writer: &Writer, now: &Entry, last: bool) {
        if lock(&self.next).replace((now.clone(), last)).is_some() {
            return;
        }
        let (lines, next) = (Arc::clone(&self.lines), Arc::clone(&self.next));
        writer.keep("this connection in the history", move || {
            // What comes while it is written is work of its own.
            let Some((entry, last)) = lock(&next).take() else {
                return Ok(());
            };
            let written = lock(&lines).write(&entry, last);
            if written.is_err() {
                lock(&next).get_or_insert((entry, last));
            }
            written
        });
    }
}

/// Nothing is left half changed where a thread ends.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Its lines in the file.
#[derive(Debug)]
struct Lines {
    history: History,
    /// What was written last, and in which file. That is held open, so that no other one can pass
    /// for it.
    written: Option<(Entry, File)>,
    /// Somebody ran `peers forget`: it stays so.
    forgotten: bool,
    /// Somebody ran `peers rename`: it stays so too.
    renamed: Option<String>,
}

impl Lines {
    fn write(&mut self, now: &Entry, last: bool) -> Result<(), StoreError> {
        let mut entry = now.clone();
        entry.started = to_millis(entry.started);
        entry.last_seen = to_millis(entry.last_seen).max(entry.started);
        if self.is_replaced() {
            self.look_for(&entry)?;
        }
        if let Some((before, _)) = &self.written {
            entry.last_seen = entry.last_seen.max(before.last_seen);
            entry.name = self.renamed.clone().unwrap_or(entry.name);
            let age = entry.last_seen.duration_since(before.last_seen);
            let due = match last {
                true => age > SignedDuration::ZERO,
                false => age >= SEEN_EVERY,
            };
            let seen = Entry {
                last_seen: entry.last_seen,
                ..before.clone()
            };
            if self.forgotten || entry == seen && !due {
                return Ok(());
            }
        }
        let file = self.history.append(&entry)?;
        self.written = Some((entry, file));
        Ok(())
    }

    /// Whether the history is in another file than the one that was written to.
    fn is_replaced(&self) -> bool {
        let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        self.written.as_ref().is_some_and(|(_, file)| {
            let ours = file.metadata().map(id).ok();
            ours != fs::metadata(self.history.path()).map(id).ok()
        })
    }

    /// The file was replaced: what became of our line in it?
    fn look_for(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let mut of_it = None;
        self.history.scan(|_, found| {
            let same = |found: &Entry| found.started == entry.started && found.key == entry.key;
            of_it = found.ok().filter(same).or(of_it.take());
            Ok::<_, StoreError>(())
        })?;
        match of_it {
            Some(found) => self.renamed = (found.name != entry.name).then_some(found.name),
            None => self.forgotten = true,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
