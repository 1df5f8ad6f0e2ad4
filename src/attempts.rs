//! Spent attempts, counted across runs (PROTOCOL.md §4): one counts from the moment before our
//! SEALED goes out, so that neither a limit nor a signal nor a crash hides it.
//!
//! Owns: the folder `attempts` in the data directory (mode 0700), with an empty file (0600) for
//! each attempt, `TAG.SECONDS.RANDOM`. A file is made or removed, never changed: clients that share
//! the folder need no lock. Does not own: what follows from the number.
//!
//! Counted are rooms, by the tag that the mediator sees too. To tell secrets apart the folder would
//! have to hold what a guess can be tried on.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use undertone_core::crypto::keys::random;

use crate::store::{self, StoreError, make_private_dir, open_private};

/// After so many attempts that went wrong, an invite is not to be used any more.
pub const ATTEMPTS_MAX: u32 = 3;
/// How long an attempt counts.
pub const COUNTED_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Attempts that are kept, of all rooms: the oldest go first.
const KEPT_MAX: usize = 256;

/// The spent attempts of one person.
#[derive(Debug, Clone)]
pub struct Attempts {
    dir: PathBuf,
}

/// The attempts in one room as they were once one of them had been counted.
#[derive(Debug, Default)]
pub struct Spent(Vec<PathBuf>);

impl Spent {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

/// A file's name taken apart.
struct Kept {
    path: PathBuf,
    tag: String,
    at: u64,
}

impl Attempts {
    /// Those in this data directory.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        Self {
            dir: dir.join("attempts"),
        }
    }

    /// Whether attempts can be counted: tried in the folder if it is there.
    ///
    /// # Errors
    /// [`StoreError`] where they cannot.
    pub fn probe(&self) -> Result<(), StoreError> {
        self.kept(now())?;
        match self.dir.exists() {
            true => store::check_folder(&self.dir),
            false => Ok(()),
        }
    }

    /// How many count in the room with this tag. Those that no longer do are removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn count(&self, tag: &[u8; 32]) -> Result<u32, StoreError> {
        self.of_room(tag).map(|spent| spent.count())
    }

    /// Counts an attempt in the room with this tag; says which there are with it.
    ///
    /// # Errors
    /// [`StoreError`]: it is not counted, and must not begin.
    pub fn add(&self, tag: &[u8; 32]) -> Result<Spent, StoreError> {
        self.add_at(tag, now())
    }

    fn add_at(&self, tag: &[u8; 32], at: u64) -> Result<Spent, StoreError> {
        make_private_dir(&self.dir)?;
        let (name, salt) = (BASE64URL_NOPAD.encode(tag), random::<8>());
        let path = self
            .dir
            .join(format!("{name}.{at}.{}", HEXLOWER.encode(&salt)));
        open_private(OpenOptions::new().write(true).create_new(true))
            .open(&path)
            .map_err(StoreError::io("create", &path))?;
        // Counted once it is there: of two clients at the same time each sees the other's.
        self.of_room(tag)
    }

    /// Somebody came who knew the room's secret: these do not count any more, and one that began
    /// meanwhile does. It does not matter how often this is done. The folder stays, for the next
    /// one: to make it takes longer than all the rest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget(&self, spent: &Spent) -> Result<(), StoreError> {
        spent.0.iter().try_for_each(|path| remove(path))
    }

    fn of_room(&self, tag: &[u8; 32]) -> Result<Spent, StoreError> {
        let tag = BASE64URL_NOPAD.encode(tag);
        let of_room = self.kept(now())?.into_iter().filter(|kept| kept.tag == tag);
        Ok(Spent(of_room.map(|kept| kept.path).collect()))
    }

    /// All that still count, the oldest first.
    fn kept(&self, now: u64) -> Result<Vec<Kept>, StoreError> {
        // A link that leads nowhere is not the same as no folder: none can be made there.
        let entries = match fs::read_dir(store::followed(&self.dir)?) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io("read", &self.dir)(error)),
        };
        let mut kept = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::io("read", &self.dir))?;
            // What is not ours is left alone.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            let Some(found) = Kept::read(entry.path()).filter(|_| is_file) else {
                continue;
            };
            // A clock that was set back makes no attempt count for longer than a day.
            match now.abs_diff(found.at) < COUNTED_FOR.as_secs() {
                true => kept.push(found),
                false => remove(&found.path)?,
            }
        }
        kept.sort_by_key(|kept| kept.at);
        let excess = kept.len().saturating_sub(KEPT_MAX);
        for oldest in kept.drain(..excess) {
            remove(&oldest.path)?;
        }
        Ok(kept)
    }
}

