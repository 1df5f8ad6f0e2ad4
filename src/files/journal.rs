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
use undertone_core::files::OfferId;

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
    /// Everything before this place in the data is on the disk, in bytes.
    pub offset: u64,
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
        let failed = |error| StoreError::io("read", &self.dir)(error);
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Listed::default()),
            entries => entries.map_err(failed)?,
        };
        let mut paths = Vec::new();
        for entry in entries.take(LISTED_MAX) {
            paths.push(entry.map_err(failed)?.path());
        }
        paths.retain(|path| path.as_os_str().as_bytes().ends_with(SUFFIX.as_bytes()));
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::place::{Folder, Part};
    use std::ffi::OsStr;
    use std::os::unix::fs::PermissionsExt;
    use undertone_core::crypto::keys::SecretKey;
    use undertone_core::files::name::Name;

    fn transfer(folder: &Path, id: u8) -> Transfer {
        Transfer {
            peer: SecretKey::generate().public(),
            id: OfferId([id; 32]),
            name: "\u{1b}[2J".into(),
            size: None,
            folder: folder.to_owned(),
            part: Kept {
                name: ".a.0123abcd.part".into(),
                numbered: [(7, "b (2)".into())].into(),
                dropped: [3].into(),
            },
            offset: 1 << 50,
        }
    }

    #[test]
    fn a_transfer_is_found_by_peer_and_id_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path());
        let [mut one, two] = [1, 2].map(|id| transfer(Path::new("/"), id));
        one.folder = OsStr::from_bytes(b"/caf\xe9").into();
        assert_eq!(journal.find(&one.peer, &one.id).unwrap(), None);
        assert_eq!(journal.list().unwrap().transfers, []);
        journal.keep(&one).unwrap();
        journal.keep(&two).unwrap();
        one.offset += 1;
        journal.keep(&one).unwrap();
        assert_eq!(journal.find(&one.peer, &one.id).unwrap(), Some(one.clone()));
        // The same offer of another peer is another one.
        assert_eq!(journal.find(&two.peer, &one.id).unwrap(), None);
        let listed = journal.list().unwrap();
        assert!(listed.transfers.len() == 2 && listed.transfers.contains(&one));
        for path in [&journal.dir, &journal.path(&one.peer, &one.id)] {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0);
        }
        journal.forget(&one.peer, &one.id).unwrap();
        journal.forget(&one.peer, &one.id).unwrap();
        assert_eq!(journal.find(&one.peer, &one.id).unwrap(), None);
    }

    #[test]
    fn what_is_damaged_is_named_and_the_rest_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path());
        let [one, two, three] = [1, 2, 3].map(|id| transfer(Path::new("/"), id));
        for transfer in [&one, &two, &three] {
            journal.keep(transfer).unwrap();
        }
        let path = |transfer: &Transfer| journal.path(&transfer.peer, &transfer.id);
        // Under the name of another, cut, no file at all, and a draft.
        fs::copy(path(&one), path(&two)).unwrap();
        let text = fs::read(path(&three)).unwrap();
        for len in [0, 1, text.len() - 1] {
            fs::write(path(&three), &text[..len]).unwrap();
            assert_eq!(journal.find(&three.peer, &three.id).unwrap(), None);
        }
        let folder = journal.dir.join("folder.json");
        fs::create_dir(&folder).unwrap();
        fs::write(journal.dir.join("x.json.0123.tmp"), "").unwrap();
        assert_eq!(journal.find(&two.peer, &two.id).unwrap(), None);
        let listed = journal.list().unwrap();
        assert_eq!(listed.transfers, [one]);
        let mut damaged = [folder, path(&two), path(&three)];
        damaged.sort_unstable();
        assert_eq!(listed.damaged, damaged);
        // It begins again.
        journal.keep(&three).unwrap();
        assert!(journal.find(&three.peer, &three.id).unwrap().is_some());
    }

    #[test]
    fn one_that_is_cleared_goes_with_its_part_and_one_in_use_stays() {
        let (dir, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let journal = Journal::open(dir.path());
        let folder = Folder::open(target.path()).unwrap();
        let part = Part::create(folder, &Name::new("a").unwrap()).unwrap();
        let mut transfer = transfer(target.path(), 1);
        transfer.part = part.kept().clone();
        journal.keep(&transfer).unwrap();
        let error = journal.clear(&transfer).unwrap_err();
        assert!(error.to_string().contains("in use"), "{error}");
        assert_eq!(journal.list().unwrap().transfers.len(), 1);
        drop(part);
        journal.clear(&transfer).unwrap();
        assert_eq!(journal.list().unwrap().transfers.len(), 0);
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
        // A journal that names something else removes nothing.
        fs::write(target.path().join("mine"), "").unwrap();
        transfer.part.name = "mine".into();
        journal.clear(&transfer).unwrap_err();
        assert!(target.path().join("mine").exists());
    }
}
