//! What people, mediators and old files say, as text.

use undertone::history::Entry;
use undertone_core::mediator_url::MediatorUrl;
use undertone_core::room::{Invite, Room};
use undertone_core::text::display_name::DisplayName;
use undertone_core::text::safe::Safe;
use undertone_net::rendezvous::proxy::ProxyChoice;
use undertone_wire::{ClientMessage, MediatorMessage};

/// What a person types or pastes: rooms, invites, mediators' addresses.
pub fn room(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let _ = text.parse::<Invite>();
    let _ = text.parse::<MediatorUrl>();
    if let Ok(room) = text.parse::<Room>() {
        // What is shown to be typed again names the same room.
        let again: Room = room.typed().parse().expect("a room");
        assert_eq!((again.tag(), again.prs()), (room.tag(), room.prs()));
    }
}

/// What somebody calls themselves, and what they say, on its way to a terminal.
pub fn name(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let shown = Safe::message(&text).to_string();
    assert!(
        !shown.chars().any(|c| c.is_control() && c != '\n'),
        "{shown:?}"
    );
    if let Ok(name) = DisplayName::parse(&text) {
        let again = DisplayName::parse(name.as_str()).expect("a name");
        assert_eq!(again.as_str(), name.as_str());
        assert!(!name.safe().to_string().contains(char::is_control));
    }
}

/// The address of a proxy. Whatever is wrong with it, its password is not repeated.
pub fn proxy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let _ = text.parse::<ProxyChoice>();
    let with_login = format!("http://me:hunter2hunter2@{text}");
    let shown = match with_login.parse::<ProxyChoice>() {
        Ok(choice) => format!("{choice:?}"),
        Err(why) => format!("{why} {why:?}"),
    };
    assert!(!shown.contains("hunter2hunter2"), "{shown}");
}

/// A line of peers.txt, which anybody may have edited.
pub fn peers(input: &[u8]) {
    let Ok(line) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(entry) = line.parse::<Entry>() {
        let again: Entry = entry.to_string().parse().expect("our own line");
        assert_eq!(again.to_string(), entry.to_string());
    }
}

/// The messages between client and mediator, both ways.
pub fn wire(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(message) = ClientMessage::decode(text) {
        assert!(ClientMessage::decode(&message.encode()).is_ok());
    }
    let _ = MediatorMessage::decode(text);
}
