//! Escape sequences with intermediate bytes (nF of ECMA-35): they choose a character set or what the
//! screen does, and say nothing to us. Their first byte is also that of Alt with a sign.
//!
//! ```text
//! nF = ESC  20 to 2F, once or more  30 to 7E        ESC ( B        ESC # 8        ESC % G
//! ```

use super::{CAN, DEL, Decoder, ESC, SUB, State};

/// Intermediate bytes that are kept; real ones have at most three.
const KEPT: usize = 16;

/// A sequence whose final byte has not come: what it has after ESC.
#[derive(Debug)]
pub(super) struct Designation(Vec<u8>);

impl Designation {
    pub(super) fn new(first: u8) -> Self {
        Self(vec![first])
    }
}

impl Decoder {
    pub(super) fn designation(&mut self, mut designation: Designation, byte: u8) -> State {
        match byte {
            0x20..=0x2f => {
                if designation.0.len() < KEPT {
                    designation.0.push(byte);
                }
                State::Designation(designation)
            }
            0x30..=0x7e | CAN | SUB => State::Ground,
            // A key comes, so those before it were keys.
            ESC | 0..=0x1f | DEL | 0x80.. => {
                self.was_keys(&designation);
                self.ground(byte)
            }
        }
    }

    /// No final byte came: Alt with a sign, and what was typed after it.
    pub(super) fn was_keys(&mut self, Designation(bytes): &Designation) {
        for (nth, byte) in bytes.iter().enumerate() {
            self.character((*byte).into(), nth == 0);
        }
    }
}
