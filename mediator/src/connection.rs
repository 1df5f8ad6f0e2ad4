//! One client: its messages in, its events out, pings, and a bound on every wait.
//!
//! A client of a relayed pair is handed to [`crate::relay`], which says how it ends.
//!
//! Ends when the client is done, refused, silent or gone; its seat is free before
//! the closing handshake begins. Generic over the socket so that tests can run it
//! under a virtual clock.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, trace};
use undertone_wire::{AddressKey, ClientMessage, MESSAGE_BURST, MediatorMessage};

use crate::config::Times;
use crate::hub::Client;
use crate::limits::{Bucket, Rate};
use crate::outcome::Outcome;
use crate::refusal::{Refusal, seconds_up};
use crate::relay;
use crate::rooms::Event;

/// Time for the client to answer our close frame.
const LINGER: Duration = Duration::from_secs(1);

/// Serves one client to its end.
pub(crate) async fn run<S, E>(mut socket: S, client: Client, observed: SocketAddr, times: &Times)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let outcome = converse(&mut socket, &client, observed, times).await;
    if let Outcome::Refused(refusal) = &outcome {
        client.note_refusal(*refusal);
    }
    drop(client);
    let last_words = match outcome {
        Outcome::Gone => {
            debug!("gone");
            return;
        }
        Outcome::Close => {
            debug!("closed");
            None
        }
        Outcome::PeerLeft => {
            debug!("relay over");
            Some(MediatorMessage::PeerLeft)
        }
        Outcome::Refused(refusal) => {
            debug!(code = refusal.code().as_str(), "refused");
            Some(refusal.message())
        }
    };
    if let Some(words) = last_words
        && send(&mut socket, text(&words), times).await.is_err()
    {
        return;
    }
    let close = CloseFrame {
        code: close_code::NORMAL,
        reason: "".into(),
    };
    // Fails where the client closed first: then the answer goes out with the next read.
    let _ = send(&mut socket, Message::Close(Some(close)), times).await;
    // Dropped with unread bytes, TCP would reset and could take our last words along.
    let _ = timeout(LINGER, async {
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await;
}

async fn converse<S, E>(
    socket: &mut S,
    client: &Client,
    observed: SocketAddr,
    times: &Times,
) -> Outcome
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let now = Instant::now();
    let mut listener = Listener {
        client,
        address: observed.ip().into(),
        allowance: Bucket::default(),
        heard: now,
    };
    let mut ping_at = now + times.ping_every;
    // Until when the client may stay where it is: outside, waiting or paired.
    let mut deadline = now + times.idle;
    let timer = sleep_until(deadline);
    tokio::pin!(timer);
    loop {
        let mut relaying = false;
        for event in client.take_events(Instant::now().into_std()) {
            let now = Instant::now();
            // As text at once: what is kept across an await is kept while a client waits.
            let message = text(&match event {
                Event::Waiting { until } => {
                    deadline = until.into();
                    let expires_in = seconds_up(deadline.saturating_duration_since(now));
                    MediatorMessage::Waiting {
                        observed,
                        expires_in,
                    }
                }
                Event::Paired { role, offer, until } => {
                    deadline = until.into();
                    MediatorMessage::Paired {
                        role,
                        offer,
                        observed,
                        relay: client.may_relay(),
                    }
                }
                Event::Relaying => {
                    relaying = true;
                    MediatorMessage::Relaying
                }
                // The end of its queue says so, after all that the other one said.
                Event::PeerLeft if relaying => continue,
                Event::Sealed { data, at: _ } => MediatorMessage::Sealed { data },
                Event::PeerLeft => {
                    deadline = now + times.idle;
                    MediatorMessage::PeerLeft
                }
                Event::Refused(refusal) => return refusal.into(),
            });
            if send(socket, message, times).await.is_err() {
                return Outcome::Gone;
            }
        }
        if relaying && let Some(relay_end) = client.take_relay_end() {
            debug!("relaying");
            // Boxed: those who wait must not pay for it.
            return Box::pin(relay::carry(socket, *relay_end, client, times)).await;
        }
        let next = deadline.min(ping_at).min(listener.heard + times.silence);
        timer
            .as_mut()
            .reset(client.more_at().map_or(next, |at| next.min(at.into())));
        tokio::select! {
            () = client.woken() => {}
            message = socket.next() => {
                let Some(Ok(message)) = message else { return Outcome::Gone };
                if let Err(outcome) = listener.hear(message) {
                    return outcome;
                }
            }
            () = &mut timer => {
                let now = Instant::now();
                if now >= listener.heard + times.silence {
                    return Outcome::Gone;
                }
                if now >= deadline {
                    let until = client.lapse(now.into_std()).map(Instant::from);
                    deadline = until.filter(|until| *until > now).unwrap_or(now + times.idle);
                }
                if now >= ping_at {
                    ping_at = now + times.ping_every;
                    if send(socket, Message::Ping("".into()), times).await.is_err() {
                        return Outcome::Gone;
                    }
                }
            }
        }
    }
}

/// What the client says.
struct Listener<'a> {
    client: &'a Client,
    address: AddressKey,
    allowance: Bucket,
    /// When the last whole message, ping or pong came: half a frame is silence.
    heard: Instant,
}

impl Listener<'_> {
    fn hear(&mut self, message: Message) -> Result<(), Outcome> {
        self.heard = Instant::now();
        let now = self.heard.into_std();
        let rate = Rate::new(MESSAGE_BURST, Duration::from_secs(1));
        self.allowance
            .take(rate, now)
            .map_err(|_| Refusal::TooMany)?;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Refusal::NotText.into()),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(Outcome::Close),
        };
        match ClientMessage::decode(&text).map_err(Refusal::from)? {
            ClientMessage::Join { v: _, room, offer } => {
                trace!("join");
                self.client.join(self.address, room, offer, now)?;
            }
            ClientMessage::Sealed { data } => {
                trace!("sealed");
                self.client.sealed(data, now);
            }
            ClientMessage::Relay => {
                trace!("relay");
                self.client.relay(self.address, now);
            }
            ClientMessage::Done => {
                trace!("done");
                self.client.done();
                return Err(Outcome::Close);
            }
        }
        Ok(())
    }
}

fn text(message: &MediatorMessage) -> Message {
    Message::Text(message.encode().into())
}

async fn send<S: Sink<Message> + Unpin>(
    socket: &mut S,
    message: Message,
    times: &Times,
) -> Result<(), ()> {
    match timeout(times.write, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
