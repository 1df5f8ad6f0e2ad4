//! The way back after a lost link: at once straight to the address that worked,
//! and through the mediator too, each with back-off and jitter, until one leads to
//! a link. And the way from a relay to a direct path, one pairing at a time. Used
//! by the guest whole; of the host only the seat at the mediator.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use undertone_core::pairing::{Matched, Role};

use crate::engine::connect::away::Away;
use crate::engine::connect::backoff::Backoff;
use crate::engine::connect::host::Found;
use crate::engine::connect::listening::{Listening, ask};
use crate::engine::connect::pair::{Attempt, AttemptError, Paired, pair};
use crate::engine::connect::progress::Progress;
use crate::engine::mediator::access::Access;
use crate::engine::relay::{Consent, by_relay};
use crate::link::Ready;
use crate::link::connect::connect;
use crate::link::dial::{PATH_TIMEOUT, Plan};
use crate::link::path::Path;
use crate::link::port::Port;
use crate::link::resume::{ResumeContext, redial};
use crate::link::stream::Stream;
use crate::rendezvous::{Rendezvous, RendezvousError};

/// Where to look for the peer again.
#[derive(Clone, Debug)]
pub struct Trail {
    /// What the next link is made with.
    pub resume: Arc<ResumeContext>,
    /// The way to the mediator.
    pub access: Access,
    /// Where we can be reached.
    pub listening: Listening,
    /// Whether the mediator may carry the link; `None`: a direct one is looked for.
    pub relay: Option<Consent>,
    /// The mediator is not dialled from our port: a connection of it from there has just
    /// broken, and what is still under way of that one would break the next.
    pub elsewhere: bool,
    /// How far it is at the mediator; `None`: no seat is held there.
    pub far: watch::Sender<Option<Progress>>,
    /// Why the mediator is of no use, once that keeps the peer away.
    pub absent: watch::Sender<Option<String>>,
    /// Told each time that the mediator was of no use.
    pub missed: Arc<Notify>,
}

impl Trail {
    fn away(&self) -> Away<impl Fn(Option<&str>) + '_> {
        Away::aside(|why: Option<&str>| {
            self.absent.send_replace(why.map(str::to_owned));
        })
    }

    /// Waits until the mediator is to be asked again, after a try that began then.
    async fn wait(
        &self,
        away: &mut Away<impl Fn(Option<&str>)>,
        begun: Instant,
        why: Option<RendezvousError>,
    ) {
        if why.is_some() {
            self.missed.notify_one();
        }
        away.wait(begun.elapsed(), why).await;
    }
}

/// A guest's link, and where to knock once it is lost.
#[derive(Debug)]
pub struct Reached {
    /// The link.
    pub ready: Ready,
    /// `None`: the way there is no address of the host's at which it listens.
    pub knock_at: Option<SocketAddr>,
}

impl Reached {
    /// A link that one of the host's `candidates` led to, or on which the host came. It
    /// may have dialled from a port at which it does not listen.
    pub fn new(ready: Ready, candidates: &[SocketAddr]) -> Self {
        let is_tcp = !ready.path.is_relay() && !ready.path.is_udp();
        let knock_at = is_tcp.then(|| knock_address(ready.path.address(), candidates));
        Self { ready, knock_at }
    }
}

/// Where the host listens whose end of a link this is: if not there, then at the best
/// candidate with that IP address.
fn knock_address(end: SocketAddr, candidates: &[SocketAddr]) -> SocketAddr {
    if candidates.contains(&end) {
        return end;
    }
    let same = |candidate: &&SocketAddr| candidate.ip() == end.ip();
    candidates.iter().find(same).copied().unwrap_or(end)
}

/// Guest: looks for the host, also at the address `last` that worked, until there
/// is a link with its `go`.
pub async fn seek_host(trail: Trail, last: Option<SocketAddr>) -> Reached {
    let mut backoff = Backoff::default();
    let port = loop {
        match trail.listening.open() {
            Ok(port) => break port,
            Err(_) => backoff.pause().await,
        }
    };
    let straight = async {
        let mut backoff = Backoff::default();
        let last = match last {
            Some(last) => last,
            None => std::future::pending().await,
        };
        loop {
            if let Ok(ready) = redial(&port, last, &trail.resume).await {
                return Reached::new(ready, &[last]);
            }
            backoff.pause().await;
        }
    };
    let through_mediator = async {
        let mut away = trail.away();
        loop {
            let begun = Instant::now();
            let reached = tokio::select! {
                reached = reach_host(&trail, &port) => reached,
                never = away.watch(trail.far.subscribe()) => match never {},
            };
            match reached {
                Ok(reached) => return reached,
                Err(Missed(why)) => trail.wait(&mut away, begun, why).await,
            }
        }
    };
    tokio::select! {
        reached = straight => reached,
        reached = through_mediator => reached,
    }
}

/// No link came of it; with what the mediator did, where it was that.
#[derive(Debug)]
pub struct Missed(Option<RendezvousError>);

impl<E: Into<AttemptError>> From<E> for Missed {
    fn from(error: E) -> Self {
        Self(match error.into() {
            AttemptError::Mediator(why) => Some(why),
            AttemptError::Failed { .. }
            | AttemptError::NoRelay
            | AttemptError::Listen(_)
            // A session is not counted.
            | AttemptError::Spent(_) => None,
        })
    }
}

