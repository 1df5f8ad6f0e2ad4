//! The client's side of the mediator: one WebSocket, the messages of
//! `undertone_mediator::wire` on it, every wait bounded. What the messages mean
//! for a pairing is not decided here. `connect` is the TCP below it,
//! `proxy` what may be on the way.

pub mod connect;
pub mod proxy;

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::{StatusCode, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, pki_types::ServerName};
use tokio_tungstenite::tungstenite::{self, Message, protocol::WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use undertone_mediator::wire::{
    ClientMessage, ErrorCode, MediatorMessage, Opaque, PATH, RELAY_MESSAGE, SILENCE, Tag, VERSION,
};

use crate::mediator_url::MediatorUrl;
use proxy::{Proxy, ProxyFailure, tunnel};

/// The longest wait for a connection to the mediator, TLS and WebSocket included.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// What may gather before it is written, where no flush asks for that: relayed messages that
/// leave together.
pub(crate) const WRITE_BUFFER: usize = 5 * RELAY_MESSAGE;
/// How long the mediator may take to close after `done`.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

/// Why the mediator is of no use now.
#[derive(Debug, thiserror::Error)]
pub enum RendezvousError {
    /// No connection to it.
    #[error("no mediator at {url} ({reason})")]
    Unreachable {
        /// Its address.
        url: MediatorUrl,
        /// What the system said.
        reason: String,
    },
    /// The proxy on the way to it did not let us through.
    #[error("the proxy {proxy}, on the way to {url}, {why}")]
    Proxy {
        /// The mediator.
        url: MediatorUrl,
        /// The proxy, shown without its log-in.
        proxy: Box<Proxy>,
        /// What it did.
        why: ProxyFailure,
    },
    /// Something answers there, yet no mediator.
    #[error("what answers at {0} is no mediator")]
    NoMediator(MediatorUrl),
    /// The connection broke, or nothing was heard for too long.
    #[error("the connection to the mediator was lost")]
    Lost,
    /// Another mediator is to be taken: see [`Rendezvous::leave_when`].
    #[error("another mediator comes first")]
    Moved,
    /// It took what was asked, and no answer came.
    #[error("the mediator did not answer")]
    Silent,
    /// The other one of the pair left while it was asked for its consent.
    #[error("the other side went away")]
    Left,
    /// It refused, in its own words.
    #[error("the mediator refused: {message}")]
    Refused {
        /// For programs.
        code: ErrorCode,
        /// Untrusted: to be shown through `Safe` only.
        message: String,
        /// Seconds after which trying again makes sense.
        retry_after: Option<u64>,
    },
    /// It said what no mediator says.
    #[error("the mediator broke the protocol")]
    Garbled,
}

/// A mediator, and the proxy on the way to it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The mediator.
    pub mediator: MediatorUrl,
    /// The proxy; `None`: straight.
    pub proxy: Option<Proxy>,
}

/// Bytes both ways, through TLS or not.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Transport for T {}

/// A WebSocket to a mediator.
pub(crate) type Socket = WebSocketStream<Box<dyn Transport>>;

/// A connection to a mediator.
pub struct Rendezvous {
    socket: Socket,
    /// As connected to; `None` through a proxy.
    address: Option<SocketAddr>,
    port_kept: bool,
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
                socket: greet(&route.mediator, stream).await?,
                address: route.proxy.is_none().then_some(address),
                port_kept,
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

