//! Whether the mediator may carry the conversation: by consent of both, never by
//! itself. It would see both addresses, and when and how much is said; neither
//! what nor by whom (PROTOCOL.md §3).

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::watch;
use tokio::time::sleep;
use undertone_wire::{ErrorCode, RELAY_ASK_LIFE};

use crate::link::path::Path;
use crate::link::stream::Stream;
use crate::rendezvous::{Rendezvous, RendezvousError};

/// How long a consent is waited for: as long as a mediator waits for the second one,
/// and a little. One that keeps no such time holds nobody up.
const CONSENT_TIMEOUT: Duration = RELAY_ASK_LIFE.saturating_add(Duration::from_secs(10));
/// A direct path has so much of a start.
const RELAY_AFTER: Duration = Duration::from_millis(1500);

/// What is asked.
pub const QUESTION: &str = "there is no direct path to the other person. The mediator could carry the chat: it would see both addresses, times and sizes, not what is said. /relay agrees, within two minutes; the other person must agree too";
/// Whether this is what a person is told who is asked.
pub fn is_question(message: &str) -> bool {
    // It begins with a capital there.
    let rest = |text: &str| text.get(1..).map(str::to_owned);
    rest(message) == rest(QUESTION)
}

/// What is answered.
const AGREED: &str = "agreed: where no direct path opens, the mediator may carry the chat, if the other person agrees too";

/// The same where nothing was asked.
const AGREED_BEFOREHAND: &str = "agreed beforehand, for nothing asks for it now: where no direct path opens, the mediator may carry the chat, if the other person agrees too";

/// What is said at the start to whoever hides.
pub const HIDDEN: &str = "the other person gets no address of yours; the mediator, and whoever watches its network or yours, still sees it. The chat goes through the mediator only, which must relay, and the other person must agree";

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

/// Why the mediator did not carry the chat where no direct path opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRelay {
    /// It does not relay.
    Mediator,
    /// It does not, and we hide, so that no direct path was looked for.
    MediatorAndHidden,
    /// It does not, and the peer gives no address.
    MediatorAndTheyHide,
    /// The person said `never`.
    Never,
    /// Nobody could be asked.
    Unasked,
    /// The person was asked.
    Unanswered,
    /// The peer did not agree.
    Other,
    /// Both agreed, and a cap of the mediator's is reached.
    Limit,
    /// The mediator refused for another reason.
    Refused,
    /// The connection to it broke, or it did not answer.
    Lost,
}

impl NoRelay {
    /// What to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Mediator => {
                "No direct path opened, and this mediator does not relay. Use one that does (its owner starts it with --relay), or let one of you forward a port (--bind 0.0.0.0:PORT --advertise ADDRESS:PORT); undertone doctor tells more."
            }
            Self::MediatorAndHidden => {
                "You hide your address (--hide-ip), so the mediator would have to relay, and this one does not: nobody can get through to you here. Use one that does (its owner starts it with --relay)."
            }
            Self::MediatorAndTheyHide => {
                "The other person hides their address (--hide-ip), so the mediator would have to relay, and this one does not. Meet at one that does (its owner starts it with --relay); nothing else on your side helps."
            }
            Self::Never => {
                "No direct path opened, and you said --relay never. With --relay always on both sides the mediator carries the chat: it then sees both addresses, times and sizes, not what is said."
            }
            Self::Unasked => {
                "No direct path opened, and without a terminal nobody can be asked whether the mediator may carry the chat. With --relay always on both sides it does: it then sees both addresses, times and sizes, not what is said."
            }
            Self::Unanswered => {
                "No direct path opened, and the mediator carries the chat only if both agree, in time: by /relay when asked, or beforehand by --relay always."
            }
            Self::Other => {
                "No direct path opened. You agreed to a relay; the other person did not, or left: they need --relay always, or /relay when asked, too."
            }
            Self::Limit => {
                "No direct path opened. You both agreed to a relay, yet this mediator relays as much as its limits allow, in all or from one of your addresses. Try again in a minute, or use another one."
            }
            Self::Refused => {
                "No direct path opened, and the mediator refused to relay. Try again in a minute, or use another one."
            }
            Self::Lost => {
                "No direct path opened, and the mediator was lost before it could relay. Try again."
            }
        }
    }
}

/// What the person says to that: beforehand, or when asked. Clones share it.
#[derive(Clone, Debug)]
pub struct Consent {
    choice: RelayChoice,
    /// Somebody can be asked.
    askable: bool,
    given: Arc<watch::Sender<bool>>,
    wanted: Arc<watch::Sender<bool>>,
}

impl Consent {
    /// As it was said beforehand; `askable` where there is a terminal.
    pub fn new(choice: RelayChoice, askable: bool) -> Self {
        Self {
            choice,
            askable,
            given: Arc::new(watch::Sender::new(choice == RelayChoice::Always)),
            wanted: Arc::new(watch::Sender::new(false)),
        }
    }

    /// As it stands: what was said beforehand, or the consent since.
    pub fn choice(&self) -> RelayChoice {
        match *self.given.borrow() {
            true => RelayChoice::Always,
            false => self.choice,
        }
    }

