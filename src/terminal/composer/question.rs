//! What is asked in place of the prompt. An answer is typed after the question, never before it,
//! and never pasted into a question of one key.

use undertone_core::text::safe::columns;

use super::{Act, Composer, full};
use crate::terminal::editor::Editor;
use crate::terminal::keyboard::{Code, Key};

/// Lines of a paste that are taken without asking.
const PASTE_LINES: usize = 5;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Answered by one key.
    Key {
        /// What is asked, with the keys: from all of it to the least, of which what fits is shown.
        texts: Vec<String>,
        /// The keys that answer, in lower case.
        keys: &'static str,
    },
    /// Answered by verification words, which Tab completes.
    Words {
        /// What is asked.
        text: String,
    },
}

/// What the keys go to.
#[derive(Debug)]
pub(super) enum Mode {
    /// The draft.
    Draft,
    /// The question about a long paste.
    Pasted {
        /// The draft before it.
        before: Box<Editor>,
        /// A key was none of the choices.
        again: bool,
    },
    /// A question; with the answer.
    Asked(Question, Editor),
}

impl Question {
    /// What is asked in so many columns.
    pub(super) fn text(&self, room: usize) -> &str {
        match self {
            Self::Key { texts, .. } => {
                let fits = texts.iter().find(|text| columns(text) <= room);
                fits.or(texts.last()).map_or("", String::as_str)
            }
            Self::Words { text } => text,
        }
    }
}

/// The question about a paste, as long as `room` lets it be: every choice is seen. `again`: a key
/// was none of them.
pub(super) fn of_paste(lines: usize, again: bool, room: usize) -> String {
    let long = match again {
        false => format!("Send {lines} lines? s send · e edit · c cancel"),
        true => format!("{lines} lines: type s to send, e to edit, c to cancel"),
    };
    let short = format!("{lines} lines: s send, e edit, c cancel");
    let all = [long, short, "s send, e edit, c cancel".to_owned()];
    let fits = all.into_iter().find(|text| columns(text) <= room);
    fits.unwrap_or_else(|| "s/e/c?".to_owned())
}

/// What a key says to a question of one key.
pub(super) fn answer(key: Key, keys: &str) -> Option<Act> {
    match key.code {
        Code::Esc => Some(Act::Cancelled),
        Code::Char(c) if !key.ctrl && !key.alt => {
            let c = c.to_ascii_lowercase();
            keys.contains(c).then(|| Act::Answer(c.to_string()))
        }
        _ => None,
    }
}

impl Composer {
    pub(super) fn paste_into_draft(&mut self, text: &str) -> Vec<Act> {
        let end = ["\r\n", "\n", "\r"];
        let text = end
            .iter()
            .find_map(|end| text.strip_suffix(end))
            .unwrap_or(text);
        let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count();
        let before = self.draft.clone();
        let done = full(self.draft.insert(text));
        if done.is_empty() && lines > PASTE_LINES && matches!(self.mode, Mode::Draft) {
            self.mode = Mode::Pasted {
                before: Box::new(before),
                again: false,
            };
        }
        done
    }

    pub(super) fn decide_paste(&mut self, key: Key) -> Vec<Act> {
        let Some(answer) = answer(key, "sec") else {
            if let Mode::Pasted { again, .. } = &mut self.mode {
                *again = true;
            }
            return Vec::new();
        };
        let mode = std::mem::replace(&mut self.mode, Mode::Draft);
        match (answer, mode) {
            (Act::Answer(key), _) if key == "s" => vec![Act::Submit(self.draft.take())],
            (Act::Answer(key), _) if key == "e" => Vec::new(),
            (_, Mode::Pasted { before, .. }) => {
                self.draft = *before;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Lines of the draft.
    pub(super) fn lines(&self) -> usize {
        self.draft.text().split('\n').count()
    }
}