    /// Whether the connection has the local port that was wanted, so that what the mediator
    /// observed holds for it.
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
                    let message = decode(&text)?;
                    if let MediatorMessage::Paired { relay, .. } = message {
                        self.relays = relay;
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

/// Why no message could be read or written.
pub(crate) fn failed(error: &tungstenite::Error) -> RendezvousError {
    match error {
        tungstenite::Error::Capacity(_) | tungstenite::Error::Utf8(_) => RendezvousError::Garbled,
        _ => RendezvousError::Lost,
    }
}

pub(crate) enum ConnectError {
    Io(io::Error),
    Proxy(ProxyFailure),
    NoMediator,
    /// HTTP 503 instead of a WebSocket: over its cap on connections.
    Full {
        retry_after: Option<u64>,
    },
    /// The time was up.
    Slow,
}

impl ConnectError {
    /// What it means on this way.
    pub(crate) fn on(self, route: &Route) -> RendezvousError {
        let url = route.mediator.clone();
        let (why, said) = match self {
            ConnectError::NoMediator => return RendezvousError::NoMediator(url),
            ConnectError::Full { retry_after } => {
                return RendezvousError::Refused {
                    code: ErrorCode::Full,
                    message: "it has too many connections, in all or from your address".into(),
                    retry_after,
                };
            }
            ConnectError::Io(error) => (None, reason(&error)),
            ConnectError::Slow => (Some(ProxyFailure::Slow), "no answer".into()),
            ConnectError::Proxy(why) => (Some(why), String::new()),
        };
        match (&route.proxy, why) {
            (Some(proxy), Some(why)) => RendezvousError::Proxy {
                url,
                proxy: Box::new(proxy.clone()),
                why,
            },
            (Some(proxy), None) => RendezvousError::Unreachable {
                url,
                reason: format!("{said}, through the proxy {proxy}"),
            },
            (None, _) => RendezvousError::Unreachable { url, reason: said },
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        ConnectError::Io(error)
    }
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Io(error) => ConnectError::Io(error),
            tungstenite::Error::Http(answer)
                if answer.status() == StatusCode::SERVICE_UNAVAILABLE =>
            {
                let seconds = answer.headers().get(header::RETRY_AFTER);
                let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
                ConnectError::Full {
                    retry_after: seconds,
                }
            }
            _ => ConnectError::NoMediator,
        }
    }
}

/// A TCP connection to the mediator, or to the proxy that has connected to it.
pub(crate) async fn reach(
    route: &Route,
    from: Option<SocketAddr>,
) -> Result<connect::Connected, ConnectError> {
    let Route { mediator, proxy } = route;
    let Some(proxy) = proxy else {
        let addresses = look_up(mediator.host(), mediator.port()).await?;
        return Ok(connect::connect(&addresses, from).await?);
    };
    let reached = async {
        let addresses = look_up(proxy.host(), proxy.port()).await?;
        connect::connect(&addresses, None).await
    };
    let reached = reached.await.map_err(|error| {
        let why = reason(&error);
        ConnectError::Proxy(ProxyFailure::Unreachable(why))
    })?;
    let tunnel = tunnel(proxy, reached.stream, mediator).await;
    Ok(connect::Connected {
        stream: tunnel.map_err(ConnectError::Proxy)?,
        port_kept: false,
    })
}

/// The WebSocket on a connection.
async fn greet(url: &MediatorUrl, stream: TcpStream) -> Result<Socket, ConnectError> {
    let transport = transport(url, stream).await?;
    // The settings are for good, so that they must do for a relay too.
    let config = WebSocketConfig::default()
        .read_buffer_size(RELAY_MESSAGE)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(RELAY_MESSAGE))
        .max_frame_size(Some(RELAY_MESSAGE));
    let request = format!("ws://{}{PATH}", url.authority());
    let (socket, _) = client_async_with_config(request, transport, Some(config)).await?;
    Ok(socket)
}

/// The addresses of a host, each with `port`; an IP address is not looked up.
pub(crate) async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match host.parse::<IpAddr>() {
        Ok(ip) => Ok(vec![SocketAddr::new(ip, port)]),
        Err(_) => Ok(lookup_host((host, port)).await?.collect()),
    }
}

/// The way to a mediator on a fresh connection: TLS where its address says so.
pub(crate) async fn transport(
    url: &MediatorUrl,
    stream: TcpStream,
) -> io::Result<Box<dyn Transport>> {
    if !url.tls() {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(url.host().to_owned()).map_err(io::Error::other)?;
    let connector = TlsConnector::from(tls_config()?);
    Ok(Box::new(connector.connect(name, stream).await?))
}

fn opaque(bytes: &[u8]) -> Result<Opaque, RendezvousError> {
    Opaque::new(bytes).ok_or(RendezvousError::Garbled)
}

/// The system's own certificates, or those of `SSL_CERT_FILE`.
fn tls_config() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What went wrong in a few words, without the number that people cannot use.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "connection closed".into(),
        io::ErrorKind::TimedOut => "no answer".into(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "no way to that network".into()
        }
        _ => error.to_string(),
    }
}
