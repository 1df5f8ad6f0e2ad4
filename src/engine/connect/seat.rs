//! A seat at the mediator: taken, kept until somebody is there, and taken anew over another
//! connection where the mediator wants to be rid of this one.
//!
//! ```text
//! join ─► waiting ─► join (renewed) ─► waiting ─► … ─► paired
//!            │ reseat
//!            └─► another connection: join ─► waiting ─► goes on there, the former one is dropped
//!                                     │ fails: the former one goes on, and it is tried later
//! ```

mod reseat;

use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use undertone_core::pairing::Role;
use undertone_wire::{self as wire, ErrorCode, MediatorMessage, Opaque};

use crate::engine::connect::listening::ask;
use crate::engine::connect::progress::Progress;
use crate::link::ice::Gathering;
use crate::rendezvous::{Rendezvous, RendezvousError};
use reseat::Reseat;

/// The seat is renewed this long before it lapses …
const RENEW_BEFORE: Duration = Duration::from_secs(60);
/// … yet no sooner than this, whatever a mediator says of its seats.
const RENEW_AFTER: Duration = Duration::from_millis(500);
/// How long a mediator may take to answer the first `join`. Pings are no answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A seat that is being taken over another connection, with the answer there.
type Moving<'a> = Pin<
    Box<dyn Future<Output = Result<(Rendezvous, MediatorMessage), RendezvousError>> + Send + 'a>,
>;

/// Takes the seat and keeps it until somebody is there: our role as the mediator says it, their
/// OFFER, and from where it sees us. `again` is as in `join`. It is asked meanwhile how our UDP shows.
pub(super) async fn wait_seated(
    mediator: &mut Rendezvous,
    gathering: &mut Option<Gathering>,
    offer: &[u8],
    again: bool,
    told: &mut (dyn FnMut(Progress) + Send),
) -> Result<(Role, Opaque, SocketAddr), RendezvousError> {
    mediator.join(offer, again).await?;
    let mut renew = Instant::now() + wire::SEAT_LIFE;
    let answer_by = Instant::now() + ANSWER_TIMEOUT;
    let mut seated = false;
    let mut reseat = Reseat::default();
    let mut moving: Option<Moving<'_>> = None;
    // Why the connection is of no use any more, while the other one may still have the seat.
    let mut lost = None;
    let mut moved_once = false;
    loop {
        let still = moving.is_none();
        let message = tokio::select! {
            heard = hear(mediator, lost.is_some()) => match heard {
                Ok(message) => message,
                Err(why) if !still && is_survived(&why) => {
                    lost = Some(why);
                    continue;
                }
                Err(why) if moved_once => return Err(first_cause(why, RendezvousError::Lost)),
                Err(why) => return Err(why),
            },
            moved = settled(&mut moving) => {
                moving = None;
                match (moved, lost.take()) {
                    (Ok((another, message)), _) => {
                        let had_port = mediator.port_kept();
                        mediator.go_on(another);
                        reseat.taken(had_port && !mediator.port_kept());
                        message
                    }
                    (Err(why), None) => {
                        reseat.failed(&why);
                        continue;
                    }
                    (Err(why), Some(before)) => return Err(first_cause(before, why)),
                }
            }
            () = sleep_until(renew), if still => {
                mediator.join(offer, again).await?;
                renew = Instant::now() + RENEW_BEFORE;
                continue;
            }
            () = sleep_until(reseat.due.unwrap_or(renew)), if still && reseat.due.is_some() => {
                moving = Some(Box::pin(take_anew(mediator.another(), offer)));
                moved_once = true;
                continue;
            }
            () = sleep_until(answer_by), if !seated => return Err(RendezvousError::Silent),
        };
        // It says in both where, if at all.
        if let MediatorMessage::Waiting { .. } | MediatorMessage::Paired { .. } = &message {
            ask(gathering, mediator.stun());
        }
        match message {
            MediatorMessage::Waiting {
                expires_in,
                reseat: seconds,
                ..
            } => {
                let expires_in = expires_in.min(wire::SEAT_LIFE.as_secs());
                let life = Duration::from_secs(expires_in);
                let pause = life.saturating_sub(RENEW_BEFORE).max(life / 2);
                renew = Instant::now() + pause.max(RENEW_AFTER);
                seated = true;
                reseat.said(seconds);
                told(Progress::Seated { expires_in });
            }
            MediatorMessage::Paired {
                role,
                offer,
                observed,
                ..
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

/// What the mediator says next; of one that is `lost` only that another one is to be taken.
async fn hear(mediator: &mut Rendezvous, lost: bool) -> Result<MediatorMessage, RendezvousError> {
    match lost {
        true => Err(mediator.moved().await),
        false => mediator.next().await,
    }
}

async fn settled(
    moving: &mut Option<Moving<'_>>,
) -> Result<(Rendezvous, MediatorMessage), RendezvousError> {
    match moving {
        Some(moving) => moving.await,
        None => std::future::pending().await,
    }
}

/// Takes the seat over another connection.
async fn take_anew(
    connecting: impl Future<Output = Result<Rendezvous, RendezvousError>>,
    offer: &[u8],
) -> Result<(Rendezvous, MediatorMessage), RendezvousError> {
    let mut another = connecting.await?;
    let taking = async {
        another.join(offer, true).await?;
        loop {
            match another.next().await? {
                MediatorMessage::PeerLeft | MediatorMessage::Sealed { .. } => {}
                message => return Ok(message),
            }
        }
    };
    let taken = timeout(ANSWER_TIMEOUT, taking).await;
    let message = taken.unwrap_or(Err(RendezvousError::Silent))?;
    match message {
        MediatorMessage::Waiting { .. } | MediatorMessage::Paired { .. } => Ok((another, message)),
        _ => Err(RendezvousError::Garbled),
    }
}

/// Whether the seat may be had elsewhere once its connection ended so: as `room-busy`, where the
/// other one has it.
fn is_survived(why: &RendezvousError) -> bool {
    why.is_passing(true) && !matches!(why, RendezvousError::Moved)
}

/// Why there is no seat any more where both connections failed. That it went to the other one is
/// no reason.
fn first_cause(before: RendezvousError, after: RendezvousError) -> RendezvousError {
    match before {
        RendezvousError::Refused {
            code: ErrorCode::RoomBusy,
            ..
        } => after,
        before => before,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
