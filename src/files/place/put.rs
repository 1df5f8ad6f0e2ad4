//! Out of the part to a name that nothing has yet. The file system decides what a name is the same
//! as, whatever it makes of case and accents.

use std::ffi::CStr;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, Stat, linkat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::open_file::is_lone_file;
use super::{Folder, NUMBERED_MAX, PlaceError};
use crate::files::number::numbered;

/// Renames what is called `name` in the part, or the part itself, to the name `wanted` in `target`,
/// with a number where that is taken; gives its full path.
pub(super) fn put(
    (from, name): (BorrowedFd<'_>, &CStr),
    part: &Stat,
    wanted: &str,
    target: &Folder,
) -> Result<PathBuf, PlaceError> {
    let path = target.path().join(wanted);
    let failed = |errno| PlaceError::io("write", &path)(errno);
    let is_folder = check((from, name), part, &path)?;
    for number in 1..=NUMBERED_MAX as u32 {
        let last = numbered(wanted, number);
        let renaming = Renaming {
            from,
            name,
            to: target.as_fd(),
            new: &last,
            is_folder,
        };
        match renaming.run() {
            Ok(()) => return Ok(target.path().join(last)),
            Err(Errno::EXIST | Errno::NOTEMPTY) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
    Err(PlaceError::TooManyNumbered)
}

/// Makes sure that it is a folder or a file of the part's owner, and nothing else leads to that;
/// says whether it is a folder.
pub(super) fn check(
    (from, name): (BorrowedFd<'_>, &CStr),
    part: &Stat,
    path: &Path,
) -> Result<bool, PlaceError> {
    let here = statat(from, name, AtFlags::SYMLINK_NOFOLLOW);
    let here = here.map_err(PlaceError::io("write", path))?;
    let is_folder = FileType::from_raw_mode(here.st_mode) == FileType::Directory;
    match here.st_uid == part.st_uid && (is_folder || is_lone_file(&here)) {
        true => Ok(is_folder),
        false => Err(PlaceError::Changed(path.to_owned())),
    }
}

/// A rename to a name that nothing has.
#[derive(Clone, Copy)]
struct Renaming<'a> {
    from: BorrowedFd<'a>,
    name: &'a CStr,
    to: BorrowedFd<'a>,
    new: &'a str,
    is_folder: bool,
}

impl Renaming<'_> {
    /// Renames in the best way there is here.
    fn run(self) -> Result<(), Errno> {
        for way in [Self::no_replace, Self::by_link, Self::over_placeholder] {
            match way(self) {
                Err(
                    Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::MLINK,
                ) => {}
                done => return done,
            }
        }
        Err(Errno::PERM)
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn no_replace(self) -> Result<(), Errno> {
        use rustix::fs::{RenameFlags, renameat_with};
        renameat_with(
            self.from,
            self.name,
            self.to,
            self.new,
            RenameFlags::NOREPLACE,
        )
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn no_replace(self) -> Result<(), Errno> {
        Err(Errno::NOSYS)
    }

    /// A second name, which fails where there is one, and the first one goes.
    fn by_link(self) -> Result<(), Errno> {
        if self.is_folder {
            return Err(Errno::PERM);
        }
        linkat(self.from, self.name, self.to, self.new, AtFlags::empty())?;
        unlinkat(self.from, self.name, AtFlags::empty())
    }

    /// Something empty of our own, which the rename replaces: a folder only while it is empty.
    fn over_placeholder(self) -> Result<(), Errno> {
        let placeholder = match self.is_folder {
            true => mkdirat(self.to, self.new, Mode::RWXU),
            false => {
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
                let mode = Mode::RUSR | Mode::WUSR;
                openat(self.to, self.new, flags | OFlags::CLOEXEC, mode).map(drop)
            }
        };
        placeholder?;
        renameat(self.from, self.name, self.to, self.new).inspect_err(|_| {
            let flags = match self.is_folder {
                true => AtFlags::REMOVEDIR,
                false => AtFlags::empty(),
            };
            let _ = unlinkat(self.to, self.new, flags);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn no_way_of_renaming_replaces_anything() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let folder = Folder::open(dir.path()).unwrap();
        let fd = folder.as_fd();
        type Way = fn(Renaming<'_>) -> Result<(), Errno>;
        let ways: [(Way, &[bool]); 3] = [
            (|it| it.no_replace(), &[false, true]),
            (|it| it.by_link(), &[false]),
            (|it| it.over_placeholder(), &[false, true]),
        ];
        for (way, folders) in ways {
            for is_folder in folders.iter().copied() {
                let make = |name: &str| match is_folder {
                    true => {
                        fs::create_dir(at(name)).unwrap();
                        fs::write(at(name).join("in it"), name).unwrap();
                    }
                    false => fs::write(at(name), name).unwrap(),
                };
                let text = |name: &str| match is_folder {
                    true => fs::read_to_string(at(name).join("in it")),
                    false => fs::read_to_string(at(name)),
                };
                let renaming = |new| Renaming {
                    from: fd,
                    name: c"part",
                    to: fd,
                    new,
                    is_folder,
                };
                make("old");
                make("part");
                assert_eq!(way(renaming("old")), Err(Errno::EXIST));
                assert_eq!(text("old").unwrap(), "old");
                assert_eq!(way(renaming("new")), Ok(()));
                assert_eq!(text("new").unwrap(), "part");
                assert!(!at("part").exists());
                for name in ["old", "new"] {
                    let _ = fs::remove_file(at(name)).or_else(|_| fs::remove_dir_all(at(name)));
                }
            }
        }
    }
}
