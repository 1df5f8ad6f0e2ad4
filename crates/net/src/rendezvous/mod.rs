//! The client's side of the mediator: one WebSocket, the messages of
//! `undertone_wire` on it, every wait bounded. What the messages mean
//! for a pairing is not decided here. `endpoint` is the way there, `connect` the TCP
//! below it, `tls` what may be above that, `upgrade` the WebSocket on top, `proxy` what may be on
//! the way, `answer` what may stand in its place, `head` how either answers; `heard` is what a
//! mediator says, `ends` is where the connection begins and ends, `keep_alive` keeps it, `anew` has
//! another one in its place, `get` asks for something else, `version` tells a mediator from another
//! service, `relays` whether it relays.

mod anew;
mod answer;
pub mod connect;
mod endpoint;
mod ends;
mod error;
mod get;
mod head;
mod heard;
mod keep_alive;
pub mod proxy;
pub mod relays;
mod tls;
mod upgrade;
pub mod version;

use std::fmt;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use undertone_core::mediator_url::MediatorUrl;
use undertone_wire::{ClientMessage, Opaque, RELAY_MESSAGE, Tag, VERSION};

use crate::link::interfaces::link_of;
use crate::link::path::RelayLimits;
use crate::link::ranking::is_link_local;
pub use answer::{Answer, Redirect};
pub use endpoint::MediatorEndpoint;
pub(crate) use endpoint::Socket;
pub use endpoint::{Transport, connect_tcp, look_up, transport};
pub use ends::Outside;
pub use error::RendezvousError;
pub(crate) use error::failed;
pub use error::{ConnectError, reason, try_again_in};
pub use get::get;
pub(crate) use heard::decode;
pub use keep_alive::KeepAlive;
pub use tls::{CertificateFault, TlsFailure};

/// The longest wait for a connection to the mediator, TLS and WebSocket included.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What may gather before it is written, where no flush asks for that: relayed messages that
/// leave together.
pub(crate) const WRITE_BUFFER: usize = 5 * RELAY_MESSAGE;
/// How long the mediator may take to close after `done`.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection to a mediator, for one room.
pub struct Rendezvous {
    socket: Socket,
    room: Tag,
    /// How it was connected to, from where that was wanted.
    endpoint: MediatorEndpoint,
    from: Option<SocketAddr>,
    /// As connected to; `None` through a proxy.
    address: Option<SocketAddr>,
    link: Option<u32>,
    port_kept: bool,
    /// The port that was wanted, and what is known of it.
    outside: Option<(u16, Outside)>,
    /// As `waiting` or `paired` said last.
    stun: Option<u16>,
    /// As the last `paired` said.
    relays: bool,
    relay_limits: RelayLimits,
    /// When anything was last heard, and when we last asked for an answer.
    heard: Instant,
    pinged: Instant,
    keep_alive: KeepAlive,
    /// Until somebody came: when to go away.
    leave: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for Rendezvous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendezvous")
            .field("address", &self.address)
            .field("named_here", &self.endpoint.named_here)
            .field("relays", &self.relays)
            .finish_non_exhaustive()
    }
}

impl Rendezvous {
    /// Connects, by TLS where the address says so, and through the proxy where there is one:
    /// never around it. No look-up is made for an IP address, nor for the mediator's name where
    /// a proxy looks it up. `from` is the local end of a connection without a proxy, as for
    /// [`connect::connect`]; `room` is the tag of the one in which [`join`](Self::join) waits.
    ///
    /// # Errors
    /// [`RendezvousError::Unreachable`], [`RendezvousError::Proxy`], [`RendezvousError::Tls`],
    /// or [`RendezvousError::NoMediator`], also for one that has too many connections.
    pub async fn connect(
        endpoint: &MediatorEndpoint,
        room: &[u8; 32],
        from: Option<SocketAddr>,
    ) -> Result<Self, RendezvousError> {
        Self::connect_told(endpoint, room, from, |_| {}).await
    }

    /// The same; `reached` is told the mediator's address as soon as it is connected to, where no
    /// proxy is on the way.
    ///
    /// # Errors
    /// As for [`Rendezvous::connect`].
    pub async fn connect_told(
        endpoint: &MediatorEndpoint,
        room: &[u8; 32],
        from: Option<SocketAddr>,
        reached: impl FnOnce(SocketAddr) + Send,
    ) -> Result<Self, RendezvousError> {
        let reaching = async {
            let connected = connect_tcp(endpoint, from).await?;
            if endpoint.proxy.is_none() {
                reached(connected.stream.peer_addr()?);
            }
            Ok(connected)
        };
        match Self::connect_by(endpoint, room, from, reaching).await {
            Err(RendezvousError::NoMediator { url, proxy, answer })
                if !url.tls() && answer.may_be_tls() && endpoint::speaks_tls(endpoint).await =>
            {
                let answer = Answer::Tls;
                Err(RendezvousError::NoMediator { url, proxy, answer })
            }
            connected => connected,
        }
    }

