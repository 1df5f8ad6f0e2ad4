//! One conversation as a task: from the wait for somebody to the end of the talk with them, and,
//! where a person commands it, another one for as often as they want.

use std::convert::Infallible;

use tokio::sync::mpsc;

use super::connect::{self, Connected, Spending};
use super::conversation::{End, Parting, talk};
use super::event::{Event, Status, Wait};
use super::inbox::{Inbox, failed, stopped};
use super::mediator::MediatorHandle;
use super::outlet::Outlet;
use super::relay::{HIDDEN, QUESTION};
use super::{ChatConfig, ChatError, Command, Context, WRITE_TIMEOUT, details};
use crate::exit::Exit;

const NO_CHAT: &str = "There is no chat to take a command. Enter waits again, /quit leaves.";
const NO_CHAT_YET: &str = "there is no chat yet for that; /quit leaves";
const NO_WORDS_YET: &str =
    "nobody is there yet to compare words with: /verify does so once somebody is";

/// What comes after a meeting.
enum Next {
    /// Another one, in the same room.
    Again,
    /// The end, with this exit unless with that of the meeting.
    Leave(Option<Exit>),
}

pub(super) struct Task {
    context: Context,
    /// Our name for whom we met last.
    peer: String,
    /// There was a meeting: the person stays when others go.
    has_met: bool,
}

impl Task {
    pub(super) fn new(mut config: ChatConfig, outlet: Outlet) -> Self {
        if config.speaker.hears_details {
            config.listening.tell = details(&outlet);
        }
        Self {
            context: Context { config, outlet },
            peer: String::new(),
            has_met: false,
        }
    }

    /// Runs the conversation from the room to its end.
    pub(super) async fn run(mut self, mut inbox: Inbox) -> Result<Exit, ChatError> {
        if self.context.config.listening.hidden {
            self.context.note(HIDDEN);
        }
        self.context.check_bind()?;
        let spending = Spending::open(&self.context).await?;
        let mut local = self.context.local().await?;
        let ended = self.meetings(&mut local, spending, &mut inbox).await;
        local.stop().await;
        let lost = self.context.config.writer.finish(WRITE_TIMEOUT).await;
        if !lost.is_empty() {
            let message = format!(
                "not kept, for the disk did not take it: {}",
                lost.join(", ")
            );
            self.context.tell(Event::not_kept(&message));
        }
        ended
    }

    /// Meets until somebody here leaves, or, without a person, once.
    async fn meetings(
        &mut self,
        local: &mut MediatorHandle,
        spending: Spending,
        inbox: &mut Inbox,
    ) -> Result<Exit, ChatError> {
        let mut spending = Some(spending);
        // How the conversation ends once the person leaves: as the last meeting did.
        let mut code = Exit::Done;
        loop {
            let met = match spending.take() {
                Some(spending) => self.meet(local, &spending, inbox).await,
                None => match Spending::open(&self.context).await {
                    Ok(spending) => self.meet(local, &spending, inbox).await,
                    Err(error) => Ok(Err(error)),
                },
            };
            self.context.tell(Event::Wait(Wait::Over));
            if !self.context.config.speaker.is_person {
                self.context.config.room.forget_secret();
            }
            let parting = match met {
                Err(Ok(Exit::Done)) => return Ok(code),
                Err(ended) => return ended,
                Ok(Err(error)) => Parting::because(error),
                Ok(Ok(met)) => match self.talk(local, met, inbox).await {
                    Ok(End::Here(exit)) => return exit,
                    Ok(End::There(parting)) => parting,
                    Err(error) => Parting::because(error),
                },
            };
            // Whoever cannot be shown anything does not stay.
            let unwritten = matches!(parting.exit, Err(ChatError::Output(_)));
            if unwritten || !self.has_met || !self.context.config.speaker.is_person {
                return parting.exit;
            }
            code = parting.code();
            match self.part(inbox, &parting).await {
                Next::Again => {
                    // The mediator may have been in the program that ended.
                    if let Some(message) = local.revive().await {
                        self.context.note(&message);
                    }
                }
                Next::Leave(exit) => return Ok(exit.unwrap_or(code)),
            }
        }
    }

