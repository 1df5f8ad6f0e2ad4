//! How events look: to a person, a line or a few each (`words`), appended or, in
//! `console`, above the row in which they type; to a program, one JSON object a
//! line. Messages and data go to stdout, talk to stderr. A face decides nothing.
//! Every string of others passes through `Safe`.

use std::io::{self, Write};

use ::console::Term;
use jiff::Timestamp;
use serde::Serialize;
use undertone_core::text::safe::{Safe, is_unseen};

use crate::engine::event::Event;
use crate::terminal::charset::{Out, shows_ascii_only};
use crate::terminal::layout::{Text, width_of};
use crate::terminal::qr::{self, QrError};
use crate::terminal::style::Style;
use crate::ui::clock;
use crate::ui::text::{in_words, message};

/// Where events go.
#[derive(Debug, Clone, Copy)]
pub struct Face {
    /// One JSON object a line instead of words.
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

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    #[serde(flatten)]
    event: &'a Event,
}

impl Face {
    /// Shows one event.
    ///
    /// # Errors
    /// When stdout is gone, as after `| head`: nobody reads any more.
    pub fn show(&self, event: &Event) -> io::Result<()> {
        if self.json {
            let line = serde_json::to_string(&Line { v: 1, event })?;
            return write_out(&escape_hidden(&line));
        }
        clock::clear();
        // Talk that nobody hears is no reason to stop.
        self.talk(event).iter().for_each(tell);
        Ok(())
    }

    /// What a person is told of an event; `None` where they hear nothing of it.
    pub fn talk(&self, event: &Event) -> Option<Text> {
        let text = in_words(event, self.style())?;
        let spoken = matches!(event, Event::Error { .. } | Event::Alarm { .. });
        if self.quiet && !spoken {
            return None;
        }
        Some(match event {
            Event::Waiting { invite, .. } if self.qr => text.with_whole(&self.picture(invite)),
            _ => text,
        })
    }

    /// The same face for what is to be heard by whoever wants to hear little.
    #[must_use]
    pub fn not_quiet(self) -> Self {
        Face {
            quiet: false,
            ..self
        }
    }

    /// Shows what the other one said, and when.
    ///
    /// # Errors
    /// As of [`Face::show`].
    pub fn say(&self, from: &str, text: &str, at: Timestamp, resent: bool) -> io::Result<()> {
        let text = message(from, text, at, resent, self.style());
        write_out(&text.rows(width_of(&Term::stdout())))
    }

    fn style(&self) -> Style {
        Style::new(self.color && !self.plain)
    }

    /// The invite for a camera, or why there is no picture of it.
    fn picture(&self, invite: &str) -> String {
        let terminal = Term::stderr();
        let size = terminal.is_term().then(|| terminal.size());
        let drawn = match size {
            Some((rows, columns)) if !self.plain && !shows_ascii_only(&io::stderr()) => {
                let size = (columns.into(), rows.into());
                qr::draw(invite, size, self.color)
            }
            _ => Err(QrError::NoTerminal),
        };
        drawn.unwrap_or_else(|why| format!("  No QR code: {why}."))
    }

    /// Says what this is, before the first question.
    pub fn greet(&self) {
        if !self.quiet {
            tell(&Text::remark(
                "◆ undertone: a private line between two people",
            ));
        }
    }

    /// Shows a detail, where details are wanted.
    pub fn detail(&self, text: &str) {
        self.detail_text(text).iter().for_each(tell);
    }

    /// A detail, where details are wanted.
    pub fn detail_text(&self, text: &str) -> Option<Text> {
        let text = || Text::remark(&format!("  {}", Safe::line(text)));
        self.verbose.then(text)
    }
}

fn tell(text: &Text) {
    let rows = text.rows(width_of(&Term::stderr()));
    let _ = writeln!(Out::new(io::stderr().lock()), "{rows}");
}

fn write_out(line: &str) -> io::Result<()> {
    let mut out = Out::new(io::stdout().lock());
    // In one piece: of a line that is whole, an invite perhaps, no copy stays in a buffer.
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// Writes characters that could act on a terminal as `\u` escapes: the same JSON,
/// harmless to look at. They occur inside strings only.
fn escape_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unseen(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out += &format!("\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_acts_on_no_terminal_and_says_the_same() {
        let text = "\u{1b}[2J\u{9b}31m\u{202e}x\u{e0041}\u{200b}\u{378}世";
        let event = Event::Note {
            message: text.into(),
        };
        let line = escape_hidden(
            &serde_json::to_string(&Line {
                v: 1,
                event: &event,
            })
            .unwrap(),
        );
        assert!(!line.chars().any(is_unseen));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["message"], text);
        assert_eq!(
            (read["v"].as_u64(), read["type"].as_str()),
            (Some(1), Some("note"))
        );
    }
}
