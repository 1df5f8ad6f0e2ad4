//! What was not received in whole yet, so that it goes on after a crash of either end: the folder
//! `files` in the data directory (mode 0700), with a file (0600) for each transfer,
//! `PEER.ID.json`. What a name says is not: only the peer's key and the offer's id find one.
//!
//! A file is replaced whole, after what it speaks of is on the disk. A damaged one is passed over
//! and named: the offer begins again.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use undertone_core::crypto::keys::PublicKey;
use undertone_core::files::list::Shape;
use undertone_core::files::receive::Reached;
use undertone_core::files::{Offer, OfferId};

use super::place::{Kept, PlaceError, clear};
use crate::store::{self, StoreError, make_private_dir};

const VERSION: u32 = 1;
/// Names of files, and of drafts of them that a crash left.
const SUFFIX: &str = ".json";
/// More transfers than this are not listed.
const LISTED_MAX: usize = 1000;

/// The transfers of one person that are not complete.
#[derive(Debug, Clone)]
pub struct Journal {
    dir: PathBuf,
}

/// A transfer as it was when its part was synced last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Who sends it.
    pub peer: PublicKey,
    /// What is sent.
    pub id: OfferId,
    /// What it is called, as the peer says.
    pub name: String,
    /// Bytes of all files; `None`: nobody knows.
    pub size: Option<u64>,
    /// The folder into which it goes.
    pub folder: PathBuf,
    /// What is there of it, in that folder.
    pub part: Kept,
    /// Everything before this place in the data is on the disk, in bytes …
    pub offset: u64,
    /// … which is there in the list.
    pub reached: Reached,
    /// What another offer of the same files has in common with it.
    pub shape: Shape,
}

/// What a journal holds.
#[derive(Debug, Default)]
pub struct Listed {
    /// Those that can be read.
    pub transfers: Vec<Transfer>,
    /// Files that cannot.
    pub damaged: Vec<PathBuf>,
}

/// Why a transfer is not cleared.
#[derive(Debug, thiserror::Error)]
pub enum ClearError {
    /// What there is of it stays.
    #[error(transparent)]
    Part(#[from] PlaceError),
    /// The journal still has it.
    #[error(transparent)]
    Journal(#[from] StoreError),
}

#[derive(Serialize, Deserialize)]
struct File {
    v: u32,
    peer: String,
    id: String,
    name: String,
    size: Option<u64>,
    /// Its bytes: a path need not be UTF-8.
    folder: String,
    part: Kept,
    offset: u64,
    entries: u64,
    contents: u64,
    shape: String,
}

impl Journal {
    /// That in this data directory.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        Self {
            dir: dir.join("files"),
        }
    }

    /// Notes how far a transfer is: after [`Part::sync`](super::place::Part::sync).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep(&self, transfer: &Transfer) -> Result<(), StoreError> {
        make_private_dir(&self.dir)?;
        let path = self.path(&transfer.peer, &transfer.id);
        let file = File::of(transfer);
        let bytes = serde_json::to_vec(&file)
            .map_err(|error| StoreError::io("write to", &path)(error.into()))?;
        store::replace(&path, &bytes)
    }

    /// What there is of an offer of this peer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find(&self, peer: &PublicKey, id: &OfferId) -> Result<Option<Transfer>, StoreError> {
        let bytes = store::read(&self.path(peer, id))?;
        let found = bytes.and_then(|bytes| File::parse(&bytes));
        Ok(found.filter(|found| found.peer == *peer && found.id == *id))
    }

    /// What there is of another offer of this peer that may be of the same files, the most of it: what
    /// it is called and its size are the same.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_alike(
        &self,
        peer: &PublicKey,
        offer: &Offer,
    ) -> Result<Option<Transfer>, StoreError> {
        let transfers = self
            .read(&BASE64URL_NOPAD.encode(peer.as_bytes()))?
            .transfers;
        let alike = transfers.into_iter().filter(|found| {
            let is_called_so = found.name == *offer.name && found.size == offer.size;
            found.peer == *peer && found.id != offer.id && is_called_so && found.size.is_some()
        });
        Ok(alike.max_by_key(|found| found.offset))
    }

    /// Forgets a transfer, which is complete or given up. It may be forgotten already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget(&self, peer: &PublicKey, id: &OfferId) -> Result<(), StoreError> {
        let path = self.path(peer, id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// All of them, a thousand at most, in the order of their files.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list(&self) -> Result<Listed, StoreError> {
        self.read("")
    }

    /// Those whose files' names begin like this.
    fn read(&self, prefix: &str) -> Result<Listed, StoreError> {
        let failed = |error| StoreError::io("read", &self.dir)(error);
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Listed::default()),
            entries => entries.map_err(failed)?,
        };
        let mut paths = Vec::new();
        for entry in entries.take(LISTED_MAX) {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.retain(|path| {
            let name = path.file_name().unwrap_or_default().as_bytes();
            name.starts_with(prefix.as_bytes()) && name.ends_with(SUFFIX.as_bytes())
        });
        paths.sort_unstable();
        let mut listed = Listed::default();
        for path in paths {
            // One that is gone meanwhile is complete.
            let transfer = match store::read(&path) {
                Ok(None) => continue,
                Ok(Some(bytes)) => File::parse(&bytes),
                Err(_) => None,
            };
            match transfer.filter(|found| self.path(&found.peer, &found.id) == path) {
                Some(transfer) => listed.transfers.push(transfer),
                None => listed.damaged.push(path),
            }
        }
        Ok(listed)
    }

    /// Removes what there is of a transfer, unless it is going on, and forgets it.
    ///
    /// # Errors
    /// [`ClearError`].
    pub fn clear(&self, transfer: &Transfer) -> Result<(), ClearError> {
        clear(&transfer.folder, &transfer.part.name)?;
        Ok(self.forget(&transfer.peer, &transfer.id)?)
    }

    fn path(&self, peer: &PublicKey, id: &OfferId) -> PathBuf {
        let [peer, id] = [peer.as_bytes(), &id.0].map(|bytes| BASE64URL_NOPAD.encode(bytes));
        self.dir.join(format!("{peer}.{id}{SUFFIX}"))
    }
}

impl File {
    fn of(transfer: &Transfer) -> Self {
        Self {
            v: VERSION,
            peer: BASE64URL_NOPAD.encode(transfer.peer.as_bytes()),
            id: BASE64URL_NOPAD.encode(&transfer.id.0),
            name: transfer.name.clone(),
            size: transfer.size,
            folder: BASE64URL_NOPAD.encode(transfer.folder.as_os_str().as_bytes()),
            part: transfer.part.clone(),
            offset: transfer.offset,
            entries: transfer.reached.entries,
            contents: transfer.reached.contents,
            shape: BASE64URL_NOPAD.encode(&transfer.shape.0),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Transfer> {
        let file: Self = serde_json::from_slice(bytes).ok()?;
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let key = |text: &str| <[u8; 32]>::try_from(decode(text)?).ok();
        let folder = std::ffi::OsString::from_vec(decode(&file.folder)?);
        (file.v == VERSION).then_some(Transfer {
            peer: PublicKey::from_bytes(key(&file.peer)?).ok()?,
            id: OfferId(key(&file.id)?),
            name: file.name,
            size: file.size,
            folder: folder.into(),
            part: file.part,
            offset: file.offset,
            reached: Reached {
                entries: file.entries,
                contents: file.contents,
            },
            shape: Shape(key(&file.shape)?),
        })
    }
}

#[cfg(test)]
mod tests;
