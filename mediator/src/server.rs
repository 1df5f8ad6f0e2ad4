//! Accepts connections, one task each, until told to stop.
//!
//! Owns the TLS handshake and the time that a connection may take to become a WebSocket; how many
//! there may be is [`crate::admission`]'s, what is asked for [`crate::http`]'s,
//! and what is said over a WebSocket [`crate::connection`]'s.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::{self, AlertDescription, ServerConfig};
use tracing::{debug, info};
use undertone_wire::{MAX_MESSAGE, RELAY_MESSAGE};

use crate::admission::Arrival;
use crate::config::Config;
use crate::connection;
use crate::http;
use crate::mediator::Mediator;
use crate::tls::TlsStream;
use crate::transport::Transport;
use crate::websocket::WebSocket;

/// Time for the last `error shutting-down` to go out.
const FAREWELL: Duration = Duration::from_secs(1);
/// Pause after a failed accept, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a WebSocket may send in one message before it is cut off; up to here it is
/// told what was wrong.
const MAX_HEARD: usize = 2 * MAX_MESSAGE;
/// The same where pairs are relayed.
const MAX_RELAY_HEARD: usize = RELAY_MESSAGE + MAX_MESSAGE;

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
/// get `error shutting-down`, paired ones have [`Times::drain`](crate::Times::drain) to finish, and it
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
    let tls = config.tls.clone();
    let mediator = Arc::new(Mediator::new(config));
    let stop = Stop {
        mediator: Arc::clone(&mediator),
        stopping: watch::channel(false).0,
    };
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
        let local = stream.local_addr().ok().map(|local| local.ip());
        let Some(arrival) = mediator.admission.admit(remote, local) else {
            mediator
                .hub
                .tally
                .note("refused", "too many connections, dropped unheard");
            continue;
        };
        let visit = Visit {
            arrival,
            mediator: Arc::clone(&mediator),
            stopping: stop.stopping.subscribe(),
        };
        // Of each, for what a listener hands down does not reach those who came before it was set.
        let _ = stream.set_nodelay(true);
        match tls.clone() {
            None => tokio::spawn(visit.serve(stream)),
            Some(tls) => tokio::spawn(visit.serve_tls(stream, tls)),
        };
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

/// A connection that is let in.
struct Visit {
    arrival: Arrival,
    mediator: Arc<Mediator>,
    stopping: watch::Receiver<bool>,
}

impl Visit {
    async fn serve_tls(mut self, stream: TcpStream, tls: Arc<ServerConfig>) {
        // Boxed: those who wait must not pay for it.
        let stream = tokio::select! {
            stream = Box::pin(handshake(stream, tls, &self.mediator)) => stream,
            _ = self.stopping.wait_for(|stopping| *stopping) => None,
        };
        if let Some(stream) = stream {
            self.serve(stream).await;
        }
    }

    /// One HTTP request, and then maybe a WebSocket, which is told by the hub when to end. All of
    /// it in one future, because one holds what it is given twice.
    async fn serve<S>(self, mut stream: S)
    where
        S: Transport,
    {
        let Self {
            arrival,
            mediator,
            mut stopping,
        } = self;
        let guest = tokio::select! {
            // Most often the request is there, and nothing else is to be asked.
            biased;
            guest = http::answered(&mut stream, &arrival, &mediator) => guest,
            _ = stopping.wait_for(|stopping| *stopping) => None,
        };
        drop(stopping);
        let Some(guest) = guest else {
            return;
        };
        let max_heard = match mediator.config.relay {
            Some(_) => MAX_RELAY_HEARD,
            None => MAX_HEARD,
        };
        let mut socket = WebSocket::new(stream, &guest.read, max_heard);
        drop(guest.read);
        let client = mediator.hub.client();
        connection::run(&mut socket, client, guest.observed, &mediator.config.times).await;
        drop((guest.claim, arrival));
    }
}

async fn handshake(
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    mediator: &Mediator,
) -> Option<Box<TlsStream<TcpStream>>> {
    let tally = &mediator.hub.tally;
    let accepting = TlsStream::accept(stream, tls);
    match timeout(mediator.config.times.handshake, accepting).await {
        // Boxed: it has more than a thousand bytes, and is moved.
        Ok(Ok(stream)) => return Some(Box::new(stream)),
        Ok(Err(error)) => {
            debug!(%error, "TLS handshake failed");
            tally.note("TLS handshake", handshake_failed(&error));
        }
        Err(_) => tally.note("TLS handshake", "took too long"),
    }
    None
}

#[cfg(test)]
mod tests;
