//! The keyboard: from the bytes that a terminal sends to what a person did.
//!
//! ```text
//! bytes, now ─► decoder ─► Key, Paste, Focus      a pure state machine, with a deadline
//!                 ├► utf8        characters, and what stands for broken ones
//!                 ├► sequence    CSI and SS3 sequences that are keys
//!                 └► paste       what stands between the brackets
//! reader    the terminal itself: reads it, keeps the decoder's time, adds Resize
//! line      a line that the system edited: the text alone
//! ```
//!
//! A terminal answers on the same line on which keys come: what it is, what colour it has, what
//! the clipboard holds (ECMA-48 §5.6, xterm's ctlseqs). Such an answer may come late, torn, or
//! never end. None of its bytes is ever a key or a text here while its pieces come within
//! [`decoder::STRING_GAP`] of each other, or the rest of a string comes at once. None keeps a key
//! from being heard for longer.

pub mod decoder;
pub mod line;
mod paste;
pub mod reader;
mod sequence;
mod utf8;

/// What a terminal reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// Something was pasted, as it is: line ends are CR mostly.
    Paste(String),
    /// The window has the focus from now on, or not.
    Focus(bool),
    /// In which column the cursor is, from 0: an answer to [`ASK_COLUMN`].
    ///
    /// [`ASK_COLUMN`]: crate::terminal::composer::row::ASK_COLUMN
    Column(u16),
    /// Columns and rows.
    Resize(u16, u16),
    /// The program goes on, or another one has come to the front or left it: whether the terminal
    /// is ours now. Its modes may be anybody's, and so may what stands on it.
    Front(bool),
}

/// A key, with what was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Which.
    pub code: Code,
    /// Control.
    pub ctrl: bool,
    /// Alt, Option or Meta.
    pub alt: bool,
    /// Shift, where the terminal tells: it does not for most keys, and a letter has its case.
    pub shift: bool,
}

/// A key by itself. Those that mean nothing here (F1, PageUp) are not reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "keys are called what they are")]
pub enum Code {
    /// A character; a byte that belongs to none is U+FFFD.
    Char(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    Esc,
}

impl Key {
    /// Control and a character.
    #[must_use]
    pub fn ctrl(c: char) -> Self {
        Self {
            ctrl: true,
            ..Code::Char(c).into()
        }
    }

    /// Alt and a key.
    #[must_use]
    pub fn alt(code: Code) -> Self {
        Self {
            alt: true,
            ..code.into()
        }
    }

    /// Whether it is Control and this character, in either case.
    #[must_use]
    pub fn is_ctrl(&self, c: char) -> bool {
        self.ctrl && matches!(self.code, Code::Char(own) if own.eq_ignore_ascii_case(&c))
    }
}

impl From<Code> for Key {
    fn from(code: Code) -> Self {
        Self {
            code,
            ctrl: false,
            alt: false,
            shift: false,
        }
    }
}
