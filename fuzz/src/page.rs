//! What a page is called with, whoever the bytes in it are of.

use std::time::{Duration, Instant};

use undertone_web::Page;

/// A call: enter a room, make an offer.
const BEGUN: [&[u8]; 2] = [b"\x05\0\0\0\x03ada\0\0\0\x09lab#otter", b"\x07"];

/// Calls, each behind its length: whatever they say, what comes of them is whole events.
pub fn page(input: &[u8]) {
    let mut now = Instant::now();
    for begun in [&[][..], &BEGUN] {
        let (mut page, mut rest) = (Page::default(), input);
        begun.iter().for_each(|call| check(&mut page, call, now));
        while let Some((len, calls)) = rest.split_first() {
            let (call, calls) = calls.split_at(usize::from(*len).min(calls.len()));
            check(&mut page, call, now);
            now += Duration::from_millis(u64::from(*len));
            rest = calls;
        }
    }
}

fn check(page: &mut Page, call: &[u8], now: Instant) {
    let mut out = Vec::new();
    page.call(call, now, &mut out);
    let mut events = out.as_slice();
    while let Some((head, rest)) = events.split_first_chunk::<5>() {
        let len = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        events = &rest[len as usize..];
    }
    assert!(events.is_empty());
}
