//! How events look: to a person, a line or a few each; to a program, one JSON
//! object a line. Messages and data go to stdout, talk to stderr. A face decides
//! nothing. Every string of others passes through `Safe`.

use std::io::{self, Write};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use super::event::{Event, Standing};
use crate::terminal::qr::{self, QrError};
use crate::terminal::safe::{Safe, is_hidden};

/// Where events go.
#[derive(Debug, Clone, Copy)]
pub struct Face {
    /// One JSON object a line instead of words.
    pub json: bool,
    /// Lines are only appended, without an escape.
    pub plain: bool,
    /// Colours may be used, on stdout and stderr.
    pub color: bool,
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
        if let Event::Message {
            from, text, time, ..
        } = event
        {
            return write_out(&message(from, text, time));
        }
        let spoken = matches!(event, Event::Error { .. } | Event::Alarm { .. });
        if spoken || !self.quiet {
            // Talk that nobody hears is no reason to stop.
            let _ = writeln!(io::stderr().lock(), "{}", talk(event));
        }
        if let Event::Waiting { invite, .. } = event
            && self.qr
            && !self.quiet
        {
            let _ = writeln!(io::stderr().lock(), "{}", self.picture(invite));
        }
        Ok(())
    }

    /// The invite for a camera, or why there is no picture of it.
    fn picture(&self, invite: &str) -> String {
        let terminal = console::Term::stderr();
        let size = terminal.is_term().then(|| terminal.size());
        let drawn = match size {
            Some((rows, columns)) if !self.plain => {
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
            let _ = writeln!(
                io::stderr().lock(),
                "◆ undertone: a private line between two people"
            );
        }
    }

    /// Shows a detail, where details are wanted.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            let _ = writeln!(io::stderr().lock(), "  {}", Safe::line(text));
        }
    }
}

fn write_out(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.write_all(b"\n")?;
    out.flush()
}

/// `09:14 bob   text`, further lines indented, so that none can pass for another
/// message.
fn message(from: &str, text: &str, time: &str) -> String {
    let from = Safe::name(from);
    let head = format!("{} {from}   ", clock(time));
    let body = Safe::message(text).indented(6 + from.width() + 3);
    format!("{head}{body}")
}

/// Hours and minutes here, of an RFC 3339 time.
fn clock(time: &str) -> String {
    let local = time
        .parse::<Timestamp>()
        .map(|time| time.to_zoned(TimeZone::system()));
    local
        .map(|time| time.strftime("%H:%M").to_string())
        .unwrap_or_else(|_| "--:--".into())
}

