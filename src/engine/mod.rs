//! The driver: from a room to a conversation and to its end.
//!
//! ```text
//! run ─► local     which mediator; one inside this process where there is none
//!     │  ├► lan    mediators on the local network, by --lan only
//!     │  └► links  by which addresses others reach it
//!     ├► meet      the first link ─► pair ─► lobby (host) or dial (guest)
//!     │            listening: by which addresses
//!     ├► talk      one select loop over link, person, timers ─► seek, lobby
//!     └► stay      at a terminal: whether there is another meeting
//! meetings  these three, again and again
//! again     waiting for contacts beside that, where only they can come
//! here      who sits here, through all meetings ─► ahead, interface
//! ahead     what is typed before anyone is there
//! clipboard the invite, to be copied
//! aside     what is said beside the chat
//! away      the time without a mediator ─► backoff
//! company   who is there, and whether the chat is open
//! times     when the other one's messages were written
//! event, face, person, interface   what is shown, how, and what is typed
//! output    whether it could be written
//! error     why it did not come about, or ended badly
//! ```

pub mod connect;
pub mod conversation;
mod error;
pub mod event;
pub mod mediator;
mod meetings;
pub mod peer;
pub mod reconnect;
pub mod relay;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use undertone_core::crypto::keys::SecretKey;
use undertone_core::room::Room;
use undertone_core::text::display_name::DisplayName;

use crate::attempts::Attempts;
use crate::contacts::Contacts;
use crate::engine::connect::Spending;
use crate::engine::connect::listening::Listening;
pub use crate::engine::error::ChatError;
use crate::engine::event::Event;
use crate::engine::mediator::lan::Lan;
use crate::engine::mediator::links::answers_here_only;
use crate::engine::mediator::{Local, ports};
use crate::engine::meetings::meetings;
use crate::engine::relay::{Consent, NoRelay};
use crate::exit::Exit;
use crate::history::History;
use crate::link::interfaces::can_listen;
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::version::{Answers, answers};
use crate::store::Writer;
use crate::ui::aside::Aside;
use crate::ui::clipboard::Clipboard;
use crate::ui::here::Here;
use crate::ui::output::Face;
pub use crate::ui::written::Output;

/// How long what is to be written may keep who leaves.
const WRITTEN_WITHIN: Duration = Duration::from_millis(600);

/// Everything a chat needs to know beforehand.
pub struct Setup {
    /// What the other one is to call us.
    pub name: DisplayName,
    /// Where to meet.
    pub room: Room,
    /// The mediator that was named, if any, and the way to it.
    pub mediator: Option<MediatorEndpoint>,
    /// Whether the room was made up just now: its invite is to be said, come what may.
    pub made_up: bool,
    /// Where an invite was made that leads to this machine itself.
    pub to_itself: Option<Made>,
    /// Whether to look for one on the local network where none was named.
    pub lan: bool,
    /// Port of the mediator on this machine.
    pub local_port: u16,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// Whom we know.
    pub contacts: Contacts,
    /// What was spent in rooms with a secret.
    pub attempts: Attempts,
    /// Where connections are noted, if they are.
    pub history: Option<History>,
    /// Who writes to the disk while the chat goes on.
    pub writer: Arc<Writer>,
    /// Where a host listens.
    pub listening: Listening,
    /// Whether the mediator may carry the conversation.
    pub consent: Consent,
    /// The invite, while somebody is awaited.
    pub clipboard: Clipboard,
    /// How long to wait for the other one; `None`: as long as it takes.
    pub timeout: Option<Duration>,
    /// Whether to talk only to someone whose words were compared.
    pub require_verified: bool,
    /// Where events go.
    pub face: Face,
    /// Whether they got there.
    pub output: Output,
    /// Where those go that no chat tells, while a console has the terminal.
    pub aside: Aside,
}

/// Where an invite was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// On this machine, by this person, with a mediator from this port on.
    Here(u16),
    /// Somewhere else, as far as is known.
    Elsewhere,
}

impl Setup {
    /// Shows an event; if it cannot be written, that ends the wait.
    fn say(&self, event: &Event) {
        self.say_by(self.face, event);
    }

    /// The same of what is asked: who wants to hear little hears that.
    fn ask(&self, event: &Event) {
        self.say_by(self.face.not_quiet(), event);
    }

