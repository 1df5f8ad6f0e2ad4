//! One attempt: a seat at the mediator, the pairing with who comes, and the link to them.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use tokio::time::{Instant, sleep_until};
use undertone_core::crypto::keys::PublicKey;
use undertone_core::pairing::{Meeting, PairingError, PeerIdentity, Role};
use undertone_core::session::Session;

use crate::engine::Context;
use crate::engine::connect::host::{Found, HostAcceptor, Step};
use crate::engine::connect::listening::ask;
use crate::engine::connect::pair::{Attempt, AttemptError, Failure, Paired, Unanswered, pair};
use crate::engine::connect::progress::Progress;
use crate::engine::connect::{Connected, Spending};
use crate::engine::mediator::access::Access;
use crate::engine::peer::{HowMet, Newcomer};
use crate::engine::reconnect::Reached;
use crate::engine::relay::by_relay;
use crate::link::acceptor::Acceptor;
use crate::link::connect::{LinkError, connect};
use crate::link::dial::PATH_TIMEOUT;
use crate::link::nominate::ANSWER_TIMEOUT;
use crate::link::path::Path;
use crate::link::port::Port;
use crate::link::stream::Stream;
use crate::rendezvous::{Rendezvous, RendezvousError};

/// Whom to meet, and where.
pub struct Goal<'a> {
    /// The room and its secret.
    pub meeting: Meeting,
    /// The identity that is required, if any.
    pub pin: Option<PublicKey>,
    /// Contacts who were met in this room: they need not be remembered.
    pub known: Vec<PublicKey>,
    /// Ends the wait for the peer.
    pub leave: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Where it counts, if it does.
    pub spending: Option<&'a Spending>,
}

impl fmt::Debug for Goal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Goal")
            .field("meeting", &self.meeting)
            .field("pin", &self.pin)
            .finish_non_exhaustive()
    }
}

