//! One client: its messages in, its events out, pings, and a bound on every wait.
//!
//! A client of a relayed pair is handed to [`crate::relay`], which says how it ends.
//!
//! Ends when the client is done, refused, silent or gone; its seat is free before
//! the closing handshake begins. Generic over the socket so that tests can run it
//! under a virtual clock.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, trace};
use undertone_wire::{AddressKey, ClientMessage, MESSAGE_BURST, MediatorMessage};

use crate::config::Times;
use crate::hub::{Client, Joining};
use crate::limits::{Bucket, Rate};
use crate::outcome::Outcome;
use crate::refusal::{Refusal, seconds_up};
use crate::relay;
use crate::relay_pair::RelayEnd;
use crate::rooms::Event;
use crate::websocket::Message;
use crate::within::within;

/// Serves one client to its end.
pub(crate) async fn run<S, E>(mut socket: S, client: Client, observed: SocketAddr, times: &Times)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let outcome = converse(&mut socket, &client, observed, times).await;
    if let Outcome::Refused(refusal) = &outcome {
        client.note_refusal(*refusal);
    }
    let closing = client.closing();
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
    // Fails where the client closed first: then the answer goes out with the next read.
    let _ = send(&mut socket, Message::Close, times).await;
    // Dropped with unread bytes, TCP would reset and could take our last words along.
    let heard_out = async { while let Some(Ok(_)) = socket.next().await {} };
    tokio::select! {
        // In this order: who goes on talking must not hold up the end of its time.
        biased;
        () = closing.over() => {}
        () = heard_out => {}
    }
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
    let mut speaker = Speaker {
        client,
        observed,
        times,
        ping_at: now + times.ping_every,
        deadline: now + times.idle,
        reseat_at: None,
    };
    let timer = sleep_until(speaker.deadline);
    tokio::pin!(timer);
    loop {
        match speaker.tell_events(socket).await {
            Ok(None) => {}
            Ok(Some(relay_end)) => {
                debug!("relaying");
                // Boxed: those who wait must not pay for it.
                return Box::pin(relay::carry(socket, *relay_end, client, times)).await;
            }
            Err(outcome) => return outcome,
        }
        timer.as_mut().reset(speaker.next_at(listener.heard));
        let heard = tokio::select! {
            // What came counts before the time does: after a pause of the whole machine both are
            // there, and who answered was not silent.
            biased;
            () = client.woken() => Ok(()),
            message = socket.next() => match message {
                Some(Ok(message)) => listener.hear(message),
                _ => Err(Outcome::Gone),
            },
            () = &mut timer => speaker.time_passed(socket, listener.heard).await,
        };
        if let Err(outcome) = heard {
            return outcome;
        }
    }
}

/// What the client is told: its events, pings, and that its time is over.
struct Speaker<'a> {
    client: &'a Client,
    observed: SocketAddr,
    times: &'a Times,
    ping_at: Instant,
    /// Until when the client may stay where it is: outside, waiting or paired.
    deadline: Instant,
    /// Since the first seat over this connection: when it is to be taken over another one.
    reseat_at: Option<Instant>,
}

impl Speaker<'_> {
    /// All that may be told by now. What it comes with, if the client is relayed from now on.
    async fn tell_events<S: Sink<Message> + Unpin>(
        &mut self,
        socket: &mut S,
    ) -> Result<Option<Box<RelayEnd>>, Outcome> {
        let mut relaying = false;
        for event in self.client.take_events(Instant::now().into_std()) {
            // The end of its queue says so, after all that the peer said.
            if relaying && matches!(event, Event::PeerLeft) {
                continue;
            }
            relaying |= matches!(event, Event::Relaying);
            // As text at once: what is kept across an await is kept while a client waits.
            let message = text(&self.message(event)?);
            send(socket, message, self.times).await?;
        }
        Ok(match relaying {
            true => self.client.take_relay_end(),
            false => None,
        })
    }

    /// How an event is told; it may change until when the client may stay.
    fn message(&mut self, event: Event) -> Result<MediatorMessage, Refusal> {
        let now = Instant::now();
        Ok(match event {
            Event::Waiting { until } => {
                self.deadline = until.into();
                let reseat_at = match self.reseat_at {
                    None => self.client.reseat().map(|after| now + after),
                    known => known,
                };
                self.reseat_at = reseat_at;
                let left = |at: Instant| seconds_up(at.saturating_duration_since(now));
                MediatorMessage::Waiting {
                    observed: self.observed,
                    expires_in: left(self.deadline),
                    reseat: reseat_at.map(left),
                    terms: self.client.terms(),
                }
            }
            Event::Paired { role, offer, until } => {
                self.deadline = until.into();
                let terms = self.client.terms();
                MediatorMessage::Paired {
                    role,
                    offer,
                    observed: self.observed,
                    relay: terms.relay_rate.is_some(),
                    terms,
                }
            }
            Event::Sealed { data, at: _ } => MediatorMessage::Sealed { data },
            Event::Relaying => MediatorMessage::Relaying,
            Event::PeerLeft => {
                self.deadline = now + self.times.idle;
                MediatorMessage::PeerLeft
            }
            Event::Refused(refusal) => return Err(refusal),
        })
    }

    /// When there is something to do, if the client stays silent and nothing new comes.
    fn next_at(&self, heard: Instant) -> Instant {
        let silent_at = heard + self.times.silence;
        let next = self.deadline.min(self.ping_at).min(silent_at);
        let more_at = self.client.more_at().map(Instant::from);
        more_at.map_or(next, |at| next.min(at))
    }

    /// Does what is due by now; the client was last heard then.
    async fn time_passed<S: Sink<Message> + Unpin>(
        &mut self,
        socket: &mut S,
        heard: Instant,
    ) -> Result<(), Outcome> {
        let now = Instant::now();
        if now >= heard + self.times.silence {
            return Err(Outcome::Gone);
        }
        if now >= self.deadline {
            let until = self.client.lapse(now.into_std()).map(Instant::from);
            let until = until.filter(|until| *until > now);
            self.deadline = until.unwrap_or(now + self.times.idle);
        }
        if now >= self.ping_at {
            self.ping_at = now + self.times.ping_every;
            send(socket, Message::Ping(Bytes::new()), self.times).await?;
        }
        Ok(())
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
            Message::Close => return Err(Outcome::Close),
        };
        match ClientMessage::decode(&text).map_err(Refusal::from)? {
            ClientMessage::Join {
                v: _,
                room,
                offer,
                again,
            } => {
                trace!("join");
                let join = Joining { room, offer, again };
                self.client.join(self.address, join, now)?;
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
    Message::Text(message.encode())
}

async fn send<S: Sink<Message> + Unpin>(
    socket: &mut S,
    message: Message,
    times: &Times,
) -> Result<(), Outcome> {
    match within(times.write, pin!(socket.send(message))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(Outcome::Gone),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
