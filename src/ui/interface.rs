//! Where a chat meets its person, or its program: events out, inputs in. Lines in
//! and out, or a terminal to live in.

use std::io;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::engine::Setup;
use crate::engine::event::Event;
use crate::terminal::composer::prompt::State;
use crate::terminal::prompts::can_ask;
use crate::ui::console::Console;
use crate::ui::input;
use crate::ui::input::Input;
use crate::ui::output::Face;
use crate::ui::times::Times;
use crate::ui::type_ahead::Ahead;

/// Whether a person sits at a terminal.
pub fn has_person(face: Face) -> bool {
    !face.json && can_ask()
}

/// Whether they are to have a row to type in.
pub fn has_console(face: Face) -> bool {
    !face.plain && has_person(face)
}

/// One of the two.
pub enum Interface {
    /// Lines of stdin; events by a face.
    Lines {
        /// Shows.
        face: Face,
        /// Says.
        lines: mpsc::Receiver<Input>,
        /// When what comes was said.
        times: Times,
    },
    /// A row to type in, all else above it.
    Console(Box<Console>),
}

impl Interface {
    /// A console where there is a terminal to have one on, lines elsewhere; with what
    /// was typed ahead.
    ///
    /// # Errors
    /// The terminal's.
    pub fn open(setup: &Setup, name: &str, ahead: Option<Ahead>) -> io::Result<Self> {
        let face = setup.face;
        let ahead = ahead.map_or_else(|| Some(String::new()), Ahead::finish);
        if !has_console(face) {
            let lines = input::listen(ahead.unwrap_or_else(|| "/quit\n".to_owned()))?;
            return Ok(Interface::Lines {
                face,
                lines,
                times: Times::default(),
            });
        }
        let console = Console::enter(name, face, ahead, setup.aside.open())?;
        Ok(Interface::Console(Box::new(console)))
    }

    /// Shows an event.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn show(&mut self, event: &Event) -> io::Result<()> {
        match self {
            Interface::Lines { face, times, .. } => match event {
                Event::Message {
                    from,
                    text,
                    time,
                    received,
                    resent,
                    ..
                } if !face.json => {
                    let at = times.shown(*time, *received);
                    face.say(from, text, at, *resent)
                }
                event => {
                    if let Event::Connected { again: true, .. } = event {
                        times.anew();
                    }
                    face.show(event)
                }
            },
            Interface::Console(console) => {
                console.show(event);
                Ok(())
            }
        }
    }

    /// Shows an event even to whoever wants to hear little. Whether anybody reads is noticed
    /// elsewhere.
    pub fn tell(&mut self, event: &Event) {
        let _ = match self {
            Interface::Lines { face, .. } => face.not_quiet().show(event),
            Interface::Console(_) => self.show(event),
        };
    }

    /// Whether this is a person at a terminal.
    pub fn is_person(&self) -> bool {
        match self {
            Interface::Lines { face, .. } => has_person(*face),
            Interface::Console(_) => true,
        }
    }

    /// Makes this the draft, to be said to whoever comes; `false` where there is none.
    pub fn keep_draft(&mut self, text: &str) -> bool {
        match self {
            Interface::Lines { .. } => false,
            Interface::Console(console) => {
                console.keep_draft(text);
                true
            }
        }
    }

    /// A chat is over, and another one may follow.
    pub fn rest(&mut self) {
        match self {
            Interface::Lines { times, .. } => times.anew(),
            Interface::Console(console) => console.rest(),
        }
    }

    /// Shows what the person said where that is not on the screen as it was typed.
    pub fn said(&mut self, id: u64, text: &str, time: Timestamp) {
        if let Interface::Console(console) = self {
            console.said(id, text, time);
        }
    }

    /// Tells how it stands with the other one; `note` is on the link.
    pub fn stand(&mut self, name: &str, state: State, note: &'static str) {
        if let Interface::Console(console) = self {
            console.stand(name, state, note);
        }
    }

    /// Writes what is due.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn paint(&mut self) -> io::Result<()> {
        match self {
            Interface::Lines { .. } => Ok(()),
            Interface::Console(console) => console.paint(),
        }
    }

    /// The next input; `None` at the end. Cancel-safe.
    pub async fn next(&mut self) -> Option<Input> {
        match self {
            Interface::Lines { lines, .. } => lines.recv().await,
            Interface::Console(console) => console.next().await.ok().flatten(),
        }
    }

    /// A further input that is here already.
    pub fn ready(&mut self) -> Option<Input> {
        match self {
            Interface::Lines { lines, .. } => lines.try_recv().ok(),
            Interface::Console(_) => None,
        }
    }

    /// `/clear`.
    pub fn clear(&mut self) {
        if let Interface::Console(console) = self {
            console.clear();
        }
    }

    /// Gives the terminal back.
    pub fn close(self) {
        if let Interface::Console(console) = self {
            console.leave();
        }
    }
}
