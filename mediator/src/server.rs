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
use tokio_rustls::rustls::{self, AlertDescription};
use tracing::{debug, info};
use undertone_wire::AddressKey;

use crate::config::{Config, Times};
use crate::http;
use crate::hub::Hub;
use crate::limits::AddressCount;
use crate::read_ahead::{Meter, ReadAhead};

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
    /// What it may send before a WebSocket message is whole.
    pub(crate) meter: Arc<Meter>,
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
                server
                    .hub
                    .tally
                    .note("cannot accept", cannot_accept(&error));
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(arrival) = admit(&server, &slots, &refusals, remote) else {
            server
                .hub
                .tally
                .note("refused", "too many connections, dropped unheard");
            continue;
        };
        let (router, tls, server) = (router.clone(), tls.clone(), Arc::clone(&server));
        let mut stopping = stop.stopping.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = greet(stream, tls, router, arrival, &server) => {}
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
    server.hub.tally.finish();
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
                meter: Arc::default(),
                _address: address,
                _slot: slot,
            }));
        }
    }
    let slot = Arc::clone(refusals).try_acquire_owned().ok()?;
    Some(Arc::new(Arrival {
        remote,
        refused: true,
        meter: Arc::default(),
        _address: None,
        _slot: slot,
    }))
}

/// Why no connection can be taken, for the log.
fn cannot_accept(error: &io::Error) -> &'static str {
    // EMFILE and ENFILE, alike on Linux, macOS and the BSDs; they have no `ErrorKind`.
    match error.raw_os_error() {
        Some(23 | 24) => "no file descriptors left; allow more open files (ulimit -n)",
        _ => "the system refused",
    }
}

/// Why a TLS handshake failed, as far as an operator can mend it.
fn handshake_failed(error: &io::Error) -> &'static str {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    let Some(cause) = cause else {
        return "a client hung up in the middle of it";
    };
    match cause {
        rustls::Error::AlertReceived(alert) => match *alert {
            AlertDescription::DecryptError => {
                "a client found the certificate signed by another key than the one it trusts, or by SHA-1; does it have the present certificate?"
            }
            AlertDescription::UnsupportedCertificate => {
                "a client refused the certificate as none for a server; make one with serverAuth in extendedKeyUsage, or without that"
            }
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked => "a client refused the certificate",
            AlertDescription::ProtocolVersion => TOO_OLD,
            _ => "a client broke it off",
        },
        rustls::Error::PeerIncompatible(_) => TOO_OLD,
        rustls::Error::InvalidMessage(_) => "a client spoke no TLS; plain HTTP, perhaps",
        _ => "failed",
    }
}

/// Of clients that have nothing in common with us.
const TOO_OLD: &str = "a client speaks neither TLS 1.2 nor TLS 1.3 as this mediator does";

/// TLS, then one HTTP request. Returns when it is answered, or is a WebSocket and
/// has a task of its own.
async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    arrival: Arc<Arrival>,
    server: &Server,
) {
    let times = &server.config.times;
    let _ = stream.set_nodelay(true);
    match tls {
        None => request(stream, router, arrival, times).await,
        Some(tls) => match timeout(times.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => request(stream, router, arrival, times).await,
            Ok(Err(error)) => {
                debug!(%error, "TLS handshake failed");
                server
                    .hub
                    .tally
                    .note("TLS handshake", handshake_failed(&error));
            }
            Err(_) => server.hub.tally.note("TLS handshake", "took too long"),
        },
    }
}

async fn request<S>(stream: S, router: Router, arrival: Arc<Arrival>, times: &Times)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stream = ReadAhead::new(stream, Arc::clone(&arrival.meter));
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

#[cfg(test)]
mod tests;
