//! A relayed pair: each side's binary messages go to the peer, unread.
//!
//! ```text
//! client ─► inbound: bytes capped, throttle of the pair, of all ─► queue ─► outbound ─► client
//! client ◄─ outbound ◄─ queue ◄─ inbound: the same ◄──────────────────────────────────── client
//! ```
//!
//! A side reads no further message before the last one found room in the queue, so a
//! slow reader slows the writer, through TCP, and costs [`RELAY_HELD`](undertone_wire::RELAY_HELD)
//! a direction at most. The two directions do not wait for each other. What a side said
//! before it went still reaches the peer.
//!
//! Who is gone: a side that sends no message for [`Times::silence`] while its messages
//! are read (they may be held up by the throttle or the peer), or that takes nothing
//! of what is written to it for as long. It is pinged as ever.

use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use undertone_wire::{ClientMessage, MESSAGE_BURST, RELAY_MESSAGE, RELAY_OVERHEAD};

use crate::config::Times;
use crate::hub::Client;
use crate::limits::{Bucket, Rate};
use crate::outcome::Outcome;
use crate::refusal::Refusal;
use crate::relay_pair::{Pair, RelayEnd};
use crate::rooms::Event;
use crate::websocket::Message;

/// Serves one side until the relay is over.
pub(crate) async fn carry<S, E>(
    socket: &mut S,
    relay_end: RelayEnd,
    client: &Client,
    times: &Times,
) -> Outcome
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let RelayEnd { to, from, pair } = relay_end;
    let (sink, stream) = socket.split();
    let refused = async {
        loop {
            client.woken().await;
            let events = client.take_events(Instant::now().into_std());
            // Nothing else comes now but `peer-left`, and the queue's end says it in its turn.
            for event in events {
                if let Event::Refused(refusal) = event {
                    return refusal;
                }
            }
        }
    };
    tokio::select! {
        // First: both are refused at once, and then one of them ends the other's queue.
        biased;
        refusal = refused => refusal.into(),
        outcome = inbound(stream, to, &pair, times) => outcome,
        outcome = outbound(sink, from, &pair, times) => outcome,
    }
}

async fn inbound<E>(
    mut stream: impl Stream<Item = Result<Message, E>> + Unpin,
    to: mpsc::Sender<Bytes>,
    pair: &Pair,
    times: &Times,
) -> Outcome {
    let mut allowance = Bucket::default();
    loop {
        let message = match timeout(times.silence, stream.next()).await {
            Ok(Some(Ok(message))) => message,
            _ => return Outcome::Gone,
        };
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Ping(_) | Message::Pong(_) => {
                let rate = Rate::new(MESSAGE_BURST, Duration::from_secs(1));
                match allowance.take(rate, Instant::now().into_std()) {
                    Ok(()) => continue,
                    Err(_) => return Refusal::TooMany.into(),
                }
            }
            Message::Close => return Outcome::Close,
            // `done` may have crossed `relaying`.
            Message::Text(text) => match ClientMessage::decode(&text) {
                Ok(ClientMessage::Done) => return Outcome::Close,
                _ => return Refusal::NotBinary.into(),
            },
        };
        if bytes.len() > RELAY_MESSAGE {
            return Refusal::RelayTooLong.into();
        }
        if let Err(refusal) = pair.pass((bytes.len() + RELAY_OVERHEAD) as u64).await {
            return refusal.into();
        }
        if to.send(bytes).await.is_err() {
            // The peer is gone: `outbound` says so, after all that it said.
            pending::<()>().await;
        }
    }
}

async fn outbound(
    mut sink: impl Sink<Message> + Unpin,
    mut from: mpsc::Receiver<Bytes>,
    pair: &Pair,
    times: &Times,
) -> Outcome {
    let mut pings = interval_at(Instant::now() + times.ping_every, times.ping_every);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let next = tokio::select! {
            biased;
            _ = pings.tick() => Message::Ping(Bytes::new()),
            bytes = from.recv() => match bytes {
                Some(bytes) => Message::Binary(bytes),
                None => return pair.ended().map_or(Outcome::PeerLeft, Outcome::from),
            },
        };
        // Each has its own time: who reads more slowly than the peer says takes
        // something all the same, and is pinged in between.
        if !is_taken(sink.feed(next), times).await {
            return Outcome::Gone;
        }
        if from.is_empty() && !is_taken(sink.flush(), times).await {
            return Outcome::Gone;
        }
    }
}

async fn is_taken<E>(write: impl Future<Output = Result<(), E>>, times: &Times) -> bool {
    matches!(timeout(times.silence, write).await, Ok(Ok(())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests;
