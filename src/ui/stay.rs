//! Between two meetings. At a terminal nobody is sent away because the other one went: whoever is
//! in the middle of a line would type the rest of it into their shell. So one stays, with the
//! draft, until they leave or wait again: in the same room, with the same invite. Until somebody
//! is there nothing that is typed is said to anybody.

use crate::engine::event::Event;
use crate::engine::relay::AGREED;
use crate::engine::{ChatError, Setup, Signals};
use crate::exit::Exit;
use crate::terminal::composer::prompt::State;
use crate::ui::input::Input;
use crate::ui::interface::Interface;
use crate::ui::type_ahead;

/// What Enter does.
const AGAIN: &str = "Enter waits again · /quit leaves";
const DRAFT_KEPT: &str = "Not said to anybody: it stays your draft.";
const NOT_SAID: &str = "Not said to anybody: nobody is there. Enter on an empty line waits again.";
const NOBODY_YET: &str = "Not said to anybody: nobody is there yet.";
const NO_CHAT: &str = "There is no chat to take a command. Enter waits again, /quit leaves.";

/// How a meeting, or the wait for one, ended without the person's doing.
pub struct Parting {
    /// Whether the other one said goodbye.
    pub left: bool,
    /// How the program would end by it.
    pub exit: Result<Exit, ChatError>,
}

impl Parting {
    /// Something went wrong.
    pub fn because(error: ChatError) -> Self {
        Parting {
            left: false,
            exit: Err(error),
        }
    }

    /// The exit code.
    pub fn code(&self) -> Exit {
        self.exit
            .as_ref()
            .map_or_else(ChatError::exit, |exit| *exit)
    }
}

/// What the person wants next.
pub enum Next {
    /// Another meeting in the same room.
    Again,
    /// To leave: by a signal, or by themselves.
    Leave(Option<Exit>),
}

/// Tells that `peer` is gone, and waits for what the person wants.
pub async fn stay(
    interface: &mut Interface,
    signals: &mut Signals,
    peer: &str,
    parting: &Parting,
) -> Next {
    interface.stand(peer, State::Left, "");
    if let Err(error) = &parting.exit {
        interface.tell(&error.event());
    }
    let message = match parting.left {
        true => format!("{peer} left · {AGAIN}"),
        false => AGAIN.to_owned(),
    };
    interface.tell(&Event::Note { message });
    let next = tokio::select! {
        next = choose(interface) => next,
        exit = signals.next() => Next::Leave(Some(exit)),
    };
    if matches!(next, Next::Again) {
        interface.stand(peer, State::Lost { queued: 0 }, "");
    }
    next
}

async fn choose(interface: &mut Interface) -> Next {
    loop {
        match interface.next().await {
            // The meeting is over, so there is nothing left that Ctrl-C would interrupt.
            None | Some(Input::Quit | Input::Interrupt) => return Next::Leave(None),
            Some(Input::Say(text)) if text.is_empty() => return Next::Again,
            Some(Input::Say(text)) => {
                if interface.keep_draft(&text) {
                    note(interface, DRAFT_KEPT);
                    return Next::Again;
                }
                note(interface, NOT_SAID);
            }
            Some(Input::Clear) => interface.clear(),
            Some(_) => note(interface, NO_CHAT),
        }
    }
}

/// Obeys the person while the other one is awaited again; returns if they leave. Cancel-safe.
pub async fn while_waiting(interface: &mut Interface, setup: &Setup) -> Exit {
    loop {
        match interface.next().await {
            None | Some(Input::Quit) => return Exit::Done,
            Some(Input::Interrupt) => return Exit::Interrupted,
            Some(Input::Say(text)) if text.is_empty() => {}
            Some(Input::Say(text)) if interface.keep_draft(&text) => {
                note(interface, type_ahead::DRAFT)
            }
            Some(Input::Say(_)) => note(interface, NOBODY_YET),
            Some(Input::Clear) => interface.clear(),
            Some(Input::Invite) => note(interface, setup.clipboard.copy(setup.face)),
            Some(Input::Relay) => {
                setup.consent.give();
                note(interface, AGREED);
            }
            Some(_) => note(interface, type_ahead::NO_CHAT),
        }
    }
}

fn note(interface: &mut Interface, message: &str) {
    interface.tell(&Event::note(message));
}
