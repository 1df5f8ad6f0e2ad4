//! What an end says though it means nothing: bits and an entry of kinds that are never assigned, so
//! that whoever would break on an unknown one does so today (RFC 8701).
//!
//! ```text
//! suites    bits 4 to 7        features, of OFFER and of CONFIRM    bits 24 to 31
//! entries   types 240 to 255
//! ```

use crate::crypto::keys::random;

/// Bytes that an [`Unused`] is drawn from.
pub(super) const DRAWN_FROM: usize = 20;
/// The features of which one is set that means nothing.
pub(super) const UNASSIGNED: u32 = 0xff00_0000;
/// The longest entry, without its type and length.
pub(super) const ENTRY_MAX: usize = 15;

/// One of each, drawn at random for every attempt.
#[derive(Clone, Debug)]
pub(super) struct Unused([u8; DRAWN_FROM]);

impl Unused {
    pub(super) fn random() -> Self {
        Self(random())
    }

    /// As drawn from these bytes: one each for suite, offered feature, feature, type and length, then
    /// the entry's own.
    #[cfg(test)]
    pub(super) fn from_bytes(bytes: [u8; DRAWN_FROM]) -> Self {
        Self(bytes)
    }

    /// A bit of the bitmap of suites.
    pub(super) fn suite(&self) -> u8 {
        let [suite, ..] = self.0;
        1 << (4 + suite % 4)
    }

    /// A bit of the features in OFFER.
    pub(super) fn offered(&self) -> u32 {
        let [_, offered, ..] = self.0;
        1 << (24 + offered % 8)
    }

    /// A bit of the features in CONFIRM.
    pub(super) fn feature(&self) -> u32 {
        let [_, _, feature, ..] = self.0;
        1 << (24 + feature % 8)
    }

    /// An entry among the candidates: its type, and its bytes.
    pub(super) fn entry(&self) -> (u8, &[u8]) {
        let [_, _, _, kind, len, entry @ ..] = &self.0;
        let len = usize::from(*len) % (ENTRY_MAX + 1);
        (240 | kind, entry.get(..len).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_drawn_is_never_assigned() {
        let mut lengths = [false; ENTRY_MAX + 1];
        for _ in 0..500 {
            let unused = Unused::random();
            assert_eq!(unused.suite() & 0xf0, unused.suite());
            for bits in [unused.offered(), unused.feature()] {
                assert_eq!((bits.count_ones(), bits >> 24 != 0), (1, true));
            }
            let (kind, entry) = unused.entry();
            assert!(kind >= 240);
            lengths[entry.len()] = true;
        }
        assert_eq!(lengths, [true; ENTRY_MAX + 1]);
    }
}
