//! `--json`: events for programs, one object a line, `"v":1`. More fields may come; none changes
//! its meaning. docs/events.md describes it; this is the one place that writes it.

mod file;
mod line;

use serde::Serialize;
use undertone_core::text::safe::is_unseen;

use crate::engine::event::{AlarmCause, Event, Leaving, Problem};
use file::FileLine;
use line::Line;

#[derive(Serialize)]
struct Versioned<'a> {
    v: u8,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

/// The event as a program reads it, the lines without a newline at the end; `None` for what is only
/// for people.
///
/// # Errors
/// serde_json's, which has no cause to give one.
pub fn lines(event: &Event) -> serde_json::Result<Option<String>> {
    if let Event::Delivered { first, last } = event {
        let lines = (*first..=*last).map(|id| write(&Line::Delivered { id }));
        let lines: Vec<_> = lines.collect::<serde_json::Result<_>>()?;
        return Ok(Some(lines.join("\n")));
    }
    Line::of(event).map(|line| write(&line)).transpose()
}

fn write(line: &Line<'_>) -> serde_json::Result<String> {
    let json = serde_json::to_string(&Versioned { v: 1, line })?;
    Ok(escape_hidden(&json))
}

impl<'a> Line<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        Some(match event {
            Event::Waiting {
                room,
                invite,
                more_invites,
                reach,
                expires_in,
                made_up: _,
            } => Line::Waiting {
                room,
                invite,
                more_invites,
                reach,
                expires_in: *expires_in,
            },
            Event::Connected {
                peer,
                route,
                trust,
                earlier: _,
                resumed,
                again,
                yourself,
            } => Line::Connected {
                peer,
                path: route.name(),
                route: route.kind(),
                transport: route.is_udp().then_some("udp"),
                address: route.address().to_string(),
                trust: *trust,
                resumed: *resumed,
                again: *again,
                yourself: *yourself,
            },
            Event::Path { route } => Line::Path {
                path: route.name(),
                route: route.kind(),
                transport: route.is_udp().then_some("udp"),
                address: route.address().to_string(),
            },
            Event::Unstable { peer, unstable } => Line::Unstable {
                peer,
                unstable: *unstable,
            },
            Event::Message {
                id,
                from,
                text,
                time,
                received,
                resent,
            } => Line::Message {
                id: *id,
                from,
                text,
                time: *time,
                received: *received,
                resent: *resent,
            },
            Event::Queued { id } => Line::Queued { id: *id },
            Event::Transfer(transfer) => Line::File(FileLine::of(transfer)),
            Event::Reconnecting {
                peer,
                since,
                reason,
                queued,
            } => Line::Reconnecting {
                peer,
                since: since.to_string(),
                reason: reason.to_string(),
                queued: *queued,
            },
            Event::Words { mine, peer } => Line::Words { mine: *mine, peer },
            Event::Verified { peer } => Line::Verified { peer },
            Event::Alarm { .. } => Line::alarm(event)?,
            Event::Left { peer, reason } => Line::Left {
                peer,
                reason: match reason {
                    Leaving::Quit => "quit",
                    Leaving::Failed => "their program could not go on",
                },
            },
            Event::Who {
                peer,
                fingerprint,
                trust,
                route,
                address,
                queued,
                absent,
            } => Line::Who {
                peer,
                fingerprint: fingerprint.to_string(),
                trust: *trust,
                path: route.name(),
                route: route.kind(),
                transport: route.is_udp().then_some("udp"),
                address: address.map(|address| address.to_string()),
                queued: *queued,
                absent: absent.as_deref(),
            },
            Event::Note { message, asked: _ } => Line::Note {
                message: message.into(),
            },
            Event::List { heading, entries } => {
                let lines = entries
                    .iter()
                    .map(|(name, what)| format!("\n{name}: {what}"));
                Line::Note {
                    message: format!("{heading}{}", lines.collect::<String>()).into(),
                }
            }
            Event::Invites { peer, links, .. } => Line::Note {
                message: format!("only {peer} comes back by these:\n{}", links.join("\n")).into(),
            },
            Event::Error(Problem {
                code,
                message,
                hint,
            }) => Line::Error {
                code,
                message,
                hint,
            },
            Event::Wait(_)
            | Event::Back { .. }
            | Event::Resent { .. }
            | Event::Met { .. }
            | Event::Status { .. }
            | Event::Said { .. }
            // A line for each.
            | Event::Delivered { .. }
            | Event::Unsaid { .. }
            | Event::Parted { .. }
            | Event::Detail { .. }
            | Event::Clear
            | Event::Obeyed => return None,
        })
    }

    fn alarm(event: &'a Event) -> Option<Self> {
        let Event::Alarm {
            cause,
            peer,
            name,
            was,
            is,
            last_met,
            override_by,
            override_words,
        } = event
        else {
            return None;
        };
        Some(Line::Alarm {
            kind: match cause {
                AlarmCause::NameKnown => "name-known",
                AlarmCause::RoomKnown => "room-known",
                AlarmCause::FormerKey => "former-key",
                AlarmCause::NotVerified => "not-verified",
            },
            peer,
            name: name.as_deref(),
            was: was.map(|was| was.to_string()),
            is: is.to_string(),
            last_met: last_met.map(|(when, trust)| (when.to_string(), trust)),
            override_by: override_by.as_deref(),
            override_words,
        })
    }
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
        let event = Event::named_note(text.into());
        let line = lines(&event).unwrap().unwrap();
        assert!(!line.chars().any(is_unseen));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["message"], text);
        assert_eq!(
            (read["v"].as_u64(), read["type"].as_str()),
            (Some(1), Some("note"))
        );
    }

    #[test]
    fn messages_that_arrived_together_have_a_line_each() {
        let event = Event::Delivered { first: 9, last: 11 };
        let lines = lines(&event).unwrap().unwrap();
        let ids = lines.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (
                line["type"].as_str().map(str::to_owned),
                line["id"].as_u64(),
            )
        });
        let expected = [9, 10, 11].map(|id| (Some("delivered".to_owned()), Some(id)));
        assert!(ids.eq(expected));
    }
}
