//! One TCP port that listens and dials at the same time, so that a direct dial, a
//! dial back and a simultaneous open (RFC 9293 §3.5) are one action: whichever
//! packet gets through first, both ends have one connection, and a router's
//! mapping for one of them is its mapping for all.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use socket2::{SockRef, Socket};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::socket::{Segments, begin, canonical, connected, dialling, prepare};

/// A listener, and the port from which others are dialled.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    from: SocketAddr,
    segments: Mutex<Segments>,
}

/// Dials from a [`Port`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialler {
    from: SocketAddr,
    segments: Segments,
}

/// Over our own router, if there is one, and no further: not to the peer's.
const OWN_ROUTER: u32 = 2;
/// After a failed accept, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Port {
    /// Listens on this address, or on a free port of all, IPv6 and IPv4.
    ///
    /// # Errors
    /// The system's; a port on which another program listens is in use.
    pub fn open(bind: Option<SocketAddr>) -> io::Result<Self> {
        let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0);
        let listener = undertone_host::listen(bind.unwrap_or(any))?;
        // Only now: set before it was bound, it would share a port with whoever
        // listens there already, and take half of their connections.
        SockRef::from(&listener).set_reuse_port(true)?;
        let from = listener.local_addr()?;
        Ok(Self {
            listener,
            from,
            segments: Mutex::default(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.from
    }

    /// What dials from here.
    pub(super) fn dialler(&self) -> Dialler {
        let segments = *self.segments.lock().unwrap_or_else(PoisonError::into_inner);
        Dialler {
            from: self.from,
            segments,
        }
    }

    /// How large the segments of connections may be that are made from now on.
    pub fn limit(&self, segments: Segments) {
        segments.limit(&self.listener);
        *self.segments.lock().unwrap_or_else(PoisonError::into_inner) = segments;
    }

    /// The next one to dial us. Cancel-safe.
    pub async fn accept(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) if prepare(&stream).is_ok() => {
                    return (stream, canonical(address));
                }
                Ok(_) => {}
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }
}

impl Dialler {
    /// The same, from other ports.
    pub(super) fn elsewhere(self) -> Self {
        let from = SocketAddr::new(self.from.ip(), 0);
        Self { from, ..self }
    }

    /// Connects to `to`, from the port.
    ///
    /// # Errors
    /// The system's. `AddrNotAvailable`: the peer's own dial came first.
    /// `Unsupported`: an address that cannot be dialled from here.
    pub(super) async fn connect(self, to: SocketAddr) -> io::Result<TcpStream> {
        let to = canonical(to);
        let socket = dialling(to, Some(self.towards(to)?), self.segments)?;
        begin(&socket, to)?;
        not_itself(connected(socket, pending::<()>()).await?)
    }

    /// Begins a connection to `to` by a packet that passes our router and that the
    /// next hop does not hand on: what comes back from there is let in from now on,
    /// and meets this dial while it is kept.
    ///
    /// # Errors
    /// As [`Dialler::connect`].
    pub(super) fn open_router(self, to: SocketAddr) -> io::Result<Socket> {
        let to = canonical(to);
        let socket = dialling(to, Some(self.towards(to)?), self.segments)?;
        let usual = match to {
            SocketAddr::V4(_) => socket.ttl_v4()?,
            SocketAddr::V6(_) => socket.unicast_hops_v6()?,
        };
        limit_hops(&socket, to, OWN_ROUTER)?;
        // Nothing between these two: an answer to the peer's dial would not get further,
        // either.
        begin(&socket, to)?;
        limit_hops(&socket, to, usual)?;
        Ok(socket)
    }

    /// Our end of a connection to `to`.
    fn towards(self, to: SocketAddr) -> io::Result<SocketAddr> {
        let from = canonical(self.from);
        let ip = match (from.ip(), to.ip()) {
            (ip, to) if ip.is_unspecified() && to.is_ipv4() => Ipv4Addr::UNSPECIFIED.into(),
            (ip, _) if ip.is_unspecified() => Ipv6Addr::UNSPECIFIED.into(),
            (ip, to) if ip.is_ipv4() == to.is_ipv4() => ip,
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        Ok(SocketAddr::new(ip, from.port()))
    }
}

/// The peer's private address and port may be our own here, and a port that
/// dials itself is answered.
fn not_itself(stream: TcpStream) -> io::Result<TcpStream> {
    match stream.local_addr()? == stream.peer_addr()? {
        true => Err(io::ErrorKind::Unsupported.into()),
        false => Ok(stream),
    }
}

/// Sets how many hops its packets make.
fn limit_hops(socket: &Socket, to: SocketAddr, hops: u32) -> io::Result<()> {
    match to {
        SocketAddr::V4(_) => socket.set_ttl_v4(hops),
        SocketAddr::V6(_) => socket.set_unicast_hops_v6(hops),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Port {
        Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn dials_come_from_the_port_that_listens() {
        for ip in ["127.0.0.1", "::1"] {
            let (one, other) = (Port::open(None).unwrap(), Port::open(None).unwrap());
            let to = SocketAddr::new(ip.parse().unwrap(), other.address().port());
            let (dialled, (_, from)) = tokio::join!(one.dialler().connect(to), other.accept());
            dialled.unwrap();
            assert_eq!(from, SocketAddr::new(to.ip(), one.address().port()));
        }
    }

    #[tokio::test]
    async fn the_same_two_ports_connect_again_at_once() {
        let (one, other) = (here(), here());
        for _ in 0..20 {
            let dial = one.dialler().connect(other.address());
            let (dialled, accepted) = tokio::join!(dial, other.accept());
            drop((dialled.unwrap(), accepted));
        }
    }

    #[tokio::test]
    async fn both_dialling_at_once_is_one_connection() {
        for _ in 0..20 {
            let (one, other) = (here(), here());
            let (to, back) = (other.dialler(), one.dialler());
            let dials =
                async { tokio::join!(back.connect(other.address()), to.connect(one.address())) };
            // Both dials succeed where the packets cross, or one is accepted.
            let (mine, theirs) = dials.await;
            assert!(mine.is_ok() || theirs.is_ok(), "{mine:?} {theirs:?}");
        }
    }

    #[tokio::test]
    async fn a_port_on_which_another_listens_is_not_shared() {
        let one = Port::open(None).unwrap();
        let error = Port::open(Some(one.address())).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn the_other_family_is_not_dialled_from_a_bound_address() {
        let to = "[::1]:9".parse().unwrap();
        let error = here().dialler().connect(to).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }

    #[tokio::test]
    async fn a_port_does_not_dial_itself() {
        let one = here();
        let error = one.dialler().connect(one.address()).await;
        // With a listener it is accepted, from another socket of the same port.
        assert!(error.is_err(), "{error:?}");
    }
}
