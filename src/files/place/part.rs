//! What is written of an offer until all of it is here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use rustix::fs::{
    AtFlags, FlockOperation, Mode, fchmod, fdatasync, flock, fstat, mkdirat, unlinkat,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use undertone_core::crypto::keys::random;
use undertone_core::files::entry::{Entry, Kind};
use undertone_core::files::name::Name;

use super::level::{Level, open_part};
use super::open_file::{OpenFile, set_mtime};
use super::{Folder, NUMBERED_MAX, PlaceError, put, remove};
use crate::files::at::names;
use crate::files::number::{numbered, shortened};

/// Bytes of the offer's name in that of the part: some file systems allow 143 in all.
const NAME_SHOWN: usize = 100;
/// An offer as it is written. Dropped, it stays on the disk, to be taken up again
/// ([`Part::reopen`]) or cleared ([`clear`](super::clear)).
///
/// Entries come in the list's order: [`begin`](Part::begin) each of them, and for files
/// [`write_at`](Part::write_at) and [`end`](Part::end); then [`place`](Part::place). A call that
/// failed may be made again.
#[derive(Debug)]
pub struct Part {
    pub(super) target: Folder,
    pub(super) kept: Kept,
    /// The part itself, and the folders that the last entry is in.
    pub(super) levels: Vec<Level>,
    pub(super) file: Option<OpenFile>,
    /// How many entries were begun.
    pub(super) begun: u64,
    /// Whether more than the open file has changed since the last sync.
    pub(super) unsynced: bool,
}

/// What a journal must know of a part to take it up again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name in the folder.
    pub name: String,
    /// What entries are called whose names were taken, by their places in the list.
    pub numbered: BTreeMap<u64, String>,
    /// Files that were not kept, by their places in the list.
    pub dropped: BTreeSet<u64>,
}

impl Part {
    /// Makes one for an offer of this name: the first thing that is written to the folder, once the
    /// person has accepted.
    ///
    /// # Errors
    /// [`PlaceError`], where nothing can be written there.
    pub fn create(target: Folder, offer: &Name) -> Result<Self, PlaceError> {
        let shown = shortened(&offer.safe(), NAME_SHOWN).to_owned();
        let (name, path) = loop {
            let name = format!(".{shown}.{}.part", HEXLOWER.encode(&random::<4>()));
            let path = target.path().join(&name);
            match mkdirat(&target, &name, Mode::RWXU) {
                Ok(()) => break (name, path),
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(PlaceError::io("write to", target.path())(errno)),
            }
        };
        let fd = open_part(&target, &name).inspect_err(|_| {
            let _ = unlinkat(&target, &*name, AtFlags::REMOVEDIR);
        })?;
        // Should it be another one of ours by now, that is closed too.
        let _ = fchmod(&fd, Mode::RWXU);
        // Ours is empty.
        match names(&fd)
            .map_err(PlaceError::io("read", &path))?
            .is_empty()
        {
            true => Ok(Self::of(target, fd, name)),
            false => Err(PlaceError::Changed(path)),
        }
    }

    pub(super) fn of(target: Folder, fd: OwnedFd, name: String) -> Self {
        Self {
            target,
            kept: Kept {
                name,
                ..Kept::default()
            },
            levels: vec![Level::new(fd, None)],
            file: None,
            begun: 0,
            unsynced: false,
        }
    }

    /// The folder into which it goes.
    #[must_use]
    pub fn target(&self) -> &Folder {
        &self.target
    }