fn talk(event: &Event) -> String {
    match event {
        Event::Waiting {
            room,
            invite,
            more_invites,
            expires_in,
        } => {
            let mut text = format!(
                "◆ Waiting in room {} · renewed every {} min · Ctrl-C to stop\n  Other terminal:  undertone chat, and as the room one of\n                   {invite}",
                Safe::line(room),
                expires_in.div_ceil(60),
            );
            for link in more_invites {
                text += &format!("\n                   {link}");
            }
            text
        }
        Event::Connected {
            peer,
            path,
            address,
            trust,
            resumed,
            yourself,
        } => {
            let peer = Safe::name(peer);
            if *resumed {
                return format!("◆ Back. Same identity · {path} {address}");
            }
            let mut text = format!(
                "◆ Connected to {peer} · {path} {address} · {}",
                trust.in_words()
            );
            if *yourself {
                text += "\n  This is you: your own identity on another terminal.";
            } else if *trust != Standing::Verified {
                text += match trust {
                    Standing::Invite => "\n  Only someone with the secret can be there.",
                    _ => "\n  Someone could be in between.",
                };
                text += " /verify compares four words (20 seconds, by voice).";
            }
            text
        }
        Event::Message {
            from, text, time, ..
        } => message(from, text, time),
        Event::Delivered { id } => format!("  delivered {id}"),
        Event::Queued { id } => format!("  queued {id}"),
        Event::Reconnecting {
            since,
            reason,
            queued,
        } => {
            let waiting = match queued {
                0 => String::new(),
                n => format!(" {n} queued."),
            };
            format!(
                "◆ {} Lost the other one ({}).{waiting} Trying again; what you type is kept.",
                clock(since),
                Safe::line(reason),
            )
        }
        Event::Words { mine, peer } => {
            let peer = Safe::name(peer);
            format!(
                "  Read to {peer}, by voice, not in this chat:   {}\n  Then type /verify and the four words that {peer} reads to you.",
                mine.join(" "),
            )
        }
        Event::Verified { peer } => format!(
            "◆ {} is verified. From now on this is checked by itself.",
            Safe::name(peer)
        ),
        Event::Alarm { .. } => alarm(event),
        Event::Left { peer, reason } => match reason.as_str() {
            "quit" => format!("◆ {} left.", Safe::name(peer)),
            reason => format!(
                "◆ The chat with {} ended: {}",
                Safe::name(peer),
                Safe::line(reason)
            ),
        },
        Event::Who {
            peer,
            fingerprint,
            trust,
            address,
            queued,
        } => {
            let address = match address {
                Some(address) => format!("direct {address}"),
                None => "no link, trying again".into(),
            };
            let peer = Safe::name(peer);
            let trust = trust.in_words();
            format!("◆ {peer} · {address} · {trust} · {queued} queued\n  key {fingerprint}")
        }
        Event::Note { message } => format!("◆ {}", Safe::message(message).indented(2)),
        Event::Error { message, hint, .. } => {
            let message = Safe::message(message).indented(2);
            match hint.as_str() {
                "" => format!("error: {message}"),
                hint => format!("error: {message}\n  {}", Safe::message(hint).indented(2)),
            }
        }
    }
}

fn alarm(event: &Event) -> String {
    let Event::Alarm {
        kind,
        peer,
        was,
        is,
        last_met,
        override_by,
    } = event
    else {
        return String::new();
    };
    let peer = Safe::name(peer);
    let mut text = match *kind {
        "not-verified" => format!(
            "✗ {peer} is not verified, and --require-verified was given: the chat stays shut.\n  key {is}"
        ),
        "room-known" => {
            format!(
                "✗ SOMEBODY ELSE IS HERE: in this room you met \"{peer}\", who uses another key."
            )
        }
        _ => format!("✗ IDENTITY CHANGED: \"{peer}\" uses another key than before."),
    };
    if let (Some(was), Some((when, standing))) = (was, last_met) {
        let day = when.get(..10).unwrap_or(when);
        text += &format!(
            "\n  last seen {day}, {}     was {was}     is {is}\n  A new computer? Ask {peer} by phone. Otherwise someone may be posing as {peer}.",
            standing.in_words(),
        );
    }
    text += "\n  /verify  compare words now      /quit  leave";
    if let Some(by) = override_by {
        text += &format!(" (advised)\n  {by}  let this key in unverified");
    }
    text
}

/// Writes characters that could act on a terminal as `\u` escapes: the same JSON,
/// harmless to look at. They occur inside strings only.
fn escape_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) {
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
    fn a_second_line_cannot_pass_for_another_message() {
        let shown = message("bob", "a\n09:15 you   ok", "2026-11-20T09:14:00Z");
        let second = shown.lines().nth(1).unwrap();
        assert!(second.starts_with("            09:15 you"), "{second}");
    }

    #[test]
    fn json_acts_on_no_terminal_and_says_the_same() {
        let text = "\u{1b}[2J\u{9b}31m\u{202e}x\u{e0041}\u{200b}世";
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
        assert!(!line.chars().any(is_hidden));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["message"], text);
        assert_eq!(
            (read["v"].as_u64(), read["type"].as_str()),
            (Some(1), Some("note"))
        );
    }
}
