//! The way to a mediator: look-up, proxy, TLS.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_tungstenite::WebSocketStream;
use undertone_core::mediator_url::MediatorUrl;

use super::connect;
use super::error::{ConnectError, reason};
use super::proxy::{Proxy, ProxyFailure, tunnel};
use super::tls::{self, TlsFailure};
use crate::link::interfaces::links_here;
use crate::socket::Segments;

/// How long the question may take whether TLS is spoken.
const TLS_TIMEOUT: Duration = Duration::from_secs(3);

/// A mediator, and the proxy on the way to it.
#[derive(Debug, Clone)]
pub struct MediatorEndpoint {
    /// The mediator.
    pub mediator: MediatorUrl,
    /// The proxy; `None`: straight.
    pub proxy: Option<Proxy>,
    /// The person named it, and no invite.
    pub named_here: bool,
    /// How large the segments of the connection may be, at the most.
    pub segments: Segments,
}

impl MediatorEndpoint {
    /// Straight to a mediator of which nothing else is known.
    pub fn direct(mediator: MediatorUrl) -> Self {
        Self {
            mediator,
            proxy: None,
            named_here: false,
            segments: Segments::default(),
        }
    }
}

/// Bytes both ways, through TLS or not.
pub trait Transport: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Transport for T {}

/// A WebSocket to a mediator.
pub(crate) type Socket = WebSocketStream<Box<dyn Transport>>;

/// A TCP connection to the mediator, or to the proxy that has connected to it.
///
/// # Errors
/// [`ConnectError::Io`], [`ConnectError::Proxy`].
pub async fn connect_tcp(
    endpoint: &MediatorEndpoint,
    from: Option<SocketAddr>,
) -> Result<connect::Connected, ConnectError> {
    let MediatorEndpoint {
        mediator, proxy, ..
    } = endpoint;
    let Some(proxy) = proxy else {
        let addresses = look_up(mediator.host(), mediator.port()).await?;
        return Ok(connect::connect(&addresses, from, endpoint.segments).await?);
    };
    let reached = async {
        let addresses = look_up(proxy.host(), proxy.port()).await?;
        connect::connect(&addresses, None, endpoint.segments).await
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

/// The addresses of a host, each with `port`; an IP address is not looked up.
///
/// # Errors
/// The resolver's.
pub async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(ip)) if ip.is_unicast_link_local() => Ok(on_every_link(ip, port)),
        Ok(ip) => Ok(vec![SocketAddr::new(ip, port)]),
        // With the number or name of a link, too.
        Err(_) => Ok(lookup_host((host, port)).await?.collect()),
    }
}

/// Where a link-local address may be of which the link is not known.
fn on_every_link(ip: Ipv6Addr, port: u16) -> Vec<SocketAddr> {
    let links = links_here().into_iter();
    links
        .map(|link| SocketAddrV6::new(ip, port, 0, link).into())
        .collect()
}

/// The way to a mediator on a fresh connection: TLS where its address says so.
///
/// # Errors
/// [`TlsFailure`].
pub async fn transport(
    url: &MediatorUrl,
    stream: TcpStream,
) -> Result<Box<dyn Transport>, TlsFailure> {
    match url.tls() {
        true => handshake(url, stream).await,
        false => Ok(Box::new(stream)),
    }
}

async fn handshake(url: &MediatorUrl, stream: TcpStream) -> Result<Box<dyn Transport>, TlsFailure> {
    let name = ServerName::try_from(url.host().to_owned())
        .map_err(|_| TlsFailure::Other("no certificate can have that name".into()))?;
    let connecting = TlsConnector::from(tls::config()?).connect(name, stream);
    let stream = connecting.await.map_err(|error| TlsFailure::of(&error))?;
    Ok(Box::new(stream))
}

/// Whether TLS is spoken at a mediator's address that says otherwise: asked where the answer
/// without it made no sense.
pub(super) async fn speaks_tls(endpoint: &MediatorEndpoint) -> bool {
    let asking = async {
        let connected = connect_tcp(endpoint, None).await.ok()?;
        Some(handshake(&endpoint.mediator, connected.stream).await)
    };
    match timeout(TLS_TIMEOUT, asking).await {
        Ok(Some(Ok(_))) => true,
        Ok(Some(Err(why))) => why.is_tls(),
        Ok(None) | Err(_) => false,
    }
}
