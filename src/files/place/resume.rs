//! A part that another run left is taken up again: what the journal says of it is compared with
//! what is there, and what was written behind that is removed.

use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::{Errno, pread};
use undertone_core::files::DEPTH_MAX;
use undertone_core::files::entry::{Entry, Kind};

use super::level::{Level, open_part};
use super::open_file::{is_lone_file, set_mtime_at};
use super::{Folder, Kept, Part, PlaceError, remove};
use crate::files::at::{DIRECTORY, names};

/// Bytes that are read at a time.
const READ_LEN: usize = 256 * 1024;

/// A part while the list is walked to where it ended.
#[derive(Debug)]
pub struct Replay {
    part: Part,
    /// The inodes of what belongs into each of its open folders.
    seen: Vec<HashSet<u64>>,
}

impl Part {
    /// Opens the part that a journal knows. Tell it each entry that was complete at the journal's
    /// offset, then [`Replay::go_on`].
    ///
    /// # Errors
    /// [`PlaceError`], where it is gone, in use, or not ours.
    pub fn reopen(target: Folder, kept: Kept) -> Result<Replay, PlaceError> {
        let fd = open_part(&target, &kept.name)?;
        let mut part = Self::of(target, fd, String::new());
        part.kept = kept;
        part.unsynced = true;
        Ok(Replay {
            part,
            seen: vec![HashSet::new()],
        })
    }
}

impl Replay {
    /// The next entry, which was complete.
    ///
    /// # Errors
    /// [`PlaceError::Changed`] where it is not there as it was: the offer begins again, with
    /// another part.
    pub fn passed(&mut self, entry: &Entry) -> Result<(), PlaceError> {
        let part = &mut self.part;
        part.leave(entry.depth)?;
        self.seen.truncate(entry.depth + 1);
        let index = part.begun;
        part.begun += 1;
        if part.kept.dropped.contains(&index) {
            return Ok(());
        }
        let (level, seen) = match (part.levels.last(), self.seen.last_mut()) {
            (Some(level), Some(seen)) => (level, seen),
            _ => return Err(PlaceError::Misfit),
        };
        let name = called(&part.kept, index, entry);
        let path = part.target.path().join(&name);
        if entry.kind != Kind::Folder {
            let here = statat(&level.fd, &*name, AtFlags::SYMLINK_NOFOLLOW);
            let here = here.map_err(changed(&path))?;
            let size = u64::try_from(here.st_size).unwrap_or_default();
            let is_whole = entry.kind == Kind::Pipe || size == entry.size;
            return match is_lone_file(&here) && is_whole {
                true => {
                    seen.insert(here.st_ino);
                    // Another offer of the same files may have others.
                    if u64::try_from(here.st_mtime) != Ok(entry.mtime) {
                        set_mtime_at(&level.fd, &name, entry.mtime);
                    }
                    Ok(())
                }
                false => Err(PlaceError::Changed(path)),
            };
        }
        let fd = openat(&level.fd, &*name, DIRECTORY, Mode::empty()).map_err(changed(&path))?;
        seen.insert(fstat(&fd).map_err(changed(&path))?.st_ino);
        self.seen.push(HashSet::new());
        part.enter(entry, name, fd, 0);
        Ok(())
    }

    /// Reads the first `len` bytes of the next entry's contents, until `taken` says that it is enough;
    /// whether it did not.
    ///
    /// # Errors
    /// [`PlaceError`], as [`passed`](Self::passed).
    pub fn read(
        &mut self,
        entry: &Entry,
        len: u64,
        mut taken: impl FnMut(&[u8]) -> bool,
    ) -> Result<bool, PlaceError> {
        self.part.leave(entry.depth)?;
        let level = self.part.levels.last().ok_or(PlaceError::Misfit)?;
        let name = called(&self.part.kept, self.part.begun, entry);
        let failed = || PlaceError::Changed(self.part.target.path().join(&name));
        if len == 0 {
            return Ok(true);
        }
        let (fd, _) = open(level, &name, OFlags::RDONLY).map_err(|_| failed())?;
        let (mut buf, mut done) = (vec![0; READ_LEN], 0);
        while done < len {
            let (at, here) = entry.place(done).ok_or(PlaceError::Misfit)?;
            let room = usize::try_from(here.min(len - done)).unwrap_or(READ_LEN);
            let room = buf.get_mut(..room.min(READ_LEN)).unwrap_or_default();
            let read = match pread(&fd, &mut *room, at) {
                Err(Errno::INTR) => continue,
                Ok(0) | Err(_) => return Err(failed()),
                Ok(read) => read,
            };
            if !taken(room.get(..read).unwrap_or_default()) {
                return Ok(false);
            }
            done += read as u64;
        }
        Ok(true)
    }