    fn say_by(&self, face: Face, event: &Event) {
        match self.aside.is_open() {
            true => face
                .talk(event)
                .into_iter()
                .for_each(|text| self.aside.put(text)),
            false => self.output.check(face.show(event)),
        }
    }

    /// Shows a detail, where details are wanted.
    fn detail(&self, text: &str) {
        match self.aside.is_open() {
            true => self
                .face
                .detail_text(text)
                .into_iter()
                .for_each(|text| self.aside.put(text)),
            false => self.face.detail(text),
        }
    }

    /// Why no relay came about at a mediator that does, or does not, relay.
    fn no_relay(&self, relays: bool) -> NoRelay {
        match (relays, self.listening.hidden) {
            (true, _) => self.consent.lack(),
            (false, true) => NoRelay::MediatorAndHidden,
            (false, false) => NoRelay::Mediator,
        }
    }

    /// Nothing is begun on an address that is not this machine's.
    fn check_bind(&self) -> Result<(), ChatError> {
        match self.listening.bind {
            Some(bind) if !can_listen(bind.ip()) => Err(ChatError::NotHere(bind.ip())),
            _ => Ok(()),
        }
    }

    async fn local(&self) -> Result<Local, ChatError> {
        let bind = self.listening.bind.map(|bind| bind.ip());
        let itself = self.mediator.as_ref().filter(|_| self.to_itself.is_some());
        if let Some(MediatorEndpoint { mediator, .. }) = itself {
            let answer = answers(mediator).await;
            match self.to_itself {
                // Where it was made it is looked for in the same way, and started again.
                Some(Made::Here(first))
                    if !mediator.tls() && ports(first).contains(&mediator.port()) =>
                {
                    let first = match answer {
                        Answers::Mediator => mediator.port(),
                        _ => first,
                    };
                    let found = Local::find_or_start(bind, first, None).await;
                    return found.map_err(|error| ChatError::LocalMediator(first, error));
                }
                _ if answer != Answers::Nobody => {}
                Some(Made::Here(port)) if !ports(port).contains(&mediator.port()) => {
                    return Err(ChatError::OtherPort(mediator.clone(), port));
                }
                _ => return Err(ChatError::ToItself(mediator.clone())),
            }
        }
        match &self.mediator {
            Some(route) => {
                if let Some(proxy) = &route.proxy {
                    let name = proxy.named_by();
                    self.detail(&format!(
                        "to the mediator through the proxy {proxy} ({name})"
                    ));
                }
                let mut route = route.clone();
                route.only_here &=
                    route.proxy.is_none() && answers_here_only(&route.mediator).await;
                Ok(match itself {
                    Some(_) => Local::on_this_machine(route, bind),
                    None => Local::named(route),
                })
            }
            None => {
                let lan = match self.lan {
                    true => Some(Lan::open(bind).map_err(ChatError::Lan)?),
                    false => None,
                };
                let found = Local::find_or_start(bind, self.local_port, lan).await;
                found.map_err(|error| ChatError::LocalMediator(self.local_port, error))
            }
        }
    }
}

/// SIGINT, SIGTERM and SIGHUP.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    /// Takes the signals from the system's hands.
    ///
    /// # Errors
    /// The system's.
    pub fn new() -> io::Result<Self> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one, and gives the exit that it asks for. Cancel-safe.
    pub async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
            _ = self.hangup.recv() => Exit::Terminated,
        }
    }
}

/// Runs a chat from the room to its end.
///
/// # Errors
/// [`ChatError`], with the exit code and the words for it.
pub async fn run(setup: &mut Setup, signals: &mut Signals) -> Result<Exit, ChatError> {
    if setup.listening.hidden {
        setup.say(&Event::note(relay::HIDDEN));
    }
    setup.check_bind()?;
    let spending = Spending::open(setup).await?;
    let mut local = setup.local().await?;
    let mut here = Here::listen(setup)?;
    let ended = meetings(setup, &mut local, spending, &mut here, signals).await;
    here.close();
    local.stop().await;
    let lost = setup.writer.finish(WRITTEN_WITHIN).await;
    if !lost.is_empty() {
        let message = format!(
            "not kept, for the disk did not take it: {}",
            lost.join(", ")
        );
        setup.say(&Event::not_kept(&message));
    }
    ended
}
