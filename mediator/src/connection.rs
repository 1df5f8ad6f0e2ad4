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

use crate::config::Times;
use crate::hub::Client;
use crate::limits::{AddressKey, Bucket, Rate};
use crate::refusal::{Refusal, seconds_up};
use crate::relay;
use crate::rooms::Event;
use crate::wire::{ClientMessage, MESSAGE_BURST, MediatorMessage};

/// Time for the client to answer our close frame.
const LINGER: Duration = Duration::from_secs(1);

/// Why a conversation is over.
pub(crate) enum End {
    /// Close politely.
    Close,
    /// Say that the other one of a relayed pair went, then close.
    PeerLeft,
    /// Say why, then close.
    Refused(Refusal),
    /// Nobody reads any more.
    Gone,
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Serves one client to its end.
pub(crate) async fn run<S, E>(mut socket: S, client: Client, observed: SocketAddr, times: &Times)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message> + Unpin,
{
    let end = converse(&mut socket, &client, observed, times).await;
    drop(client);
    let last_words = match end {
        End::Gone => {
            debug!("gone");
            return;
        }
        End::Close => {
            debug!("closed");
            None
        }
        End::PeerLeft => {
            debug!("relay over");
            Some(MediatorMessage::PeerLeft)
        }
        End::Refused(refusal) => {
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

async fn converse<S, E>(socket: &mut S, client: &Client, observed: SocketAddr, times: &Times) -> End
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
                return End::Gone;
            }
        }
        if relaying && let Some(leg) = client.take_leg() {
            debug!("relaying");
            // Boxed: those who wait must not pay for it.
            return Box::pin(relay::carry(socket, *leg, client, times)).await;
        }
        let next = deadline.min(ping_at).min(listener.heard + times.silence);
        timer
            .as_mut()
            .reset(client.more_at().map_or(next, |at| next.min(at.into())));
        tokio::select! {
            () = client.woken() => {}
            message = socket.next() => {
                let Some(Ok(message)) = message else { return End::Gone };
                if let Err(end) = listener.hear(message) {
                    return end;
                }
            }
            () = &mut timer => {
                let now = Instant::now();
                if now >= listener.heard + times.silence {
                    return End::Gone;
                }
                if now >= deadline {
                    let until = client.lapse(now.into_std()).map(Instant::from);
                    deadline = until.filter(|until| *until > now).unwrap_or(now + times.idle);
                }
                if now >= ping_at {
                    ping_at = now + times.ping_every;
                    if send(socket, Message::Ping("".into()), times).await.is_err() {
                        return End::Gone;
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
    fn hear(&mut self, message: Message) -> Result<(), End> {
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
            Message::Close(_) => return Err(End::Close),
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
                self.client.relay(now);
            }
            ClientMessage::Done => {
                trace!("done");
                self.client.done();
                return Err(End::Close);
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
mod tests {
    use super::*;
    use crate::fake::{after, connect, hub, pair, sealed};
    use crate::wire::{ErrorCode, Opaque, Role};

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_pinged_twice_then_frees_its_seat() {
        let (hub, start) = (hub(), Instant::now());
        let mut silent = connect(&hub, false);
        silent.join(1);
        assert!(matches!(
            silent.hear().await,
            MediatorMessage::Waiting { .. }
        ));
        let mut pings = Vec::new();
        while let Some(message) = silent.from.recv().await {
            assert!(matches!(message, Message::Ping(_)), "{message:?}");
            pings.push(start.elapsed().as_secs());
        }
        assert_eq!(pings, [20, 40]);
        assert_eq!((silent.over.await.unwrap() - start).as_secs(), 45);
        let mut next = connect(&hub, false);
        next.join(2);
        assert!(matches!(next.hear().await, MediatorMessage::Waiting { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_missed_ping_is_forgiven_and_the_seat_lapses_at_its_time() {
        let (hub, start) = (hub(), Instant::now());
        let mut client = connect(&hub, false);
        client.join(1);
        assert_eq!(
            client.hear().await,
            MediatorMessage::Waiting {
                observed: "127.0.0.1:9".parse().unwrap(),
                expires_in: 600
            }
        );
        // The first ping stays unanswered, all later ones are answered.
        assert!(matches!(client.from.recv().await, Some(Message::Ping(_))));
        assert_eq!(client.hear_refusal().await, ErrorCode::Expired);
        assert_eq!(start.elapsed().as_secs(), 600);
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_join_keeps_the_seat_beyond_its_life() {
        let (hub, start) = (hub(), Instant::now());
        let mut client = connect(&hub, false);
        for _ in 0..5 {
            client.join(1);
            assert!(matches!(
                client.hear().await,
                MediatorMessage::Waiting {
                    expires_in: 600,
                    ..
                }
            ));
            let answer_pings = async {
                loop {
                    client.hear().await;
                }
            };
            timeout(Duration::from_secs(500), answer_pings)
                .await
                .unwrap_err();
        }
        assert_eq!(client.hear_refusal().await, ErrorCode::Expired);
        assert_eq!(start.elapsed().as_secs(), 4 * 500 + 600);
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_joins_is_shown_out() {
        let (hub, start) = (hub(), Instant::now());
        let mut client = connect(&hub, false);
        assert_eq!(client.hear_refusal().await, ErrorCode::Expired);
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pairing_that_is_never_done_lapses_for_both() {
        let (hub, start) = (hub(), Instant::now());
        let (mut host, mut guest) = (connect(&hub, false), connect(&hub, false));
        host.join(1);
        assert!(matches!(host.hear().await, MediatorMessage::Waiting { .. }));
        guest.join(2);
        assert!(matches!(
            host.hear().await,
            MediatorMessage::Paired {
                role: Role::Host,
                ..
            }
        ));
        assert!(matches!(
            guest.hear().await,
            MediatorMessage::Paired {
                role: Role::Guest,
                ..
            }
        ));
        let (one, other) = tokio::join!(host.hear_refusal(), guest.hear_refusal());
        assert_eq!((one, other), (ErrorCode::Expired, ErrorCode::Expired));
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn sealed_is_under_way_to_both_so_that_it_arrives_at_once() {
        let hub = hub();
        let (mut far, mut near) = pair(&hub).await;
        let paired = Instant::now();
        after(20).await;
        near.say(&sealed(1));
        after(180).await;
        far.say(&sealed(2));
        assert!(matches!(far.hear().await, MediatorMessage::Sealed { .. }));
        assert_eq!(paired.elapsed().as_millis() / 10, 20);
        assert!(matches!(near.hear().await, MediatorMessage::Sealed { .. }));
        // 200 ms, and half of 180.
        assert_eq!(paired.elapsed().as_millis() / 10, 29);
    }

    #[tokio::test(start_paused = true)]
    async fn who_delays_its_sealed_holds_the_other_up_for_the_bound_at_most() {
        let hub = hub();
        let (mut slow, mut quick) = pair(&hub).await;
        quick.say(&sealed(1));
        after(9_000).await;
        let both = Instant::now();
        slow.say(&sealed(2));
        // Neither an end nor a fresh join jumps the queue.
        assert!(matches!(slow.hear().await, MediatorMessage::Sealed { .. }));
        slow.say(&ClientMessage::Done);
        quick.join(3);
        assert!(matches!(quick.hear().await, MediatorMessage::Sealed { .. }));
        assert_eq!(both.elapsed().as_millis() / 10, 50);
        assert!(matches!(
            quick.hear().await,
            MediatorMessage::Waiting { .. }
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_is_given_up() {
        let (hub, start) = (hub(), Instant::now());
        let stalled = connect(&hub, true);
        stalled.join(1);
        assert_eq!((stalled.over.await.unwrap() - start).as_secs(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_messages_is_cut_off() {
        let hub = hub();
        for flood in [
            Message::Ping("".into()),
            Message::Text(ClientMessage::Done.encode().into()),
        ] {
            let mut client = connect(&hub, false);
            let sealed = ClientMessage::Sealed {
                data: Opaque::new(b"").unwrap(),
            };
            for _ in 0..MESSAGE_BURST {
                client.say(&sealed);
            }
            client.to.send(flood).unwrap();
            assert_eq!(client.hear_refusal().await, ErrorCode::BadRequest);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_is_dropped_frees_its_seat() {
        let hub = hub();
        let mut client = connect(&hub, false);
        client.join(1);
        client.hear().await;
        client.over.abort();
        assert!(client.over.await.unwrap_err().is_cancelled());
        let mut next = connect(&hub, false);
        next.join(2);
        assert!(matches!(next.hear().await, MediatorMessage::Waiting { .. }));
    }
}