    /// The same without a proxy, to this one of the mediator's addresses.
    ///
    /// # Errors
    /// As for [`Rendezvous::connect`].
    pub async fn connect_at(
        mediator: &MediatorUrl,
        room: &[u8; 32],
        address: SocketAddr,
        from: Option<SocketAddr>,
    ) -> Result<Self, RendezvousError> {
        let endpoint = MediatorEndpoint::direct(mediator.clone());
        let reached = async { Ok(connect::connect(&[address], from, endpoint.segments).await?) };
        Self::connect_by(&endpoint, room, from, reached).await
    }

    async fn connect_by(
        endpoint: &MediatorEndpoint,
        room: &[u8; 32],
        from: Option<SocketAddr>,
        reached: impl Future<Output = Result<connect::Connected, ConnectError>>,
    ) -> Result<Self, RendezvousError> {
        let room = Tag(*room);
        let connecting = async {
            let connect::Connected { stream, port_kept } = reached.await?;
            let address = stream.peer_addr()?;
            let link = match is_link_local(address.ip()) {
                true => link_of(stream.local_addr()?),
                false => None,
            };
            Ok(Self {
                link: link.filter(|_| endpoint.proxy.is_none()),
                socket: upgrade::greet(&endpoint.mediator, &room, stream).await?,
                room,
                endpoint: endpoint.clone(),
                from,
                address: endpoint.proxy.is_none().then_some(address),
                port_kept,
                outside: None,
                stun: None,
                relays: false,
                relay_limits: RelayLimits::default(),
                heard: Instant::now(),
                pinged: Instant::now(),
                keep_alive: KeepAlive::default(),
                leave: Box::pin(pending()),
            })
        };
        match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(connected) => connected.map_err(|error: ConnectError| error.on(endpoint)),
            Err(_) => Err(ConnectError::Slow.on(endpoint)),
        }
    }

    /// Uses the line as often as is known to be needed, and learns of its ends.
    pub fn keep_alive(&mut self, keep_alive: &KeepAlive) {
        self.keep_alive = keep_alive.clone();
    }

    /// Whether it would carry what the two of this pairing say to each other.
    pub fn relays(&self) -> bool {
        self.relays
    }

    /// How much of it, as far as it says.
    pub fn relay_limits(&self) -> RelayLimits {
        self.relay_limits
    }

    /// Ends the wait for the peer with [`RendezvousError::Moved`] as soon as `elsewhere`
    /// completes; once paired it counts no more.
    pub fn leave_when(&mut self, elsewhere: impl Future<Output = ()> + Send + 'static) {
        self.leave = Box::pin(elsewhere);
    }

    /// Takes, or renews, a seat in the room; `again` where one comes back there.
    ///
    /// # Errors
    /// [`RendezvousError::Lost`].
    pub async fn join(&mut self, offer: &[u8], again: bool) -> Result<(), RendezvousError> {
        let join = ClientMessage::Join {
            v: VERSION,
            room: self.room,
            offer: opaque(offer)?,
            again,
        };
        self.send(&join).await
    }

    /// Has `data` handed on to the peer.
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
            tokio::spawn(timeout(CLOSE_TIMEOUT, async move {
                while let Some(Ok(_)) = self.socket.next().await {}
            }));
        }
    }

    pub(crate) async fn send(&mut self, message: &ClientMessage) -> Result<(), RendezvousError> {
        self.write(Message::text(message.encode())).await
    }

    async fn write(&mut self, message: Message) -> Result<(), RendezvousError> {
        let written = async {
            // Room for it: pongs that the mediator did not read yet may have taken all there was.
            self.socket.flush().await?;
            self.socket.send(message).await
        };
        match timeout(CONNECT_TIMEOUT, written).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(RendezvousError::Lost),
        }
    }

    /// The WebSocket, for what is no message of the agreement.
    pub(crate) fn into_socket(self) -> Socket {
        self.socket
    }
}

fn opaque(bytes: &[u8]) -> Result<Opaque, RendezvousError> {
    Opaque::new(bytes).ok_or(RendezvousError::Garbled)
}
