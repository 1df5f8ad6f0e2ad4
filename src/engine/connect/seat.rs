//! A seat at the mediator: taken, and kept until somebody is there.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use undertone_core::pairing::Role;
use undertone_wire::{self as wire, MediatorMessage, Opaque};

use crate::engine::connect::pair::Progress;
use crate::rendezvous::{Rendezvous, RendezvousError};

/// The seat is renewed this long before it lapses …
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// … yet no sooner than this, whatever a mediator says of its seats.
const RENEW_AFTER: Duration = Duration::from_millis(500);
/// How long a mediator may take to answer the first `join`. Pings are no answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes the seat and keeps it until somebody is there: our role as the mediator says it, their
/// OFFER, and from where it sees us.
pub(super) async fn wait_seated(
    mediator: &mut Rendezvous,
    offer: &[u8],
    again: bool,
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Role, Opaque, SocketAddr), RendezvousError> {
    mediator.join(offer, again).await?;
    let mut renew = Instant::now() + wire::SEAT_LIFE;
    let answer_by = Instant::now() + ANSWER_TIMEOUT;
    let mut seated = false;
    loop {
        let message = tokio::select! {
            message = mediator.next() => message?,
            () = sleep_until(renew) => {
                mediator.join(offer, again).await?;
                renew = Instant::now() + RENEW_BEFORE;
                continue;
            }
            () = sleep_until(answer_by), if !seated => return Err(RendezvousError::Silent),
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
                return Ok((role, offer, observed));
            }
            // Of a pairing that we gave up: it may have crossed our `join`.
            MediatorMessage::PeerLeft | MediatorMessage::Sealed { .. } => {}
            MediatorMessage::Relaying | MediatorMessage::Error { .. } => {
                return Err(RendezvousError::Garbled);
            }
        }
    }
}
