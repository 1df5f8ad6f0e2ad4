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
        match rename_new(from, name, target.as_fd(), &last, is_folder) {
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

/// Renames in the best way there is here.
fn rename_new(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new: &str,
    is_folder: bool,
) -> Result<(), Errno> {
    for way in [no_replace, by_link, over_placeholder] {
        match way(from, name, to, new, is_folder) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM | Errno::MLINK) => {}
            done => return done,
        }
    }
    Err(Errno::PERM)
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn no_replace(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new: &str,
    _: bool,
) -> Result<(), Errno> {
    rustix::fs::renameat_with(from, name, to, new, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn no_replace(
    _: BorrowedFd<'_>,
    _: &CStr,
    _: BorrowedFd<'_>,
    _: &str,
    _: bool,
) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

/// A second name, which fails where there is one, and the first one goes.
fn by_link(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new: &str,
    is_folder: bool,
) -> Result<(), Errno> {
    if is_folder {
        return Err(Errno::PERM);
    }
    linkat(from, name, to, new, AtFlags::empty())?;
    unlinkat(from, name, AtFlags::empty())
}

/// Something empty of our own, which the rename replaces: a folder only while it is empty.
fn over_placeholder(
    from: BorrowedFd<'_>,
    name: &CStr,
    to: BorrowedFd<'_>,
    new: &str,
    is_folder: bool,
) -> Result<(), Errno> {
    let placeholder = match is_folder {
        true => mkdirat(to, new, Mode::RWXU),
        false => {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
            openat(to, new, flags | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR).map(drop)
        }
    };
    placeholder?;
    renameat(from, name, to, new).inspect_err(|_| {
        let flags = if is_folder {
            AtFlags::REMOVEDIR
        } else {
            AtFlags::empty()
        };
        let _ = unlinkat(to, new, flags);
    })
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
        for (way, folders) in [
            (no_replace as fn(_, _, _, &str, _) -> _, &[false, true][..]),
            (by_link, &[false]),
            (over_placeholder, &[false, true]),
        ] {
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
                make("old");
                make("part");
                assert_eq!(way(fd, c"part", fd, "old", is_folder), Err(Errno::EXIST));
                assert_eq!(text("old").unwrap(), "old");
                assert_eq!(way(fd, c"part", fd, "new", is_folder), Ok(()));
                assert_eq!(text("new").unwrap(), "part");
                assert!(!at("part").exists());
                for name in ["old", "new"] {
                    let _ = fs::remove_file(at(name)).or_else(|_| fs::remove_dir_all(at(name)));
                }
            }
        }
    }
}
