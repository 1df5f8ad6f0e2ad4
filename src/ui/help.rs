//! The commands, and what each is for.

use crate::engine::event::Event;

/// What can be typed in a chat, beside what is said.
pub const COMMANDS: &[(&str, &str)] = &[
    (
        "/verify",
        "compare four words by voice, so that nobody can be in between",
    ),
    ("/who", "who is there, and how"),
    ("/peers", "whom you talked to"),
    (
        "/send PATH …",
        "offer files or folders; quotes and ~ as in a shell",
    ),
    ("/accept [N] [DIR]", "take the files of offer N, into DIR"),
    ("/reject [N]", "decline them"),
    ("/cancel [N]", "end what is being sent or received"),
    (
        "/files [N]",
        "what is being sent, received and offered; what is in N",
    ),
    ("/trust WORDS", "let a changed key in, as the alarm says"),
    (
        "/relay",
        "let the mediator carry the chat where no direct path opens",
    ),
    ("/invite", "copy the invite, while you wait"),
    ("/clear", "clear the screen"),
    ("/quit", "leave"),
    ("//x", "send \"/x\""),
];

/// All of them.
pub(super) fn help() -> Event {
    let entry = |(command, what): &(&str, &str)| ((*command).to_owned(), (*what).to_owned());
    Event::List {
        heading: "Commands",
        entries: COMMANDS.iter().map(entry).collect(),
    }
}