    /// What a journal must know of it, after a [`sync`](Self::sync).
    #[must_use]
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Whether a file was begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Makes the next entry's folder, or its file, which is open until it ends.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn begin(&mut self, entry: &Entry) -> Result<(), PlaceError> {
        self.leave(entry.depth)?;
        let safe = entry.name.safe();
        let path = self.target.path().join(&*safe);
        let taken = self.kept.numbered.len();
        let level = self.levels.last_mut().ok_or(PlaceError::Misfit)?;
        let mut number = level.next.get(&*safe).copied().unwrap_or(1);
        let (name, fd) = loop {
            let name = numbered(&safe, number);
            match level.make(&name, entry.kind) {
                Ok(fd) => break (name, fd),
                Err(Errno::EXIST) if taken < NUMBERED_MAX => number += 1,
                Err(Errno::EXIST) => return Err(PlaceError::TooManyNumbered),
                Err(errno) => return Err(PlaceError::io("create", &path)(errno)),
            }
        };
        if number > 1 {
            level.next.insert(safe.clone().into_owned(), number + 1);
            self.kept.numbered.insert(self.begun, name.clone());
        }
        self.begun += 1;
        self.enter(entry, name, fd, 0);
        Ok(())
    }

    /// Takes what was made or opened for an entry as where the next bytes go.
    pub(super) fn enter(&mut self, entry: &Entry, name: String, fd: OwnedFd, written: u64) {
        if entry.kind == Kind::Folder {
            self.unsynced = true;
            self.levels.push(Level::new(fd, Some(entry.mtime)));
            return;
        }
        self.file = Some(OpenFile::of(entry, name, fd, written));
    }

    /// Leaves the folders in which an entry of this depth is not.
    pub(super) fn leave(&mut self, depth: usize) -> Result<(), PlaceError> {
        if self.file.is_some() || self.levels.len() <= depth {
            return Err(PlaceError::Misfit);
        }
        for level in self.levels.drain(depth + 1..).rev() {
            if let Some(mtime) = level.mtime {
                set_mtime(&level.fd, mtime);
            }
        }
        Ok(())
    }

    /// Writes bytes that stand at `at` in the open file; what is left out before them is a hole.
    ///
    /// # Errors
    /// [`PlaceError`]; [`PlaceError::Misfit`] where there are more of them than the entry says.
    pub fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PlaceError> {
        let file = self.file.as_mut().ok_or(PlaceError::Misfit)?;
        let path = self.target.path().join(&file.name);
        file.write(at, bytes, &path)
    }

    /// Ends the open file: gives it its length and time where it is to be kept, and removes it
    /// where not.
    ///
    /// # Errors
    /// [`PlaceError`]; [`PlaceError::Misfit`] where not all of it is written.
    pub fn end(&mut self, is_kept: bool) -> Result<(), PlaceError> {
        let (Some(file), Some(level)) = (&self.file, self.levels.last()) else {
            return Err(PlaceError::Misfit);
        };
        let path = self.target.path().join(&file.name);
        if is_kept {
            // Of several files each would be waited for: they are synced together.
            let is_alone = self.begun == 1;
            file.complete(level, is_alone, &path)?;
            self.unsynced |= !is_alone;
        } else {
            match unlinkat(&level.fd, &*file.name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(PlaceError::io("remove", &path)(errno)),
            }
            self.unsynced = true;
            self.kept.dropped.insert(self.begun.saturating_sub(1));
        }
        self.file = None;
        Ok(())
    }

    /// Waits until everything that was written is on the disk: what a journal then says of it is
    /// true after a power cut, too.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn sync(&mut self) -> Result<(), PlaceError> {
        let failed = PlaceError::io("write to", self.target.path());
        match &self.file {
            Some(file) if !self.unsynced => fdatasync(&file.fd).map_err(failed)?,
            _ if !self.unsynced => {}
            _ => sync_all(&self.target).map_err(failed)?,
        }
        self.unsynced = false;
        Ok(())
    }

    /// Gives the offer's own file or folder its final name, which was not there, and tells the full
    /// path to `placed`; then removes the part, which is empty. Where there are several of them, the
    /// part itself becomes a folder with them.
    ///
    /// # Errors
    /// [`PlaceError`]; what is not placed is in the part.
    pub fn place(&mut self, mut placed: impl FnMut(PathBuf)) -> Result<(), PlaceError> {
        self.leave(0)?;
        self.sync()?;
        let part = self.levels.first().ok_or(PlaceError::Misfit)?;
        let path = self.target.path().join(&self.kept.name);
        let failed = |errno| PlaceError::io("read", &path)(errno);
        let names = names(&part.fd).map_err(failed)?;
        let ours = fstat(&part.fd).map_err(failed)?;
        if let [name] = names.as_slice() {
            let wanted = name.to_string_lossy();
            placed(put::put(
                (part.fd.as_fd(), name),
                &ours,
                &wanted,
                &self.target,
            )?);
        } else if let [_, more @ ..] = names.as_slice() {
            for name in &names {
                put::check((part.fd.as_fd(), name), &ours, &path)?;
            }
            part.open_to_others().map_err(failed)?;
            let wanted = format!("{} and {} more", self.shown(), more.len());
            let name = CString::new(&*self.kept.name).map_err(|_| PlaceError::Misfit)?;
            let from = (self.target.as_fd(), &*name);
            placed(put::put(from, &ours, &wanted, &self.target)?);
        }
        let _ = unlinkat(&self.target, &*self.kept.name, AtFlags::REMOVEDIR);
        self.target.sync();
        Ok(())
    }

    /// What stands of the offer's name in that of the part.
    fn shown(&self) -> &str {
        let shown = self.kept.name.strip_prefix('.');
        let shown = shown.and_then(|name| name.strip_suffix(".part"));
        let shown = shown.and_then(|name| name.rsplit_once('.'));
        shown.map_or("files", |(shown, _)| shown)
    }

    /// Removes it, with all that is in it.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn discard(mut self) -> Result<(), PlaceError> {
        self.levels.truncate(1);
        match self.levels.pop() {
            Some(part) => remove::remove(&self.target, &self.kept.name, &part.fd),
            None => Ok(()),
        }
    }
}

impl Drop for Part {
    /// A process that was started from this one may still hold the folder open.
    fn drop(&mut self) {
        if let Some(part) = self.levels.first() {
            let _ = flock(&part.fd, FlockOperation::Unlock);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn sync_all(target: &Folder) -> Result<(), Errno> {
    rustix::fs::syncfs(target)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn sync_all(_: &Folder) -> Result<(), Errno> {
    rustix::fs::sync();
    Ok(())
}
