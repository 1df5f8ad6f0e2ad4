//! How what is shown comes onto the terminal: printed above the row, for the terminal as it is, and
//! written together.

use std::io::{self, Write};

use jiff::Timestamp;
use tokio::time::Instant;

use super::Console;
use crate::engine::event::Event;
use crate::terminal::charset::Out;
use crate::terminal::front::is_in_front;
use crate::terminal::keyboard::Event as Reported;
use crate::terminal::keyboard::reader::size;
use crate::terminal::layout::Text;
use crate::terminal::style::Style;
use crate::ui::text::{day_line, here, in_words};

impl Console {
    pub(super) fn print_words(&mut self, event: &Event) {
        if let Some(text) = in_words(event, self.style) {
            self.print(text);
        }
    }

    /// A remark of little weight.
    pub(super) fn print_dim(&mut self, text: &str) {
        self.print(Text::remark(text).painted(self.style, Style::dim));
    }

    /// Prints for the terminal as it is: the news that it changed may be on its way. What is painted
    /// together is printed after one look.
    pub(super) fn print(&mut self, text: Text) {
        if self.out.is_empty() {
            self.look_behind();
            if let Ok((width, height)) = size() {
                let now = Instant::now().into_std();
                self.composer.measured(width, height, now);
            }
        }
        self.composer.print(text, &mut self.out);
    }

    /// Another program may have the terminal, and the news of that be on its way: it gets no row.
    fn look_behind(&mut self) {
        if !is_in_front() {
            let now = Instant::now().into_std();
            self.composer.event(Reported::Front(false), now);
        }
    }

    /// A message of this time follows: says so where another day has begun.
    pub(super) fn turn_day(&mut self, at: Timestamp) {
        let at = here(at);
        if self.times.turns_day(&at) {
            self.print_dim(&day_line(&at));
        }
    }

    /// Writes everything that is due, the row last.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(in crate::ui) fn paint(&mut self) -> io::Result<()> {
        self.look_behind();
        self.composer.paint(&mut self.out);
        if self.out.is_empty() {
            return Ok(());
        }
        let mut stdout = Out::new(io::stdout().lock());
        stdout.write_all(&self.out)?;
        self.out.clear();
        stdout.flush()
    }

    /// Clears the screen, not the scrollback.
    pub(super) fn clear(&mut self) {
        self.composer.clear(&mut self.out);
    }

    /// Gives the terminal back.
    pub(in crate::ui) fn leave(mut self) {
        self.rest();
        self.composer.leave(&mut self.out);
        let mut stdout = Out::new(io::stdout().lock());
        let _ = stdout.write_all(&self.out);
        let _ = stdout.flush();
    }
}
