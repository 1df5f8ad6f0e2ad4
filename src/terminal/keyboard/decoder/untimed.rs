//! Bytes that came without their time: a line that the system has edited, or a paste without an
//! end. They are what a person typed, or an answer of the terminal that came meanwhile.

use std::time::Instant;

use super::{Code, Decoder, Event};

/// The text as pastes, with each Ctrl-C between them.
pub(crate) fn events(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder {
        unbracketed: true,
        ..Decoder::default()
    };
    decoder.feed(bytes, Instant::now());
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
