//! The history as `undertone peers` shows it: a table for people, a JSON object a line for programs.

mod columns;

use std::io::{self, Write};

use jiff::tz::TimeZone;
use serde::Serialize;
use undertone_core::text::safe::Safe;

use super::{Entry, Finding, Index};
use crate::commands::{CommandError, TableStyle};
use crate::terminal::fingerprints::{LEAST, beside};
use crate::trust::Trust;
use columns::{ADDRESS, COLUMNS, GAP, NAME, STATE, fitted};

const HEADS: [&str; COLUMNS] = [
    "NAME",
    "ROOM",
    "LAST SEEN",
    "ADDRESS",
    "PATH",
    "STATE",
    "KEY",
];
/// Escapes of the 16 colours that every terminal has (ECMA-48 §8.3.117).
const DIM: &str = "\u{1b}[2m";
const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[1;31m";
const RESET: &str = "\u{1b}[0m";

/// Writes the table, as wide as `look` lets it, times in `zone`, the rows in the order that `index`
/// has them in. A `*` behind a name marks another key than the one that the name is known by.
///
/// # Errors
/// [`CommandError`], where the history cannot be read or the table not be written.
pub fn table(
    index: &mut Index<'_>,
    look: TableStyle,
    zone: &TimeZone,
    out: &mut impl Write,
) -> Result<(), CommandError> {
    let heads = HEADS.map(Safe::line);
    let mut whole = heads.each_ref().map(Safe::width);
    let mut any_marked = false;
    index.each(|entry, marked| {
        any_marked |= marked;
        for (columns, cell) in whole.iter_mut().zip(cells(entry, marked, zone)) {
            *columns = (*columns).max(cell.width());
        }
        Ok::<_, CommandError>(())
    })?;
    let widths = fitted(whole, look.width);
    out.write_all(row(&heads, [DIM; COLUMNS], widths, look).as_bytes())?;
    index.each(|entry, marked| {
        let cells = cells(entry, marked, zone);
        let row = row(&cells, style(entry, marked), widths, look);
        Ok::<_, CommandError>(out.write_all(row.as_bytes())?)
    })?;
    if any_marked {
        let note = Safe::line("* same name, another key");
        writeln!(out, "{}", note.clipped(look.width))?;
        compared(index, look.width, out)?;
    }
    Ok(())
}

/// For each row whose name is known by another key, both fingerprints whole: two that begin alike
/// are cheap to make.
fn compared(index: &mut Index<'_>, width: usize, out: &mut impl Write) -> Result<(), CommandError> {
    if width < LEAST {
        return Ok(());
    }
    index.each_marked(|entry, known| {
        let name = Safe::line(&format!("{}*", Safe::name(&entry.name)));
        writeln!(out, "{}", name.clipped(width))?;
        let (was, is) = in_order(entry, known);
        writeln!(out, "{}", beside(&was.key, &is.key, width))?;
        Ok::<_, CommandError>(())
    })
}

/// The one that was seen before the other.
pub(super) fn in_order<'a>(entry: &'a Entry, known: &'a Entry) -> (&'a Entry, &'a Entry) {
    match known.last_seen <= entry.last_seen {
        true => (known, entry),
        false => (entry, known),
    }
}

/// One row, with its line feed.
fn row(
    cells: &[Safe; COLUMNS],
    styles: [&str; COLUMNS],
    widths: [usize; COLUMNS],
    look: TableStyle,
) -> String {
    let mut out = String::new();
    let (mut before, mut at) = (0, 0);
    for (column, ((cell, columns), style)) in cells.iter().zip(widths).zip(styles).enumerate() {
        if columns == 0 {
            continue;
        }
        // The name alone stays, and may be wider than there is room.
        let columns = columns.min(look.width);
        let cell = match column {
            ADDRESS => clipped_address(cell, columns),
            _ => cell.clipped(columns),
        };
        out.extend(std::iter::repeat_n(' ', before - at));
        match style {
            style if look.color && !style.is_empty() => {
                out.extend([style, cell.as_str(), RESET]);
            }
            _ => out.push_str(cell.as_str()),
        }
        at = before + cell.width();
        before += columns + GAP;
    }
    out.push('\n');
    out
}

fn style(entry: &Entry, marked: bool) -> [&'static str; COLUMNS] {
    let mut styles = [""; COLUMNS];
    let state = match entry.state {
        Finding::Trust(Trust::Verified) => GREEN,
        Finding::Alarm | Finding::Differed => RED,
        Finding::Trust(Trust::Invite | Trust::Unverified) => DIM,
    };
    for (column, style) in [(NAME, if marked { RED } else { "" }), (STATE, state)] {
        if let Some(cell) = styles.get_mut(column) {
            *cell = style;
        }
    }
    styles
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    room: &'a str,
    started: String,
    last_seen: String,
    address: &'a str,
    path: &'static str,
    state: &'static str,
    key: &'a str,
    another_key: bool,
}

/// The same for programs: one JSON object a line, each with `"v":1` and `"type":"peer"`, times as
/// RFC 3339 in UTC, texts as they are.
///
/// # Errors
/// As [`table`].
pub fn json_lines(index: &mut Index<'_>, out: &mut impl Write) -> Result<(), CommandError> {
    index.each(|entry, another_key| {
        let line = Line {
            v: 1,
            kind: "peer",
            name: &entry.name,
            room: &entry.room,
            started: entry.started.to_string(),
            last_seen: entry.last_seen.to_string(),
            address: &entry.address,
            path: entry.path.as_str(),
            state: match entry.state {
                Finding::Trust(Trust::Verified) => "verified",
                Finding::Trust(Trust::Invite) => "invite",
                Finding::Trust(Trust::Unverified) => "unverified",
                Finding::Alarm => "alarm",
                Finding::Differed => "words-differed",
            },
            key: &entry.key,
            another_key,
        };
        let line = serde_json::to_string(&line).map_err(io::Error::from)?;
        Ok::<_, CommandError>(writeln!(out, "{line}")?)
    })
}

pub(super) fn cells(entry: &Entry, marked: bool, zone: &TimeZone) -> [Safe; COLUMNS] {
    let name = Safe::name(&entry.name).to_string();
    let seen = entry.last_seen.to_zoned(zone.clone());
    let mut words = entry.key.splitn(3, '-');
    let short = [words.next(), words.next()]
        .map(Option::unwrap_or_default)
        .join("-");
    [
        Safe::line(&if marked { format!("{name}*") } else { name }),
        Safe::line(&entry.room),
        Safe::line(&seen.strftime("%Y-%m-%d %H:%M").to_string()),
        Safe::line(&entry.address),
        Safe::line(entry.path.as_str()),
        Safe::line(entry.state.in_words()),
        Safe::line(&format!("{short}-…")),
    ]
}

/// At most so wide, what is cut being the host.
fn clipped_address(address: &Safe, columns: usize) -> Safe {
    let Some((host, port)) = address.as_str().rsplit_once(':') else {
        return address.clipped(columns);
    };
    let port = Safe::line(&format!(":{port}"));
    if address.width() <= columns || port.width() >= columns {
        return address.clipped(columns);
    }
    let host = Safe::line(host).clipped(columns - port.width());
    Safe::line(&format!("{host}{port}"))
}

#[cfg(test)]
mod tests;
