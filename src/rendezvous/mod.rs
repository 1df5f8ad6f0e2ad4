//! The client's side of the mediator: one WebSocket, the messages of
//! `undertone_mediator::wire` on it, every wait bounded. What the messages mean
//! for a pairing is not decided here. `reach` is the way there, `connect` the TCP
//! below it, `proxy` what may be on the way; `version` tells a mediator from another service.

pub mod connect;
mod error;
pub mod proxy;
mod reach;
pub(crate) mod version;

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use undertone_mediator::wire::{
    ClientMessage, MediatorMessage, Opaque, RELAY_MESSAGE, SILENCE, Tag, VERSION,
};

use crate::mediator_url::MediatorUrl;
pub use error::RendezvousError;
pub(crate) use error::{ConnectError, failed, reason};
pub use reach::Route;
pub(crate) use reach::{Socket, Transport, look_up, reach, transport};

/// The longest wait for a connection to the mediator, TLS and WebSocket included.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// What may gather before it is written, where no flush asks for that: relayed messages that
/// leave together.
pub(crate) const WRITE_BUFFER: usize = 5 * RELAY_MESSAGE;
/// How long the mediator may take to close after `done`.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// A port of ours, and its address outside, as a mediator saw it last. While the mediator
/// relays, no second connection to it can have that port, and none can show it.
#[derive(Clone, Debug, Default)]
pub struct Outside(Arc<Mutex<Option<(u16, SocketAddr)>>>);

/// A connection to a mediator.
pub struct Rendezvous {
    socket: Socket,
    /// As connected to; `None` through a proxy.
    address: Option<SocketAddr>,
    port_kept: bool,
    /// The port that was wanted, and what is known of it.
    outside: Option<(u16, Outside)>,
    /// As the last `paired` said.
    relays: bool,
    /// Until somebody came: when to go away.
    leave: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Rendezvous {
    /// Connects, by TLS where the address says so, and through the proxy where there is one:
    /// never around it. No look-up is made for an IP address, nor for the mediator's name where
    /// a proxy looks it up. `from` is the local end of a connection without a proxy, as for
    /// [`connect::connect`].
    ///
    /// # Errors
    /// [`RendezvousError::Unreachable`], [`RendezvousError::Proxy`],
    /// [`RendezvousError::NoMediator`], or [`RendezvousError::Refused`] by one that is full.
    pub async fn connect(route: &Route, from: Option<SocketAddr>) -> Result<Self, RendezvousError> {
        Self::connect_by(route, reach(route, from)).await
    }

    /// The same without a proxy, to this one of the mediator's addresses.
    ///
    /// # Errors
    /// As for [`Rendezvous::connect`].
    pub async fn connect_at(
        mediator: &MediatorUrl,
        address: SocketAddr,
        from: Option<SocketAddr>,
    ) -> Result<Self, RendezvousError> {
        let route = Route {
            mediator: mediator.clone(),
            proxy: None,
        };
        let reached = async { Ok(connect::connect(&[address], from).await?) };
        Self::connect_by(&route, reached).await
    }

    async fn connect_by(
        route: &Route,
        reached: impl Future<Output = Result<connect::Connected, ConnectError>>,
    ) -> Result<Self, RendezvousError> {
        let connecting = async {
            let connect::Connected { stream, port_kept } = reached.await?;
            let address = stream.peer_addr()?;
            Ok(Rendezvous {
                socket: reach::greet(&route.mediator, stream).await?,
                address: route.proxy.is_none().then_some(address),
                port_kept,
                outside: None,
                relays: false,
                leave: Box::pin(pending()),
            })
        };
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(connected) => connected.map_err(|error: ConnectError| error.on(route)),
            Err(_) => Err(ConnectError::Slow.on(route)),
        }
    }

    /// Whether there is a proxy on the way. Then the address that the mediator observes is the
    /// proxy's, and nobody can be reached there.
    pub fn is_proxied(&self) -> bool {
        self.address.is_none()
    }

    /// Keeps what the mediator observes of `from` in `outside`; where another connection has
    /// that port, gives what that one showed.
    pub fn remember(&mut self, from: Option<SocketAddr>, outside: &Outside) {
        self.outside = from.map(|from| (from.port(), outside.clone()));
    }

