//! For tests: clients without sockets, on a virtual clock.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use undertone_wire::{ClientMessage, ErrorCode, MediatorMessage, Opaque, Tag};

use crate::config::{Config, RelayLimits, Times};
use crate::connection::run;
use crate::hub::Hub;
use crate::websocket::Message;

/// A socket's mediator end; `stalled` is a client that does not read.
struct Fake {
    incoming: UnboundedReceiver<Message>,
    outgoing: UnboundedSender<Message>,
    stalled: Arc<AtomicBool>,
}

impl Stream for Fake {
    type Item = Result<Message, Infallible>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(cx).map(|message| message.map(Ok))
    }
}

impl Sink<Message> for Fake {
    type Error = ();
    fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        if self.stalled.load(Ordering::Relaxed) {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }
    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), ()> {
        self.outgoing.send(message).map_err(drop)
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
        Poll::Ready(Ok(()))
    }
}

/// The client's end, and when its conversation was over. It may stop to read.
pub(crate) struct Peer {
    pub(crate) to: UnboundedSender<Message>,
    pub(crate) from: UnboundedReceiver<Message>,
    pub(crate) over: JoinHandle<Instant>,
    pub(crate) stalled: Arc<AtomicBool>,
}

pub(crate) fn hub() -> Arc<Hub> {
    Arc::new(Hub::new(&Config::default()))
}

/// One that wants seats to be taken anew.
pub(crate) fn reseating_hub(after: Duration) -> Arc<Hub> {
    Arc::new(Hub::new(&Config {
        reseat: Some(after),
        ..Config::default()
    }))
}

/// One that relays.
pub(crate) fn relay_hub(limits: RelayLimits) -> Arc<Hub> {
    Arc::new(Hub::new(&Config {
        relay: Some(limits),
        ..Config::default()
    }))
}

pub(crate) fn connect(hub: &Arc<Hub>, stalled: bool) -> Peer {
    let (to, incoming) = unbounded_channel();
    let (outgoing, from) = unbounded_channel();
    let client = hub.client();
    let stalled = Arc::new(AtomicBool::new(stalled));
    let reads = Arc::clone(&stalled);
    let over = tokio::spawn(async move {
        let socket = Fake {
            incoming,
            outgoing,
            stalled: reads,
        };
        run(
            socket,
            client,
            "127.0.0.1:9".parse().unwrap(),
            &Times::default(),
        )
        .await;
        Instant::now()
    });
    Peer {
        to,
        from,
        over,
        stalled,
    }
}

impl Peer {
    pub(crate) fn say(&self, message: &ClientMessage) {
        self.to.send(Message::Text(message.encode())).unwrap();
    }

    pub(crate) fn join(&self, offer: u8) {
        let offer = Opaque::new(&[offer]).unwrap();
        self.say(&ClientMessage::Join {
            v: 1,
            room: Tag([0; 32]),
            offer,
            again: false,
        });
    }

    /// The next message, pings answered on the way.
    pub(crate) async fn hear(&mut self) -> MediatorMessage {
        loop {
            match self.from.recv().await.unwrap() {
                Message::Text(text) => return MediatorMessage::decode(&text).unwrap(),
                Message::Ping(data) => self.to.send(Message::Pong(data)).unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn relay(&self, bytes: &[u8]) {
        let bytes = bytes.to_vec().into();
        self.to.send(Message::Binary(bytes)).unwrap();
    }

    /// The next that was relayed, pings answered on the way.
    pub(crate) async fn hear_relayed(&mut self) -> Vec<u8> {
        loop {
            match self.from.recv().await.unwrap() {
                Message::Binary(bytes) => return bytes.into(),
                Message::Ping(data) => self.to.send(Message::Pong(data)).unwrap(),
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) async fn hear_refusal(&mut self) -> ErrorCode {
        match self.hear().await {
            MediatorMessage::Error { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }
}

/// Two that are paired; both have been told.
pub(crate) async fn pair(hub: &Arc<Hub>) -> (Peer, Peer) {
    let (mut host, mut guest) = (connect(hub, false), connect(hub, false));
    host.join(1);
    host.hear().await;
    guest.join(2);
    for one in [&mut host, &mut guest] {
        assert!(matches!(one.hear().await, MediatorMessage::Paired { .. }));
    }
    (host, guest)
}

/// Two that are relayed; both have been told.
pub(crate) async fn relayed(hub: &Arc<Hub>) -> (Peer, Peer) {
    let (mut host, mut guest) = pair(hub).await;
    for one in [&host, &guest] {
        one.say(&sealed(1));
    }
    for one in [&mut host, &mut guest] {
        assert!(matches!(one.hear().await, MediatorMessage::Sealed { .. }));
        one.say(&ClientMessage::Relay);
    }
    for one in [&mut host, &mut guest] {
        assert_eq!(one.hear().await, MediatorMessage::Relaying);
    }
    (host, guest)
}

pub(crate) fn sealed(data: u8) -> ClientMessage {
    let data = Opaque::new(&[data]).unwrap();
    ClientMessage::Sealed { data }
}

/// After `milliseconds` of virtual time.
pub(crate) async fn after(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
