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

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::motion::Motion;
use super::{Editor, Full};

impl Editor {
    /// Does what a key stands for; a key that stands for nothing here does nothing.
    ///
    /// # Errors
    /// [`Full`]: there is no room for it.
    pub fn key(&mut self, key: KeyEvent) -> Result<(), Full> {
        use Motion::{BlankLeft, End, Left, Right, Start, WordLeft, WordRight};
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char(_) if ctrl && alt => {}
            KeyCode::Char(c) if !ctrl && !alt => self.insert(c.encode_utf8(&mut [0; 4]))?,
            KeyCode::Char(c) if ctrl => match c.to_ascii_lowercase() {
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
            KeyCode::Char(c) => match c.to_ascii_lowercase() {
                'b' => self.go(WordLeft),
                'f' => self.go(WordRight),
                'd' => self.kill(WordRight),
                _ => {}
            },
            KeyCode::Backspace if alt || ctrl => self.kill(WordLeft),
            KeyCode::Backspace => self.delete(Left),
            KeyCode::Delete => self.delete(Right),
            KeyCode::Left if alt || ctrl => self.go(WordLeft),
            KeyCode::Right if alt || ctrl => self.go(WordRight),
            KeyCode::Left => self.go(Left),
            KeyCode::Right => self.go(Right),
            KeyCode::Home => self.go(Start),
            KeyCode::End => self.go(End),
            KeyCode::Up => self.older(),
            KeyCode::Down => self.newer(),
            KeyCode::Enter => self.insert("\n")?,
            _ => {}
        }
        Ok(())
    }
}
