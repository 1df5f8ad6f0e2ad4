//! Bytes that came without their time: a line that the system has edited, or a paste without an
//! end. They are what a person typed, or an answer of the terminal that came meanwhile.

use super::decoder::Decoder;
use super::{Code, Event};

/// The text of a line, its break included. Answers of the terminal are left out.
#[must_use]
pub fn text(line: &[u8]) -> String {
    let texts = events(line).into_iter().filter_map(|event| match event {
        Event::Paste(text) => Some(text),
        _ => None,
    });
    texts.collect()
}

/// The text as pastes, with each Ctrl-C between them.
pub(super) fn events(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::unbracketed();
    decoder.feed(bytes, std::time::Instant::now());
    decoder.give_up();
    let mut events = Vec::new();
    let mut text = String::new();
    while let Some(event) = decoder.next_event() {
        let Event::Key(key) = event else { continue };
        match key.code {
            _ if key.is_ctrl('c') => {
                flush(&mut text, &mut events);
                events.push(event);
            }
            Code::Enter => text.push('\n'),
            _ if key.is_ctrl('j') => text.push('\n'),
            Code::Tab => text.push('\t'),
            Code::Backspace => drop(text.pop()),
            Code::Char(c) if !key.ctrl && !key.alt => text.push(c),
            _ => {}
        }
    }
    flush(&mut text, &mut events);
    events
}

fn flush(text: &mut String, events: &mut Vec<Event>) {
    if !text.is_empty() {
        events.push(Event::Paste(std::mem::take(text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_what_was_typed_and_nothing_that_was_answered() {
        for (line, typed) in [
            (&b"hello\n"[..], "hello\n"),
            (b"he\x1b[?2026;2$yllo\n", "hello\n"),
            (b"\x1b]52;c;c2VjcmV0\x07hi\n", "hi\n"),
            (
                b"\x1b[200~two\tlines\rhere\x1b[201~\n",
                "two\tlines\nhere\n",
            ),
            (b"caf\xe9 au lait\n", "caf\u{fffd} au lait\n"),
            ("世界👩\n".as_bytes(), "世界👩\n"),
            (b"x\x1b]11;rgb:12", "x"),
        ] {
            assert_eq!(text(line), typed);
        }
    }
}
