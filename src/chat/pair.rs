//! One attempt to pair through a mediator: from `join` until both SEALED are
//! open. Used for the first link and for every further one.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use undertone_mediator::wire::{self, MediatorMessage};

use super::ChatError;
use super::meet::Spending;
use super::relay::NoRelay;
use crate::crypto::keys::{PublicKey, SecretKey};
use crate::link::dial::Plan;
use crate::link::port::Port;
use crate::link::ranking::{is_link_local, ranked};
use crate::pairing::{Candidates, Matched, Meeting, Offering, PairingError, Role};
use crate::rendezvous::{Rendezvous, RendezvousError};
use crate::terminal::name::DisplayName;

/// How long the other one's SEALED may take.
const SEALED_WITHIN: Duration = Duration::from_secs(10);
/// The seat is renewed this long before it lapses …
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// … yet no sooner than this, whatever a mediator says of its seats.
const RENEW_AFTER: Duration = Duration::from_millis(500);
/// How long a mediator may take to answer the first `join`. Pings are no answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Where we can be reached and what is said about it.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    /// The only address to listen on; port 0 for a free one.
    pub bind: Option<SocketAddr>,
    /// What to tell the other one instead of the addresses found here.
    pub advertise: Vec<SocketAddr>,
    /// The other one learns no address and is not dialled.
    pub hidden: bool,
    /// The port that `bind` names, while it is open.
    pub named: NamedPort,
}

/// A port that cannot be opened twice, and may be wanted for several pairings at a time.
#[derive(Clone, Default)]
pub struct NamedPort(Arc<Mutex<Weak<Port>>>);

impl std::fmt::Debug for NamedPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NamedPort(..)")
    }
}

impl Listening {
    /// Opens the port at which we can be reached, a free one unless `bind` names it;
    /// nobody else can reach it where we hide.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self) -> std::io::Result<Arc<Port>> {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let bind = if self.hidden {
            Some(nowhere)
        } else {
            self.bind
        };
        if bind.is_none_or(|bind| bind.port() == 0) {
            return Port::open(bind).map(Arc::new);
        }
        let NamedPort(open) = &self.named;
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(port) = open.upgrade() {
            return Ok(port);
        }
        let port = Arc::new(Port::open(bind)?);
        *open = Arc::downgrade(&port);
        Ok(port)
    }

    /// Our end of the connection to the mediator: the port, so that a router's
    /// mapping of it shows.
    pub fn dial_from(&self, port: SocketAddr) -> Option<SocketAddr> {
        (!self.hidden).then_some(port)
    }

    /// The addresses at which `port` can be reached. `observed` is ours
    /// as the mediator at `mediator` sees it, its port a router's for `port`, 0
    /// where that is not known; `None` through a proxy, whose address it sees.
    fn candidates(&self, port: u16, observed: Option<SocketAddr>, mediator: IpAddr) -> Candidates {
        if self.hidden {
            return Candidates::default();
        }
        if !self.advertise.is_empty() {
            return Candidates::new(self.advertise.iter().copied());
        }
        let here = match self.bind {
            Some(bind) if !bind.ip().is_unspecified() => vec![bind.ip()],
            _ => addresses_to_tell(mediator.to_canonical()),
        };
        let seen = observed.filter(|observed| {
            let outside = observed.ip().to_canonical();
            here.first()
                .is_some_and(|ip| ip.is_loopback() == outside.is_loopback())
        });
        let seen = seen.map(|seen| match seen.port() {
            0 => SocketAddr::new(seen.ip(), port),
            _ => seen,
        });
        let all = here.into_iter().map(|ip| SocketAddr::new(ip, port));
        // That one first: of a machine with many addresses only eight are told.
        Candidates::new(seen.into_iter().chain(all))
    }

    /// Whom of the other one's candidates we dial. The mediator at `via` sees us as
    /// `observed`.
    fn plan(&self, theirs: &Candidates, observed: Option<SocketAddr>, via: IpAddr) -> Plan {
        Plan {
            candidates: match self.hidden {
                true => Vec::new(),
                false => theirs.dialable(via).collect(),
            },
            outside: observed.map(|seen| seen.ip()),
        }
    }
}

/// This machine's addresses for the other one, the best first. Loopback and link-local ones only
/// where the mediator is here, or is on a link.
fn addresses_to_tell(mediator: IpAddr) -> Vec<IpAddr> {
    let here = mediator.is_loopback();
    let all = ranked((!here).then_some(mediator)).into_iter();
    let told = all.filter(|to| here || is_link_local(mediator) || !is_link_local(to.ip));
    let loopback = here.then_some(IpAddr::from([127, 0, 0, 1]));
    loopback
        .into_iter()
        .chain(told.map(|here| here.ip))
        .collect()
}

/// What an attempt needs to know.
pub struct Attempt<'a> {
    /// Where both meet, and by what secret.
    pub meeting: Meeting,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// The other one's, where one is required.
    pub pin: Option<&'a PublicKey>,
    /// Our role where it is settled; else the mediator says it.
    pub role: Option<Role>,
    /// Where we can be reached, …
    pub listening: &'a Listening,
    /// … and by which port.
    pub port: u16,
    /// An OFFER that was never answered, of an earlier try whose connection to
    /// the mediator was lost: it takes over the seat that may still be held
    /// there, where a fresh one would be paired with it.
    pub unanswered: &'a mut Option<Offering>,
    /// Where it counts once our SEALED goes out, if it does.
    pub spending: Option<&'a Spending>,
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
    /// This machine does not let us listen.
    #[error("cannot listen for the other one: {0}")]
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
    /// No version or suite is common to both, and the other one must be updated.
    #[error("{0}'s program is older than this one")]
    TheyAreOlder(DisplayName),
    /// The same, and this one must be.
    #[error("this program is older than {0}'s")]
    WeAreOlder(DisplayName),
    /// The other side left, or the mediator said so, before it was done.
    #[error("the other side went away before it was done")]
    Left,
    /// The other side said nothing for too long.
    #[error("the other side did not answer")]
    Slow,
    /// SEALED was genuine, but no connection came about.
    #[error("no path to the other one")]
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
        .unwrap_or(Failure::Pairing(error))
    }
}