/// Waits at the mediator until somebody is there and a link with them is up. `told` hears how
/// far it is; `unanswered` is as for [`Attempt`].
///
/// # Errors
/// [`AttemptError`].
pub async fn attempt(
    context: &Context,
    access: &Access,
    goal: Goal<'_>,
    unanswered: &mut Option<Unanswered>,
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<Connected, AttemptError> {
    let listening = &context.config.listening;
    let port = listening.open().map_err(AttemptError::Listen)?;
    let from = listening.dial_from(port.address());
    let mut gathering = listening.gather(&access.route);
    let reached = |address| ask(&mut gathering, Some(address));
    let tag = &goal.meeting.tag;
    let mut mediator = connect_to_mediator(access, tag, from, goal.leave, reached).await?;
    let attempt = Attempt {
        meeting: goal.meeting,
        identity: Arc::clone(&context.config.identity),
        pin: goal.pin.as_ref(),
        role: None,
        listening,
        port: port.address().port(),
        gathering,
        unanswered,
        spending: goal.spending,
    };
    let paired = pair(&mut mediator, attempt, told).await?;
    let role = paired.role;
    let who = Newcomer {
        context,
        known: &goal.known,
    };
    let linked = link_up(who, port, paired, mediator).await;
    linked.map_err(|why| AttemptError::Failed {
        role,
        // Else it was the peer, by a valid CONFIRM.
        spent: matches!(why, Failure::NoPath(_)),
        why,
    })
}

async fn connect_to_mediator(
    access: &Access,
    room: &[u8; 32],
    from: Option<SocketAddr>,
    leave: Pin<Box<dyn Future<Output = ()> + Send>>,
    reached: impl FnOnce(SocketAddr) + Send,
) -> Result<Rendezvous, RendezvousError> {
    let mut mediator = Rendezvous::connect_told(&access.route, room, from, reached).await?;
    mediator.remember(from, &access.outside);
    mediator.keep_alive(&access.keep_alive);
    mediator.leave_when(leave);
    Ok(mediator)
}

/// Links with whom we were paired: by a path between the two, or by the mediator's relay.
async fn link_up(
    who: Newcomer<'_>,
    port: Arc<Port>,
    paired: Paired,
    mediator: Rendezvous,
) -> Result<Connected, Failure> {
    let context = who.context;
    let hopeless = paired.plan.is_hopeless();
    let relays = mediator.relays();
    let hides = paired.matched.candidates().is_empty();
    let failed = OnceLock::new();
    let no_path = || {
        let why = failed.get().copied();
        Failure::NoPath(why.unwrap_or_else(|| context.no_relay(relays, hides)))
    };
    if context.config.listening.hidden && !relays {
        // There is no other way, and nothing to wait for.
        return Err(no_path());
    }
    let mut mediator = Some(mediator);
    let relay = async {
        let way = by_relay(&mut mediator, hopeless, context.config.consent.given()).await;
        way.unwrap_or_else(|why| {
            let _ = failed.set(why);
            None
        })
    };
    let linked = match paired.role {
        Role::Guest => join_host(who, port, paired, relay, no_path).await,
        Role::Host => await_guest(who, port, paired, relay, no_path).await,
    };
    context.config.consent.not_wanted();
    let linked = linked?;
    if let Some(mediator) = mediator {
        mediator.done().await;
    }
    Ok(linked)
}

async fn join_host(
    who: Newcomer<'_>,
    port: Arc<Port>,
    paired: Paired,
    relay: impl Future<Output = Option<(Stream, Path)>>,
    no_path: impl Fn() -> Failure,
) -> Result<Connected, Failure> {
    let Paired { matched, plan, .. } = paired;
    let confirm = matched.guest(who.context.config.name.as_str())?;
    let candidates = plan.candidates.clone();
    let mut judging = None;
    // While the host does the same, which says `go` then.
    let met = |peer: &PeerIdentity| judging = Some(who.judge(peer));
    let ready = connect(&port, plan, &confirm, relay, met).await;
    let ready = ready.map_err(|unreached| match unreached {
        LinkError::NoPath => no_path(),
        LinkError::Unfit(why) => why.into(),
    })?;
    if let Some(judging) = judging.as_mut().filter(|_| !who.knows(&ready.peer)) {
        // Before the answer: whoever hears it may wait for a contact.
        judging.done().await;
    }
    let Reached { ready, knock_at } = Reached::new(ready, &candidates);
    let session = Session::new(Role::Guest, Arc::clone(&ready.resume));
    let session = session.between(who.context.ends(&ready.peer));
    Ok(Connected {
        session,
        ready,
        knock_at,
        acceptor: None,
        how: HowMet {
            again: false,
            judging,
        },
    })
}

async fn await_guest(
    who: Newcomer<'_>,
    port: Arc<Port>,
    paired: Paired,
    relay: impl Future<Output = Option<(Stream, Path)>>,
    no_path: impl Fn() -> Failure,
) -> Result<Connected, Failure> {
    who.context
        .detail(|| format!("listening on {}", port.address()));
    let mut acceptor = HostAcceptor::new(Acceptor::new(port));
    let confirm = paired.matched.host(who.context.config.name.as_str())?;
    acceptor.take(Found::Pairing(Box::new(confirm), paired.plan));
    let mut deadline = Instant::now() + PATH_TIMEOUT + ANSWER_TIMEOUT;
    let mut begun = None;
    let mut relay_awaited = true;
    tokio::pin!(relay);
    loop {
        let step = tokio::select! {
            step = acceptor.next() => step,
            relay = &mut relay, if relay_awaited => {
                relay_awaited = false;
                if let Some((stream, route)) = relay {
                    deadline = Instant::now() + PATH_TIMEOUT + ANSWER_TIMEOUT;
                    acceptor.take(Found::Way(stream, route));
                }
                continue;
            }
            () = sleep_until(deadline), if !relay_awaited => return Err(no_path()),
        };
        match step {
            Step::Unanswered => return Err(no_path()),
            Step::Knock(_) => {}
            Step::Unfit(unfit) => return Err(unfit.tell().await.into()),
            Step::Confirmed(mut confirmed) => {
                let mut judging = who.judge(&confirmed.peer);
                if !who.knows(&confirmed.peer) {
                    confirmed.introduce().await;
                    // Before `go`, as there before the answer.
                    judging.done().await;
                }
                let session = Session::new(Role::Host, Arc::clone(&confirmed.resume));
                let mut session = session.between(who.context.ends(&confirmed.peer));
                let nomination = confirmed.nominate(&session.nominate());
                acceptor.nominated(nomination.map_err(|_| PairingError::Point)?);
                begun = Some((session, judging));
            }
            Step::Answered(ready) => {
                let (session, judging) = begun.take().ok_or_else(no_path)?;
                return Ok(Connected {
                    session,
                    ready: *ready,
                    knock_at: None,
                    acceptor: Some(acceptor),
                    how: HowMet {
                        again: false,
                        judging: Some(judging),
                    },
                });
            }
        }
    }
}
