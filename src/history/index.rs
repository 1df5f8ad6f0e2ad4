//! What one pass over the file leaves: which lines count, and by which key each name is known. It
//! holds no text, some 24 bytes a person or connection, however long the file is.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::OpenOptions;
use std::hash::{BuildHasher, Hash, RandomState};

use super::{Damaged, Entry, Finding, History};
use crate::store::{self, StoreError};
use crate::trust::Trust;

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// A person: the line in which they were last seen.
    People,
    /// A connection: its latest line.
    Connections,
}

/// The lines that count.
pub struct Index<'a> {
    history: &'a History,
    hashes: Hashes,
    places: Vec<Place>,
    /// How many there may be before those that do not count are sorted out.
    bound: usize,
    /// By what a name looks like.
    known: HashMap<u64, Known>,
}

impl fmt::Debug for Index<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("history", &self.history)
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}

/// Where a line is, of whom or what, and how it stands to others of the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    of: u64,
    last_seen: i64,
    at: u64,
}

/// Who is known by a name: the surest one, and of those equally sure the one met first.
struct Known {
    rank: (u8, i64),
    key: u64,
    /// Where such a line is.
    at: u64,
}

impl<'a> Index<'a> {
    /// Reads the history. Lines that cannot be read are shown to `damaged`.
    ///
    /// # Errors
    /// [`StoreError`] where the file is there and cannot be read; else those of `damaged`.
    pub fn of<E: From<StoreError>>(
        history: &'a History,
        view: View,
        mut damaged: impl FnMut(Damaged) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut index = Index {
            history,
            hashes: Hashes::default(),
            places: Vec::new(),
            bound: 1024,
            known: HashMap::new(),
        };
        history.scan(|at, found| match found {
            Ok(entry) => {
                index.add(&entry, at, view);
                Ok(())
            }
            Err(line) => damaged(line),
        })?;
        index.sort_out();
        Ok(index)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Brings the rows into the order in which people read them, the latest first, and leaves out
    /// what is over `limit`.
    pub fn newest(&mut self, limit: usize) {
        self.places
            .sort_unstable_by_key(|place| Reverse((place.last_seen, place.at)));
        self.places.truncate(limit);
    }

    /// Brings the rows into the order of the file.
    pub fn in_order(&mut self) {
        self.places.sort_unstable_by_key(|place| place.at);
    }

    /// Shows each row, and whether its name is known by another key. What was taken from the file
    /// meanwhile is left out.
    ///
    /// # Errors
    /// [`StoreError`] where the file cannot be read; else those of `see`.
    pub fn each<E: From<StoreError>>(
        &mut self,
        mut see: impl FnMut(&Entry, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.is_empty() {
            return Ok(());
        }
        let path = self.history.path();
        let file = store::open(OpenOptions::new().read(true), path)?;
        for place in &self.places {
            if let Some(entry) = self.history.line_at(&file, place.at) {
                let key = self.hashes.of(&entry.key);
                let known = self.known.get(&self.hashes.looks(&entry));
                see(&entry, known.is_some_and(|known| known.key != key))?;
            }
        }
        Ok(())
    }

    /// Shows each row whose name is known by another key, once for each key, and a line with that
    /// other one.
    ///
    /// # Errors
    /// As [`Index::each`].
    pub fn each_marked<E: From<StoreError>>(
        &mut self,
        mut see: impl FnMut(&Entry, &Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        let path = self.history.path();
        let file = store::open(OpenOptions::new().read(true), path)?;
        let mut seen = HashSet::new();
        for place in &self.places {
            let Some(entry) = self.history.line_at(&file, place.at) else {
                continue;
            };
            let (key, looks) = (self.hashes.of(&entry.key), self.hashes.looks(&entry));
            let known = self.known.get(&looks).filter(|known| known.key != key);
            if let Some(known) = known
                && seen.insert((looks, key))
                && let Some(known) = self.history.line_at(&file, known.at)
            {
                see(&entry, &known)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, entry: &Entry, at: u64, view: View) {
        let key = self.hashes.of(&entry.key);
        let of = match view {
            View::People => key,
            View::Connections => self.hashes.of((entry.started, key)),
        };
        let last_seen = entry.last_seen.as_millisecond();
        self.places.push(Place { of, last_seen, at });
        if self.places.len() >= self.bound {
            self.sort_out();
            self.bound = (2 * self.places.len()).max(self.bound);
        }
        let rank = (doubt(entry.state), entry.started.as_millisecond());
        let looks = self.hashes.looks(entry);
        let known = self.known.entry(looks).or_insert(Known { rank, key, at });
        if rank < known.rank {
            *known = Known { rank, key, at };
        }
    }

    /// Leaves the last place of each person or connection.
    fn sort_out(&mut self) {
        self.places.sort_unstable_by_key(|place| Reverse(*place));
        self.places.dedup_by_key(|place| place.of);
    }
}

/// Texts by 64 bits under a key of this run.
#[derive(Default)]
struct Hashes {
    hasher: RandomState,
    /// Of names, and of what they look like, which is dear to find out.
    recent: HashMap<u64, u64>,
}

/// How many names are remembered.
const RECENT_MAX: usize = 4096;

impl Hashes {
    fn of(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }

    fn looks(&mut self, entry: &Entry) -> u64 {
        let name = self.of(&entry.name);
        if let Some(looks) = self.recent.get(&name) {
            return *looks;
        }
        let looks = self.of(entry.looks());
        if self.recent.len() >= RECENT_MAX {
            self.recent.clear();
        }
        self.recent.insert(name, looks);
        looks
    }
}

fn doubt(state: Finding) -> u8 {
    match state {
        Finding::Trust(Trust::Verified) => 0,
        Finding::Trust(Trust::Invite) => 1,
        Finding::Trust(Trust::Unverified) => 2,
        Finding::Differed => 3,
        Finding::Alarm => 4,
    }
}
