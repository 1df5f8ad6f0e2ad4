//! What each end says of itself in its CONFIRM, and first: what its program can do, and its name.
//!
//! ```text
//! caps = version(1) ‖ suites(1) ‖ features(4)       name = len(1) ‖ UTF-8 ‖ zeros to 64
//! ```
//!
//! It stands in the same place whatever the suite, so that two programs which have none in common
//! can still say which of them is the older.

use crate::pairing::offer::SUITES;
use crate::pairing::{PairingError, SUITE, VERSION, fixed};

/// The longest display name, in bytes of UTF-8.
pub const NAME_MAX: usize = 64;

const CAPS_LEN: usize = 6;
/// Bytes of an introduction: caps ‖ name.
pub(super) const INTRODUCTION_LEN: usize = CAPS_LEN + 1 + NAME_MAX;

/// The feature by which an end takes offers of files.
pub const FILES: u32 = 1 << 2;
/// What this program can do beside what all do. PROTOCOL.md §4 has the table.
pub(in crate::pairing) const FEATURES: u32 = FILES;
/// The feature by which an end says that it keeps nothing: whoever keeps its key meets it no more.
pub const KEEPS_NOTHING: u32 = 1 << 3;

/// What CONFIRM says of its sender besides keys: caps ‖ name.
#[derive(Clone, Debug)]
pub struct Introduction([u8; INTRODUCTION_LEN]);

impl Introduction {
    /// A program with these features, under this display name.
    pub(super) fn named(name: &str, features: u32) -> Result<Self, PairingError> {
        let features = features.to_be_bytes();
        let caps = [VERSION, SUITES];
        let plain = [caps.as_slice(), &features, &encode_name(name)?].concat();
        Ok(Self(fixed(&plain, "an introduction")?))
    }

    /// Whatever these bytes say: what no client says is for tests to say.
    #[doc(hidden)]
    pub fn from_bytes(bytes: [u8; INTRODUCTION_LEN]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The name and the features, where the version and the suite in use are the best that both have.
pub(super) fn check_caps(introduction: &[u8]) -> Result<(String, u32), PairingError> {
    let (caps, name) = introduction
        .split_first_chunk::<CAPS_LEN>()
        .ok_or(PairingError::Confirm)?;
    let name = decode_name(name)?;
    let [version, suites, features @ ..] = *caps;
    // What is never assigned is no suite.
    let suites = suites & 0x0f;
    let common = SUITES & suites;
    if version < VERSION || common == 0 {
        // Suites are numbered in the order in which they came.
        return Err(match (version, suites) < (VERSION, SUITES) {
            true => PairingError::TheyAreOlder(name),
            false => PairingError::WeAreOlder(name),
        });
    }
    let best_suite = common.checked_ilog2().map(|bit| bit as u8 + 1);
    if best_suite == Some(SUITE) {
        Ok((name, u32::from_be_bytes(features)))
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

fn decode_name(bytes: &[u8]) -> Result<String, PairingError> {
    let (len, bytes) = bytes.split_first().ok_or(PairingError::Name)?;
    let (name, padding) = bytes
        .split_at_checked(usize::from(*len))
        .ok_or(PairingError::Name)?;
    if bytes.len() != NAME_MAX || name.is_empty() || padding.iter().any(|byte| *byte != 0) {
        return Err(PairingError::Name);
    }
    String::from_utf8(name.to_vec()).map_err(|_| PairingError::Name)
}
