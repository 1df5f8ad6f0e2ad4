//! Which key goes where: those of the composer itself, and the others to the draft or the answer.

use std::time::Instant;

use super::question::{self, Mode, Question};
use super::{AGAIN, Act, Composer, full};
use crate::terminal::keyboard::{Code, Key};

impl Composer {
    /// A key; `at`: when it came.
    pub fn key(&mut self, key: Key, at: Instant) -> Vec<Act> {
        // What stops the program says nothing to anybody, and keys that never pause must not
        // keep it from being heard.
        let stops = key.is_ctrl('c') || key.is_ctrl('z');
        if self.passes_over(at) && !stops {
            return Vec::new();
        }
        let twice = self
            .interrupted
            .take()
            .is_some_and(|last| at < last + AGAIN);
        if key.is_ctrl('c') {
            return self.interrupt(twice, at);
        }
        if key.is_ctrl('z') {
            return vec![Act::Suspend];
        }
        if key.is_ctrl('l') {
            self.painted = Some(String::new());
            return Vec::new();
        }
        let editor = match &mut self.mode {
            Mode::Draft => &mut self.draft,
            Mode::Pasted { .. } => return self.decide_paste(key),
            Mode::Asked(Question::Key { keys, .. }, _) => {
                let answer = question::answer(key, keys);
                if answer.is_some() {
                    self.mode = Mode::Draft;
                }
                return answer.into_iter().collect();
            }
            Mode::Asked(Question::Words { .. }, answer) => answer,
        };
        match key.code {
            _ if key.is_ctrl('d') && editor.text().is_empty() => vec![Act::Eof],
            Code::Enter if !key.alt && !key.shift => self.enter(),
            Code::Tab => self.tab(),
            Code::Esc => match self.mode {
                Mode::Asked(..) => self.cancel(),
                _ => Vec::new(),
            },
            _ => full(editor.key(key)),
        }
    }

    /// Something pasted; `at`: when it came. It is one draft, whatever is in it.
    pub fn paste(&mut self, text: &str, at: Instant) -> Vec<Act> {
        if self.passes_over(at) {
            return Vec::new();
        }
        self.interrupted = None;
        match &mut self.mode {
            Mode::Asked(Question::Key { .. }, _) => Vec::new(),
            Mode::Asked(Question::Words { .. }, answer) => {
                full(answer.insert(&text.replace(['\r', '\n'], " ")))
            }
            Mode::Draft | Mode::Pasted { .. } => self.paste_into_draft(text),
        }
    }

    /// Whether what is typed `at` this time is not heard. It was not quiet then.
    fn passes_over(&mut self, at: Instant) -> bool {
        let deaf = self.deaf_until.is_some();
        if deaf {
            self.deafen(at);
        }
        deaf
    }

    fn interrupt(&mut self, twice: bool, at: Instant) -> Vec<Act> {
        if twice {
            return vec![Act::Interrupt];
        }
        self.interrupted = Some(at);
        match &mut self.mode {
            Mode::Asked(..) => return self.cancel(),
            Mode::Pasted { before, .. } => {
                self.draft = std::mem::take(before);
                self.mode = Mode::Draft;
            }
            Mode::Draft => self.draft.clear(),
        }
        Vec::new()
    }

    fn cancel(&mut self) -> Vec<Act> {
        self.mode = Mode::Draft;
        vec![Act::Cancelled]
    }

    fn enter(&mut self) -> Vec<Act> {
        let Mode::Asked(_, answer) = &mut self.mode else {
            return vec![Act::Submit(self.draft.take())];
        };
        if answer.text().is_empty() {
            return Vec::new();
        }
        let text = answer.take();
        self.unask();
        vec![Act::Answer(text)]
    }
}
