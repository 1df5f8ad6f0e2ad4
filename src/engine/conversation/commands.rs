//! What the person says: messages, and commands.

use std::io::{self, IsTerminal};

use crate::commands::CommandError;
use crate::engine::ChatError;
use crate::engine::conversation::Talk;
use crate::engine::conversation::verify::are_to_be_compared;
use crate::engine::event::Event;
use crate::exit::Exit;
use crate::history::people::people;
use crate::history::{History, Index, View};
use crate::store::aside;
use crate::ui::input::Input;
use crate::ui::interface::Interface;
use jiff::{Timestamp, tz::TimeZone};

/// People whom `/peers` shows; all of them are for `undertone peers`.
const PEERS_MAX: usize = 40;

/// What can be typed in a chat, beside what is said.
pub const COMMANDS: &[(&str, &str)] = &[
    (
        "/verify",
        "compare four words by voice, so that nobody can be in between",
    ),
    ("/who", "who is there, and how"),
    ("/peers", "whom you talked to"),
    ("/trust WORDS", "let a changed key in, as the alarm says"),
    (
        "/relay",
        "let the mediator carry the chat where no direct path opens",
    ),
    ("/invite", "copy the invite, while somebody is awaited"),
    ("/clear", "clear the screen"),
    ("/quit", "leave"),
    ("//x", "send \"/x\""),
];

fn help() -> Event {
    let entry = |(command, what): &(&str, &str)| ((*command).to_owned(), (*what).to_owned());
    Event::list("Commands", COMMANDS.iter().map(entry).collect())
}

impl Talk<'_> {
    pub(super) fn obey(&mut self, input: Input) -> Result<(), ChatError> {
        match input {
            Input::Say(text) => self.say(&text),
            Input::TooLong => {
                self.too_long += usize::from(!io::stdin().is_terminal());
                self.error(
                    "too-long",
                    "that line is over 16 KiB and was not sent",
                    "Send it in parts.",
                )
            }
            Input::Quit => {
                self.leave(Exit::Done);
                Ok(())
            }
            Input::Verify(None) => {
                self.comparing = true;
                self.show_words()
            }
            Input::VerifyLater => {
                self.comparing = false;
                Ok(())
            }
            Input::Verify(Some(typed)) => self.verify(&typed),
            Input::Trust(typed) => self.trust(&typed),
            Input::Who => self.show_who(),
            Input::Peers => self.look_for_peers(),
            Input::Clear => {
                self.interface.clear();
                Ok(())
            }
            Input::Interrupt => {
                self.leave(Exit::Interrupted);
                Ok(())
            }
            Input::Relay => self.agree_to_relay(),
            Input::Invite => self.show(&Event::note(self.setup.clipboard.copy(self.setup.face))),
            Input::Help => self.show(&help()),
            Input::Unknown(name, meant) => {
                let hint = match meant {
                    Some(meant) => {
                        format!("Did you mean /{meant}? To send it as it is, type //{name}.")
                    }
                    None => {
                        format!("/help lists the commands. To send it as it is, type //{name}.")
                    }
                };
                self.error(
                    "unknown-command",
                    &format!("no command /{name}; nothing was sent"),
                    &hint,
                )
            }
        }
    }

    fn show_who(&mut self) -> Result<(), ChatError> {
        let absent = self.absent.borrow().clone();
        let address = self.wire.as_ref().map(|wire| wire.path.address());
        self.show(&Event::Who {
            peer: self.company.name().to_owned(),
            fingerprint: self.company.fingerprint().to_string(),
            trust: self.company.standing(),
            path: self.route.name(),
            route: self.route.kind(),
            address: address.map(|address| address.to_string()),
            queued: self.undelivered(),
            absent,
        })
    }

    /// Has the history read, which may be long; it is shown once that is done.
    fn look_for_peers(&mut self) -> Result<(), ChatError> {
        let Some(history) = self.setup.history.clone() else {
            return self.show(&Event::note("no history is kept: --no-history"));
        };
        self.lookups
            .spawn(async move { aside(move || peers(&history)).await? });
        Ok(())
    }

    pub(super) fn show_peers(
        &mut self,
        found: Result<Event, CommandError>,
    ) -> Result<(), ChatError> {
        match found {
            Ok(found) => self.show(&found),
            Err(error) => self.error("system", &error.to_string(), ""),
        }
    }

    pub(super) fn say(&mut self, text: &str) -> Result<(), ChatError> {
        if text.is_empty() {
            return Ok(());
        }
        if self.interface.is_person() && are_to_be_compared(text) {
            return self.hold_words(text);
        }
        if self.company.is_shut() {
            return self.error(
                "shut",
                "not sent: the other one's identity is not verified",
                "/verify compares words; /quit leaves.",
            );
        }
        let now = Timestamp::now();
        let sent = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let full = !self.backlog.is_empty() || !self.session.has_room();
        if full && matches!(self.interface, Interface::Lines { .. }) {
            self.backlog.push(sent, text);
            return Ok(());
        }
        let Ok(id) = self.session.say(sent, text) else {
            return self.error(
                "full",
                "not sent: too much is waiting to be delivered",
                "Try again once the other one is back.",
            );
        };
        self.interface.said(id, text, now);
        if self.wire.is_none() {
            self.show(&Event::Queued { id })?;
        }
        Ok(())
    }

    /// What waited in the backlog, as far as there is room.
    pub(super) fn say_what_waited(&mut self) {
        while self.session.has_room()
            && let Some((sent, text)) = self.backlog.pop()
        {
            // There is room.
            let _ = self.session.say(sent, &text);
        }
    }
}

/// Whom the history knows, the last met first.
fn peers(history: &History) -> Result<Event, CommandError> {
    let mut index = Index::of(history, View::People, |_| Ok::<_, CommandError>(()))?;
    let all = index.len();
    index.newest(PEERS_MAX);
    let mut entries = people(&mut index, &TimeZone::system())?;
    if let Some(more @ 1..) = all.checked_sub(PEERS_MAX) {
        entries.push(("…".to_owned(), format!("{more} more: undertone peers")));
    }
    Ok(Event::list("Whom you talked to", entries))
}
