//! The way back after a lost link: at once straight to the address that worked,
//! and through the mediator too, each with back-off and jitter, until one leads to
//! a link. And the way from a relay to a direct path, one pairing at a time. Used
//! by the guest whole; of the host only the seat at the mediator.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::lobby::Found;
use super::pair::{Attempt, AttemptError, Listening, pair};
use super::relay::{Consent, by_relay};
use crate::crypto::keys::random;
use crate::link::Ready;
use crate::link::dial::{PATH_WITHIN, Plan};
use crate::link::knock::{Reunion, redial};
use crate::link::port::Port;
use crate::link::reach::reach;
use crate::link::route::Route;
use crate::link::stream::Stream;
use crate::pairing::{Matched, Role};
use crate::rendezvous::{self, Outside, Rendezvous};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Pauses between tries: 200 ms, doubled each time up to 10 s, ± 25 % so that two
/// ends, or many clients of a restarted mediator, do not keep step.
#[derive(Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// Waits before the next try.
    pub async fn pause(&mut self) {
        let [jitter] = random::<1>();
        let pause = FIRST_PAUSE
            .saturating_mul(1 << self.tries.min(10))
            .min(LONGEST_PAUSE);
        self.tries += 1;
        sleep(pause.mul_f64(0.75 + f64::from(jitter) / 512.0)).await;
    }
}

/// Where to look for the other one again.
#[derive(Clone)]
pub struct Trail {
    /// What the reunion takes.
    pub reunion: Arc<Reunion>,
    /// The mediator.
    pub mediator: rendezvous::Route,
    /// What it has seen of our port.
    pub outside: Outside,
    /// Where we can be reached.
    pub listening: Listening,
    /// Whether the mediator may carry the link; `None`: a direct one is looked for.
    pub relay: Option<Consent>,
    /// The mediator is not dialled from our port: a connection of it from there has just
    /// broken, and what is still under way of that one would break the next.
    pub elsewhere: bool,
}

/// A guest's link, and where to knock once it is lost.
pub struct Reached {
    /// The link.
    pub ready: Ready,
    /// `None`: the way there is no address of the host's.
    pub knock_at: Option<SocketAddr>,
}

impl Reached {
    /// A link that one of the host's `candidates` led to, or on which the host came. It
    /// may have dialled from a port at which it does not listen.
    pub fn new(ready: Ready, candidates: &[SocketAddr]) -> Self {
        let knock_at = (!ready.route.is_relay()).then(|| door(ready.route.address(), candidates));
        Reached { ready, knock_at }
    }
}

/// Where the host listens whose end of a link this is: if not there, then at the best
/// candidate with that IP address.
fn door(end: SocketAddr, candidates: &[SocketAddr]) -> SocketAddr {
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
            if let Ok(ready) = redial(&port, last, &trail.reunion).await {
                return Reached::new(ready, &[last]);
            }
            backoff.pause().await;
        }
    };
    let through_mediator = async {
        let mut backoff = Backoff::default();
        loop {
            if let Some(reached) = reach_host(&trail, &port).await {
                return reached;
            }
            backoff.pause().await;
        }
    };
    tokio::select! {
        reached = straight => reached,
        reached = through_mediator => reached,
    }
}

/// Guest: one pairing at the mediator, and the link that it leads to.
async fn reach_host(trail: &Trail, port: &Port) -> Option<Reached> {
    let met = meet_again(trail, Role::Guest, port.address()).await;
    let (mediator, matched, plan) = met.ok()?;
    let confirm = matched.guest(&trail.reunion.name).ok()?;
    let mut mediator = Some(mediator);
    let relay = relay(trail, &mut mediator);
    let candidates = plan.candidates.clone();
    let ready = reach(port, plan, &confirm, relay).await.ok()?;
    if let Some(mediator) = mediator {
        mediator.done().await;
    }
    Some(Reached::new(ready, &candidates))
}

/// Guest: looks for a direct path, once.
pub async fn seek_direct(trail: Trail) -> Option<Reached> {
    let port = trail.listening.open().ok()?;
    reach_host(&trail, &port).await
}

/// Host: waits at the mediator for the guest, again and again; its door listens
/// at `port`.
pub async fn await_guest(trail: Trail, port: SocketAddr, found: mpsc::Sender<Found>) {
    let mut backoff = Backoff::default();
    while !found.is_closed() {
        let _ = await_guest_once(&trail, port, &found).await;
        backoff.pause().await;
    }
}

/// Host: one pairing at the mediator; `None` if it goes wrong.
pub async fn await_guest_once(
    trail: &Trail,
    port: SocketAddr,
    found: &mpsc::Sender<Found>,
) -> Option<()> {
    let (mediator, matched, plan) = meet_again(trail, Role::Host, port).await.ok()?;
    let confirm = matched.host(&trail.reunion.name).ok()?;
    let pairing = Found::Pairing(Box::new(confirm), plan);
    found.send(pairing).await.ok()?;
    let mut mediator = Some(mediator);
    if let Some((stream, route)) = relay(trail, &mut mediator).await {
        found.send(Found::Way(stream, route)).await.ok()?;
        sleep(PATH_WITHIN).await;
    }
    // Not `done`: where the guest asks for the relay in vain, it is to hear so.
    Some(())
}

/// The way through the mediator, where that may be.
async fn relay(trail: &Trail, mediator: &mut Option<Rendezvous>) -> Option<(Stream, Route)> {
    let consent = trail.relay.as_ref()?;
    // Who is only now asked may take until the next try.
    let given = timeout(PATH_WITHIN, consent.given());
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
    let mut mediator = Rendezvous::connect(&trail.mediator, from).await?;
    mediator.remember(ours, &trail.outside);
    let attempt = Attempt {
        meeting: trail.reunion.meeting(),
        identity: trail.reunion.identity.clone(),
        pin: Some(&trail.reunion.pin),
        role: Some(role),
        listening: &trail.listening,
        port: port.port(),
        unanswered: &mut None,
    };
    let (_, matched, plan) = pair(&mut mediator, attempt, &mut |_| {}).await?;
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
            assert_eq!(door(at(end), &candidates), at(found));
        }
    }
}
