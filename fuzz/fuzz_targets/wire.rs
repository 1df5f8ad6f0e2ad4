//! The messages between client and mediator, both ways.
#![no_main]

use libfuzzer_sys::fuzz_target;
use undertone_mediator::wire::{ClientMessage, MediatorMessage};

fuzz_target!(|text: &str| {
    if let Ok(message) = ClientMessage::decode(text) {
        assert!(ClientMessage::decode(&message.encode()).is_ok());
    }
    let _ = MediatorMessage::decode(text);
});
