//! What the person is shown: how it stands, and what happens.

use jiff::Timestamp;
use undertone_core::session;

use crate::engine::ChatError;
use crate::engine::conversation::Talk;
use crate::engine::event::{Event, Standing};
use crate::exit::Exit;
use crate::store::News;
use crate::terminal::composer::prompt::State;

/// Why the other one left, where their program could not go on.
const FAILED: &str = "their program could not go on";

impl Talk<'_> {
    /// Tells the person how it stands.
    pub(super) fn stand(&mut self) {
        let state = match self.company.standing() {
            _ if self.company.is_shut() => State::Shut,
            _ if self.wire.is_none() => State::Lost {
                queued: self.session.queued(),
            },
            Standing::Verified => State::Verified,
            Standing::Invite => State::Invite,
            Standing::Unverified => State::NotVerified,
        };
        let note = match (self.route.is_relay(), self.unstable) {
            (true, true) => "relay, unstable",
            (true, false) => "relay",
            (false, true) => "unstable",
            (false, false) => "",
        };
        self.interface.stand(self.company.name(), state, note);
        if self.interface.paint().is_err() && self.exit.is_none() {
            self.leave(Exit::Done);
        }
    }

    pub(super) fn show_events(&mut self) -> Result<(), ChatError> {
        while let Some(event) = self.session.poll_event() {
            let from = self.company.name().to_owned();
            match event {
                session::Event::Text {
                    seq,
                    sent,
                    text,
                    resent,
                } => {
                    let received = Timestamp::now();
                    let time = i64::try_from(sent)
                        .ok()
                        .and_then(|ms| Timestamp::from_millisecond(ms).ok());
                    let shown = self.show(&Event::Message {
                        id: seq,
                        from,
                        text,
                        // What is no time says nothing.
                        time: time.unwrap_or(received),
                        received,
                        resent,
                    });
                    if shown.is_err() {
                        self.session.not_taken(seq);
                    }
                    shown?;
                }
                session::Event::Delivered(upto) => {
                    for id in self.delivered + 1..=upto {
                        self.show(&Event::Delivered { id })?;
                    }
                    self.delivered = upto;
                    self.was_heeded();
                    self.hole.answered();
                }
                // Of a link that was lost right then.
                session::Event::Unstable(_) if self.wire.is_none() => {}
                session::Event::Unstable(unstable) => {
                    self.unstable = unstable;
                    self.show(&Event::Unstable {
                        peer: from,
                        unstable,
                    })?;
                }
                session::Event::Withheld => {
                    let message =
                        format!("{from} has not let you in yet; what you say waits until then");
                    self.show(&Event::Note { message })?;
                }
                session::Event::Unheeded => {
                    let message = format!(
                        "{from} is there, but has acknowledged nothing of what you said; it is kept"
                    );
                    self.show(&Event::Note { message })?;
                }
                // A person is told with what they can do next.
                session::Event::Left if self.interface.is_person() => self.left = true,
                session::Event::Left => self.show_left("quit")?,
                session::Event::Failed => self.show_left(FAILED)?,
            }
        }
        Ok(())
    }

    fn show_left(&mut self, reason: &str) -> Result<(), ChatError> {
        self.show(&Event::Left {
            peer: self.company.name().to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// Tells why the mediator keeps the other one away, or that it does so no more.
    pub(super) fn show_absent(&mut self) -> Result<(), ChatError> {
        let absent = self.absent.borrow_and_update().clone();
        let note = absent.as_deref().unwrap_or("the mediator is back");
        self.show(&Event::note(note))
    }

    /// Tells what became of something that was to be written to the disk.
    pub(super) fn show_news(&mut self, news: &News) -> Result<(), ChatError> {
        self.show(&Event::of_news(news))
    }

    pub(super) fn error(
        &mut self,
        code: &'static str,
        message: &str,
        hint: &str,
    ) -> Result<(), ChatError> {
        self.show(&Event::Error {
            code,
            message: message.into(),
            hint: hint.into(),
        })
    }

    /// Shows an event. What cannot be written, because the disk is full or nobody reads any more,
    /// was not heard: the chat fails, and neither acknowledges it nor says goodbye.
    pub(super) fn show(&mut self, event: &Event) -> Result<(), ChatError> {
        self.interface.show(event).map_err(ChatError::Output)
    }
}
