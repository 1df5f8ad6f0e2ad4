//! A line that the system has edited: what a person typed, and answers of the terminal that came
//! meanwhile.

use super::Event;
use super::decoder::untimed;

/// The text of a line, its break included. Answers of the terminal are left out.
#[must_use]
pub fn text(line: &[u8]) -> String {
    let events = untimed::events(line).into_iter();
    let texts = events.filter_map(|event| match event {
        Event::Paste(text) => Some(text),
        _ => None,
    });
    texts.collect()
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
