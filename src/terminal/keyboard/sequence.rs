//! Which control sequences are keys, and which are something else that concerns us.
//!
//! ```text
//! CSI  = ESC [  body  final        CSI 1;5C   Ctrl-→        CSI 99;5u      Ctrl-C (kitty)
//! SS3  = ESC O  body  final        SS3 A      ↑             CSI 27;5;99~   Ctrl-C (xterm)
//! body = bytes 20 to 3F            final = a byte from 40 to 7E
//! ```
//!
//! Nobody here asks for another encoding of keys than the usual one, but a program that crashed may
//! have: its keys are keys all the same (xterm's modifyOtherKeys, kitty's keyboard protocol). Every
//! other sequence is an answer to a question that we, or somebody before us, asked.

use super::{Code, Key};

/// What introduced a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Introducer {
    /// `ESC [`, or U+009B.
    Csi,
    /// `ESC O`, or U+008F: a function key.
    Ss3,
}

/// What a whole sequence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A key was pressed.
    Key(Key),
    /// The window got the focus, or lost it.
    Focus(bool),
    /// In which column the cursor is, from 0.
    Column(u16),
    /// A paste begins.
    Paste,
    /// So many bytes follow that belong to it, and it says nothing.
    Longer(usize),
    /// Nothing: an answer, or a key that has no use here.
    Nothing,
}

/// Reads a sequence.
pub(super) fn meaning(introducer: Introducer, body: &[u8], end: u8) -> Meaning {
    let body = Body(body);
    if introducer == Introducer::Ss3 {
        return body
            .function_key(end)
            .map_or(Meaning::Nothing, Meaning::Key);
    }
    match (end, body.0) {
        (b'I', []) => Meaning::Focus(true),
        (b'O', []) => Meaning::Focus(false),
        // F1 to F5 of Linux' own console.
        (b'[', []) => Meaning::Longer(1),
        // A mouse, as X10 and xterm first told of it.
        (b'M', []) => Meaning::Longer(3),
        (b'~', b"200") => Meaning::Paste,
        (b'R', _) => body.column().map_or(Meaning::Nothing, Meaning::Column),
        _ => body.key(end).map_or(Meaning::Nothing, Meaning::Key),
    }
}

/// What was held, by the bits of xterm's and kitty's modifiers.
#[derive(Clone, Copy)]
struct Held(u32);

impl Held {
    const SHIFT: u32 = 1;
    const CTRL: u32 = 4;
    /// Alt, and what else makes a key say something other than its character: Super, Hyper, Meta.
    const ALT: u32 = 2 | 8 | 16 | 32;
    const CAPS_LOCK: u32 = 64;

    fn has(self, bits: u32) -> bool {
        self.0 & bits != 0
    }

    fn with(self, code: Code) -> Key {
        Key {
            code,
            ctrl: self.has(Self::CTRL),
            alt: self.has(Self::ALT),
            shift: self.has(Self::SHIFT),
        }
    }
}

/// Numbers between semicolons, their parts between colons.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn number(&self, field: usize, part: usize) -> Option<u32> {
        let field = self.0.split(|byte| *byte == b';').nth(field)?;
        let part = field.split(|byte| *byte == b':').nth(part)?;
        std::str::from_utf8(part).ok()?.parse().ok()
    }

    /// What was held, by this field; `None`: the key was released.
    fn held(&self, field: usize) -> Option<Held> {
        const RELEASED: u32 = 3;
        let held = self.number(field, 0).unwrap_or(1).saturating_sub(1);
        (self.number(field, 1) != Some(RELEASED)).then_some(Held(held))
    }

    /// Of a cursor position report, `row;column`.
    fn column(&self) -> Option<u16> {
        let digits = self.0.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';'));
        self.number(0, 0).filter(|_| digits)?;
        self.number(1, 0)?.checked_sub(1)?.try_into().ok()
    }

    fn key(&self, end: u8) -> Option<Key> {
        // Private parameters and intermediate bytes stand in answers only.
        if !self.0.iter().all(|byte| matches!(byte, b'0'..=b';')) {
            return None;
        }
        let held = self.held(1)?;
        let code = match (end, self.number(0, 0)) {
            (b'u', Some(code)) => return self.character(code, held),
            (b'~', Some(27)) => return self.character(self.number(2, 0)?, held),
            (b'~', Some(1 | 7)) => Code::Home,
            (b'~', Some(4 | 8)) => Code::End,
            (b'~', Some(3)) => Code::Delete,
            _ => cursor_key(end)?,
        };
        Some(held.with(code))
    }

    fn function_key(&self, end: u8) -> Option<Key> {
        let field = usize::from(self.0.contains(&b';'));
        let code = match end {
            b'M' => Code::Enter,
            b'X' => Code::Char('='),
            // The keypad: its characters, 40 hexadecimal above.
            b'j'..=b'y' => Code::Char(char::from(end - 0x40)),
            // rxvt's arrows with Control.
            b'a'..=b'd' => {
                let arrow = cursor_key(end.to_ascii_uppercase())?;
                return Some(Held(Held::CTRL).with(arrow));
            }
            _ => cursor_key(end)?,
        };
        Some(self.held(field)?.with(code))
    }

    /// The key of a code point, or one of kitty's numbers for keys that have none.
    fn character(&self, code: u32, held: Held) -> Option<Key> {
        let code = match code {
            9 => Code::Tab,
            13 | 57414 => Code::Enter,
            27 => Code::Esc,
            8 | 127 => Code::Backspace,
            57399..=57408 => Code::Char(char::from_digit(code - 57399, 10)?),
            57409 => Code::Char('.'),
            57410 => Code::Char('/'),
            57411 => Code::Char('*'),
            57412 => Code::Char('-'),
            57413 => Code::Char('+'),
            57415 => Code::Char('='),
            57416 => Code::Char(','),
            57417 => Code::Left,
            57418 => Code::Right,
            57419 => Code::Up,
            57420 => Code::Down,
            57423 => Code::Home,
            57424 => Code::End,
            57426 => Code::Delete,
            0xe000..=0xf8ff => return None,
            code => Code::Char(self.letter(code, held)?),
        };
        Some(held.with(code))
    }

    fn letter(&self, code: u32, held: Held) -> Option<char> {
        let text = self
            .number(2, 0)
            .filter(|_| self.number(0, 0) == Some(code));
        let shifted = self.number(0, 1).filter(|_| held.has(Held::SHIFT));
        // Where the layout has no Latin letters, Control goes with those that it replaced.
        let base = self.number(0, 2).filter(|_| held.has(Held::CTRL));
        let letter = char::from_u32(base.or(text).or(shifted).unwrap_or(code))?;
        let upper = held.has(Held::SHIFT) != held.has(Held::CAPS_LOCK);
        let letter = match upper && !held.has(Held::CTRL) && text.is_none() {
            true => letter.to_uppercase().next()?,
            false => letter,
        };
        (!letter.is_control()).then_some(letter)
    }
}

fn cursor_key(end: u8) -> Option<Code> {
    Some(match end {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'F' => Code::End,
        b'H' => Code::Home,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
