//! The state machine: bytes and `now` in; keys, pastes, and a deadline out.
//!
//! ```text
//! ground ─ ESC ─► escape ─ [ O ─► sequence ─ final ─► a key, an answer, a paste
//!    │              ├─ ] P X ^ _ ─► string ─ ST ─► nothing
//!    │              │                 └─ a pause ─► rest ─ ST ─► nothing
//!    │              └─ 20 to 2F ─► designation ─ final ─► nothing
//!    └─ C2 to FD ─► character ─ continuation ─► a key
//! ```
//!
//! The states are those of ECMA-48 (5.4, 5.6, 8.3), and of the VT500 for CAN and SUB, which end what
//! is open. Controls of the 8-bit set (C1) are characters of UTF-8 (C2 80 to C2 9F): as single bytes
//! they are bad ones, as every byte that is no character. Where a terminal's own parser would do
//! otherwise, a person at the keyboard is why:
//!
//! - What is not finished ends by itself, after [`STRING_GAP`] without a byte, and is dropped; a
//!   lone ESC is then the key. The rest of a string that comes later is known by its end. A paste ends after [`PASTE_GAP`]: what there is of it is text.
//! - Of `ESC (` only the pause after it tells Alt with a key from a designation (ECMA-35, 13.2):
//!   nobody types within [`DESIGNATION_GAP`].
//! - Ctrl-C is heard in every state but in a paste whose end comes: there it is text.
//! - ESC in a string ends it, but in SOS, where it is data.
//! - A byte that is no UTF-8 is U+FFFD, and only that byte.
//! - The single byte 9C ends a string all the same: no key is lost by it.

mod designation;
mod escape;
mod rest;
mod string;
pub(super) mod untimed;

use std::char::REPLACEMENT_CHARACTER;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use designation::Designation;
use escape::Sequence;
use rest::Rest;
use string::{ControlString, Kind};

use super::paste::{self, Paste};
use super::sequence::Introducer;
use super::utf8::Partial;
use super::{Code, Event, Key};

/// After so long without a byte, what is unfinished is dropped.
pub const STRING_GAP: Duration = Duration::from_millis(250);
/// After so long without a byte, what could have become a designation was keys.
pub const DESIGNATION_GAP: Duration = Duration::from_millis(20);
/// After so long without a byte, a paste has ended.
pub const PASTE_GAP: Duration = Duration::from_millis(1200);

const CTRL_C: u8 = 0x03;
/// What ends a string or sequence that is open, and is no key there.
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const ESC: u8 = 0x1b;
const DEL: u8 = 0x7f;
/// String terminator of the 8-bit set.
const ST: u8 = 0x9c;

/// Makes events of a terminal's bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// When the last byte came.
    came: Option<Instant>,
    events: VecDeque<Event>,
    /// The brackets of a paste mean nothing: the bytes came without their time.
    unbracketed: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Character(Partial, Meta),
    Escape(Meta),
    Designation(Designation),
    Sequence(Sequence),
    /// So many bytes follow that belong to a sequence.
    Skip(usize),
    String(ControlString),
    Rest(Rest),
    Paste(Paste),
}

/// Whether an ESC came before: it makes Alt of a key, and is a key itself before anything else.
type Meta = bool;

