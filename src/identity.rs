//! The identity key on the disk: made at first start, kept for good.
//!
//! Owns: the file `identity` in the data directory, mode 0600, 64 hexadecimal digits of an X25519
//! secret key and a line feed. A damaged file is an error and never replaced: the key is what
//! others know this person by.

use std::path::PathBuf;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::crypto::keys::SecretKey;
use crate::store::{self, Store, StoreError};

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
    /// Whether the file was open to others and has just been closed: to be said, since they may
    /// have read it.
    pub tightened: bool,
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
        let path = store.path(FILE);
        let mut created = false;
        loop {
            if let Some(bytes) = store::read(&path)?.map(Zeroizing::new) {
                let secret = parse(&bytes).ok_or_else(|| IdentityError::Damaged(path.clone()))?;
                let tightened = store::tighten_file(&path)?;
                return Ok(Self {
                    secret,
                    created,
                    tightened,
                });
            }
            // Whoever is first wins; the file is read back in any case.
            let bytes = SecretKey::generate().to_bytes();
            let mut line = Zeroizing::new([0; 2 * KEY_LEN + 1]);
            let [digits @ .., feed] = &mut *line;
            HEXLOWER.encode_mut(bytes.as_slice(), digits);
            *feed = b'\n';
            created = store::create(&path, line.as_slice())?;
        }
    }
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
    (*key != [0; KEY_LEN]).then(|| SecretKey::from_bytes(*key))
}