impl Kept {
    fn read(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (tag, rest) = name.split_once('.')?;
        let (at, _) = rest.split_once('.')?;
        let (tag, at) = (tag.to_owned(), at.parse().ok()?);
        Some(Self { path, tag, at })
    }
}

/// Another client may have been first.
fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts() -> (tempfile::TempDir, Attempts) {
        let dir = tempfile::tempdir().unwrap();
        let attempts = Attempts::open(dir.path());
        (dir, attempts)
    }

    #[test]
    fn attempts_are_counted_by_room_until_somebody_came() {
        let (_dir, attempts) = attempts();
        let (lab, attic) = ([1; 32], [2; 32]);
        assert_eq!(attempts.count(&lab).unwrap(), 0);
        assert_eq!(attempts.add(&lab).unwrap().count(), 1);
        let spent = attempts.add(&lab).unwrap();
        assert_eq!(spent.count(), 2);
        assert_eq!(attempts.add(&attic).unwrap().count(), 1);
        // Another run.
        assert_eq!(attempts.clone().count(&lab).unwrap(), 2);
        attempts.forget(&spent).unwrap();
        attempts.forget(&spent).unwrap();
        assert_eq!(attempts.count(&lab).unwrap(), 0);
        assert_eq!(attempts.count(&attic).unwrap(), 1);
    }

    #[test]
    fn one_that_began_since_counts_whoever_came_before() {
        let (_dir, attempts) = attempts();
        let before = attempts.add(&[1; 32]).unwrap();
        attempts.add(&[1; 32]).unwrap();
        attempts.forget(&before).unwrap();
        assert_eq!(attempts.count(&[1; 32]).unwrap(), 1);
    }

    #[test]
    fn an_attempt_counts_for_a_day_whatever_the_clock_does() {
        let (_dir, attempts) = attempts();
        let (tag, day) = ([1; 32], COUNTED_FOR.as_secs());
        attempts.add_at(&tag, now() - day + 60).unwrap();
        for gone in [now() - day, now() + 2 * day] {
            assert_eq!(attempts.add_at(&tag, gone).unwrap().count(), 1);
        }
        assert_eq!(fs::read_dir(&attempts.dir).unwrap().count(), 1);
    }

    #[test]
    fn the_folder_is_bounded_closed_and_keeps_what_is_not_ours() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, attempts) = attempts();
        for room in 0..=255 {
            attempts.add_at(&[room; 32], now() - 60).unwrap();
        }
        let note = attempts.dir.join("README");
        fs::write(&note, "not ours").unwrap();
        assert_eq!(attempts.add(&[7; 32]).unwrap().count(), 2);
        assert_eq!(attempts.kept(now()).unwrap().len(), KEPT_MAX);
        assert!(note.exists());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&attempts.dir), 0o700);
        let ours = attempts.kept(now()).unwrap();
        assert!(ours.iter().all(|kept| mode(&kept.path) == 0o600));
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        let (_dir, attempts) = attempts();
        fs::write(&attempts.dir, "a file in the way").unwrap();
        assert!(attempts.add(&[1; 32]).is_err());
        assert!(attempts.count(&[1; 32]).is_err());
    }
}
