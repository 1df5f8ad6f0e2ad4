//! The suite: X25519, ML-KEM-768, HKDF-SHA-256, AES-256-CBC with HMAC-SHA-256, CPace, Double Ratchet.
//!
//! No socket, no clock, no terminal. Bytes go in, bytes come out; randomness comes from the
//! operating system ([`keys::random`]) and nowhere else.
//!
//! | file | owns |
//! |---|---|
//! | [`secret`] | secret bytes in one place, the stack wiped behind those who compute with them |
//! | [`keys`] | derived secrets, transcript hashes |
//! | `random` | the operating system's randomness |
//! | `labels` | every derivation label of the protocol |
//! | [`x25519`] | key pairs and Diffie-Hellman, canonical and contributory or an error |
//! | [`kem`] | ML-KEM-768: what a quantum computer does not undo |
//! | [`seal`] | one `seal`, one `open`; several sealed at a time |
//! | [`cpace`] | the password-authenticated exchange |
//! | [`ratchet`] | root, chain and message keys of one link |
//! | [`resume`] | what a session keeps for its next link |
//! | [`again`] | where two contacts meet once a session is gone |
//! | [`words`] | verification words, fingerprints, the two word lists |

pub mod again;
pub mod cpace;
pub mod kem;
pub mod keys;
mod labels;
mod random;
pub mod ratchet;
pub mod resume;
pub mod seal;
pub mod secret;
pub mod words;
pub mod x25519;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod testing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
pub(crate) mod traces;
