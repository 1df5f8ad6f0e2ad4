//! Events in lines: to a person a line or a few each (`text`), to a program one JSON object
//! (`json`). Messages and data go to stdout, talk to stderr. A face decides nothing. Every string
//! of others passes through `Safe`.

use std::io::{self, Write};

use ::console::Term;
use jiff::Timestamp;

use crate::engine::event::Event;
use crate::terminal::charset::{Out, shows_ascii_only};
use crate::terminal::composer::row::cleared;
use crate::terminal::layout::{Text, width_of};
use crate::terminal::qr::{self, QrError};
use crate::terminal::style::Style;
use crate::ui::json;
use crate::ui::text::{in_words, message};

/// Where events go.
#[derive(Debug, Clone, Copy)]
pub struct Face {
    /// JSON objects, one a line, instead of words.
    pub json: bool,
    /// Lines are only appended, without an escape.
    pub plain: bool,
    /// Colours may be used, on stdout and stderr.
    pub color: bool,
    /// A notification of the desktop goes with the bell.
    pub notify: bool,
    /// The invite is drawn as a QR code too.
    pub qr: bool,
    /// Errors, alarms and messages only.
    pub quiet: bool,
    /// More of what happens.
    pub verbose: bool,
}

impl Face {
    /// Shows one event.
    ///
    /// # Errors
    /// When stdout is gone, as after `| head`: nobody reads any more.
    pub fn show(&self, event: &Event) -> io::Result<()> {
        self.show_after(event, || {})
    }

    /// The same; `first` makes way for what a person hears, where they do.
    ///
    /// # Errors
    /// As of [`Face::show`].
    pub fn show_after(&self, event: &Event, first: impl FnOnce()) -> io::Result<()> {
        // Details are for people, and go beside what programs read.
        if self.json && !matches!(event, Event::Detail { .. }) {
            return match json::lines(event)? {
                Some(lines) => write_out(&lines),
                None => Ok(()),
            };
        }
        if let Some(text) = self.talk(event) {
            first();
            self.tell(&text);
        }
        Ok(())
    }

    /// What a person is told of an event; `None` where they hear nothing of it.
    pub fn talk(&self, event: &Event) -> Option<Text> {
        let text = in_words(event, self.style())?;
        match event {
            Event::Detail { .. } if !self.verbose => None,
            _ if self.quiet && !speaks_up(event) => None,
            Event::Waiting { invite, .. } if self.qr => Some(self.with_picture(text, invite)),
            _ => Some(text),
        }
    }

    /// Clears the screen, not the scrollback, where there is one to clear.
    pub(super) fn clear(&self) {
        let terminal = Term::stderr();
        if terminal.is_term() && !self.plain && !self.json {
            let (rows, _) = terminal.size();
            let _ = write!(io::stderr().lock(), "{}", cleared(rows.into()));
        }
    }

    /// Shows what the other person said, and when.
    ///
    /// # Errors
    /// As of [`Face::show`].
    pub fn say(&self, from: &str, text: &str, at: Timestamp, resent: bool) -> io::Result<()> {
        let text = message(from, text, at, resent, self.style());
        write_out(&text.rows(width_of(&Term::stdout())))
    }

    /// Says it on stderr. Talk that nobody hears is no reason to stop.
    pub(super) fn tell(&self, text: &Text) {
        let rows = text.rows(width_of(&Term::stderr()));
        let _ = writeln!(Out::new(io::stderr().lock()), "{rows}");
    }

    pub(super) fn style(&self) -> Style {
        Style::new(self.color && !self.plain)
    }

    /// Leaves the picture of the invite out where none can be drawn, however large the terminal is,
    /// and says so: once, not at each invite.
    pub fn settle_qr(&mut self) {
        let draws = !self.plain && Term::stderr().is_term() && !shows_ascii_only(&io::stderr());
        if !draws && std::mem::take(&mut self.qr) && !self.json {
            let _ = self.show(&Event::note(&format!(
                "no QR code: {}",
                QrError::NoTerminal
            )));
        }
    }

    /// With the invite for a camera, or why there is no picture of it.
    pub(super) fn with_picture(&self, text: Text, invite: &str) -> Text {
        let (rows, columns) = Term::stderr().size();
        match qr::draw(invite, (columns.into(), rows.into()), self.color) {
            Ok(picture) => text.with_whole(&picture),
            Err(why) => text.and(&format!("  No QR code: {why}.")),
        }
    }

    /// Says what this is, before the first question.
    pub fn greet(&self) {
        if !self.quiet {
            self.tell(&Text::remark(
                "◆ undertone: a private line between two people",
            ));
        }
    }
}

/// Whether it is for whoever wants to hear little, too.
fn speaks_up(event: &Event) -> bool {
    match event {
        // Nobody else knows of the room.
        Event::Waiting { made_up, .. } => *made_up,
        Event::Note { asked, .. } => *asked,
        Event::Error(_) | Event::Alarm { .. } | Event::Parted { .. } | Event::Invites { .. } => {
            true
        }
        _ => false,
    }
}

fn write_out(lines: &str) -> io::Result<()> {
    let mut out = Out::new(io::stdout().lock());
    // In one piece: of lines that are whole, an invite perhaps, no copy stays in a buffer.
    out.write_all(format!("{lines}\n").as_bytes())?;
    out.flush()
}
