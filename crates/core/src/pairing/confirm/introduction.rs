//! What each end says of itself in its CONFIRM: what its program can do, and its name.
//!
//! ```text
//! caps = version ‖ suites ‖ features(2)       name = len(1) ‖ UTF-8 ‖ zeros to 64
//! ```

use crate::pairing::{PairingError, SUITE, VERSION, fixed};

/// The longest display name, in bytes of UTF-8.
pub const NAME_MAX: usize = 64;

const INTRODUCTION_LEN: usize = 4 + 1 + NAME_MAX;

/// Highest version ‖ bitmap of suites ‖ features, none yet.
pub(super) const CAPS: [u8; 4] = [VERSION, 1 << (SUITE - 1), 0, 0];

/// What CONFIRM says of its sender besides keys: caps ‖ name.
#[derive(Clone, Debug)]
pub struct Introduction(pub(super) [u8; INTRODUCTION_LEN]);

impl Introduction {
    /// This program, under this display name.
    ///
    /// # Errors
    /// [`PairingError::Name`] unless `name` has 1 to 64 bytes.
    pub fn named(name: &str) -> Result<Self, PairingError> {
        let plain = [CAPS.as_slice(), &encode_name(name)?].concat();
        Ok(Self(fixed(&plain, "an introduction")?))
    }

    /// Whatever these bytes say: what no client says is for tests to say.
    #[doc(hidden)]
    pub fn from_bytes(bytes: [u8; INTRODUCTION_LEN]) -> Self {
        Self(bytes)
    }
}

/// The version and the suite in use must be the best that both have.
pub(super) fn check_caps(theirs: &[u8; 4], name: &str) -> Result<(), PairingError> {
    let [our_version, our_suites, ..] = CAPS;
    let [version, suites, ..] = *theirs;
    let common = our_suites & suites;
    if version < VERSION || common == 0 {
        let name = name.to_owned();
        // Suites are numbered in the order in which they came.
        return Err(match (version, suites) < (our_version, our_suites) {
            true => PairingError::TheyAreOlder(name),
            false => PairingError::WeAreOlder(name),
        });
    }
    let best_suite = common.checked_ilog2().map(|bit| bit as u8 + 1);
    if our_version.min(version) == VERSION && best_suite == Some(SUITE) {
        Ok(())
    } else {
        Err(PairingError::Downgrade)
    }
}

fn encode_name(name: &str) -> Result<Vec<u8>, PairingError> {
    let len = u8::try_from(name.len()).map_err(|_| PairingError::Name)?;
    if name.is_empty() || name.len() > NAME_MAX {
        return Err(PairingError::Name);
    }
    let mut out = vec![len];
    out.extend_from_slice(name.as_bytes());
    out.resize(1 + NAME_MAX, 0);
    Ok(out)
}

pub(super) fn decode_name(bytes: &[u8]) -> Result<String, PairingError> {
    let (len, bytes) = bytes.split_first().ok_or(PairingError::Name)?;
    let (name, padding) = bytes
        .split_at_checked(usize::from(*len))
        .ok_or(PairingError::Name)?;
    if bytes.len() != NAME_MAX || name.is_empty() || padding.iter().any(|byte| *byte != 0) {
        return Err(PairingError::Name);
    }
    String::from_utf8(name.to_vec()).map_err(|_| PairingError::Name)
}
