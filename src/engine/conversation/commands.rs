//! What the person says: messages, and commands.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::time::Instant;

use crate::commands::CommandError;
use crate::engine::Command;
use crate::engine::conversation::Conversation;
use crate::engine::conversation::verify::are_to_be_compared;
use crate::engine::event::Event;
use crate::engine::inbox::Inbox;
use crate::history::people::people;
use crate::history::{History, Index, View};
use crate::store::aside;

/// People whom `/peers` shows; all of them are for `undertone peers`.
const PEERS_MAX: usize = 40;

impl Conversation<'_> {
    /// Obeys the commands that are here already, as far as there is room for what comes of them.
    pub(super) fn obey_ready(&mut self, inbox: &mut Inbox) {
        while self.takes_input()
            && self.context.outlet.has_room()
            && let Some(command) = inbox.ready()
        {
            self.obey(command);
        }
    }

    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Say(text) => self.say(text),
            Command::TooLong => {
                self.too_long += usize::from(!self.context.config.speaker.types);
                self.error(
                    "too-long",
                    "that line is over 16 KiB and was not sent",
                    "Send it in parts.",
                );
            }
            Command::Verify(None) => {
                self.comparing = true;
                self.show_words();
            }
            Command::VerifyLater => self.comparing = false,
            Command::Verify(Some(typed)) => self.verify(&typed),
            Command::Trust(typed) => self.trust(&typed),
            Command::Who => self.show_who(),
            Command::Peers => self.look_for_peers(),
            Command::Send { paths, filter } => self.send(paths, filter),
            Command::SendPipe { name, pipe } => self.send_pipe(name, pipe),
            Command::Accept { number, into } => self.accept(number, into),
            Command::Reject { number, outcome } => self.reject(number, outcome),
            Command::Cancel(number) => self.cancel(number),
            Command::Files(number) => self.show_files(number),
            Command::AllowRelay => self.agree_to_relay(),
            Command::Show(event) => self.show(event),
            // They have met.
            Command::Meet => {}
            Command::EndInput => {
                self.ended = true;
                self.heeded = Instant::now();
                self.leave_after_input();
            }
            Command::Leave(exit) => self.leave(exit),
        }
    }

    fn show_who(&self) {
        let absent = self.absent.borrow().clone();
        let address = self.link.as_ref().map(|link| link.path.address());
        self.show(Event::Who {
            peer: self.peer.name().to_owned(),
            fingerprint: self.peer.fingerprint(),
            trust: self.peer.trust(),
            route: self.route,
            address,
            queued: self.undelivered(),
            absent,
        });
    }

    /// Tells what is sent, received and offered, or what is in this one of them.
    fn show_files(&self, number: Option<u32>) {
        let entries = match number {
            None => Some(self.transfers.in_words(&self.session)),
            Some(number) => self.transfers.listed(number, &self.session),
        };
        match entries {
            Some(entries) => self.show(Event::List {
                heading: "Files",
                entries,
            }),
            None => self.error("no-offer", "there is no such offer", "/files lists them."),
        }
    }

    /// Has the history read, which may be long; it is shown once that is done.
    fn look_for_peers(&mut self) {
        let Some(history) = self.context.config.history.clone() else {
            return self.show(Event::note("no history is kept: --no-history"));
        };
        self.lookups
            .spawn(async move { aside(move || peers(&history)).await? });
    }

    pub(super) fn show_peers(&self, found: Result<Event, CommandError>) {
        match found {
            Ok(found) => self.show(found),
            Err(error) => self.error("system", &error.to_string(), ""),
        }
    }

    fn say(&mut self, text: String) {
        if text.is_empty() {
            return;
        }
        let speaker = self.context.config.speaker;
        if speaker.is_person && are_to_be_compared(&text) {
            return self.hold_words(&text);
        }
        if self.peer.is_shut() {
            return self.error(
                "shut",
                "not sent: the other person's identity is not verified",
                "/verify compares words; /quit leaves.",
            );
        }
        let time = Timestamp::now();
        let sent = u64::try_from(time.as_millisecond()).unwrap_or(0);
        let full = !self.backlog.is_empty() || !self.session.has_room();
        if full && !speaker.is_prompt {
            self.backlog.push(sent, &text);
            return;
        }
        let Ok(id) = self.session.say(sent, &text) else {
            return self.error(
                "full",
                "not sent: too much is waiting to be delivered",
                "Try again once the other person is back.",
            );
        };
        if speaker.is_prompt {
            self.show(Event::Said { id, text, time });
        }
        if self.link.is_none() {
            self.show(Event::Queued { id });
        }
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
    Ok(Event::List {
        heading: "Whom you talked to",
        entries,
    })
}