/// Guest: one pairing at the mediator, and the link that it leads to.
async fn reach_host(trail: &Trail, port: &Port) -> Result<Reached, Missed> {
    let (mediator, matched, plan) = meet_again(trail, Role::Guest, port.address()).await?;
    let confirm = matched
        .guest(&trail.resume.name)
        .map_err(|_| Missed(None))?;
    let mut mediator = Some(mediator);
    let relay = relay(trail, &mut mediator);
    let candidates = plan.candidates.clone();
    let ready = connect(port, plan, &confirm, relay, |_| {}).await;
    let ready = ready.map_err(|_| Missed(None))?;
    if let Some(mediator) = mediator {
        mediator.done().await;
    }
    Ok(Reached::new(ready, &candidates))
}

/// Guest: looks for a direct path, once.
pub async fn seek_direct(trail: Trail) -> Option<Reached> {
    let port = trail.listening.open().ok()?;
    reach_host(&trail, &port).await.ok()
}

/// Host: waits at the mediator for the guest, again and again; its acceptor listens
/// at `port`.
pub async fn await_guest(trail: Trail, port: SocketAddr, found: mpsc::Sender<Found>) {
    let mut away = trail.away();
    while !found.is_closed() {
        let begun = Instant::now();
        let missed = tokio::select! {
            done = await_guest_once(&trail, port, &found) => done.err(),
            never = away.watch(trail.far.subscribe()) => match never {},
        };
        let why = missed.and_then(|Missed(why)| why);
        trail.wait(&mut away, begun, why).await;
    }
}

/// Host: one pairing at the mediator.
///
/// # Errors
/// [`Missed`].
pub async fn await_guest_once(
    trail: &Trail,
    port: SocketAddr,
    found: &mpsc::Sender<Found>,
) -> Result<(), Missed> {
    let (mediator, matched, plan) = meet_again(trail, Role::Host, port).await?;
    let none = |_| Missed(None);
    let confirm = matched.host(&trail.resume.name).map_err(|_| Missed(None))?;
    let pairing = Found::Pairing(Box::new(confirm), plan);
    found.send(pairing).await.map_err(none)?;
    let mut mediator = Some(mediator);
    if let Some((stream, route)) = relay(trail, &mut mediator).await {
        found.send(Found::Way(stream, route)).await.map_err(none)?;
        sleep(PATH_TIMEOUT).await;
    }
    // Not `done`: where the guest asks for the relay in vain, it is to hear so.
    Ok(())
}

/// The way through the mediator, where that may be.
async fn relay(trail: &Trail, mediator: &mut Option<Rendezvous>) -> Option<(Stream, Path)> {
    let consent = trail.relay.as_ref()?;
    // Who is only now asked may take until the next try.
    let given = timeout(PATH_TIMEOUT, consent.given());
    let hopeless = trail.listening.hidden;
    let way = by_relay(mediator, hopeless, async { given.await.unwrap_or(false) });
    way.await.ok().flatten()
}

/// One pairing of the session's two ends at the mediator. Nothing is spent by a
/// failure.
async fn meet_again(
    trail: &Trail,
    role: Role,
    port: SocketAddr,
) -> Result<(Rendezvous, Matched, Plan), AttemptError> {
    let ours = trail.listening.dial_from(port);
    let from = match trail.elsewhere {
        true => ours.map(|ours| SocketAddr::new(ours.ip(), 0)),
        false => ours,
    };
    let meeting = trail.resume.meeting();
    let mut gathering = trail.listening.gather(&trail.access.route);
    let reached = |address| ask(&mut gathering, Some(address));
    let connecting = Rendezvous::connect_told(&trail.access.route, &meeting.tag, from, reached);
    let mut mediator = connecting.await?;
    mediator.remember(ours, &trail.access.outside);
    mediator.keep_alive(&trail.access.keep_alive);
    let attempt = Attempt {
        meeting,
        identity: trail.resume.identity.clone(),
        pin: Some(&trail.resume.pin),
        role: Some(role),
        listening: &trail.listening,
        port: port.port(),
        gathering,
        unanswered: &mut None,
        spending: None,
    };
    let mut told = |progress| {
        trail.far.send_replace(Some(progress));
    };
    let paired = pair(&mut mediator, attempt, &mut told).await;
    if paired.is_err() {
        trail.far.send_replace(None);
    }
    let Paired { matched, plan, .. } = paired?;
    Ok((mediator, matched, plan))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_came_from_a_spare_port_is_found_at_its_door() {
        let at = |address: &str| address.parse::<SocketAddr>().unwrap();
        let candidates = [at("192.168.1.3:5000"), at("[2001:db8::1]:5000")];
        let candidates = [&candidates[..], &[at("198.51.100.1:61000")]].concat();
        for (end, found) in [
            ("198.51.100.1:40001", "198.51.100.1:61000"),
            ("192.168.1.3:5000", "192.168.1.3:5000"),
            ("203.0.113.9:40001", "203.0.113.9:40001"),
        ] {
            assert_eq!(knock_address(at(end), &candidates), at(found));
        }
    }
}
