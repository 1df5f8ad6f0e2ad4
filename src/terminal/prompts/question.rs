//! One question on the terminal: a row with what is asked, and behind it an answer that the keys of
//! the chat edit.
//!
//! ```text
//! ? Your name (ada) › b|            the row, painted anew after each key
//! ? Your name (ada) › bob           what stays of it
//! ```

use std::io::{self, Write};

use dialoguer::theme::Theme;
use undertone_core::text::safe::Safe;

use super::PromptError;
use super::theme::{Marks, themed};
use crate::terminal::charset::Out;
use crate::terminal::complete::{Completed, complete, last_word};
use crate::terminal::composer::row::painted;
use crate::terminal::editor::{Editor, Full};
use crate::terminal::front::come_to_front;
use crate::terminal::guard::Guard;
use crate::terminal::keyboard::reader::{Reader, size};
use crate::terminal::keyboard::{Code, Event, Key};
use crate::terminal::layout::Text;

/// What is asked.
pub(super) struct Question<'a> {
    pub(super) text: &'a str,
    /// What Enter takes where nothing is typed.
    pub(super) offered: Option<&'a str>,
    /// What ↑ brings.
    pub(super) earlier: Option<&'a str>,
    /// What the word that is begun may be, by Tab.
    pub(super) words: fn(&str) -> &'static [&'static str],
    /// What stays on the screen of an answer.
    pub(super) shown: fn(&str) -> String,
}

/// The terminal, while it is asked questions. Keys behind an answer are left in it.
pub(crate) struct Asker {
    guard: Guard,
    keys: Reader,
    width: usize,
    /// A row stands on the screen that is not finished.
    asking: bool,
}

/// What a key makes of an answer.
enum Turn {
    Edited,
    Entered,
    Ended(PromptError),
}

impl Asker {
    /// Takes the terminal.
    ///
    /// # Errors
    /// [`PromptError::Io`]; the terminal is then as it was.
    pub(crate) fn open() -> Result<Self, PromptError> {
        come_to_front()?;
        let keys = Reader::sparing()?;
        Ok(Self {
            width: columns()?,
            keys,
            guard: Guard::keys()?,
            asking: false,
        })
    }

    /// Says something before a question, in rows of the terminal's width.
    pub(super) fn say(&self, line: &str) -> io::Result<()> {
        let rows = Text::remark(line).rows(Some(self.width));
        write(&format!("{}\r\n", rows.replace('\n', "\r\n")))
    }

    /// Asks until there is an answer that can be read. Cancel-safe: the terminal is given back.
    pub(super) async fn ask<T>(
        &mut self,
        question: &Question<'_>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, PromptError> {
        let mut answer = Editor::default();
        if let Some(earlier) = question.earlier {
            answer.remember(earlier);
        }
        loop {
            self.paint(question, &answer)?;
            let turn = match self.keys.next().await? {
                None => Turn::Ended(PromptError::Left),
                Some(Event::Key(key)) if key.code == Code::Tab => {
                    self.complete(question, &mut answer)?
                }
                Some(Event::Key(key)) => self.key(key, &mut answer)?,
                Some(Event::Paste(text)) => {
                    edited(answer.insert(text.trim_end_matches(['\r', '\n'])))
                }
                Some(Event::Front(_)) => {
                    come_to_front()?;
                    self.guard.resume()?;
                    self.width = columns()?;
                    Turn::Edited
                }
                Some(Event::Resize(..)) => {
                    self.width = columns()?;
                    Turn::Edited
                }
                Some(Event::Focus(_) | Event::Column(_)) => Turn::Edited,
            };
            match turn {
                Turn::Edited => continue,
                Turn::Ended(error) => return Err(error),
                Turn::Entered => {}
            }
            let typed = answer.take();
            let given = match question.offered {
                Some(offered) if typed.is_empty() => offered,
                _ => &typed,
            };
            if given.trim() == "/quit" {
                return Err(PromptError::Left);
            }
            match read(given) {
                Ok(value) => {
                    let shown = (question.shown)(given);
                    let done = |f: &mut String| {
                        Marks.format_input_prompt_selection(f, question.text, &shown)
                    };
                    self.finish(&themed(done))?;
                    return Ok(value);
                }
                Err(why) => self.finish(&themed(|f| Marks.format_error(f, &why)))?,
            }
        }
    }

    fn key(&mut self, key: Key, answer: &mut Editor) -> io::Result<Turn> {
        let empty = answer.text().is_empty();
        Ok(match key.code {
            Code::Enter => Turn::Entered,
            // As the system has written Enter and Ctrl-D before the terminal was ours.
            _ if key.is_ctrl('j') => Turn::Entered,
            _ if empty && (key.is_ctrl('d') || key.is_ctrl(' ')) => Turn::Ended(PromptError::Left),
            _ if key.is_ctrl('c') => Turn::Ended(PromptError::Interrupted),
            _ if key.is_ctrl('z') => {
                self.guard.suspend()?;
                Turn::Edited
            }
            _ => edited(answer.key(key)),
        })
    }

    fn complete(&mut self, question: &Question, answer: &mut Editor) -> io::Result<Turn> {
        let begun = last_word(answer.before()).to_owned();
        let words = (question.words)(answer.before());
        match complete(&begun, words.iter().copied()) {
            Completed::One(word) | Completed::Further(word) => {
                return Ok(edited(answer.replace_before(begun.len(), &word)));
            }
            Completed::Several(words) => {
                self.finish(
                    &Safe::line(&words.join("  "))
                        .clipped(self.width)
                        .to_string(),
                )?;
            }
            Completed::Nothing => {}
        }
        Ok(Turn::Edited)
    }

    fn paint(&mut self, question: &Question, answer: &Editor) -> io::Result<()> {
        let head = themed(|f| Marks.format_input_prompt(f, question.text, question.offered));
        let head = Safe::line(&head).clipped(self.width.saturating_sub(13).max(self.width / 2));
        let visible = answer.visible(self.width.saturating_sub(head.width() + 3));
        self.asking = true;
        // The row may have been broken into several when the window got narrower.
        write(&format!(
            "\r\x1b[J{}",
            painted(&format!("{head} › "), &visible)
        ))
    }

    /// Puts a line in place of the row.
    fn finish(&mut self, line: &str) -> io::Result<()> {
        self.asking = false;
        let line = Text::remark(line).rows(Some(self.width)).to_string();
        let line = line.replace('\n', "\r\n");
        write(&format!("\r\x1b[J{line}\r\n"))
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        if self.asking {
            // What was typed stays, and nothing of ours runs into it.
            let _ = write("\r\n");
        }
    }
}

fn edited(done: Result<(), Full>) -> Turn {
    if done.is_err() {
        // An answer of 16 KiB is none: it shows that nothing more is taken.
        let _ = write("\x07");
    }
    Turn::Edited
}

/// A terminal that does not know its width says 0.
fn columns() -> io::Result<usize> {
    let (width, _) = size()?;
    Ok(if width == 0 { 80 } else { width.into() })
}

fn write(text: &str) -> io::Result<()> {
    Out::new(io::stderr().lock()).write_all(text.as_bytes())
}