impl Decoder {
    /// Takes what came until `now`. That something before it came too long ago is only said by
    /// [`Decoder::expire`]: who was busy finds at once what had come in time.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) {
        if matches!(&self.state, State::Rest(rest) if rest.is_past(now)) {
            self.state = State::Ground;
        }
        for byte in bytes {
            self.came = Some(now);
            let state = std::mem::take(&mut self.state);
            self.state = self.step(state, *byte);
        }
    }

    /// What is to be heard next.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether nothing is unfinished, and nothing waits to be heard.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let idle = match &self.state {
            State::Ground => true,
            State::Rest(rest) => rest.is_awaited(),
            _ => false,
        };
        idle && self.events.is_empty()
    }

    /// When [`Decoder::expire`] is to be called, if no byte comes until then.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let gap = match &self.state {
            State::Ground => return None,
            State::Rest(rest) => return rest.deadline(self.came?),
            State::Paste(_) => PASTE_GAP,
            State::Designation(_) => DESIGNATION_GAP,
            _ => STRING_GAP,
        };
        self.came.map(|came| came + gap)
    }

    /// Time has passed, and no byte has come.
    pub fn expire(&mut self, now: Instant) {
        // What was held may leave something unfinished whose time is over too.
        while self.deadline().is_some_and(|deadline| now >= deadline) {
            self.give_up();
        }
    }

    /// No byte will come: what is unfinished ends.
    fn give_up(&mut self) {
        match std::mem::take(&mut self.state) {
            State::Ground | State::Skip(_) => {}
            State::String(string) => {
                let rest = self.came.and_then(|came| Rest::of(string, came));
                self.state = rest.map_or(State::Ground, State::Rest);
            }
            State::Rest(rest) => self.was_no_rest(&rest),
            State::Character(_, meta) => self.character(REPLACEMENT_CHARACTER, meta),
            State::Escape(meta) => {
                self.esc_before(meta);
                self.key(Code::Esc);
            }
            State::Designation(designation) => self.was_keys(&designation),
            State::Sequence(sequence) => self.esc_before(sequence.meta),
            // Its end is lost, so what came may be anything: keys, and answers too.
            State::Paste(paste) => self.events.extend(untimed::events(&paste.give_up())),
        }
    }

    fn step(&mut self, state: State, byte: u8) -> State {
        match state {
            State::Ground => self.ground(byte),
            State::Character(partial, meta) => self.continue_character(partial, meta, byte),
            State::Escape(meta) => self.escape(meta, byte),
            State::Designation(designation) => self.designation(designation, byte),
            State::Sequence(sequence) => self.sequence(sequence, byte),
            State::Skip(left) => match byte {
                CAN | SUB => State::Ground,
                0..=0x1f => self.ground(byte),
                _ if left > 1 => State::Skip(left - 1),
                _ => State::Ground,
            },
            State::String(string) => self.string(string, byte),
            State::Rest(rest) => self.rest(rest, byte),
            State::Paste(mut paste) => match paste.push(byte) {
                None => State::Paste(paste),
                Some(text) => {
                    self.pasted(text);
                    State::Ground
                }
            },
        }
    }

    /// A paste has its end. Another beginning in it tells that the first one lost its own.
    fn pasted(&mut self, mut text: String) {
        if let Some((lost, last)) = text.rsplit_once(paste::BEGIN) {
            self.events.extend(untimed::events(lost.as_bytes()));
            text = last.to_owned();
        }
        self.events.push_back(Event::Paste(text));
    }

    fn ground(&mut self, byte: u8) -> State {
        match byte {
            ESC => return State::Escape(false),
            0..=0x1f | DEL => self.control(byte, false),
            0x20..=0x7e => self.key(Code::Char(byte.into())),
            _ => match Partial::begin(byte) {
                Some(partial) => return State::Character(partial, false),
                None => self.key(Code::Char(REPLACEMENT_CHARACTER)),
            },
        }
        State::Ground
    }

    /// A control of the 8-bit set, from its two bytes.
    fn c1(&mut self, c: char) -> State {
        let sequence = |introducer| State::Sequence(Sequence::new(introducer, true, false));
        match c {
            '\u{8f}' => sequence(Introducer::Ss3),
            '\u{9b}' => sequence(Introducer::Csi),
            '\u{98}' => State::String(ControlString::new(Kind::Sos)),
            '\u{9d}' => State::String(ControlString::new(Kind::Osc)),
            '\u{90}' | '\u{9e}' | '\u{9f}' => State::String(ControlString::new(Kind::Other)),
            // ST, of a string that was dropped.
            '\u{9c}' => State::Ground,
            _ => {
                self.key(Code::Char(REPLACEMENT_CHARACTER));
                State::Ground
            }
        }
    }

    fn continue_character(&mut self, mut partial: Partial, meta: Meta, byte: u8) -> State {
        if !Partial::continues(byte) {
            self.character(REPLACEMENT_CHARACTER, meta);
            return self.ground(byte);
        }
        match partial.push(byte) {
            None => State::Character(partial, meta),
            Some(c @ '\u{80}'..='\u{9f}') => {
                self.esc_before(meta);
                self.c1(c)
            }
            Some(c) => {
                self.character(c, meta);
                State::Ground
            }
        }
    }

    fn key(&mut self, code: Code) {
        self.events.push_back(Event::Key(code.into()));
    }

    fn character(&mut self, c: char, alt: bool) {
        let code = Code::Char(c);
        let key = if alt { Key::alt(code) } else { code.into() };
        self.events.push_back(Event::Key(key));
    }

    /// A key of the 7-bit control set.
    fn control(&mut self, byte: u8, alt: bool) {
        let mut key = match byte {
            b'\r' => Code::Enter.into(),
            b'\t' => Code::Tab.into(),
            DEL => Code::Backspace.into(),
            0 => Key::ctrl(' '),
            1..=0x1a => Key::ctrl(char::from(byte + 0x60)),
            _ => Key::ctrl(char::from(byte + 0x40)),
        };
        // Whoever holds Alt with Ctrl-C still wants out.
        key.alt = alt && byte != CTRL_C;
        self.events.push_back(Event::Key(key));
    }

    /// An ESC that came before something that takes no Alt is a key of its own.
    fn esc_before(&mut self, meta: Meta) {
        if meta {
            self.key(Code::Esc);
        }
    }
}

#[cfg(test)]
mod tests;
