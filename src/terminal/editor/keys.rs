//! Which key does what to the draft: Emacs' keys, as every shell has them.
//!
//! | key | does |
//! |---|---|
//! | Ctrl-A/Home Ctrl-E/End Ctrl-B/← Ctrl-F/→ Alt-B/Ctrl-← Alt-F/Ctrl-→ | moves |
//! | Ctrl-H/Backspace Ctrl-D/Delete | deletes a character |
//! | Ctrl-K Ctrl-U Ctrl-W Alt-Backspace Alt-D | kills to the end, to the start, a word |
//! | Ctrl-Y Ctrl-T | yanks, transposes |
//! | ↑/Ctrl-P ↓/Ctrl-N | what was typed before |
//! | Alt-Enter, Ctrl-J | a line break |

use super::motion::Motion;
use super::{Editor, Full};
use crate::terminal::keyboard::{Code, Key};

impl Editor {
    /// Does what a key stands for; a key that stands for nothing here does nothing.
    ///
    /// # Errors
    /// [`Full`]: there is no room for it.
    pub fn key(&mut self, key: Key) -> Result<(), Full> {
        use Motion::{BlankLeft, End, Left, Right, Start, WordLeft, WordRight};
        let Key { ctrl, alt, .. } = key;
        match key.code {
            Code::Char(_) if ctrl && alt => {}
            Code::Char(c) if !ctrl && !alt => self.insert(c.encode_utf8(&mut [0; 4]))?,
            Code::Char(c) if ctrl => match c.to_ascii_lowercase() {
                'a' => self.go(Start),
                'e' => self.go(End),
                'b' => self.go(Left),
                'f' => self.go(Right),
                'h' => self.delete(Left),
                'd' => self.delete(Right),
                'k' => self.kill(End),
                'u' => self.kill(Start),
                'w' => self.kill(BlankLeft),
                'y' => self.yank()?,
                't' => self.transpose(),
                'p' => self.older(),
                'n' => self.newer(),
                'j' => self.insert("\n")?,
                _ => {}
            },
            Code::Char(c) => match c.to_ascii_lowercase() {
                'b' => self.go(WordLeft),
                'f' => self.go(WordRight),
                'd' => self.kill(WordRight),
                _ => {}
            },
            Code::Backspace if alt || ctrl => self.kill(WordLeft),
            Code::Backspace => self.delete(Left),
            Code::Delete => self.delete(Right),
            Code::Left if alt || ctrl => self.go(WordLeft),
            Code::Right if alt || ctrl => self.go(WordRight),
            Code::Left => self.go(Left),
            Code::Right => self.go(Right),
            Code::Home => self.go(Start),
            Code::End => self.go(End),
            Code::Up => self.older(),
            Code::Down => self.newer(),
            Code::Enter => self.insert("\n")?,
            Code::Tab | Code::Esc => {}
        }
        Ok(())
    }
}
