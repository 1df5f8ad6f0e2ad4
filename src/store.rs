//! The data directory: where it is, who may read it, and how a file in it is replaced whole.
//!
//! Owns: the choice of the folder, its mode 0700, files of mode 0600, locks between processes, and
//! the replacing of a file in one step. Does not own: what the files hold (`identity`, `contacts`,
//! `history`, `terminal::prompts`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use etcetera::BaseStrategy;

use crate::crypto::keys::random;

/// The data directory of one person.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    tightened: bool,
}

/// Why the data directory, or a file in it, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Neither a folder was named nor a home directory found.
    #[error(
        "no home directory to keep the identity in\n  Name a folder with --data-dir or UNDERTONE_DATA_DIR."
    )]
    NoHome,
    /// The folder is one that everyone writes to, such as /tmp.
    #[error(
        "{0} is shared by everyone on this machine\n  Name a folder of your own with --data-dir, for example {0}/undertone."
    )]
    Shared(PathBuf),
    /// The operating system refused.
    #[error(
        "cannot {action} {path}: {source}\n  Check its owner, its mode and the space on the disk, or name another folder with --data-dir."
    )]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StoreError {
    /// Puts the file's name and what was tried to an error of the system.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

impl Store {
    /// Opens the data directory, and makes it where there is none: `named` (the flag or the
    /// environment, in that order) or else `undertone` in the XDG data folder.
    ///
    /// A folder that others can read is tightened to 0700; [`Store::tightened`] then tells, so that
    /// it can be said.
    ///
    /// # Errors
    /// [`StoreError`] where no folder can be found, made or tightened.
    pub fn open(named: Option<&Path>) -> Result<Self, StoreError> {
        let dir = match named {
            Some(dir) => dir.to_owned(),
            None => etcetera::choose_base_strategy()
                .map_err(|_| StoreError::NoHome)?
                .data_dir()
                .join("undertone"),
        };
        make_private_dir(&dir)?;
        let tightened = tighten_dir(&dir)?;
        Ok(Self { dir, tightened })
    }

    /// The folder itself.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file of this name in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether the folder was open to others and has just been closed.
    #[must_use]
    pub fn tightened(&self) -> bool {
        self.tightened
    }
}

/// An exclusive lock between processes, held on a file beside the one that it guards (the guarded
/// file itself is replaced, and a lock on it would go with the old one). Freed when dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until this process alone may change `path`.
    pub(crate) fn on(path: &Path) -> Result<Self, StoreError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let beside = PathBuf::from(name);
        let file = private(OpenOptions::new().write(true).create(true).truncate(false))
            .open(&beside)
            .map_err(StoreError::io("open", &beside))?;
        file.lock().map_err(StoreError::io("lock", &beside))?;
        Ok(Self { _file: file })
    }
}

/// Reads a file; `None` where there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Replaces `path` by `bytes` in one step, mode 0600: after a crash it is the old or the new one.
/// Which of them is not waited for: that would take the disk as long again.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = write_draft(path, bytes)?;
    fs::rename(&draft, path).map_err(|error| {
        let _ = fs::remove_file(&draft);
        StoreError::io("write", path)(error)
    })
}

/// Puts `bytes` at `path` only where there is no such file yet. `false`: another one was first.
///
/// The file appears with its whole content, because it is linked into place.
pub(crate) fn create(path: &Path, bytes: &[u8]) -> Result<bool, StoreError> {
    let draft = write_draft(path, bytes)?;
    let linked = fs::hard_link(&draft, path);
    let _ = fs::remove_file(&draft);
    match linked {
        Ok(()) => {
            sync_dir(path);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::io("create", path)(error)),
    }
}

/// Closes a file to others where it was open to them; whether it was.
pub(crate) fn tighten_file(path: &Path) -> Result<bool, StoreError> {
    tighten(path, 0o600)
}

/// Makes the folder, 0700 from its first moment, and those above it.
pub(crate) fn make_private_dir(dir: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(StoreError::io("create", dir))
}

fn write_draft(path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.tmp", HEXLOWER.encode(&random::<8>())));
    let draft = PathBuf::from(name);
    let mut file = private(OpenOptions::new().write(true).create_new(true))
        .open(&draft)
        .map_err(StoreError::io("create", &draft))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        StoreError::io("write", &draft)(error)
    })?;
    Ok(draft)
}

/// Best effort: where a folder cannot be synced, a crash of the machine may still undo the change.
fn sync_dir(path: &Path) {
    if let Some(Ok(dir)) = path.parent().map(File::open) {
        let _ = dir.sync_all();
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
fn tighten_dir(dir: &Path) -> Result<bool, StoreError> {
    use std::os::unix::fs::PermissionsExt;
    const STICKY: u32 = 0o1000;
    let mode = fs::metadata(dir)
        .map_err(StoreError::io("read", dir))?
        .permissions()
        .mode();
    if mode & STICKY != 0 {
        return Err(StoreError::Shared(dir.to_owned()));
    }
    tighten(dir, 0o700)
}

#[cfg(unix)]
fn tighten(path: &Path, mode: u32) -> Result<bool, StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(path)
        .map_err(StoreError::io("read", path))?
        .permissions();
    if permissions.mode() & 0o077 == 0 {
        return Ok(false);
    }
    permissions.set_mode(mode);
    fs::set_permissions(path, permissions).map_err(StoreError::io("close to others", path))?;
    Ok(true)
}

#[cfg(not(unix))]
fn tighten_dir(_: &Path) -> Result<bool, StoreError> {
    Ok(false)
}

#[cfg(not(unix))]
fn tighten(_: &Path, _: u32) -> Result<bool, StoreError> {
    Ok(false)
}
