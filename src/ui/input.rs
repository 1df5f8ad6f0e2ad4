//! What the person says: lines of stdin, and the commands among them.

use std::io::{self, BufRead, Cursor, IsTerminal, Read};
use std::thread;

use tokio::sync::mpsc;
use undertone_core::payload::TEXT_MAX;
use undertone_core::text::safe::is_invisible;

use crate::terminal::keyboard;

/// Lines that are read ahead.
pub const AHEAD: usize = 32;
/// The commands, to be completed, and for a typing error to be compared with.
pub const COMMANDS: [&str; 14] = [
    "accept", "cancel", "clear", "files", "help", "invite", "peers", "quit", "reject", "relay",
    "send", "trust", "verify", "who",
];

/// One line of stdin.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// To be said; empty where there is nothing to say.
    Say(String),
    /// `/verify`, with the words that the other person read out, if any.
    Verify(Option<String>),
    /// The question for the words was turned down.
    VerifyLater,
    /// `/trust WORDS`: let a changed key in.
    Trust(String),
    /// `/who`.
    Who,
    /// `/peers`.
    Peers,
    /// `/send PATH …`: what was typed behind it.
    Send(String),
    /// `/accept [N] [DIR]`.
    Accept(Option<u32>, Option<String>),
    /// `/reject [N]`.
    Reject(Option<u32>),
    /// `/cancel [N]`.
    Cancel(Option<u32>),
    /// `/files [N]`.
    Files(Option<u32>),
    /// `/clear`.
    Clear,
    /// `/relay`: the mediator may carry the chat.
    Relay,
    /// `/help`.
    Help,
    /// `/invite`: to the clipboard.
    Invite,
    /// `/quit`.
    Quit,
    /// A command that does not exist, and the one that was meant, perhaps.
    Unknown(String, Option<&'static str>),
    /// A line of more than [`TEXT_MAX`] bytes; it is not sent.
    TooLong,
    /// Ctrl-D, where the terminal hands it over as a key.
    End,
    /// Ctrl-C, where the terminal hands it over as a key.
    Interrupt,
}

/// Reads stdin on a thread of its own, which ends with the process: a read from a
/// terminal cannot be called back. The channel closes at the end of stdin.
/// What was read of it before comes first.
///
/// # Errors
/// The system's, where it gives no further thread.
pub fn listen(before: String) -> io::Result<mpsc::Receiver<Input>> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    thread::Builder::new().spawn(move || {
        let read: fn(&[u8]) -> Input = match std::io::stdin().is_terminal() {
            // The terminal's own answers are among what a person types.
            true => |line| bounded(&keyboard::line::text(line), typed),
            false => |line| bounded(&String::from_utf8_lossy(line), parse),
        };
        let mut stdin = Cursor::new(before).chain(std::io::stdin().lock());
        while let Some(line) = read_line(&mut stdin) {
            let input = line.map_or(Input::TooLong, |line| read(&line));
            if sender.blocking_send(input).is_err() {
                break;
            }
        }
    })?;
    Ok(receiver)
}

/// The next line without its end; `Some(None)` for one that is too long.
fn read_line(from: &mut impl BufRead) -> Option<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let chunk = from.fill_buf().ok()?;
        if chunk.is_empty() {
            break;
        }
        any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
        // One byte over the bound is kept, to know; a CR may yet go.
        let room = (TEXT_MAX + 2).saturating_sub(line.len());
        line.extend(part.iter().take(room));
        let taken = part.len() + usize::from(end.is_some());
        from.consume(taken);
        if end.is_some() {
            break;
        }
    }
    if !any {
        return None;
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Some((line.len() <= TEXT_MAX).then_some(line))
}

/// What a line asks for, whose text may be longer than its bytes: U+FFFD has three.
fn bounded(text: &str, parse: fn(&str) -> Input) -> Input {
    match text.len() <= TEXT_MAX {
        true => parse(text),
        false => Input::TooLong,
    }
}

/// What a person asks for by a line, or a draft of several. What they cannot see they do not say.
pub fn typed(line: &str) -> Input {
    match line.chars().all(is_invisible) {
        true => Input::Say(String::new()),
        false => parse(line),
    }
}

