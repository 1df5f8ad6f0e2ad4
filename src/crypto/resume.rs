//! What a session keeps for its next link: the room, secret and knock of a resumed pairing.
//!
//! ```text
//! ROOM = exp(RS, "resume room", "")      SECRET = exp(RS, "resume secret", "")
//! knock = nonce(16) ‖ HMAC-SHA-256(exp(RS, "resume knock", ""), nonce)
//! ```

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::keys::{Key, Label, expand, hmac_sha256};

/// RS: what both ends of a session keep, so that strangers stay out of its resumed pairings.
///
/// It lives as long as the session and is wiped by its goodbye.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ResumeSecret([u8; 32]);

impl ResumeSecret {
    /// RS = exp(ck2, "resume", th3).
    pub fn new(key: Key) -> Self {
        Self(*key.as_bytes())
    }

    /// ROOM of a resumed pairing = exp(RS, "resume room", ""), raw bytes.
    pub fn room(&self) -> [u8; 32] {
        *expand(&self.0, Label::ResumeRoom, b"").as_bytes()
    }

    /// SECRET of a resumed pairing = exp(RS, "resume secret", ""), raw bytes.
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*expand(&self.0, Label::ResumeSecret, b"").as_bytes())
    }

    /// HMAC-SHA-256(exp(RS, "resume knock", ""), nonce): what a direct redial opens with.
    pub fn knock_tag(&self, nonce: &[u8; 16]) -> [u8; 32] {
        self.knock(nonce).finalize().into_bytes().into()
    }

    /// Whether `tag` is the knock for `nonce`, in constant time.
    pub fn verify_knock(&self, nonce: &[u8; 16], tag: &[u8; 32]) -> bool {
        self.knock(nonce).verify_slice(tag).is_ok()
    }

    fn knock(&self, nonce: &[u8; 16]) -> Hmac<Sha256> {
        let key = expand(&self.0, Label::ResumeKnock, b"");
        hmac_sha256(key.as_bytes()).chain_update(nonce)
    }
}

impl fmt::Debug for ResumeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("ResumeSecret(..)")
    }
}
