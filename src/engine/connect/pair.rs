//! One attempt to pair through a mediator: from `join` until both SEALED are
//! open. Used for the first link and for every further one.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use undertone_core::crypto::keys::{PublicKey, SecretKey};
use undertone_core::mediator_url::MediatorUrl;
use undertone_core::pairing::{Matched, Meeting, Offering, PairingError, Role};
use undertone_core::text::display_name::DisplayName;
use undertone_wire::MediatorMessage;

use crate::engine::ChatError;
use crate::engine::connect::Spending;
use crate::engine::connect::listening::{Listening, View};
use crate::engine::connect::progress::Progress;
use crate::engine::connect::seat::wait_seated;
use crate::engine::mediator::links::answers_here_only;
use crate::engine::relay::NoRelay;
use crate::link::dial::Plan;
use crate::link::ice::Gathering;
use crate::rendezvous::{Rendezvous, RendezvousError};

/// How long the peer's SEALED may take.
const SEALED_TIMEOUT: Duration = Duration::from_secs(10);

/// What an attempt needs to know.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// Where both meet, and by what secret.
    pub meeting: Meeting,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// The peer's, where one is required.
    pub pin: Option<&'a PublicKey>,
    /// Our role where it is settled; else the mediator says it.
    pub role: Option<Role>,
    /// Where we can be reached, …
    pub listening: &'a Listening,
    /// … by which port of TCP, …
    pub port: u16,
    /// … and over UDP, if at all.
    pub gathering: Option<Gathering>,
    /// An OFFER that was never answered, of an earlier try whose connection to
    /// the mediator was lost: it takes over the seat that may still be held
    /// there, where a fresh one would be paired with it.
    pub unanswered: &'a mut Option<Unanswered>,
    /// Where it counts once our SEALED goes out, if it does.
    pub spending: Option<&'a Spending>,
}

/// An OFFER that nobody answered yet.
#[derive(Debug)]
pub struct Unanswered {
    offering: Offering,
    /// A seat was taken with it.
    seated: bool,
}

/// Why an attempt failed.
#[derive(Debug, thiserror::Error)]
pub enum AttemptError {
    /// The mediator failed before anyone came.
    #[error(transparent)]
    Mediator(#[from] RendezvousError),
    /// Somebody came, and it went wrong.
    #[error("{why}")]
    Failed {
        /// Our role in it.
        role: Role,
        /// Whether our SEALED was out: a spent attempt.
        spent: bool,
        /// What went wrong.
        why: Failure,
    },
    /// We hide, and the mediator does not relay: nobody was waited for.
    #[error("{}", Failure::NoPath(NoRelay::MediatorAndHidden))]
    NoRelay,
    /// This machine does not let us listen.
    #[error("cannot listen for the other person: {0}")]
    Listen(std::io::Error),
    /// It may not be tried, or what it spends cannot be counted.
    #[error(transparent)]
    Spent(Box<ChatError>),
}

/// What went wrong after somebody came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The other side's messages.
    #[error(transparent)]
    Pairing(PairingError),
    /// The secrets differ, and we gave none.
    #[error("{}: none was given here", PairingError::Secret)]
    NoSecret,
    /// No version or suite is common to both, and the peer must be updated.
    #[error("{0}'s program is older than this one")]
    TheyAreOlder(DisplayName),
    /// The same, and this one must be.
    #[error("this program is older than {0}'s")]
    WeAreOlder(DisplayName),
    /// The other side left, or the mediator said so, before it was done.
    #[error("the other side left before the pairing was done")]
    Left,
    /// The other side said nothing for too long.
    #[error("the other side did not answer")]
    Slow,
    /// SEALED was genuine, but no connection came about.
    #[error("no path to the other person")]
    NoPath(NoRelay),
}

impl From<PairingError> for Failure {
    fn from(error: PairingError) -> Self {
        let theirs = |name: &str| DisplayName::parse(name).ok();
        match &error {
            PairingError::TheyAreOlder(name) => theirs(name).map(Failure::TheyAreOlder),
            PairingError::WeAreOlder(name) => theirs(name).map(Failure::WeAreOlder),
            _ => None,
        }
        .unwrap_or(Self::Pairing(error))
    }
}

