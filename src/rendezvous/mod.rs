//! The client's side of the mediator: one WebSocket, the messages of
//! `undertone_mediator::wire` on it, every wait bounded. What the messages mean
//! for a pairing is not decided here. `connect` is the TCP below it.

pub mod connect;

use std::io;
use std::net::{IpAddr, SocketAddr};
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
    ClientMessage, ErrorCode, MAX_MESSAGE, MediatorMessage, Opaque, PATH, SILENCE, Tag, VERSION,
};

use crate::mediator_url::MediatorUrl;

/// The longest wait for a connection to the mediator, TLS and WebSocket included.
pub const CONNECT_WITHIN: Duration = Duration::from_secs(10);
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
    /// Something answers there, yet no mediator.
    #[error("what answers at {0} is no mediator")]
    NoMediator(MediatorUrl),
    /// The connection broke, or nothing was heard for too long.
    #[error("the connection to the mediator was lost")]
    Lost,
    /// It took a `join`, and no answer came.
    #[error("the mediator did not answer")]
    Silent,
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

/// Bytes both ways, through TLS or not.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A connection to a mediator.
pub struct Rendezvous {
    socket: WebSocketStream<Box<dyn Transport>>,
    address: SocketAddr,
    port_kept: bool,
}

impl Rendezvous {
    /// Connects, by TLS where the address says so. No look-up is made for an IP
    /// address. `from` is the local end, as for [`connect::connect`].
    ///
    /// # Errors
    /// [`RendezvousError::Unreachable`] or [`RendezvousError::NoMediator`].
    pub async fn connect(
        url: &MediatorUrl,
        from: Option<SocketAddr>,
    ) -> Result<Self, RendezvousError> {
        let unreachable = |reason: String| RendezvousError::Unreachable {
            url: url.clone(),
            reason,
        };
        match timeout(CONNECT_WITHIN, Self::try_connect(url, from)).await {
            Err(_) => Err(unreachable("no answer".into())),
            Ok(Err(ConnectError::Io(error))) => Err(unreachable(reason(&error))),
            Ok(Err(ConnectError::NoMediator)) => Err(RendezvousError::NoMediator(url.clone())),
            Ok(Err(ConnectError::Full { retry_after })) => Err(RendezvousError::Refused {
                code: ErrorCode::Full,
                message: "it has too many connections, in all or from your address".into(),
                retry_after,
            }),
            Ok(Ok(connected)) => Ok(connected),
        }
    }

    async fn try_connect(
        url: &MediatorUrl,
        from: Option<SocketAddr>,
    ) -> Result<Self, ConnectError> {
        let addresses = look_up(url.host(), url.port()).await?;
        let connect::Connected { stream, port_kept } = connect::connect(&addresses, from).await?;
        let address = stream.peer_addr()?;
        let transport = transport(url, stream).await?;
        let config = WebSocketConfig::default()
            .read_buffer_size(MAX_MESSAGE)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let request = format!("ws://{}{PATH}", url.authority());
        let (socket, _) = client_async_with_config(request, transport, Some(config)).await?;
        Ok(Rendezvous {
            socket,
            address,
            port_kept,
        })
    }

    /// Whether the connection has the local port that was wanted, so that what the mediator
    /// observed holds for it.
    pub fn port_kept(&self) -> bool {
        self.port_kept
    }

    /// The mediator's address, as connected to.
    pub fn mediator_ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// Where it was connected to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it would carry what two say to each other.
    pub fn relays(&self) -> bool {
        false
    }

    /// Has it carry what two say to each other, once the other one agrees.
    ///
    /// # Errors
    /// It does not.
    pub async fn relay(self) -> Result<TcpStream, RendezvousError> {
        Err(RendezvousError::Garbled)
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

    async fn send(&mut self, message: &ClientMessage) -> Result<(), RendezvousError> {
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
            let message = timeout(SILENCE, self.socket.next()).await;
            match message.map_err(|_| RendezvousError::Lost)? {
                Some(Ok(Message::Text(text))) => {
                    return match MediatorMessage::decode(&text) {
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
                    };
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                    return Err(RendezvousError::Garbled);
                }
                Some(Err(tungstenite::Error::Capacity(_) | tungstenite::Error::Utf8(_))) => {
                    return Err(RendezvousError::Garbled);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(RendezvousError::Lost),
            }
        }
    }
}

enum ConnectError {
    Io(io::Error),
    NoMediator,
    /// HTTP 503 instead of a WebSocket: over its cap on connections.
    Full {
        retry_after: Option<u64>,
    },
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