    /// The person agrees, for as long as this program runs; what is answered.
    pub fn give(&self) -> &'static str {
        let asked = *self.wanted.borrow() && self.choice() == RelayChoice::Ask;
        self.given.send_replace(true);
        match asked {
            true => AGREED,
            false => AGREED_BEFOREHAND,
        }
    }

    /// Waits for the consent; `false` where it was refused beforehand, or nobody can be
    /// asked: a program may still give it, for the next time. Who waits makes
    /// [`Consent::wanted`] return.
    pub async fn given(&self) -> bool {
        match self.choice() {
            RelayChoice::Always => return true,
            RelayChoice::Never => return false,
            RelayChoice::Ask if !self.askable => return false,
            RelayChoice::Ask => {}
        }
        self.wanted.send_replace(true);
        self.given
            .subscribe()
            .wait_for(|given| *given)
            .await
            .is_ok()
    }

    /// Why no consent of both came about, at a mediator that relays.
    pub fn lack(&self) -> NoRelay {
        match self.choice() {
            RelayChoice::Always => NoRelay::Other,
            RelayChoice::Never => NoRelay::Never,
            RelayChoice::Ask if self.askable => NoRelay::Unanswered,
            RelayChoice::Ask => NoRelay::Unasked,
        }
    }

    /// Nobody waits for it any more.
    pub fn not_wanted(&self) {
        self.wanted.send_replace(false);
    }

    /// Returns once nobody waits for it.
    pub async fn settled(&self) {
        let mut wanted = self.wanted.subscribe();
        // We hold the sender.
        let _ = wanted.wait_for(|wanted| !*wanted).await;
    }

    /// Returns once the person is to be asked: never who agreed.
    pub async fn wanted(&self) {
        let mut wanted = self.wanted.subscribe();
        let asked = wanted.wait_for(|wanted| *wanted && self.choice() == RelayChoice::Ask);
        if asked.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The way through the mediator at which a pairing came about, once a direct one
/// had its chance and both agree; `None` if it does not come to that. `mediator`
/// is taken only then.
///
/// # Errors
/// What the mediator did, where it was not for want of a consent.
pub async fn by_relay(
    mediator: &mut Option<Rendezvous>,
    hopeless: bool,
    consent: impl Future<Output = bool>,
) -> Result<Option<(Stream, Path)>, NoRelay> {
    let Some(connected) = mediator.as_mut().filter(|mediator| mediator.relays()) else {
        return Ok(None);
    };
    if !hopeless {
        sleep(RELAY_AFTER).await;
    }
    let agreed = tokio::select! {
        biased;
        // The peer went, or the mediator did: nobody is asked for nothing.
        said = connected.next() => match said {
            Ok(_) => false,
            Err(error) => return failed(&error),
        },
        agreed = consent => agreed,
        () = sleep(CONSENT_TIMEOUT) => false,
    };
    let Some(relaying) = mediator.take_if(|_| agreed) else {
        return Ok(None);
    };
    let route = Path::Relay(relaying.address(), relaying.relay_limits());
    match relaying.relay().await {
        Ok(stream) => Ok(Some((stream.into(), route))),
        Err(error) => failed(&error),
    }
}

/// No word of the mediator's own is shown: what it may mean is known.
fn failed<T>(error: &RendezvousError) -> Result<Option<T>, NoRelay> {
    match error {
        RendezvousError::Left => Ok(None),
        RendezvousError::Refused { code, .. } => match code {
            ErrorCode::Expired => Ok(None),
            ErrorCode::RelayLimit => Err(NoRelay::Limit),
            _ => Err(NoRelay::Refused),
        },
        _ => Err(NoRelay::Lost),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn who_agreed_is_not_asked_again() {
        let consent = Consent::new(RelayChoice::Ask, true);
        assert_eq!(consent.given().now_or_never(), None);
        assert_eq!(consent.wanted().now_or_never(), Some(()));
        assert_eq!(consent.give(), AGREED);
        assert_eq!(consent.wanted().now_or_never(), None);
        // Nobody asked again.
        assert_eq!(consent.give(), AGREED_BEFOREHAND);
        // The link was lost, and a relay is wanted anew.
        consent.not_wanted();
        assert_eq!(consent.given().now_or_never(), Some(true));
        assert_eq!(consent.wanted().now_or_never(), None);
    }

    #[test]
    fn who_refused_is_not_asked() {
        let consent = Consent::new(RelayChoice::Never, true);
        assert_eq!(consent.given().now_or_never(), Some(false));
        assert_eq!(consent.wanted().now_or_never(), None);
    }

    #[test]
    fn without_a_terminal_nobody_is_asked_yet_may_agree() {
        let consent = Consent::new(RelayChoice::Ask, false);
        assert_eq!(consent.given().now_or_never(), Some(false));
        assert_eq!(consent.wanted().now_or_never(), None);
        assert_eq!(consent.give(), AGREED_BEFOREHAND);
        assert_eq!(consent.given().now_or_never(), Some(true));
    }
}
