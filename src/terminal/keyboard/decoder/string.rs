//! Strings: OSC, DCS, SOS, PM, APC (ECMA-48 §5.6). They end by ST, CAN, SUB or the next ESC, and
//! nothing of them is kept.

use super::{CAN, CTRL_C, Decoder, ESC, ST, SUB, State};
use crate::terminal::keyboard::utf8::{Partial, claimed};

pub(super) const BEL: u8 = 0x07;
/// What the controls of the 8-bit set begin with in UTF-8.
const LEAD_OF_C1: u8 = 0xc2;

/// A string whose end has not come.
#[derive(Debug)]
pub(super) struct ControlString {
    kind: Kind,
    /// The lead byte of a character, and how many bytes that still claims: ST is none of them,
    /// where it is not the character itself.
    lead: u8,
    claimed: usize,
    /// ESC came, and perhaps ends it.
    escaped: bool,
    /// Something of it came, beside what introduced it.
    begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ends by BEL too, as xterm has it.
    Osc,
    Sos,
    /// DCS, PM, APC.
    Other,
}

impl ControlString {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            lead: 0,
            claimed: 0,
            escaped: false,
            begun: false,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn is_escaped(&self) -> bool {
        self.escaped
    }

    pub(super) fn is_begun(&self) -> bool {
        self.begun
    }
}

impl Decoder {
    pub(super) fn string(&mut self, mut string: ControlString, byte: u8) -> State {
        if std::mem::take(&mut string.escaped) {
            match byte {
                b'\\' | CAN | SUB => return State::Ground,
                _ if byte != ESC && string.kind != Kind::Sos => return self.escape(false, byte),
                _ => {}
            }
        }
        if string.claimed > 0 && Partial::continues(byte) {
            string.claimed -= 1;
            return match (string.lead, byte) {
                (LEAD_OF_C1, ST) => State::Ground,
                _ => State::String(string),
            };
        }
        string.claimed = 0;
        match byte {
            ST | CAN | SUB => return State::Ground,
            BEL if string.kind == Kind::Osc => return State::Ground,
            ESC => string.escaped = true,
            CTRL_C => self.control(byte, false),
            _ => {
                string.begun = true;
                string.lead = byte;
                string.claimed = claimed(byte).map_or(0, |bytes| bytes - 1);
            }
        }
        State::String(string)
    }
}
