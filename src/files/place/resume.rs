//! A part that another run left is taken up again: what the journal says of it is compared with
//! what is there, and what was written behind that is removed.

use std::collections::HashSet;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;
use undertone_core::files::DEPTH_MAX;
use undertone_core::files::entry::{Entry, Kind};

use super::level::open_part;
use super::open_file::is_lone_file;
use super::{Folder, Kept, Part, PlaceError, remove};
use crate::files::at::{DIRECTORY, names};

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
        let name = match part.kept.numbered.get(&index) {
            Some(name) => name.clone(),
            None => entry.name.safe().into_owned(),
        };
        let path = part.target.path().join(&name);
        if entry.kind != Kind::Folder {
            let here = statat(&level.fd, &*name, AtFlags::SYMLINK_NOFOLLOW);
            let here = here.map_err(changed(&path))?;
            let size = u64::try_from(here.st_size).unwrap_or_default();
            let is_whole = entry.kind == Kind::Pipe || size == entry.size;
            return match is_lone_file(&here) && is_whole {
                true => {
                    seen.insert(here.st_ino);
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
        let name = match part.kept.numbered.get(&part.begun) {
            Some(name) => name.clone(),
            None => entry.name.safe().into_owned(),
        };
        let path = part.target.path().join(&name);
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = openat(&level.fd, &*name, flags, Mode::empty()).map_err(changed(&path))?;
        let here = fstat(&fd).map_err(changed(&path))?;
        // What was written behind it is written again.
        let last = entry.place(position - 1).ok_or(PlaceError::Misfit)?;
        let end = last.0 + 1;
        let is_there =
            is_lone_file(&here) && u64::try_from(here.st_size).is_ok_and(|size| size >= end);
        if !is_there {
            return Err(PlaceError::Changed(path));
        }
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

fn changed(path: &Path) -> impl Fn(Errno) -> PlaceError {
    let path = path.to_owned();
    move |_| PlaceError::Changed(path.clone())
}