impl Failure {
    /// What it may mean, and what to do.
    pub fn advice(&self) -> Cow<'static, str> {
        let advice = match self {
            Self::TheyAreOlder(name) => {
                return format!("{name} must update undertone; then meet again, in the same room.")
                    .into();
            }
            Self::Pairing(PairingError::TheyAreOlder(_)) => {
                "The other person must update undertone; then meet again, in the same room."
            }
            Self::WeAreOlder(_) | Self::Pairing(PairingError::WeAreOlder(_)) => {
                "Update undertone here; then meet again, in the same room."
            }
            Self::Pairing(PairingError::Secret) => {
                "Either one of you typed it wrong or left it out, or someone tried to get in between."
            }
            Self::NoSecret => {
                "Take the whole invite, with the secret that stands behind its last #. If the other person gave none either, someone tried to get in between."
            }
            Self::Pairing(PairingError::Version | PairingError::Downgrade) => {
                "Bring undertone up to date on both sides."
            }
            Self::Pairing(
                PairingError::Name | PairingError::Candidates | PairingError::Encapsulation,
            ) => {
                "The other person's program broke the protocol. Bring undertone up to date on both sides."
            }
            Self::Pairing(_) => "Someone in between, perhaps the mediator, altered the messages.",
            Self::Left | Self::Slow => {
                "The other side, or the mediator, broke off. It may have been a guess at the secret."
            }
            Self::NoPath(why) => why.advice(),
        };
        advice.into()
    }
}

/// Whom we were paired with, and whom to dial.
#[derive(Debug)]
pub struct Paired {
    /// Our role.
    pub role: Role,
    /// What both know by now.
    pub matched: Matched,
    /// The ways to them.
    pub plan: Plan,
}

/// Joins, waits and exchanges SEALED; says whom to dial. `told` hears how far it is.
///
/// # Errors
/// [`AttemptError`].
pub async fn pair(
    mediator: &mut Rendezvous,
    attempt: Attempt<'_>,
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<Paired, AttemptError> {
    let unanswered = attempt.unanswered;
    let waiting = unanswered.get_or_insert_with(|| Unanswered {
        offering: Offering::new(attempt.meeting, attempt.identity.public()),
        seated: false,
    });
    let offer = waiting.offering.offer().to_vec();
    // To a session, to a contact, or to the seat of an earlier try.
    let again = attempt.pin.is_some() || waiting.seated;
    let mut seated = |progress| {
        waiting.seated |= matches!(progress, Progress::Seated { .. });
        told(progress);
    };
    let mut gathering = attempt.gathering;
    let paired = wait_seated(mediator, &mut gathering, &offer, again, &mut seated).await;
    let (role, theirs, observed) = paired?;
    let role = attempt.role.unwrap_or(role);
    told(Progress::Paired);
    let view = View::of(mediator, observed);
    let listening = attempt.listening;
    let candidates = listening.candidates(attempt.port, &view, gathering.as_ref());
    let failed = |spent: bool| move |why: Failure| AttemptError::Failed { role, spent, why };
    let waiting = unanswered.take().ok_or(RendezvousError::Garbled)?;
    let (awaiting, sealed) = waiting
        .offering
        .paired(role, theirs.as_bytes(), &candidates)
        .map_err(|error| failed(false)(error.into()))?;
    if let Some(spending) = attempt.spending {
        let begun = spending.begin().await;
        begun.map_err(|error| AttemptError::Spent(Box::new(error)))?;
    }
    mediator
        .sealed(&sealed)
        .await
        .map_err(|_| failed(true)(Failure::Left))?;
    let theirs = match timeout(SEALED_TIMEOUT, mediator.next()).await {
        Ok(Ok(MediatorMessage::Sealed { data })) => data,
        Ok(_) => return Err(failed(true)(Failure::Left)),
        Err(_) => return Err(failed(true)(Failure::Slow)),
    };
    let opened = awaiting.sealed(theirs.as_bytes(), attempt.pin);
    let matched = opened.and_then(|opened| opened.agree(&attempt.identity));
    let matched = matched.map_err(|error| failed(true)(error.into()))?;
    let named = mediator.named_here().cloned();
    let is_here = matched.is_same_machine() || comes_by_here_only(named).await;
    let mut plan = listening.plan(&matched, &view, is_here);
    let ice = listening.ice(gathering, role, &matched, &view, is_here);
    plan.ice = ice.map(Box::new);
    told(Progress::Matched);
    Ok(Paired {
        role,
        matched,
        plan,
    })
}

/// Whether a peer that does not show that it is on this machine is on it all the same: it came by a
/// mediator that the person named, and that answers on loopback alone.
async fn comes_by_here_only(named: Option<MediatorUrl>) -> bool {
    match named {
        Some(mediator) => answers_here_only(&mediator).await,
        None => false,
    }
}
