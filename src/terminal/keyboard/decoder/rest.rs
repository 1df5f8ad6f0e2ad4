//! The rest of a string that stalled: an answer of the terminal that is torn by more than
//! [`STRING_GAP`], as the clipboard's on a line that stands still.
//!
//! ```text
//! ESC ] 52 ; c ; c2Vj    a pause: the string is dropped     cmV0 BEL   its rest
//!                                                           h          a key
//! ```
//!
//! Only what follows tells them apart, so it is held for a moment: the rest comes at once, and with
//! its end; a key comes alone. What is held is dropped with that end, and without it is keys, none of
//! them lost: after [`ALONE`], or [`STRING_GAP`] where several came at once. A person loses keys only
//! by Ctrl-G or Alt-\ in the same moment, which mean nothing here, in the first moment after such a
//! string, within [`WITHIN`] of it.

use std::time::{Duration, Instant};

use super::string::{BEL, ControlString, Kind};
use super::{Code, DEL, Decoder, ESC, STRING_GAP, State};
use crate::terminal::keyboard::utf8::claimed;

/// After so long without a byte, what came alone was a key.
pub(super) const ALONE: Duration = Duration::from_millis(20);
/// How long after a string stalled its rest is looked for.
const WITHIN: Duration = Duration::from_secs(10);
/// So many bytes within the moment, without a blank, nobody types.
const UNTYPED: usize = 64;

/// What follows a string that stalled.
#[derive(Debug)]
pub(super) struct Rest {
    string: ControlString,
    /// When the last byte of it came, and then the first one of what is held.
    since: Instant,
    held: Vec<u8>,
    /// ESC came after that, and is its end or a key.
    esc: bool,
}

impl Rest {
    /// `None`: nothing says that it was an answer. Who presses Alt-] has pressed a key.
    pub(super) fn of(string: ControlString, since: Instant) -> Option<Self> {
        let answer = string.is_begun() && string.kind() != Kind::Sos;
        answer.then(|| Self {
            string,
            since,
            held: Vec::new(),
            esc: false,
        })
    }

    /// Whether nothing is held.
    pub(super) fn is_awaited(&self) -> bool {
        self.held.is_empty() && !self.esc
    }

    /// Whether it comes no more.
    pub(super) fn is_past(&self, now: Instant) -> bool {
        self.is_awaited() && now > self.since + WITHIN
    }

    /// When what is held was keys, if the last byte came then and no other does.
    pub(super) fn deadline(&self, came: Instant) -> Option<Instant> {
        let key = self
            .held
            .first()
            .map_or(1, |first| claimed(*first).unwrap_or(1));
        match self.held.len() <= key && !self.esc {
            _ if self.is_awaited() => None,
            true => Some(came + ALONE),
            false => Some(self.since + STRING_GAP),
        }
    }
}

impl Decoder {
    pub(super) fn rest(&mut self, mut rest: Rest, byte: u8) -> State {
        if rest.is_awaited() {
            rest.since = self.came.unwrap_or(rest.since);
        }
        let ends = byte == BEL && rest.string.kind() == Kind::Osc;
        match byte {
            _ if rest.string.is_escaped() && byte != b'\\' => {
                let state = self.were_keys(&rest.held);
                return match rest.esc {
                    true => self.escape(false, byte),
                    // It was the string's, and stalled with it.
                    false => self.step(state, byte),
                };
            }
            ESC => rest.esc = true,
            0..0x20 | DEL if !ends => {
                let state = self.were_keys(&rest.held);
                return self.step(state, byte);
            }
            _ => rest.held.push(byte),
        }
        match self.string(rest.string, byte) {
            State::String(string) if rest.held.len() < UNTYPED || rest.held.contains(&b' ') => {
                State::Rest(Rest { string, ..rest })
            }
            state => state,
        }
    }

    /// No end came in time.
    pub(super) fn was_no_rest(&mut self, rest: &Rest) {
        self.state = self.were_keys(&rest.held);
        if rest.esc {
            self.give_up();
            self.key(Code::Esc);
        }
    }

    fn were_keys(&mut self, held: &[u8]) -> State {
        let step = |state, byte: &u8| self.step(state, *byte);
        held.iter().fold(State::Ground, step)
    }
}
