//! What a mediator says: the next message, each wait for it bounded.

use std::future::pending;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use undertone_wire::{MediatorMessage, SILENCE};

use super::{Rendezvous, RendezvousError, failed};
use crate::link::path::RelayLimits;

impl Rendezvous {
    /// The next message; an `error` becomes [`RendezvousError::Refused`].
    /// Cancel-safe.
    ///
    /// # Errors
    /// Any [`RendezvousError`] but those of connecting.
    pub async fn next(&mut self) -> Result<MediatorMessage, RendezvousError> {
        // The mediator pings: silence means that it, or the way to it, is gone. While nobody
        // listened nothing could be heard.
        let listening = Instant::now();
        loop {
            let silent = self.heard.max(listening) + SILENCE;
            let ping_at = self
                .keep_alive
                .every()
                .map(|every| self.heard.max(self.pinged) + every);
            let message = tokio::select! {
                biased;
                message = self.socket.next() => message,
                () = &mut self.leave => {
                    self.leave = Box::pin(pending());
                    return Err(RendezvousError::Moved);
                }
                () = sleep_until(silent) => return Err(RendezvousError::Lost),
                () = sleep_until(ping_at.unwrap_or(silent)) => {
                    self.pinged = Instant::now();
                    self.write(Message::Ping(Bytes::new())).await?;
                    continue;
                }
            };
            let quiet = self.heard.elapsed();
            self.heard = Instant::now();
            match message {
                Some(Ok(Message::Text(text))) => {
                    let mut message = decode(&text)?;
                    if let MediatorMessage::Waiting { terms, .. }
                    | MediatorMessage::Paired { terms, .. } = &message
                    {
                        self.stun = terms.stun;
                    }
                    if let MediatorMessage::Paired {
                        relay,
                        observed,
                        terms,
                        ..
                    } = &mut message
                    {
                        self.relays = *relay;
                        self.relay_limits = RelayLimits {
                            rate: terms.relay_rate,
                            bytes: terms.relay_bytes,
                        };
                        self.observe(observed);
                        self.leave = Box::pin(pending());
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                    return Err(RendezvousError::Garbled);
                }
                ended => {
                    self.keep_alive.cut(quiet);
                    return Err(match ended {
                        Some(Err(error)) => failed(&error),
                        _ => RendezvousError::Lost,
                    });
                }
            }
        }
    }
}

/// What the mediator said; an `error` becomes [`RendezvousError::Refused`].
pub(crate) fn decode(text: &str) -> Result<MediatorMessage, RendezvousError> {
    match MediatorMessage::decode(text) {
        Ok(MediatorMessage::Error {
            code,
            message,
            retry_after,
        }) => Err(RendezvousError::Refused {
            code,
            message,
            retry_after,
        }),
        Ok(message) => Ok(message),
        Err(_) => Err(RendezvousError::Garbled),
    }
}