    /// Waits for somebody, for as long as was asked for. The outer error: the face ended it.
    async fn meet(
        &self,
        local: &mut MediatorHandle,
        spending: &Spending,
        inbox: &mut Inbox,
    ) -> Result<Result<Connected, ChatError>, Result<Exit, ChatError>> {
        let Inbox {
            commands,
            stop,
            failures,
        } = inbox;
        let met = tokio::select! {
            met = connect::meet(&self.context, local, spending) => Ok(met),
            exit = stopped(stop) => Err(exit),
            exit = self.while_waiting(commands) => Err(exit),
            error = failed(failures) => Ok(Err(ChatError::Output(error))),
            never = self.ask_for_relay() => match never {},
            never = self.tell_news() => match never {},
        };
        // Whatever ends it: what was spent is said.
        met.map_err(|exit| match spending.broken_off() {
            Some(spent) if exit == Exit::Done => Err(spent),
            Some(spent) => {
                self.context.tell(spent.event());
                Ok(exit)
            }
            None => Ok(exit),
        })
    }

    /// Talks to who was met.
    async fn talk(
        &mut self,
        local: &mut MediatorHandle,
        met: Connected,
        inbox: &mut Inbox,
    ) -> Result<End, ChatError> {
        let name = |name: &str| {
            name.clone_into(&mut self.peer);
            self.has_met = true;
        };
        talk(&self.context, local, met, inbox, name).await
    }

    /// Obeys while the peer is awaited; returns if that is to end. Cancel-safe.
    async fn while_waiting(&self, commands: &mut mpsc::Receiver<Command>) -> Exit {
        loop {
            self.context.outlet.room().await;
            match commands.recv().await {
                None | Some(Command::EndInput) => return Exit::Done,
                Some(Command::Leave(exit)) => return exit,
                Some(Command::AllowRelay) => {
                    let agreed = self.context.config.consent.give();
                    self.context.tell(Event::asked(agreed));
                }
                Some(Command::Show(event)) => self.context.tell(event),
                Some(Command::Say(text)) if text.is_empty() => {}
                Some(Command::Say(text)) => self.context.tell(Event::Unsaid { text }),
                Some(Command::Who) => {
                    let room = self.context.config.room.name();
                    let message = format!("nobody is there yet: you wait in room {room}");
                    self.context.tell(Event::asked(&message));
                }
                Some(Command::Verify(_)) => self.context.tell(Event::asked(NO_WORDS_YET)),
                // Of the meeting before.
                Some(Command::VerifyLater) => {}
                Some(_) => self.context.tell(Event::asked(NO_CHAT_YET)),
            }
        }
    }

    /// Tells that the meeting is over, and waits for what the person wants.
    async fn part(&self, inbox: &mut Inbox, parting: &Parting) -> Next {
        self.stand(Status::Left);
        self.context.tell(Event::Parted {
            peer: self.peer.clone(),
            left: parting.left,
            error: parting.exit.as_ref().err().map(ChatError::problem),
        });
        let Inbox { commands, stop, .. } = inbox;
        let next = tokio::select! {
            next = self.between_meetings(commands) => next,
            exit = stopped(stop) => Next::Leave(Some(exit)),
        };
        if matches!(next, Next::Again) {
            self.stand(Status::Lost { queued: 0 });
        }
        next
    }

    fn stand(&self, status: Status) {
        self.context.tell(Event::Status {
            peer: self.peer.clone(),
            status,
        });
    }

    async fn between_meetings(&self, commands: &mut mpsc::Receiver<Command>) -> Next {
        loop {
            self.context.outlet.room().await;
            match commands.recv().await {
                // The meeting is over, so there is nothing left that Ctrl-C would interrupt.
                None | Some(Command::EndInput | Command::Leave(_)) => return Next::Leave(None),
                Some(Command::Meet) => return Next::Again,
                Some(Command::Say(text)) if text.is_empty() => return Next::Again,
                Some(Command::Say(text)) => self.context.tell(Event::Unsaid { text }),
                Some(Command::Show(event)) => self.context.tell(event),
                Some(_) => self.context.tell(Event::asked(NO_CHAT)),
            }
        }
    }

    /// What could not be written to the disk is told while nobody is there, too.
    async fn tell_news(&self) -> Infallible {
        loop {
            let news = self.context.config.writer.news().await;
            self.context.tell(Event::of_news(&news));
        }
    }

    /// Before there is a chat: asks for the consent to a relay, once each time that it is
    /// waited for.
    async fn ask_for_relay(&self) -> Infallible {
        let consent = &self.context.config.consent;
        loop {
            consent.wanted().await;
            self.context.tell(Event::asked(QUESTION));
            consent.settled().await;
        }
    }
}
