//! Files of the data directory: closed to others, and replaced whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use undertone_core::crypto::keys::random;
use undertone_host::{of_entry, open_file, read_file};

use super::{Lock, Privacy, StoreError};

/// What the mode says to others.
const OTHERS: u32 = 0o077;
const STICKY: u32 = 0o1000;

/// Opens a file, or the one that a link leads to; what is none is an error, and not waited for.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, StoreError> {
    open_file(options, path).map_err(StoreError::io("open", path))
}

/// Reads a file; `None` where there is no entry of that name. A link that leads nowhere is one.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match read_file(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Where the file itself is: `path`, or where a link there leads.
pub(crate) fn followed(path: &Path) -> Result<PathBuf, StoreError> {
    match path.is_symlink() {
        true => path
            .canonicalize()
            .map_err(|error| StoreError::io("use", path)(of_entry(error, path))),
        false => Ok(path.to_owned()),
    }
}

/// Replaces `path` by `bytes` in one step, mode 0600, a link followed: after a crash it is the old or the new one.
/// Which of them is not waited for: that would take the disk as long again.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace_by(path, |draft| draft.write_all(bytes))
}

/// The same, by what `write` writes.
pub(crate) fn replace_by(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), StoreError> {
    replace_with(path, |draft| write(draft).and_then(|()| draft.sync_all()))
}

/// The same for what is as good as none where it is damaged: the disk is not waited for, and a
/// power cut may leave an empty file.
pub(crate) fn replace_at_once(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace_with(path, |draft| draft.write_all(bytes))
}

fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), StoreError> {
    let path = followed(path)?;
    let draft = write_draft(&path, write)?;
    fs::rename(&draft, &path).map_err(|error| {
        let _ = fs::remove_file(&draft);
        StoreError::io("write", &path)(error)
    })
}

/// Puts `bytes` at `path` only where there is no such file yet. `false`: another one was first.
///
/// The file appears with its whole content, because it is linked into place; where the file system
/// knows no links, because it is renamed under a lock.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    let synced = |draft: &mut File| draft.write_all(bytes).and_then(|()| draft.sync_all());
    let draft = write_draft(path, synced)?;
    let created = match fs::hard_link(&draft, path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(_) => rename_to_new(&draft, path),
    };
    let _ = fs::remove_file(&draft);
    if matches!(created, Ok(true)) {
        sync_dir(path);
    }
    created
}

pub(super) fn rename_to_new(draft: &Path, path: &Path) -> Result<bool, StoreError> {
    let _lock = Lock::on(path)?;
    let is_there = path.try_exists().map_err(StoreError::io("read", path))?;
    if !is_there {
        fs::rename(draft, path).map_err(StoreError::io("create", path))?;
    }
    Ok(!is_there)
}

/// A file beside `path` that nobody has seen, as `write` writes it.
fn write_draft(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<PathBuf, StoreError> {
    let (mut file, draft) = new_draft(path)?;
    write(&mut file).map_err(|error| {
        let _ = fs::remove_file(&draft);
        StoreError::io("write", &draft)(error)
    })?;
    Ok(draft)
}

/// An empty one.
pub(super) fn new_draft(path: &Path) -> Result<(File, PathBuf), StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", HEXLOWER.encode(&random::<8>())));
    let draft = PathBuf::from(name);
    let file = open_private(OpenOptions::new().write(true).create_new(true))
        .open(&draft)
        .map_err(StoreError::io("create", &draft))?;
    Ok((file, draft))
}

/// Best effort: where a folder cannot be synced, a crash of the machine may still undo the change.
fn sync_dir(path: &Path) {
    if let Some(Ok(dir)) = path.parent().map(File::open) {
        let _ = dir.sync_all();
    }
}

/// What is made by these options is closed to others.
pub(crate) fn open_private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

/// Makes the folder, 0700 from its first moment, and those above it.
pub(crate) fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(dir).map_err(StoreError::io("create", dir))
}

/// Closes a file to others where it was open to them.
pub(crate) fn tighten_file(path: &Path) -> Result<Privacy, StoreError> {
    tighten(path, 0o600)
}

pub(super) fn tighten_dir(dir: &Path) -> Result<Privacy, StoreError> {
    if mode(dir)? & STICKY != 0 {
        return Err(StoreError::Shared {
            dir: dir.to_owned(),
            place: None,
        });
    }
    tighten(dir, 0o700)
}

fn tighten(path: &Path, closed: u32) -> Result<Privacy, StoreError> {
    if mode(path)? & OTHERS == 0 {
        return Ok(Privacy::Kept);
    }
    let changed = fs::set_permissions(path, fs::Permissions::from_mode(closed));
    // FAT refuses a mode that it cannot keep, other file systems take it and keep none.
    match changed {
        Ok(()) if mode(path)? & OTHERS == 0 => Ok(Privacy::Restored),
        Ok(()) => Ok(Privacy::Impossible),
        Err(_) if is_ours(path)? => Ok(Privacy::Impossible),
        Err(error) => Err(StoreError::io("close to others", path)(error)),
    }
}

fn mode(path: &Path) -> Result<u32, StoreError> {
    let metadata = fs::metadata(path).map_err(StoreError::io("read", path))?;
    Ok(metadata.permissions().mode())
}

/// Whether we may set its mode, and it is no fault of ours that we cannot.
fn is_ours(path: &Path) -> Result<bool, StoreError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).map_err(StoreError::io("read", path))?;
    let me = rustix::process::geteuid();
    Ok(me.is_root() || metadata.uid() == me.as_raw())
}
