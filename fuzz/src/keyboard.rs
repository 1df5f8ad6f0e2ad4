//! What a terminal sends.

use std::time::{Duration, Instant};

use undertone::terminal::keyboard::decoder::{Decoder, PASTE_GAP};
use undertone::terminal::keyboard::{Code, Event, Key};

/// What a terminal sends, and when: whatever it was, it ends, and the next key is heard.
///
/// An input is pieces: a byte for the pause before it, in units of 10 ms, one for its length, and
/// then its bytes.
pub fn keyboard(input: &[u8]) {
    let mut decoder = Decoder::default();
    let mut now = Instant::now();
    let mut rest = input;
    while let [pause, length, after @ ..] = rest {
        now += Duration::from_millis(10) * u32::from(*pause);
        let (piece, after) = after.split_at(after.len().min(usize::from(*length)));
        decoder.expire(now);
        decoder.feed(piece, now);
        rest = after;
        while decoder.next_event().is_some() {}
    }
    now += PASTE_GAP;
    decoder.expire(now);
    while decoder.next_event().is_some() {}
    assert!(decoder.is_idle() && decoder.deadline().is_none());
    decoder.feed(b"k\x03", now);
    let key = Event::Key(Code::Char('k').into());
    assert_eq!(decoder.next_event(), Some(key));
    assert_eq!(decoder.next_event(), Some(Event::Key(Key::ctrl('c'))));
}