    /// What the mediator observed, of the port that was wanted if that is known. An address
    /// of before, on another network, is not.
    fn observe(&mut self, observed: &mut SocketAddr) {
        let Some((port, Outside(seen))) = &self.outside else {
            return;
        };
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            _ if self.port_kept => *seen = Some((*port, *observed)),
            Some((of, before)) if of == *port && before.ip() == observed.ip() => {
                *observed = before;
                self.port_kept = true;
            }
            _ => {}
        }
    }

    /// Whether the connection has the local port that was wanted, or that port's address
    /// outside is known from before: what `paired` says was observed holds for it.
    pub fn port_kept(&self) -> bool {
        self.port_kept
    }

    /// The mediator's address, as connected to; through a proxy, which alone knows it, 0.0.0.0:
    /// neither this machine's nor of its network.
    pub fn mediator_ip(&self) -> IpAddr {
        self.address().ip()
    }

    /// The same with the port, or 0.
    pub fn address(&self) -> SocketAddr {
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        self.address.unwrap_or(unknown)
    }

    /// Whether it would carry what the two of this pairing say to each other.
    pub fn relays(&self) -> bool {
        self.relays
    }

    /// Ends the wait for the other one with [`RendezvousError::Moved`] as soon as `elsewhere`
    /// completes; once paired it counts no more.
    pub fn leave_when(&mut self, elsewhere: impl Future<Output = ()> + Send + 'static) {
        self.leave = Box::pin(elsewhere);
    }

    /// Takes, or renews, a seat in the room with this tag.
    ///
    /// # Errors
    /// [`RendezvousError::Lost`].
    pub async fn join(&mut self, tag: &[u8; 32], offer: &[u8]) -> Result<(), RendezvousError> {
        let offer = opaque(offer)?;
        self.send(&ClientMessage::Join {
            v: VERSION,
            room: Tag(*tag),
            offer,
        })
        .await
    }

    /// Has `data` handed on to the other one.
    ///
    /// # Errors
    /// [`RendezvousError::Lost`].
    pub async fn sealed(&mut self, data: &[u8]) -> Result<(), RendezvousError> {
        let data = opaque(data)?;
        self.send(&ClientMessage::Sealed { data }).await
    }

    /// Tells the mediator to forget the pair, and leaves. Nothing depends on its
    /// arriving. The mediator hangs up on it, which is waited for in the background, 1 s at most:
    /// our own close is a reset, and could overtake the message.
    pub async fn done(mut self) {
        if self.send(&ClientMessage::Done).await.is_ok() {
            tokio::spawn(timeout(CLOSE_WITHIN, async move {
                while let Some(Ok(_)) = self.socket.next().await {}
            }));
        }
    }

    pub(crate) async fn send(&mut self, message: &ClientMessage) -> Result<(), RendezvousError> {
        let sending = self.socket.send(Message::text(message.encode()));
        match timeout(CONNECT_WITHIN, sending).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(RendezvousError::Lost),
        }
    }

    /// The next message; an `error` becomes [`RendezvousError::Refused`].
    /// Cancel-safe.
    ///
    /// # Errors
    /// Any [`RendezvousError`] but those of connecting.
    pub async fn next(&mut self) -> Result<MediatorMessage, RendezvousError> {
        loop {
            // The mediator pings: silence means that it, or the way to it, is gone.
            let message = tokio::select! {
                biased;
                message = timeout(SILENCE, self.socket.next()) => message,
                () = &mut self.leave => {
                    self.leave = Box::pin(pending());
                    return Err(RendezvousError::Moved);
                }
            };
            match message.map_err(|_| RendezvousError::Lost)? {
                Some(Ok(Message::Text(text))) => {
                    let mut message = decode(&text)?;
                    if let MediatorMessage::Paired {
                        relay, observed, ..
                    } = &mut message
                    {
                        self.relays = *relay;
                        self.observe(observed);
                        self.leave = Box::pin(pending());
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                    return Err(RendezvousError::Garbled);
                }
                Some(Err(error)) => return Err(failed(&error)),
                Some(Ok(Message::Close(_))) | None => return Err(RendezvousError::Lost),
            }
        }
    }

    /// The WebSocket, for what is no message of the agreement.
    pub(crate) fn into_socket(self) -> Socket {
        self.socket
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

fn opaque(bytes: &[u8]) -> Result<Opaque, RendezvousError> {
    Opaque::new(bytes).ok_or(RendezvousError::Garbled)
}
