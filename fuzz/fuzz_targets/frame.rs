//! Bytes from a socket, cut into frames.
#![no_main]

use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use undertone::link::frame::FrameReader;

fuzz_target!(|input: (u8, &[u8])| {
    let (shortest, bytes) = input;
    let lengths = usize::from(shortest)..=4096;
    let mut reader = FrameReader::default();
    let mut socket = bytes;
    // A slice is always ready, and closed at its end.
    while let Some(Ok(frame)) = reader.read(&mut socket, lengths.clone()).now_or_never() {
        assert!(lengths.contains(&frame.len()));
    }
});