impl Failure {
    /// What it may mean, and what to do.
    pub fn advice(&self) -> Cow<'static, str> {
        let advice = match self {
            Failure::TheyAreOlder(name) => {
                return format!("{name} must update undertone; then meet again, in the same room.")
                    .into();
            }
            Failure::Pairing(PairingError::TheyAreOlder(_)) => {
                "The other one must update undertone; then meet again, in the same room."
            }
            Failure::WeAreOlder(_) | Failure::Pairing(PairingError::WeAreOlder(_)) => {
                "Update undertone here; then meet again, in the same room."
            }
            Failure::Pairing(PairingError::Secret) => {
                "Either one of you typed it wrong, or someone tried to get in between."
            }
            Failure::Pairing(PairingError::Version | PairingError::Downgrade) => {
                "Bring undertone up to date on both sides."
            }
            Failure::Pairing(PairingError::Name | PairingError::Candidates) => {
                "The other one's program broke the protocol. Bring undertone up to date on both sides."
            }
            Failure::Pairing(_) => {
                "Someone on the way, perhaps the mediator, altered the messages."
            }
            Failure::Left | Failure::Slow => {
                "The other side broke off, or the mediator did. It may have been a guess at the secret."
            }
            Failure::NoPath(why) => why.advice(),
        };
        advice.into()
    }
}

/// How far an attempt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The seat is taken.
    Seated {
        /// Seconds until it lapses.
        expires_in: u64,
    },
    /// Somebody is there. Told before our SEALED goes out.
    Paired,
    /// Both know the secret; a path is looked for.
    Matched,
}

/// Joins, waits and exchanges SEALED; says whom to dial. `told` hears how far it is.
///
/// # Errors
/// [`AttemptError`].
pub async fn pair(
    mediator: &mut Rendezvous,
    attempt: Attempt<'_>,
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Role, Matched, Plan), AttemptError> {
    let tag = attempt.meeting.tag;
    let offering = attempt.unanswered;
    let offer = *offering
        .get_or_insert_with(|| Offering::new(attempt.meeting, attempt.identity))
        .offer();
    mediator.join(&tag, &offer).await?;
    let mut renew = Instant::now() + wire::SEAT_LIFE;
    let answer_by = Instant::now() + ANSWER_WITHIN;
    let mut seated = false;
    let (role, theirs, observed) = loop {
        let message = tokio::select! {
            message = mediator.next() => message?,
            () = sleep_until(renew) => {
                mediator.join(&tag, &offer).await?;
                renew = Instant::now() + RENEW_BEFORE;
                continue;
            }
            () = sleep_until(answer_by), if !seated => return Err(RendezvousError::Silent.into()),
        };
        match message {
            MediatorMessage::Waiting { expires_in, .. } => {
                let expires_in = expires_in.min(wire::SEAT_LIFE.as_secs());
                let life = Duration::from_secs(expires_in);
                let pause = life.saturating_sub(RENEW_BEFORE).max(life / 2);
                renew = Instant::now() + pause.max(RENEW_AFTER);
                seated = true;
                told(Progress::Seated { expires_in });
            }
            MediatorMessage::Paired {
                role,
                offer,
                observed,
                relay: _,
            } => {
                let role = match role {
                    wire::Role::Host => Role::Host,
                    wire::Role::Guest => Role::Guest,
                };
                break (attempt.role.unwrap_or(role), offer, observed);
            }
            // Of a pairing that we gave up: it may have crossed our `join`.
            MediatorMessage::PeerLeft | MediatorMessage::Sealed { .. } => {}
            MediatorMessage::Relaying | MediatorMessage::Error { .. } => {
                return Err(RendezvousError::Garbled.into());
            }
        }
    };
    told(Progress::Paired);
    let via = mediator.mediator_ip();
    let port = match mediator.port_kept() {
        true => observed.port(),
        false => 0,
    };
    let observed = SocketAddr::new(observed.ip().to_canonical(), port);
    let observed = (!mediator.is_proxied()).then_some(observed);
    let candidates = attempt.listening.candidates(attempt.port, observed, via);
    let failed = |spent: bool| move |why: Failure| AttemptError::Failed { role, spent, why };
    let offering = offering.take().ok_or(RendezvousError::Garbled)?;
    let (awaiting, sealed) = offering
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
    let theirs = match timeout(SEALED_WITHIN, mediator.next()).await {
        Ok(Ok(MediatorMessage::Sealed { data })) => data,
        Ok(_) => return Err(failed(true)(Failure::Left)),
        Err(_) => return Err(failed(true)(Failure::Slow)),
    };
    let matched = awaiting.sealed(theirs.as_bytes(), attempt.pin);
    let matched = matched.map_err(|error| failed(true)(error.into()))?;
    let plan = attempt.listening.plan(matched.candidates(), observed, via);
    told(Progress::Matched);
    Ok((role, matched, plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_outside_is_told_however_many_there_are_inside() {
        let seen = "198.51.100.1:40000".parse().unwrap();
        let mediator = "203.0.113.10".parse().unwrap();
        let told = Listening::default().candidates(7700, Some(seen), mediator);
        // A machine without any address is not told where it is.
        if !ranked(None).is_empty() {
            assert_eq!(told.dialable(mediator).next(), Some(seen));
        }
    }
}
