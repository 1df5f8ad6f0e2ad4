//! Open folders: the part itself, and those in it.

use std::collections::HashMap;
use std::os::fd::OwnedFd;

use data_encoding::HEXLOWER;
use rustix::fs::{
    AtFlags, FlockOperation, Mode, OFlags, fchmod, flock, fstat, mkdirat, openat, unlinkat,
};
use rustix::io::Errno;
use rustix::process::geteuid;
use undertone_core::crypto::keys::random;
use undertone_core::files::entry::Kind;

use super::{Folder, PlaceError};
use crate::files::at::DIRECTORY;

/// How files are created: as new ones, and never through a link.
const CREATE: OFlags = OFlags::WRONLY
    .union(OFlags::CREATE)
    .union(OFlags::EXCL)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// A folder in which things are made.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) fd: OwnedFd,
    /// What it is to have in the end.
    pub(super) mtime: Option<u64>,
    /// The number with which to go on, by names that were taken.
    pub(super) next: HashMap<String, u32>,
}

impl Level {
    pub(super) fn new(fd: OwnedFd, mtime: Option<u64>) -> Self {
        Self {
            fd,
            mtime,
            next: HashMap::new(),
        }
    }

    /// What is made is as open to others as the person lets new files be: the part around it is
    /// closed.
    pub(super) fn make(&self, name: &str, kind: Kind) -> Result<OwnedFd, Errno> {
        let all = Mode::RWXU | Mode::RWXG | Mode::RWXO;
        let execute = Mode::XUSR | Mode::XGRP | Mode::XOTH;
        match kind {
            Kind::Folder => {
                mkdirat(&self.fd, name, all)?;
                openat(&self.fd, name, DIRECTORY, Mode::empty()).inspect_err(|_| {
                    let _ = unlinkat(&self.fd, name, AtFlags::REMOVEDIR);
                })
            }
            Kind::Executable => openat(&self.fd, name, CREATE, all),
            Kind::File | Kind::Pipe => openat(&self.fd, name, CREATE, all - execute),
        }
    }

    /// Lets others in as far as the person lets them into new folders.
    pub(super) fn open_to_others(&self) -> Result<(), Errno> {
        let name = HEXLOWER.encode(&random::<8>());
        let new = self.make(&name, Kind::Folder)?;
        unlinkat(&self.fd, &*name, AtFlags::REMOVEDIR)?;
        fchmod(&self.fd, Mode::from_raw_mode(fstat(&new)?.st_mode))
    }
}

/// Opens a part by its name, and holds its lock; it is made sure that it is ours alone.
pub(super) fn open_part(target: &Folder, name: &str) -> Result<OwnedFd, PlaceError> {
    let path = target.path().join(name);
    let fd =
        openat(target, name, DIRECTORY, Mode::empty()).map_err(PlaceError::io("open", &path))?;
    let (ours, around) = fstat(&fd)
        .and_then(|ours| Ok((ours, fstat(target)?)))
        .map_err(PlaceError::io("read", &path))?;
    // A file system may know one owner only, or no modes.
    let is_ours = ours.st_uid == geteuid().as_raw() || ours.st_uid == around.st_uid;
    if !is_ours {
        return Err(PlaceError::Changed(path));
    }
    match flock(&fd, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(PlaceError::InUse(path)),
        // Or there are no locks.
        _ => Ok(fd),
    }
}
