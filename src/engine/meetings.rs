//! One meeting after the other: from the wait for somebody to the end of the chat with them, and,
//! where somebody sits at a terminal, another one for as often as they want.

use std::convert::Infallible;

use crate::engine::connect;
use crate::engine::connect::{Met, Spending};
use crate::engine::conversation::{End, talk};
use crate::engine::event::Event;
use crate::engine::mediator::Local;
use crate::engine::relay::QUESTION;
use crate::engine::{ChatError, Setup, Signals};
use crate::exit::Exit;
use crate::ui::clock;
use crate::ui::here::Here;
use crate::ui::interface::has_person;
use crate::ui::stay::{Next, Parting, stay};

/// Meets until somebody here leaves, or, without a person, once.
///
/// # Errors
/// [`ChatError`], with the exit code and the words for it.
pub async fn meetings(
    setup: &mut Setup,
    local: &mut Local,
    spending: Spending,
    here: &mut Here,
    signals: &mut Signals,
) -> Result<Exit, ChatError> {
    let mut spending = Some(spending);
    let mut peer = String::new();
    // How the program ends once the person leaves: as the last meeting did.
    let mut code = Exit::Done;
    loop {
        let met = match spending.take() {
            Some(spending) => meet_one(setup, local, &spending, here, signals).await,
            None => match Spending::open(setup).await {
                Ok(spending) => meet_one(setup, local, &spending, here, signals).await,
                Err(error) => Ok(Err(error)),
            },
        };
        setup.clipboard.offer(None);
        if !has_person(setup.face) {
            setup.room.forget_secret();
        }
        let parting = match met {
            Err(Ok(Exit::Done)) => return Ok(code),
            Err(ended) => return ended,
            Ok(Err(error)) => Parting::because(error),
            Ok(Ok(met)) => match talk(setup, local, met, here, signals).await {
                Ok(End::Here(exit)) => return exit,
                Ok(End::There(name, parting)) => {
                    peer = name;
                    parting
                }
                Err(error) => Parting::because(error),
            },
        };
        let interface = match &parting.exit {
            // Nothing could be shown.
            Err(ChatError::Output(_)) => None,
            _ => here.stays(),
        };
        let Some(interface) = interface else {
            return parting.exit;
        };
        code = parting.code();
        match stay(interface, signals, &peer, &parting).await {
            Next::Again => {
                // The mediator may have been in the program that ended.
                if let Some(message) = local.revive().await {
                    setup.say(&Event::note(&message));
                }
            }
            Next::Leave(exit) => return Ok(exit.unwrap_or(code)),
        }
    }
}

/// Waits for somebody, for as long as was asked for. The outer error: the person here, or a
/// signal, ended it.
async fn meet_one(
    setup: &Setup,
    local: &mut Local,
    spending: &Spending,
    here: &mut Here,
    signals: &mut Signals,
) -> Result<Result<Met, ChatError>, Result<Exit, ChatError>> {
    let met = tokio::select! {
        met = connect::meet(setup, local, spending) => Ok(met),
        exit = signals.next() => {
            if exit == Exit::Interrupted && !setup.aside.is_open() {
                clock::interrupted();
            }
            Err(exit)
        }
        exit = here.left(setup) => Err(exit),
        error = setup.output.failed() => Ok(Err(ChatError::Output(error))),
        never = ask_for_relay(setup) => match never {},
        never = tell_news(setup) => match never {},
    };
    clock::clear();
    // Whatever ends it: what was spent is said.
    met.map_err(|exit| match spending.broken_off() {
        Some(spent) if exit == Exit::Done => Err(spent),
        Some(spent) => {
            setup.say(&spent.event());
            Ok(exit)
        }
        None => Ok(exit),
    })
}

/// What could not be written to the disk is told while nobody is there, too.
async fn tell_news(setup: &Setup) -> Infallible {
    loop {
        setup.say(&Event::of_news(&setup.writer.news().await));
    }
}

/// Before there is a chat: asks for the consent to a relay, once each time that it is
/// waited for.
async fn ask_for_relay(setup: &Setup) -> Infallible {
    loop {
        setup.consent.wanted().await;
        setup.ask(&Event::note(QUESTION));
        setup.consent.settled().await;
    }
}
