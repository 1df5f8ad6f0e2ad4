//! Accepts connections, one task each, until told to stop.
//!
//! Owns the caps on connections, the TLS handshake and the time that a connection
//! may take to become a WebSocket; what is asked for is [`crate::http`]'s.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use crate::config::{Config, Times};
use crate::http;
use crate::hub::Hub;
use crate::limits::{AddressCount, AddressKey};
use crate::read_ahead::ReadAhead;

/// Time for the last `error shutting-down` to go out.
const FAREWELL: Duration = Duration::from_secs(1);
/// Connections over the cap that are still told so, rather than dropped.
const MAX_REFUSALS: usize = 64;
/// Pause after a failed accept, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// hyper's smallest read buffer; a request head must fit in it.
const MAX_HEAD: usize = 8 * 1024;
/// Header fields of a request.
const MAX_HEADERS: usize = 64;

/// What all connections of a mediator share.
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) hub: Arc<Hub>,
    addresses: Mutex<AddressCount>,
}

/// A connection's claim on the caps, given back when the last holder drops it.
pub(crate) struct Arrival {
    pub(crate) remote: SocketAddr,
    /// Over a cap: to be told so and closed.
    pub(crate) refused: bool,
    /// Claimed here unless a proxy's word for the address is awaited.
    _address: Option<AddressClaim>,
    _slot: OwnedSemaphorePermit,
}

/// One connection counted for its address.
pub(crate) struct AddressClaim {
    server: Arc<Server>,
    address: AddressKey,
}

impl Server {
    /// `None`: the address has as many connections as it may.
    pub(crate) fn claim(self: &Arc<Self>, address: IpAddr) -> Option<AddressClaim> {
        let address = address.into();
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        addresses.open(address).then(|| AddressClaim {
            server: Arc::clone(self),
            address,
        })
    }
}

impl Drop for AddressClaim {
    fn drop(&mut self) {
        let addresses = &self.server.addresses;
        addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .close(self.address);
    }
}

/// Ends every connection when `serve` returns or is dropped.
struct Stop {
    server: Arc<Server>,
    stopping: watch::Sender<bool>,
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.stopping.send_replace(true);
        self.server.hub.stop();
    }
}

/// Runs a mediator on `listener` until `shutdown` completes. Then waiting clients
/// get `error shutting-down`, paired ones have [`Times::drain`] to finish, and it
/// returns within 5 s. Dropping the future ends its connections too.
///
/// # Errors
/// The listener is unusable.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    listener.local_addr()?;
    let slots = Arc::new(Semaphore::new(
        config.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSALS));
    let all = u32::try_from(slots.available_permits()).unwrap_or(u32::MAX);
    let tls = config.tls.clone().map(TlsAcceptor::from);
    let server = Arc::new(Server {
        hub: Arc::new(Hub::new(&config)),
        addresses: Mutex::new(AddressCount::new(config.max_connections_per_address)),
        config,
    });
    let stop = Stop {
        server: Arc::clone(&server),
        stopping: watch::channel(false).0,
    };
    let router = http::router(Arc::clone(&server));
    let mut shutdown = pin!(shutdown);
    info!("started");
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, remote) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(kind = %error.kind(), "cannot accept");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(arrival) = admit(&server, &slots, &refusals, remote) else {
            debug!("full: dropped a connection");
            continue;
        };
        let (router, tls, times) = (router.clone(), tls.clone(), server.config.times.clone());
        let mut stopping = stop.stopping.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = greet(stream, tls, router, arrival, &times) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        });
    }
    drop(listener);
    info!("stopping");
    stop.stopping.send_replace(true);
    server.hub.drain();
    let drain = server.config.times.drain;
    if timeout(drain, slots.acquire_many(all)).await.is_err() {
        server.hub.stop();
        let _ = timeout(FAREWELL, slots.acquire_many(all)).await;
    }
    info!("stopped");
    Ok(())
}

/// `None`: there is not even room to say that there is none.
fn admit(
    server: &Arc<Server>,
    slots: &Arc<Semaphore>,
    refusals: &Arc<Semaphore>,
    remote: SocketAddr,
) -> Option<Arc<Arrival>> {
    let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        let proxied = server.config.trust_proxy;
        let address = if proxied {
            None
        } else {
            server.claim(remote.ip())
        };
        if proxied || address.is_some() {
            return Some(Arc::new(Arrival {
                remote,
                refused: false,
                _address: address,
                _slot: slot,
            }));
        }
    }
    let slot = Arc::clone(refusals).try_acquire_owned().ok()?;
    Some(Arc::new(Arrival {
        remote,
        refused: true,
        _address: None,
        _slot: slot,
    }))
}

/// TLS, then one HTTP request. Returns when it is answered, or is a WebSocket and
/// has a task of its own.
async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    arrival: Arc<Arrival>,
    times: &Times,
) {
    let _ = stream.set_nodelay(true);
    match tls {
        None => request(stream, router, arrival, times).await,
        Some(tls) => match timeout(times.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => request(stream, router, arrival, times).await,
            Ok(Err(_)) => debug!("TLS handshake failed"),
            Err(_) => debug!("TLS handshake timed out"),
        },
    }
}

async fn request<S>(stream: S, router: Router, arrival: Arc<Arrival>, times: &Times)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = ReadAhead::new(stream);
    let router = TowerToHyperService::new(router);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&arrival));
        router.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.handshake)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    // As long again for a body that nobody asked for, and for the answer to be read.
    match timeout(times.handshake * 2, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => debug!("no request, or not a whole one"),
        Err(_) => debug!("request timed out"),
    }
}