/// What a line asks for. White space alone says nothing.
fn parse(line: &str) -> Input {
    let Some(command) = line.strip_prefix('/') else {
        let blank = line.chars().all(char::is_whitespace);
        let text = if blank { "" } else { line };
        return Input::Say(text.to_owned());
    };
    if command.starts_with('/') {
        return Input::Say(command.to_owned());
    }
    let (name, rest) = command
        .split_once(char::is_whitespace)
        .unwrap_or((command, ""));
    let rest = rest.trim();
    match name {
        "verify" => Input::Verify((!rest.is_empty()).then(|| rest.to_owned())),
        "trust" => Input::Trust(rest.to_owned()),
        "who" => Input::Who,
        "peers" => Input::Peers,
        "clear" => Input::Clear,
        "relay" => Input::Relay,
        "help" => Input::Help,
        "send" => Input::Send(rest.to_owned()),
        "accept" => {
            let (number, folder) = numbered(rest);
            Input::Accept(number, (!folder.is_empty()).then(|| folder.to_owned()))
        }
        "reject" => Input::Reject(numbered(rest).0),
        "cancel" => Input::Cancel(numbered(rest).0),
        "files" => Input::Files(numbered(rest).0),
        "invite" => Input::Invite,
        "quit" => Input::Quit,
        _ => Input::Unknown(name.to_owned(), meant(name)),
    }
}

/// The number that a text begins with, if it does, and what stands behind it.
fn numbered(rest: &str) -> (Option<u32>, &str) {
    let (first, behind) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let number = first.trim_matches(['[', ']']).parse().ok();
    match number {
        Some(number) => (Some(number), behind.trim()),
        None => (None, rest),
    }
}

/// The command that is at most two typing errors away.
fn meant(name: &str) -> Option<&'static str> {
    let near = COMMANDS
        .iter()
        .map(|command| (distance(name, command), *command));
    near.filter(|(distance, _)| *distance <= 2)
        .min()
        .map(|(_, command)| command)
}

/// How many letters must be added, dropped or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().take(32).enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, pair) in b.chars().zip(row.windows(2)) {
            let [diagonal, above] = *pair else { continue };
            left = (diagonal + usize::from(x != y))
                .min(above + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_messages() {
        assert_eq!(parse("hi /quit"), Input::Say("hi /quit".into()));
        assert_eq!(parse("//quit"), Input::Say("/quit".into()));
        assert_eq!(parse("/quit"), Input::Quit);
        assert_eq!(parse("/verify"), Input::Verify(None));
        assert_eq!(parse("/verify  a b "), Input::Verify(Some("a b".into())));
        assert_eq!(parse("/qiut"), Input::Unknown("qiut".into(), Some("quit")));
        assert_eq!(parse("/polka"), Input::Unknown("polka".into(), None));
        assert_eq!(parse(""), Input::Say(String::new()));
    }

    #[test]
    fn lines_end_in_any_way_and_are_bounded() {
        let long = "x".repeat(TEXT_MAX);
        let over = "y".repeat(3 * TEXT_MAX);
        let text = format!("a\r\n\n{long}\n{over}\nend");
        let mut from = text.as_bytes();
        let lines: Vec<_> = std::iter::from_fn(|| read_line(&mut from)).collect();
        let some = |line: &str| Some(line.as_bytes().to_owned());
        assert_eq!(lines, [some("a"), some(""), some(&long), None, some("end")]);
    }

    #[test]
    fn a_line_that_grows_when_it_is_read_is_bounded_too() {
        assert_eq!(bounded("/quit", parse), Input::Quit);
        let grown = "\u{fffd}".repeat(TEXT_MAX / 2);
        assert_eq!(bounded(&grown, parse), Input::TooLong);
    }

    #[test]
    fn blanks_alone_say_nothing_and_before_a_text_they_stay() {
        let nothing = Input::Say(String::new());
        for blanks in [
            " ",
            "   ",
            "\t",
            "\n \n",
            "\u{a0}",
            "\u{2003}\u{3000}",
            "\u{85}",
        ] {
            assert_eq!(parse(blanks), nothing, "{blanks:?}");
            assert_eq!(typed(blanks), nothing, "{blanks:?}");
        }
        // What cannot be seen is a program's to say, and no person's.
        for unseen in [
            "\u{200b}",
            " \u{feff}\u{3164}",
            "\u{2800}",
            "\u{e0041}",
            "\u{ad}",
        ] {
            assert_eq!(parse(unseen), Input::Say(unseen.into()));
            assert_eq!(typed(unseen), nothing, "{unseen:?}");
        }
        for text in [
            "  x",
            "x ",
            "\u{200b}x",
            "\u{3}",
            "\u{fffd}",
            "\u{f8ff}",
            "\u{301}",
        ] {
            assert_eq!(typed(text), Input::Say(text.into()));
        }
        assert_eq!(typed("// "), Input::Say("/ ".into()));
    }
}
