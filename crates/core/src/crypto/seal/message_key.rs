//! The key of one record: spent by sealing or opening that.

use std::fmt;

use zeroize::Zeroize;

use super::{OpenError, open, seal};
use crate::crypto::keys::{Key, SealLabel};

/// The key of one record, in the ratchet's place for it: spent by the sealing or opening of that
/// record, and wiped where it stands.
pub struct MessageKey<'a>(&'a mut Key);

impl<'a> MessageKey<'a> {
    pub(in crate::crypto) fn new(key: &'a mut Key) -> Self {
        Self(key)
    }

    /// The key itself.
    pub(in crate::crypto) fn key(&self) -> &Key {
        self.0
    }

    /// As [`Key::seal`].
    pub fn seal(self, label: SealLabel, ad: &[&[u8]], buf: &mut Vec<u8>, from: usize) {
        seal(self.key(), label, ad, buf, from);
    }

    /// As [`Key::open`].
    ///
    /// # Errors
    /// As [`Key::open`].
    pub fn open<'b>(
        self,
        label: SealLabel,
        ad: &[&[u8]],
        buf: &'b mut [u8],
    ) -> Result<&'b mut [u8], OpenError> {
        open(self.key(), label, ad, buf)
    }
}

impl Drop for MessageKey<'_> {
    fn drop(&mut self) {
        self.0.place().zeroize();
    }
}

impl fmt::Debug for MessageKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_) = self;
        f.write_str("MessageKey(..)")
    }
}
