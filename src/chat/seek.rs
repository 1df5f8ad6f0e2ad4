//! The way back after a lost link: at once straight to the address that worked,
//! and through the mediator too, each with back-off and jitter, until one leads to
//! a link. Used by the guest whole; of the host only the seat at the mediator.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::pair::{Attempt, AttemptError, Listening, pair};
use crate::crypto::keys::random;
use crate::link::Ready;
use crate::link::dial::dial;
use crate::link::knock::{Reunion, redial};
use crate::pairing::{HostConfirm, Matched, Role};
use crate::rendezvous::{Rendezvous, Route};

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
    pub mediator: Route,
}

/// Guest: looks for the host until there is a link with its `go`.
pub async fn seek_host(trail: Trail, last: SocketAddr) -> Ready {
    let straight = async {
        let mut backoff = Backoff::default();
        loop {
            if let Ok(ready) = redial(last, &trail.reunion).await {
                return ready;
            }
            backoff.pause().await;
        }
    };
    let through_mediator = async {
        let mut backoff = Backoff::default();
        loop {
            let met = meet_again(&trail, Role::Guest, &Listening::default(), None).await;
            if let Ok((mediator, matched)) = met {
                let via = mediator.mediator_ip();
                let candidates = matched.candidates().clone();
                if let Ok(confirm) = matched.guest(&trail.reunion.name)
                    && let Ok(ready) = dial(candidates.dialable(via), &confirm).await
                {
                    mediator.done().await;
                    return ready;
                }
            }
            backoff.pause().await;
        }
    };
    tokio::select! {
        ready = straight => ready,
        ready = through_mediator => ready,
    }
}

/// Host: waits at the mediator for the guest, again and again; its door listens
/// at `door`.
pub async fn await_guest(
    trail: Trail,
    listening: Listening,
    door: SocketAddr,
    found: mpsc::Sender<HostConfirm>,
) {
    let mut backoff = Backoff::default();
    loop {
        let met = meet_again(&trail, Role::Host, &listening, Some(door)).await;
        if let Ok((mediator, matched)) = met
            && let Ok(confirm) = matched.host(&trail.reunion.name)
        {
            if found.send(confirm).await.is_err() {
                return;
            }
            mediator.done().await;
        }
        backoff.pause().await;
    }
}

/// One pairing of the session's two ends at the mediator. Nothing is spent by a
/// failure.
async fn meet_again(
    trail: &Trail,
    role: Role,
    listening: &Listening,
    door: Option<SocketAddr>,
) -> Result<(Rendezvous, Matched), AttemptError> {
    let mut mediator = Rendezvous::connect(&trail.mediator, None).await?;
    let attempt = Attempt {
        meeting: trail.reunion.meeting(),
        identity: trail.reunion.identity.clone(),
        pin: Some(&trail.reunion.pin),
        role: Some(role),
        listening,
        unanswered: &mut None,
    };
    let mut listen = || door.ok_or_else(|| std::io::ErrorKind::NotConnected.into());
    let (_, matched) = pair(&mut mediator, attempt, &mut listen, &mut |_| {}).await?;
    Ok((mediator, matched))
}
