//! What stands between the brackets of a paste (`CSI 200 ~` … `CSI 201 ~`): text as it is, controls
//! included, until the end has come.

use undertone_core::payload::TEXT_MAX;

/// What begins one, in 7-bit form.
pub(super) const BEGIN: &str = "\x1b[200~";
const END: &[u8] = b"\x1b[201~";
/// The same, where the beginning came with a CSI of the 8-bit set.
const END_8_BIT: &[u8] = "\u{9b}201~".as_bytes();
/// Bytes that are kept: more than a draft takes, so that it can say so.
const MAX: usize = 2 * TEXT_MAX + 4;
const CTRL_C: u8 = 3;

/// A paste whose end has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Paste {
    end: &'static [u8],
    /// How much of the end has come.
    matched: usize,
    bytes: Vec<u8>,
}

impl Paste {
    /// An empty one; `eight_bit`: it began with a CSI of the 8-bit set.
    pub(super) fn begin(eight_bit: bool) -> Self {
        Self {
            end: if eight_bit { END_8_BIT } else { END },
            matched: 0,
            bytes: Vec::new(),
        }
    }

    /// Takes a byte; the text, if that was the end.
    pub(super) fn push(&mut self, byte: u8) -> Option<String> {
        if self.end.get(self.matched) == Some(&byte) {
            self.matched += 1;
            let ended = self.matched == self.end.len();
            return ended.then(|| String::from_utf8_lossy(&self.bytes).into_owned());
        }
        // Only the first byte of the end can begin it anew: no other is the same.
        let false_end = self.end.get(..self.matched).unwrap_or_default();
        self.matched = usize::from(self.end.first() == Some(&byte));
        let kept = if self.matched == 0 { &[byte][..] } else { &[] };
        for byte in false_end.iter().chain(kept) {
            self.keep(*byte);
        }
        None
    }

    /// Of what is over [`MAX`], two Ctrl-C are kept: who presses them wants to leave.
    fn keep(&mut self, byte: u8) {
        let leaves = byte == CTRL_C && !self.bytes.ends_with(&[CTRL_C, CTRL_C]);
        if self.bytes.len() < MAX || leaves {
            self.bytes.push(byte);
        }
    }

    /// No end came in time: the bytes.
    pub(super) fn give_up(self) -> Vec<u8> {
        self.bytes
    }
}