    /// Goes on behind the last entry that passed; or, where a file was begun, in it, with so many
    /// bytes of its contents written. What is there and belongs to neither is removed.
    ///
    /// # Errors
    /// [`PlaceError`], as [`passed`](Self::passed).
    pub fn go_on(mut self, begun: Option<(&Entry, u64)>) -> Result<Part, PlaceError> {
        let depth = begun.map_or(self.part.levels.len() - 1, |(entry, _)| entry.depth);
        self.part.leave(depth)?;
        self.seen.truncate(depth + 1);
        let passed = self.part.begun;
        if let Some((entry, position)) = begun.filter(|(_, position)| *position > 0) {
            self.reopen_file(entry, position)?;
        }
        let begun_anew = begun.filter(|_| self.part.begun == passed);
        let known = self.part.begun;
        self.part.kept.numbered.split_off(&known);
        self.part.kept.dropped.split_off(&known);
        let failed = PlaceError::io("remove", self.part.target.path());
        self.clear_rest().map_err(failed)?;
        if let Some((entry, _)) = begun_anew {
            self.part.begin(entry)?;
        }
        Ok(self.part)
    }

    fn reopen_file(&mut self, entry: &Entry, position: u64) -> Result<(), PlaceError> {
        let part = &mut self.part;
        let level = part.levels.last().ok_or(PlaceError::Misfit)?;
        let name = called(&part.kept, part.begun, entry);
        let path = part.target.path().join(&name);
        // What was written behind it is written again.
        let last = entry.place(position - 1).ok_or(PlaceError::Misfit)?;
        let (fd, here) = open(level, &name, OFlags::WRONLY)
            .ok()
            .filter(|(_, here)| u64::try_from(here.st_size).is_ok_and(|size| size > last.0))
            .ok_or(PlaceError::Changed(path))?;
        if let Some(seen) = self.seen.last_mut() {
            seen.insert(here.st_ino);
        }
        part.begun += 1;
        part.enter(entry, name, fd, position);
        Ok(())
    }

    /// In folders that were left nothing can have been written since.
    fn clear_rest(&self) -> Result<(), Errno> {
        for (level, seen) in self.part.levels.iter().zip(&self.seen) {
            for name in names(&level.fd)? {
                let here = statat(&level.fd, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
                if !seen.contains(&here.st_ino) {
                    remove::remove_in(&level.fd, &name, DEPTH_MAX)?;
                }
            }
        }
        Ok(())
    }
}

/// What the entry of this number is called in the part.
fn called(kept: &Kept, number: u64, entry: &Entry) -> String {
    let numbered = kept.numbered.get(&number).cloned();
    numbered.unwrap_or_else(|| entry.name.safe().into_owned())
}

/// Opens a file to which nothing else leads.
fn open(level: &Level, name: &str, flags: OFlags) -> Result<(OwnedFd, Stat), Errno> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = openat(&level.fd, name, flags, Mode::empty())?;
    let here = fstat(&fd)?;
    match is_lone_file(&here) {
        true => Ok((fd, here)),
        false => Err(Errno::MLINK),
    }
}

fn changed(path: &Path) -> impl Fn(Errno) -> PlaceError {
    let path = path.to_owned();
    move |_| PlaceError::Changed(path.clone())
}
