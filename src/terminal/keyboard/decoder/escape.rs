//! What ESC introduces: a key with Alt, a string, or a sequence, which goes on to its final byte
//! (ECMA-48 §5.4), or is cut off by CAN or SUB. An introducer of the 8-bit set begins the same
//! sequence.

use std::char::REPLACEMENT_CHARACTER;

use super::designation::Designation;
use super::string::{ControlString, Kind};
use super::{CAN, DEL, Decoder, ESC, Meta, SUB, State};
use crate::terminal::keyboard::Event;
use crate::terminal::keyboard::paste::Paste;
use crate::terminal::keyboard::sequence::{Introducer, Meaning, meaning};
use crate::terminal::keyboard::utf8::Partial;

/// Bytes of a sequence that are kept; keys are shorter.
const BODY_MAX: usize = 64;

/// A sequence whose final byte has not come.
#[derive(Debug)]
pub(super) struct Sequence {
    introducer: Introducer,
    eight_bit: bool,
    pub(super) meta: Meta,
    body: Vec<u8>,
}

impl Sequence {
    pub(super) fn new(introducer: Introducer, eight_bit: bool, meta: Meta) -> Self {
        Self {
            introducer,
            eight_bit,
            meta,
            body: Vec::new(),
        }
    }
}

impl Decoder {
    /// What follows ESC; `meta`: another ESC came before it.
    pub(super) fn escape(&mut self, meta: Meta, byte: u8) -> State {
        let introducer = match byte {
            b'[' => Introducer::Csi,
            b'O' => Introducer::Ss3,
            _ => return self.escape_otherwise(meta, byte),
        };
        State::Sequence(Sequence::new(introducer, false, meta))
    }

    fn escape_otherwise(&mut self, meta: Meta, byte: u8) -> State {
        self.esc_before(meta);
        match byte {
            ESC => return State::Escape(true),
            b']' => return State::String(ControlString::new(Kind::Osc)),
            b'X' => return State::String(ControlString::new(Kind::Sos)),
            b'P' | b'^' | b'_' => return State::String(ControlString::new(Kind::Other)),
            // ST, of a string that was dropped.
            b'\\' => {}
            0..=0x1f | DEL => self.control(byte, true),
            0x20..=0x2f => return State::Designation(Designation::new(byte)),
            0x30..=0x7e => self.character(byte.into(), true),
            _ => match Partial::begin(byte) {
                Some(partial) => return State::Character(partial, true),
                None => self.character(REPLACEMENT_CHARACTER, true),
            },
        }
        State::Ground
    }

    pub(super) fn sequence(&mut self, mut sequence: Sequence, byte: u8) -> State {
        match byte {
            ESC => {
                self.esc_before(sequence.meta);
                State::Escape(false)
            }
            CAN | SUB => {
                self.esc_before(sequence.meta);
                State::Ground
            }
            // Not of the sequence, which may go on.
            0..=0x1f | DEL => {
                self.control(byte, false);
                State::Sequence(sequence)
            }
            0x20..=0x3f => {
                if sequence.body.len() < BODY_MAX {
                    sequence.body.push(byte);
                }
                State::Sequence(sequence)
            }
            0x40..=0x7e => self.whole(&sequence, byte),
            _ => {
                self.esc_before(sequence.meta);
                self.ground(byte)
            }
        }
    }

    /// A sequence has its last byte.
    fn whole(&mut self, sequence: &Sequence, end: u8) -> State {
        let body = sequence.body.as_slice();
        // What is too long for a key is an answer.
        let meaning = match body.len() < BODY_MAX {
            true => meaning(sequence.introducer, body, end),
            false => Meaning::Nothing,
        };
        if let Meaning::Key(mut key) = meaning {
            key.alt |= sequence.meta;
            self.events.push_back(Event::Key(key));
            return State::Ground;
        }
        self.esc_before(sequence.meta);
        match meaning {
            Meaning::Focus(focus) => self.events.push_back(Event::Focus(focus)),
            Meaning::Column(column) => self.events.push_back(Event::Column(column)),
            Meaning::Paste if !self.unbracketed => {
                return State::Paste(Paste::begin(sequence.eight_bit));
            }
            Meaning::Longer(bytes) => return State::Skip(bytes),
            _ => {}
        }
        State::Ground
    }
}
