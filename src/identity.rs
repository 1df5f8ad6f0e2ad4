//! The identity key on the disk: made at first start, kept for good.
//!
//! Owns: the file `identity` in the data directory, mode 0600, 64 hexadecimal digits of an X25519
//! secret key and a line feed. A damaged file is an error and never replaced: the key is what
//! others know this person by.

use std::path::{Path, PathBuf};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use undertone_core::crypto::keys::SecretKey;
use undertone_core::crypto::secret::wiping_stack;
use zeroize::Zeroizing;

use crate::store::{self, Privacy, Store, StoreError};

const FILE: &str = "identity";
/// Bytes of a secret key.
const KEY_LEN: usize = 32;

/// The identity, and what happened on the way to it.
#[derive(Debug)]
pub struct Identity {
    /// The long-term key S.
    pub secret: SecretKey,
    /// Whether this start made it.
    pub created: bool,
    /// Whether others could read the file.
    pub privacy: Privacy,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file holds something else than a key.
    #[error(
        "the identity in {0} is damaged; it was left as it is\n  Put a copy back. Without one, move the file away: a new identity is made, and those who know you will see an alarm."
    )]
    Damaged(PathBuf),
}

impl Identity {
    /// Reads the identity, and makes it at the first start. Processes that start at the same time
    /// end with the same one.
    ///
    /// # Errors
    /// [`IdentityError`]; a file that is there is never written to.
    pub fn load(store: &Store) -> Result<Self, IdentityError> {
        wiping_stack(|| Self::load_here(store))
    }

    fn load_here(store: &Store) -> Result<Self, IdentityError> {
        let path = store.path(FILE);
        let mut created = false;
        loop {
            if let Some(bytes) = store::read(&path)?.map(Zeroizing::new) {
                let secret = parse(&bytes).ok_or_else(|| IdentityError::Damaged(path.clone()))?;
                let privacy = store::tighten_file(&path)?;
                return Ok(Self {
                    secret,
                    created,
                    privacy,
                });
            }
            // Whoever is first wins; the file is read back in any case.
            let key = SecretKey::generate();
            let mut line = Zeroizing::new([0; 2 * KEY_LEN + 1]);
            let [digits @ .., feed] = &mut *line;
            HEXLOWER.encode_mut(key.as_bytes(), digits);
            *feed = b'\n';
            created = store::create(&path, line.as_slice())?;
        }
    }
}

/// The identity key in this data directory, `None` where there is none yet. Makes and changes
/// nothing.
///
/// # Errors
/// [`IdentityError`].
pub fn peek(dir: &Path) -> Result<Option<SecretKey>, IdentityError> {
    let path = dir.join(FILE);
    let Some(bytes) = store::read(&path)?.map(Zeroizing::new) else {
        return Ok(None);
    };
    let secret = wiping_stack(|| parse(&bytes)).ok_or(IdentityError::Damaged(path))?;
    Ok(Some(secret))
}

fn parse(bytes: &[u8]) -> Option<SecretKey> {
    let digits = bytes.trim_ascii_end();
    if digits.len() != 2 * KEY_LEN {
        return None;
    }
    let mut key = Zeroizing::new([0; KEY_LEN]);
    HEXLOWER_PERMISSIVE
        .decode_mut(digits, key.as_mut_slice())
        .ok()?;
    // An empty disk block, not a key.
    (*key != [0; KEY_LEN]).then(|| SecretKey::from_bytes(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{Needle, alone, gone, stand};

    fn store(dir: &tempfile::TempDir) -> Store {
        Store::open(&dir.path().join("data")).unwrap()
    }

    #[test]
    fn the_second_start_finds_the_key_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::load(&store(&dir)).unwrap();
        let second = Identity::load(&store(&dir)).unwrap();
        assert!(first.created && !second.created);
        assert_eq!(first.secret.public(), second.secret.public());
        assert_eq!(
            std::fs::read_dir(dir.path().join("data")).unwrap().count(),
            1,
            "no draft is left"
        );
    }

    #[test]
    fn the_key_stands_in_memory_once_and_then_nowhere() {
        let path = concat!(
            module_path!(),
            "::the_key_stands_in_memory_once_and_then_nowhere"
        );
        alone(path, || {
            let dir = tempfile::tempdir().unwrap();
            let made = Identity::load(&store(&dir)).unwrap();
            let key = [Needle::of("identity", made.secret.as_bytes())];
            let line = [Needle::hex_of("its line", made.secret.as_bytes())];
            stand(&key);
            gone(&line);
            drop(made);
            gone(&key);
            let read = std::sync::Arc::new(Identity::load(&store(&dir)).unwrap());
            let moved = [std::sync::Arc::clone(&read), read];
            stand(&key);
            gone(&line);
            let there = peek(store(&dir).dir()).unwrap();
            stand(&[key.clone(), key.clone()].concat());
            drop((moved, there));
            gone(&key);
        });
    }

    #[test]
    fn starts_at_one_time_end_with_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let together = std::sync::Barrier::new(8);
        let identities: Vec<Identity> = std::thread::scope(|scope| {
            let start = || {
                together.wait();
                Identity::load(&store(&dir)).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let keys: std::collections::HashSet<_> =
            identities.iter().map(|i| i.secret.public()).collect();
        assert_eq!(keys.len(), 1);
        assert_eq!(identities.iter().filter(|i| i.created).count(), 1);
    }

    #[test]
    fn a_damaged_key_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = store(&dir).path(FILE);
        for damaged in ["", "abc", &"0".repeat(64), &"g".repeat(64), &"1".repeat(63)] {
            std::fs::write(&path, damaged).unwrap();
            assert!(
                matches!(Identity::load(&store(&dir)), Err(IdentityError::Damaged(_))),
                "{damaged}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_open_to_others_is_closed_and_said() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("data");
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let open =
            |path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        // Nothing was in it to be read.
        std::fs::create_dir(&folder).unwrap();
        open(&folder, 0o755);
        assert_eq!(store(&dir).privacy(), Privacy::Kept);
        Identity::load(&store(&dir)).unwrap();
        let file = store(&dir).path(FILE);
        assert_eq!((mode(&file), mode(&folder)), (0o600, 0o700));
        open(&file, 0o644);
        open(&folder, 0o755);
        assert_eq!(store(&dir).privacy(), Privacy::Restored);
        let identity = Identity::load(&store(&dir)).unwrap();
        assert_eq!(identity.privacy, Privacy::Restored);
        assert_eq!((mode(&file), mode(&folder)), (0o600, 0o700));
        let again = Identity::load(&store(&dir)).unwrap();
        assert_eq!(again.privacy, Privacy::Kept);
        open(&folder, 0o1777);
        assert!(matches!(
            Store::open(&folder),
            Err(StoreError::Shared { .. })
        ));
    }
}
