//! Whether a mediator relays, before anybody is met there. One that tells its rate says so to
//! who waits; every one says it to two who are paired, who may both be us.

use tokio::time::timeout;
use undertone_core::crypto::keys::random;
use undertone_core::pairing::OFFER_LEN;
use undertone_wire::MediatorMessage;

use super::{CONNECT_TIMEOUT, MediatorEndpoint, Rendezvous, RendezvousError};

/// Whether this mediator relays; `None` where it does not come to an answer. Asked in a room that
/// nobody else can name, and from no port of ours that is known.
///
/// # Errors
/// [`RendezvousError`], where it would give no seat either.
pub async fn relays(endpoint: &MediatorEndpoint) -> Result<Option<bool>, RendezvousError> {
    let room = random();
    let mut seat = Rendezvous::connect(endpoint, &room, None).await?;
    seat.join(&random::<OFFER_LEN>(), false).await?;
    let answer = timeout(CONNECT_TIMEOUT, seat.next()).await;
    let relays = match answer.unwrap_or(Err(RendezvousError::Silent))? {
        MediatorMessage::Waiting { terms, .. } if terms.relay_rate.is_some() => Some(true),
        MediatorMessage::Waiting { .. } => relays_in(endpoint, &room).await,
        _ => return Err(RendezvousError::Garbled),
    };
    seat.done().await;
    Ok(relays)
}

/// The same, where a seat of ours is in `room` already: pairs with it by a second connection.
/// `None` if that goes wrong.
pub async fn relays_in(endpoint: &MediatorEndpoint, room: &[u8; 32]) -> Option<bool> {
    let pairing = async {
        let mut other = Rendezvous::connect(endpoint, room, None).await?;
        other.join(&random::<OFFER_LEN>(), false).await?;
        let paired = other.next().await?;
        let relays = other.relays();
        other.done().await;
        match paired {
            MediatorMessage::Paired { .. } => Ok(relays),
            _ => Err(RendezvousError::Garbled),
        }
    };
    let paired: Result<bool, _> = timeout(CONNECT_TIMEOUT, pairing).await.ok()?;
    paired.ok()
}
