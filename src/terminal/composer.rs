//! One row at the bottom in which a person types, and above it everything else, in the terminal's
//! own scrollback.
//!
//! ```text
//! 09:14 bob   hi, got it?        printed once, then the terminal's
//! bob ⚠ › yes, it ca|            repainted: \r, erase, prompt, draft
//! ```
//!
//! Keys and text go in, bytes for the terminal come out: no stdout, no clock, no task. Its one
//! driver owns stdout, and calls [`Composer::paint`] after whatever it did.
//!
//! The row is one row always (the terminal does not wrap while it is drawn), and no other row is
//! ever touched. While the width changes nobody knows where the terminal has put things: for
//! [`SETTLE`] nothing is written, then the row is painted where the cursor is. It moves up only over
//! rows into which a terminal has broken the row itself, as that terminal's own answer shows
//! (`settle`).
//!
//! A row that is seen takes what is typed, and nothing else does: after a question or an alarm the
//! composer is deaf, and there is no row, until nothing was typed for [`QUIET`].

pub mod keys;
pub mod prompt;
pub mod question;
pub mod row;
mod settle;
pub mod tab;

use std::time::{Duration, Instant};

use self::prompt::Prompt;
use self::question::{Mode, Question};
use super::editor::{Editor, Full};
use super::keyboard::Event;
use super::layout::Text;
use super::style::Style;

/// How long the width must stay the same before anything is written.
pub const SETTLE: Duration = Duration::from_millis(120);
/// Within this time a second Ctrl-C leaves.
const AGAIN: Duration = Duration::from_secs(2);
/// How long nothing may have been typed before anything is heard again.
pub const QUIET: Duration = Duration::from_millis(250);

/// What a key asks its driver to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Send this, or obey it. Empty: Enter, with nothing typed.
    Submit(String),
    /// The question's answer: the key, or what was typed.
    Answer(String),
    /// The question was turned down.
    Cancelled,
    /// Ctrl-C twice.
    Interrupt,
    /// Ctrl-D with nothing typed.
    Eof,
    /// Ctrl-Z: [`Composer::leave`], stop, [`Composer::resize`], [`Composer::paint`].
    Suspend,
    /// Find what the last of these paths can become, for [`Composer::completed`].
    Complete {
        /// All of them, as they were typed.
        typed: String,
        /// It can become a folder only.
        folder: bool,
    },
    /// Print this: candidates of a completion.
    Show(String),
    /// Say that a message takes at most 16 KiB: what came was not taken.
    Full,
}

/// The row, and what it has to do with the terminal.
#[derive(Debug)]
pub struct Composer {
    width: usize,
    height: usize,
    style: Style,
    commands: &'static [&'static str],
    prompt: Prompt,
    draft: Editor,
    mode: Mode,
    /// The last Ctrl-C.
    interrupted: Option<Instant>,
    /// Nothing typed is heard until it was quiet up to then, and [`Composer::hear`] says so.
    deaf_until: Option<Instant>,
    focused: bool,
    /// When the width has settled; until then nothing is written.
    settled: Option<Instant>,
    /// Where the terminal has put the row of the width before.
    broken: settle::Broken,
    /// Printed meanwhile, and how many bytes that is.
    held: Vec<Text>,
    held_size: usize,
    /// The terminal is another program's: there is no row.
    away: bool,
    /// The row on the screen; `None`: there is none.
    painted: Option<String>,
    /// A synchronized update is open in what is yet to be written.
    updating: bool,
}

impl Composer {
    /// A composer for a terminal of this size. `commands` are completed, and come without slashes.
    #[must_use]
    pub fn new(
        width: u16,
        height: u16,
        style: Style,
        commands: &'static [&'static str],
        prompt: Prompt,
    ) -> Self {
        let (width, height) = row::size(width, height);
        Self {
            width,
            height,
            style,
            commands,
            prompt,
            draft: Editor::default(),
            mode: Mode::Draft,
            interrupted: None,
            deaf_until: None,
            focused: true,
            settled: None,
            broken: settle::Broken::default(),
            held: Vec::new(),
            held_size: 0,
            away: false,
            painted: None,
            updating: false,
        }
    }

    /// Who and what the prompt names, to be changed.
    pub fn prompt(&mut self) -> &mut Prompt {
        &mut self.prompt
    }

    /// Asks something in place of the prompt. The draft waits. What is typed before the question is
    /// seen does not answer it: the composer is deaf first.
    pub fn ask(&mut self, question: Question, now: Instant) {
        self.deafen(now);
        self.mode = Mode::Asked(question, Editor::default());
    }

    /// Throws away what was typed before `now`, the draft and the answer included, and what is
    /// still on its way: the composer is deaf first.
    pub fn flush(&mut self, now: Instant) {
        self.deafen(now);
        self.draft.clear();
        match &mut self.mode {
            Mode::Draft => {}
            Mode::Pasted { .. } => self.mode = Mode::Draft,
            Mode::Asked(_, answer) => answer.clear(),
        }
    }

    /// Takes back what was submitted: it is the draft again.
    pub fn put_back(&mut self, text: &str) {
        // It was one, so there is room for it.
        let _ = self.draft.insert(text);
    }

    /// Takes a question back.
    pub fn unask(&mut self) {
        if matches!(self.mode, Mode::Asked(..)) {
            self.mode = Mode::Draft;
        }
    }

    /// Whether the window has the focus, as far as the terminal says.
    #[must_use]
    pub fn is_focused(&self) -> bool {
        self.focused
    }

    /// When [`Composer::hear`] is to be called, if nothing is typed until then.
    #[must_use]
    pub fn quiet_at(&self) -> Option<Instant> {
        let until = self.deaf_until?;
        Some(self.settled.map_or(until, |settled| settled.max(until)))
    }

    /// Nothing that was typed before `now` is left to be read: if that was quiet for long enough,
    /// and a row can be painted, it is, and takes the next key.
    pub fn hear(&mut self, now: Instant) {
        if self.settled.is_none() && self.deaf_until.is_some_and(|until| now >= until) {
            self.deaf_until = None;
        }
    }

    fn deafen(&mut self, now: Instant) {
        let until = now + QUIET;
        self.deaf_until = Some(self.deaf_until.map_or(until, |before| before.max(until)));
    }

    /// What the terminal reports; `at`: when it came.
    pub fn event(&mut self, event: Event, at: Instant) -> Vec<Act> {
        match event {
            Event::Key(key) => return self.key(key, at),
            Event::Paste(text) => return self.paste(&text, at),
            Event::Resize(width, height) => self.resize(width, height, at),
            Event::Focus(focused) => self.focused = focused,
            Event::Column(column) => self.located(column, at),
            Event::Front(ours) => self.come(ours),
        }
        Vec::new()
    }
}

fn full(done: Result<(), Full>) -> Vec<Act> {
    match done {
        Ok(()) => Vec::new(),
        Err(Full) => vec![Act::Full],
    }
}

#[cfg(test)]
mod tests;
