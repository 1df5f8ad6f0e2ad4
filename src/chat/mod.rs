//! The driver: from a room to a conversation and to its end.
//!
//! ```text
//! run ─► local     which mediator; one inside this process where there is none
//!     │  └► lan    mediators on the local network, by --lan only
//!     ├► meet      the first link ─► pair ─► lobby (host) or dial (guest)
//!     └► talk      one select loop over link, person, timers ─► seek, lobby
//! ahead     what is typed before anyone is there
//! company   who is there, and whether the chat is open
//! event, face, person, interface   what is shown, how, and what is typed
//! ```

pub mod ahead;
pub mod company;
pub mod event;
pub mod face;
pub mod interface;
pub mod lan;
pub mod lobby;
pub mod local;
pub mod meet;
pub mod pair;
pub mod person;
pub mod relay;
pub mod seek;
pub mod talk;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::contacts::Contacts;
use crate::crypto::keys::SecretKey;
use crate::exit::Exit;
use crate::history::History;
use crate::rendezvous::{RendezvousError, Route};
use crate::room::Room;
use crate::terminal::name::DisplayName;
use ahead::Ahead;
use company::KeepError;
use event::Event;
use face::Face;
use lan::Lan;
use local::Local;
use pair::{Failure, Listening};
use relay::{Consent, NoRelay};

/// Everything a chat needs to know beforehand.
pub struct Setup {
    /// What the other one is to call us.
    pub name: DisplayName,
    /// Where to meet.
    pub room: Room,
    /// The mediator that was named, if any, and the way to it.
    pub mediator: Option<Route>,
    /// Whether to look for one on the local network where none was named.
    pub lan: bool,
    /// Port of the mediator on this machine.
    pub local_port: u16,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// Whom we know.
    pub contacts: Contacts,
    /// Where connections are noted, if they are.
    pub history: Option<History>,
    /// Where a host listens.
    pub listening: Listening,
    /// Whether the mediator may carry the conversation.
    pub consent: Consent,
    /// How long to wait for the other one; `None`: as long as it takes.
    pub timeout: Option<Duration>,
    /// Whether to talk only to someone whose words were compared.
    pub require_verified: bool,
    /// Where events go.
    pub face: Face,
}

impl Setup {
    /// Shows an event; if nobody reads stdout any more, that shows later.
    fn say(&self, event: &Event) {
        let _ = self.face.show(event);
    }

    /// Why no relay came about at a mediator that does, or does not, relay.
    fn no_relay(&self, relays: bool) -> NoRelay {
        match (relays, self.listening.hidden) {
            (true, _) => self.consent.lack(),
            (false, true) => NoRelay::MediatorAndHidden,
            (false, false) => NoRelay::Mediator,
        }
    }

