//! What a person types or pastes: rooms, invites, mediators' addresses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use undertone::mediator_url::MediatorUrl;
use undertone::room::{Invite, Room};

fuzz_target!(|text: &str| {
    let _ = text.parse::<Invite>();
    let _ = text.parse::<MediatorUrl>();
    if let Ok(room) = text.parse::<Room>() {
        // What is shown to be typed again names the same room.
        let again: Room = room.typed().parse().expect("a room");
        assert_eq!((again.tag(), again.prs()), (room.tag(), room.prs()));
    }
});
