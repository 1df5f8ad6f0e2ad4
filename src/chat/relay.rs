//! Whether the mediator may carry the conversation: by consent of both, never by
//! itself. It would see both addresses, and when and how much is said; neither
//! what nor by whom (PROTOCOL.md §9).

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::link::route::Route;
use crate::link::stream::Stream;
use crate::rendezvous::Rendezvous;

/// A direct path has so much of a start.
const RELAY_AFTER: Duration = Duration::from_millis(1500);

/// What is asked.
pub const QUESTION: &str = "no direct path to the other one opens. The mediator could carry the chat: it would see both addresses, times and sizes, not what is said. /relay agrees; the other one must, too";
/// What is answered.
pub const AGREED: &str = "agreed: where no direct path opens, the mediator may carry the chat, if the other one agrees, too";

/// May the mediator carry what is said, where no direct path opens?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RelayChoice {
    /// Ask when it comes to that
    #[default]
    Ask,
    /// Yes, without a question
    Always,
    /// No
    Never,
}

/// What the person says to that: beforehand, or when asked. Clones share it.
#[derive(Clone, Debug)]
pub struct Consent {
    choice: RelayChoice,
    given: Arc<watch::Sender<bool>>,
    wanted: Arc<watch::Sender<bool>>,
}

impl Consent {
    /// As it was said beforehand.
    pub fn new(choice: RelayChoice) -> Self {
        Consent {
            choice,
            given: Arc::new(watch::Sender::new(choice == RelayChoice::Always)),
            wanted: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Whether no question is open any more.
    pub fn choice(&self) -> RelayChoice {
        match *self.given.borrow() {
            true => RelayChoice::Always,
            false => self.choice,
        }
    }

    /// The person agrees, for as long as this program runs.
    pub fn give(&self) {
        self.given.send_replace(true);
    }

    /// Waits for the consent; `false` where it was refused beforehand. Who waits
    /// makes [`Consent::wanted`] return.
    pub async fn given(&self) -> bool {
        if self.choice() == RelayChoice::Never {
            return false;
        }
        self.wanted.send_replace(true);
        self.given.subscribe().wait_for(|given| *given).await.is_ok()
    }

    /// The same before there is a chat: only at a terminal somebody is heard.
    pub async fn given_ahead(&self) -> bool {
        match self.choice() == RelayChoice::Ask && !std::io::stdin().is_terminal() {
            true => false,
            false => self.given().await,
        }
    }

    /// Nobody waits for it any more.
    pub fn not_wanted(&self) {
        self.wanted.send_replace(false);
    }

    /// Returns once the person is to be asked.
    pub async fn wanted(&self) {
        let choice = self.choice;
        let mut wanted = self.wanted.subscribe();
        let asked = wanted.wait_for(|wanted| *wanted && choice == RelayChoice::Ask);
        if asked.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The way through the mediator at which a pairing came about, once a direct one
/// had its chance and both agree; `None` if it does not come to that. `mediator`
/// is taken only then.
pub async fn by_relay(
    mediator: &mut Option<Rendezvous>,
    hopeless: bool,
    consent: impl Future<Output = bool>,
) -> Option<(Stream, Route)> {
    let connected = mediator.as_mut().filter(|mediator| mediator.relays())?;
    if !hopeless {
        sleep(RELAY_AFTER).await;
    }
    let agreed = tokio::select! {
        agreed = consent => agreed,
        // The other one went, or the mediator did.
        _ = connected.next() => false,
    };
    let relaying = mediator.take_if(|_| agreed)?;
    let route = Route::Relay(relaying.address());
    let stream = relaying.relay().await.ok()?;
    Some((stream.into(), route))
}