    async fn local(&self) -> Result<Local, ChatError> {
        match &self.mediator {
            Some(route) => {
                if let Some(proxy) = &route.proxy {
                    let name = proxy.named_by();
                    self.face.detail(&format!(
                        "to the mediator through the proxy {proxy} ({name})"
                    ));
                }
                Ok(Local::named(route.clone()))
            }
            None => {
                let bind = self.listening.bind.map(|bind| bind.ip());
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

/// Why a chat did not come about, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The mediator.
    #[error(transparent)]
    Mediator(#[from] RendezvousError),
    /// No mediator could be started here.
    #[error("cannot run a mediator on port {0} of this machine: {1}")]
    LocalMediator(u16, io::Error),
    /// No multicast DNS.
    #[error("cannot look for a mediator on the local network: {0}")]
    Lan(io::Error),
    /// No listener for the other one.
    #[error("cannot listen for the other one: {0}")]
    Listen(io::Error),
    /// Somebody came, and it went wrong.
    #[error("{why}")]
    Attempt {
        /// Whether it counts against the invite.
        spent: bool,
        /// What went wrong.
        why: Failure,
    },
    /// Three times somebody came, and it went wrong.
    #[error("{why}, for the third time: this invite is dead")]
    InviteDead {
        /// What went wrong the last time.
        why: Failure,
    },
    /// Nobody came in time.
    #[error("nobody came within {} s", .0.as_secs())]
    Nobody(Duration),
    /// The other one is gone and did not come back in time.
    #[error("the other one did not come back within {} s{}", limit.as_secs(), undelivered(*queued))]
    NotBack {
        /// How long was waited.
        limit: Duration,
        /// How many of our messages did not arrive.
        queued: usize,
    },
    /// Contacts or history.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// The other side broke the protocol.
    #[error("{0}")]
    Broken(crate::session::Fault),
    /// The words did not match.
    #[error("the words did not match")]
    WrongWords,
    /// Left while an alarm, or `--require-verified`, kept the chat shut.
    #[error("nothing was said: the other one's identity was not verified")]
    Shut,
    /// Some messages did not arrive.
    #[error("{0} of your messages did not arrive")]
    Undelivered(usize),
    /// The system.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl ChatError {
    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            ChatError::Mediator(_) | ChatError::LocalMediator(..) | ChatError::Lan(_) => {
                Exit::Mediator
            }
            ChatError::Nobody(_) | ChatError::NotBack { .. } => Exit::Nobody,
            ChatError::Attempt {
                why: Failure::NoPath(_),
                ..
            }
            | ChatError::InviteDead {
                why: Failure::NoPath(_),
            }
            | ChatError::Undelivered(_) => Exit::NoPath,
            ChatError::Attempt { .. }
            | ChatError::InviteDead { .. }
            | ChatError::WrongWords
            | ChatError::Shut => Exit::Identity,
            ChatError::Listen(_)
            | ChatError::Keep(_)
            | ChatError::Broken(_)
            | ChatError::System(_) => Exit::Fault,
        }
    }

    /// As it is shown: what, why, and what to do.
    pub fn event(&self) -> Event {
        let (code, hint): (_, String) = match self {
            ChatError::Mediator(error) => match error {
                RendezvousError::Unreachable { url, .. } => {
                    let tls = match url.tls() {
                        true => " A certificate of your own is named by SSL_CERT_FILE.",
                        false => "",
                    };
                    let port = url.port();
                    let there =
                        format!("Is undertone-mediator running there, and port {port} open?{tls}");
                    ("no-mediator", there)
                }
                RendezvousError::Proxy { proxy, why, .. } => ("no-mediator", why.remedy(proxy)),
                RendezvousError::NoMediator(_) => (
                    "no-mediator",
                    "Check the address and the port: something else answers there.".into(),
                ),
                RendezvousError::Refused {
                    retry_after: Some(seconds),
                    ..
                } => ("refused", format!("Try again in {seconds} s.")),
                RendezvousError::Refused { .. } => ("refused", String::new()),
                _ => ("no-mediator", "Try again, or use another mediator.".into()),
            },
            ChatError::LocalMediator(..) => (
                "no-mediator",
                "Name one with --mediator, or another port with --local-port.".into(),
            ),
            ChatError::Lan(_) => (
                "no-mediator",
                "May this machine use multicast DNS (UDP port 5353)? Without --lan it is not needed."
                    .into(),
            ),
            ChatError::Attempt { spent, why } => {
                let spent = if *spent {
                    " This attempt is spent: ask the other one, who still waits, for the secret or a new invite."
                } else {
                    ""
                };
                (attempt_code(*why), format!("{}{spent}", why.advice()))
            }
            ChatError::InviteDead { why } => (
                attempt_code(*why),
                format!(
                    "{} This attempt is spent, and with it the invite: make a new one by a blank room, and give it to the other one on a safe way.",
                    why.advice()
                ),
            ),
            ChatError::Nobody(_) => (
                "nobody",
                "The room stays free: run it again when the other one is ready.".into(),
            ),
            ChatError::NotBack { .. } => (
                "nobody",
                "Meet again in the same room; the contact is kept.".into(),
            ),
            ChatError::Undelivered(_) => {
                ("undelivered", "Send them again when you next meet.".into())
            }
            ChatError::WrongWords => (
                "wrong-words",
                "Someone may be in between. Call the other one, and start again with a new room."
                    .into(),
            ),
            ChatError::Shut => (
                "not-verified",
                "Compare the words by voice next time: /verify.".into(),
            ),
            ChatError::Broken(_) => (
                "broken",
                "Bring undertone up to date on both sides, and meet again.".into(),
            ),
            ChatError::Listen(_) => (
                "listen",
                "Check --bind: the address must be one of this machine's.".into(),
            ),
            ChatError::Keep(_) | ChatError::System(_) => ("system", String::new()),
        };
        Event::Error {
            code,
            message: self.to_string(),
            hint,
        }
    }
}

fn undelivered(queued: usize) -> String {
    match queued {
        0 => String::new(),
        queued => format!("; {queued} of your messages did not arrive"),
    }
}

fn attempt_code(why: Failure) -> &'static str {
    match why {
        Failure::NoPath(_) => "no-path",
        _ => "secret",
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
pub async fn run(setup: &Setup, signals: &mut Signals) -> Result<Exit, ChatError> {
    if setup.listening.hidden {
        setup.say(&Event::Note {
            message: relay::HIDDEN.into(),
        });
    }
    let mut local = setup.local().await?;
    let mut ahead = Ahead::listen(setup.face, setup.consent.clone())?;
    let met = async {
        match setup.timeout {
            None => meet::meet(setup, &mut local).await,
            Some(limit) => tokio::time::timeout(limit, meet::meet(setup, &mut local))
                .await
                .unwrap_or(Err(ChatError::Nobody(limit))),
        }
    };
    let met = tokio::select! {
        met = met => met.map(Ok),
        exit = signals.next() => Ok(Err(exit)),
        () = ahead.left() => Ok(Err(Exit::Done)),
        never = ask_for_relay(setup) => match never {},
    };
    face::clock::clear();
    let ended = match met {
        Ok(Ok(met)) => talk::talk(setup, &local, met, ahead, signals).await,
        Ok(Err(exit)) => Ok(exit),
        Err(error) => Err(error),
    };
    local.stop().await;
    ended
}

/// Before there is a chat: asks for the consent to a relay, once each time that it is
/// waited for.
async fn ask_for_relay(setup: &Setup) -> Infallible {
    // Who wants to hear little is asked all the same.
    let face = Face {
        quiet: false,
        ..setup.face
    };
    loop {
        setup.consent.wanted().await;
        let _ = face.show(&Event::Note {
            message: relay::QUESTION.into(),
        });
        setup.consent.settled().await;
    }
}
