//! What a session keeps for its next link: the room, secret and knock of a resumed pairing.
//!
//! ```text
//! ROOM = exp(RS, "resume room", "")      SECRET = exp(RS, "resume secret", "")
//! knock = nonce(16) ‖ HMAC-SHA-256(exp(RS, "resume knock", ""), nonce)
//! ```

use std::fmt;

use hmac::Mac;
use subtle::ConstantTimeEq;

use super::keys::{Key, Label, expand, hmac_sha256};
use super::secret::wiping_stack;

/// RS: what both ends of a session keep, so that strangers stay out of its resumed pairings.
///
/// It lives as long as the session and is wiped by its goodbye.
pub struct ResumeSecret(Key);

impl ResumeSecret {
    /// RS = exp(ck2, "resume", th3).
    pub fn new(key: Key) -> Self {
        Self(key)
    }

    /// ROOM of a resumed pairing = exp(RS, "resume room", ""), raw bytes.
    pub fn room(&self) -> Key {
        expand(self.0.as_bytes(), Label::ResumeRoom, b"")
    }

    /// SECRET of a resumed pairing = exp(RS, "resume secret", ""), raw bytes.
    pub fn secret(&self) -> Key {
        expand(self.0.as_bytes(), Label::ResumeSecret, b"")
    }

    /// HMAC-SHA-256(exp(RS, "resume knock", ""), nonce): what a direct redial opens with.
    pub fn knock_tag(&self, nonce: &[u8; 16]) -> [u8; 32] {
        let key = expand(self.0.as_bytes(), Label::ResumeKnock, b"");
        let mac = || hmac_sha256(key.as_bytes()).chain_update(nonce);
        wiping_stack(|| mac().finalize().into_bytes().into())
    }

    /// Whether `tag` is the knock for `nonce`, in constant time.
    pub fn verify_knock(&self, nonce: &[u8; 16], tag: &[u8; 32]) -> bool {
        self.knock_tag(nonce).ct_eq(tag).into()
    }
}

impl fmt::Debug for ResumeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("ResumeSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::ChainingKey;
    use crate::crypto::random::fill_random;
    use crate::crypto::traces::of_hmac;
    use crate::memory::{Needle, alone, gone, stand};

    fn resume(byte: u8) -> ResumeSecret {
        ResumeSecret::new(Key::from_bytes(&[byte; 32]))
    }

    #[test]
    fn room_and_secret_are_the_documented_formulas() {
        let rs = ChainingKey::new(&[1; 32]);
        let expanded = |label| *rs.expand(label, b"").as_bytes();
        assert_eq!(*resume(1).room().as_bytes(), expanded(Label::ResumeRoom));
        assert_eq!(
            *resume(1).secret().as_bytes(),
            expanded(Label::ResumeSecret)
        );
        let tag = hmac_sha256(&expanded(Label::ResumeKnock)).chain_update([9; 16]);
        assert_eq!(resume(1).knock_tag(&[9; 16]), *tag.finalize().into_bytes());
    }

    #[test]
    fn a_knock_of_another_session_or_nonce_is_refused() {
        let tag = resume(1).knock_tag(&[9; 16]);
        assert!(resume(1).verify_knock(&[9; 16], &tag));
        assert!(!resume(2).verify_knock(&[9; 16], &tag));
        assert!(!resume(1).verify_knock(&[8; 16], &tag));
        for bit in 0..256 {
            let mut bad = tag;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!resume(1).verify_knock(&[9; 16], &bad));
        }
    }

    #[test]
    fn what_resumes_a_session_stands_in_memory_once() {
        alone(
            concat!(
                module_path!(),
                "::what_resumes_a_session_stands_in_memory_once"
            ),
            || {
                let resume = ResumeSecret::new(Key::derive(|key| fill_random(key)));
                let derived = [Label::ResumeRoom, Label::ResumeSecret, Label::ResumeKnock];
                let derived = derived.map(|label| expand(resume.0.as_bytes(), label, b""));
                let mut past: Vec<_> = derived
                    .iter()
                    .map(|key| Needle::of("derived from RS", key.as_bytes()))
                    .collect();
                past.extend(of_hmac("knock", derived[2].as_bytes()));
                drop(derived);
                let tag = resume.knock_tag(&[9; 16]);
                assert!(resume.verify_knock(&[9; 16], &tag));
                assert!(resume.room().as_bytes() != resume.secret().as_bytes());
                gone(&past);
                let rs = [Needle::of("RS", resume.0.as_bytes())];
                stand(&rs);
                drop(resume);
                gone(&rs);
            },
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", resume(0xab)), "ResumeSecret(..)");
    }
}
