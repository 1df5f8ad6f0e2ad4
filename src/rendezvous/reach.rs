//! The way to a mediator: look-up, proxy, TLS, and the WebSocket on top.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, pki_types::ServerName};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use undertone_mediator::wire::{PATH, RELAY_MESSAGE};

use super::error::{ConnectError, reason};
use super::proxy::{Proxy, ProxyFailure, tunnel};
use super::{WRITE_BUFFER, connect};
use crate::mediator_url::MediatorUrl;

/// The most that waits to be written to a mediator that does not read: what may gather, and
/// pongs. Those that find no room are not sent.
const MAX_WRITE_BUFFER: usize = WRITE_BUFFER + RELAY_MESSAGE;

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

/// The WebSocket on a connection.
pub(super) async fn greet(url: &MediatorUrl, stream: TcpStream) -> Result<Socket, ConnectError> {
    let transport = transport(url, stream).await?;
    // The settings are for good, so that they must do for a relay too.
    let config = WebSocketConfig::default()
        .read_buffer_size(RELAY_MESSAGE)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(RELAY_MESSAGE))
        .max_frame_size(Some(RELAY_MESSAGE));
    let request = format!("ws://{}{PATH}", url.authority());
    let (socket, _) = client_async_with_config(request, transport, Some(config)).await?;
    Ok(socket)
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
