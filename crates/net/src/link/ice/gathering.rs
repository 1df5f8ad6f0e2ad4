//! What an end tells of itself before it knows its peer: a socket, where that shows outside, and by
//! what ICE and DTLS know it. All of it is fresh for each pairing.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use data_encoding::BASE64;
use str0m::crypto::dtls::DtlsCert;
use tokio::net::UdpSocket;
use tokio::task::AbortHandle;
use tokio::time::sleep;
use undertone_core::crypto::keys::random;
use undertone_core::pairing::Ice;

use super::provider::{certificate, fingerprint};
use crate::stun::mapped_address;

/// A router's mapping is used so often, so that it stays while nobody comes (RFC 8445 §11).
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A socket of UDP for one pairing, and what the peer is to know of it. Dropped, it asks no more.
pub struct Gathering {
    pub(super) socket: Arc<UdpSocket>,
    pub(super) certificate: DtlsCert,
    ice: Ice,
    /// Its address outside, as it was last told.
    outside: Arc<Mutex<Option<SocketAddr>>>,
    /// Whether a mediator is asked for it at all.
    asks: bool,
    asking: Option<(SocketAddr, Asking)>,
}

impl fmt::Debug for Gathering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            socket,
            certificate: _,
            ice: _,
            outside: _,
            asks,
            asking,
        } = self;
        f.debug_struct("Gathering")
            .field("socket", socket)
            .field("asks", asks)
            .field("asking", asking)
            .finish_non_exhaustive()
    }
}

/// A task that asks a mediator, until this is dropped.
#[derive(Debug)]
struct Asking(AbortHandle);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Gathering {
    /// Opens a port on this address, or on all, IPv6 and IPv4; `asks` where the peer is to be told
    /// how it shows outside.
    ///
    /// # Errors
    /// The system's.
    pub fn open(bind: Option<IpAddr>, asks: bool) -> io::Result<Self> {
        let ip = bind.unwrap_or(Ipv6Addr::UNSPECIFIED.into());
        let socket = undertone_host::listen_udp(SocketAddr::new(ip, 0))?;
        let certificate = certificate().ok_or(io::ErrorKind::Other)?;
        // 48 and 144 bits of chance (RFC 8445 §5.3: at least 24 and 128).
        let ice = Ice {
            fingerprint: fingerprint(&certificate.certificate),
            ufrag: BASE64.encode(&random::<6>()),
            password: BASE64.encode(&random::<18>()),
        };
        Ok(Self {
            socket: Arc::new(socket),
            certificate,
            ice,
            outside: Arc::default(),
            asks,
            asking: None,
        })
    }

    /// Asks this mediator, from now on and now and then, how the socket shows outside; `None`:
    /// none any more. Nothing changes where the same one is asked already.
    pub fn ask(&mut self, server: Option<SocketAddr>) {
        let server = server.filter(|_| self.asks);
        let asked = self.asking.as_ref().map(|(asked, _)| *asked);
        if asked == server {
            return;
        }
        // Of its own: who was asked before may yet answer.
        self.outside = Arc::default();
        self.asking = server.map(|server| {
            let (socket, outside) = (Arc::clone(&self.socket), Arc::clone(&self.outside));
            let asking = tokio::spawn(async move {
                loop {
                    // Silence may pass: what was seen before may still hold.
                    if let Ok(mapped) = mapped_address(&socket, server).await {
                        *outside.lock().unwrap_or_else(PoisonError::into_inner) = Some(mapped);
                    }
                    sleep(KEEP_ALIVE).await;
                }
            });
            (server, Asking(asking.abort_handle()))
        });
    }

    /// The socket's address outside, if it is known by now.
    pub fn outside(&self) -> Option<SocketAddr> {
        *self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The socket's port.
    ///
    /// # Errors
    /// The system's.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// By what the peer connects, and knows us.
    pub fn ice(&self) -> &Ice {
        &self.ice
    }

    /// Asks no more: the socket is the peer's now.
    pub(super) fn stop(&mut self) {
        self.asking = None;
    }
}
