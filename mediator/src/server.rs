//! Accepts connections, one task each, until told to stop.
//!
//! Owns the TLS handshake and the time that a connection may take to become a WebSocket; how many
//! there may be is [`crate::admission`]'s, what is asked for [`crate::http`]'s.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, AlertDescription};
use tracing::{debug, info};

use crate::admission::Arrival;
use crate::config::{Config, Times};
use crate::http;
use crate::mediator::Mediator;

/// Time for the last `error shutting-down` to go out.
const FAREWELL: Duration = Duration::from_secs(1);
/// Pause after a failed accept, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// hyper's smallest read buffer; a request head must fit in it.
const MAX_HEAD: usize = 8 * 1024;
/// Header fields of a request.
const MAX_HEADERS: usize = 64;

/// Ends every connection when `serve` returns or is dropped.
struct Stop {
    mediator: Arc<Mediator>,
    stopping: watch::Sender<bool>,
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.stopping.send_replace(true);
        self.mediator.hub.stop();
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
    let tls = config.tls.clone().map(TlsAcceptor::from);
    let mediator = Arc::new(Mediator::new(config));
    let stop = Stop {
        mediator: Arc::clone(&mediator),
        stopping: watch::channel(false).0,
    };
    let router = http::router(Arc::clone(&mediator));
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
                mediator
                    .hub
                    .tally
                    .note("cannot accept", cannot_accept(&error));
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(arrival) = mediator.admission.admit(remote) else {
            mediator
                .hub
                .tally
                .note("refused", "too many connections, dropped unheard");
            continue;
        };
        let (router, tls, mediator) = (router.clone(), tls.clone(), Arc::clone(&mediator));
        let mut stopping = stop.stopping.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = greet(stream, tls, router, arrival, &mediator) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
        });
    }
    drop(listener);
    info!("stopping");
    stop.stopping.send_replace(true);
    mediator.hub.drain();
    let drain = mediator.config.times.drain;
    if timeout(drain, mediator.admission.emptied()).await.is_err() {
        mediator.hub.stop();
        let _ = timeout(FAREWELL, mediator.admission.emptied()).await;
    }
    mediator.hub.tally.finish();
    info!("stopped");
    Ok(())
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
    mediator: &Mediator,
) {
    let times = &mediator.config.times;
    let _ = stream.set_nodelay(true);
    match tls {
        None => request(stream, router, arrival, times).await,
        Some(tls) => match timeout(times.handshake, tls.accept(stream)).await {
            // Boxed: it has more than a thousand bytes, and is moved from task to task.
            Ok(Ok(stream)) => request(Box::new(stream), router, arrival, times).await,
            Ok(Err(error)) => {
                debug!(%error, "TLS handshake failed");
                mediator
                    .hub
                    .tally
                    .note("TLS handshake", handshake_failed(&error));
            }
            Err(_) => mediator.hub.tally.note("TLS handshake", "took too long"),
        },
    }
}

async fn request<S>(stream: S, router: Router, arrival: Arc<Arrival>, times: &Times)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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
