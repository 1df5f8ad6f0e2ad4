//! Which key goes where: those of the composer itself, and the others to the draft or the answer.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::question::{self, Mode, Question};
use super::{AGAIN, Act, Composer, full};

impl Composer {
    /// A key; `at`: when it came.
    pub fn key(&mut self, key: KeyEvent, at: Instant) -> Vec<Act> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        // What stops the program says nothing to anybody, and keys that never pause must not
        // keep it from being heard.
        let stops = ctrl && matches!(key.code, KeyCode::Char('c' | 'z'));
        if self.passes_over(at) && !stops {
            return Vec::new();
        }
        let twice = self
            .interrupted
            .take()
            .is_some_and(|last| at < last + AGAIN);
        match key.code {
            KeyCode::Char('c') if ctrl => return self.interrupt(twice, at),
            KeyCode::Char('z') if ctrl => return vec![Act::Suspend],
            KeyCode::Char('l') if ctrl => {
                self.painted = Some(String::new());
                return Vec::new();
            }
            _ => {}
        }
        let editor = match &mut self.mode {
            Mode::Draft => &mut self.draft,
            Mode::Pasted(_) => return self.decide_paste(key),
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
            KeyCode::Char('d') if ctrl && editor.text().is_empty() => vec![Act::Eof],
            KeyCode::Enter
                if !key
                    .modifiers
                    .intersects(KeyModifiers::ALT | KeyModifiers::SHIFT) =>
            {
                self.enter()
            }
            KeyCode::Tab => self.tab(),
            KeyCode::Esc => match self.mode {
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
            Mode::Draft | Mode::Pasted(_) => self.paste_into_draft(text),
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
        self.interrupted = Some(at);
        match &mut self.mode {
            Mode::Asked(..) => return self.cancel(),
            Mode::Pasted(before) => {
                self.draft = std::mem::take(before);
                self.mode = Mode::Draft;
            }
            Mode::Draft if twice && self.draft.text().is_empty() => return vec![Act::Interrupt],
            Mode::Draft => self.draft.clear(),
        }
        Vec::new()
    }

    fn cancel(&mut self) -> Vec<Act> {
        self.mode = Mode::Draft;
        vec![Act::Cancelled]
    }

    fn enter(&mut self) -> Vec<Act> {
        let (editor, act): (_, fn(String) -> Act) = match &mut self.mode {
            Mode::Asked(_, answer) => (answer, Act::Answer),
            _ => (&mut self.draft, Act::Submit),
        };
        if editor.text().is_empty() {
            return Vec::new();
        }
        let text = editor.take();
        self.unask();
        vec![act(text)]
    }
}
