//! One character from several bytes (RFC 3629). What is no character is U+FFFD, once for a lead
//! byte with all that it claims: no byte that it does not claim is lost.

use std::char::REPLACEMENT_CHARACTER;

/// A character that is not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partial {
    bytes: [u8; 6],
    len: usize,
    /// How many bytes there are to be.
    claimed: usize,
}

impl Partial {
    /// Begins with a lead byte; `None`: it leads nothing.
    pub(super) fn begin(lead: u8) -> Option<Self> {
        let claimed = claimed(lead)?;
        let bytes = [lead, 0, 0, 0, 0, 0];
        Some(Self {
            bytes,
            len: 1,
            claimed,
        })
    }

    /// Whether this byte continues it.
    pub(super) fn continues(byte: u8) -> bool {
        matches!(byte, 0x80..=0xbf)
    }

    /// Takes a continuation byte; the character, if that was the last.
    pub(super) fn push(&mut self, byte: u8) -> Option<char> {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len += 1;
        (self.len == self.claimed).then(|| self.read())
    }

    fn read(&self) -> char {
        let bytes = self.bytes.get(..self.len).unwrap_or_default();
        let text = std::str::from_utf8(bytes).ok();
        text.and_then(|text| text.chars().next())
            .unwrap_or(REPLACEMENT_CHARACTER)
    }
}

/// How many bytes a lead byte claims, itself included, in today's UTF-8 or the one before
/// (RFC 2279).
pub(super) fn claimed(lead: u8) -> Option<usize> {
    match lead {
        0xc0..=0xdf => Some(2),
        0xe0..=0xef => Some(3),
        0xf0..=0xf7 => Some(4),
        0xf8..=0xfb => Some(5),
        0xfc..=0xfd => Some(6),
        _ => None,
    }
}
