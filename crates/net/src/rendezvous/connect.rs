//! TCP to a name's addresses by Happy Eyeballs (RFC 8305), from a local port where one is given.
//!
//! Owns: the order, the pauses, the options of the sockets. Does not look names up: `getaddrinfo`
//! gives both families at once, so there is no resolution delay (§3) to keep.
//!
//! IPv4 comes first, other than there (§4): our IPv6 addresses are known here, and no router changes
//! them, but what a router makes of our IPv4 one only a mediator shows that is reached by it.

use std::future::pending;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

use crate::socket::{Segments, begin, connected, dialling};

/// A dial has so much of a start before the next one (RFC 8305 §5, "Connection Attempt Delay").
const HEAD_START: Duration = Duration::from_millis(250);

/// A connection, and whether it has the local port that was wanted.
#[derive(Debug)]
pub struct Connected {
    /// The connection. Dropped, it leaves nothing behind (`SO_LINGER` 0): the same two ends can
    /// connect again at once, and what was not yet sent is lost.
    pub stream: TcpStream,
    /// `false` where another connection to that address had it, or any port would do.
    pub port_kept: bool,
}

/// Dials all of `addresses`, those of IPv4 and IPv6 in turn, until one of them connects: the next
/// one after 250 ms, and at once where one fails.
///
/// `from` is the local end: a port, which others of this process may listen on and dial from too
/// (`SO_REUSEADDR`, `SO_REUSEPORT`) or 0, and an IP address, or the unspecified one for any. The IP
/// address is left to the system where it cannot lead there: another family, or loopback and what
/// is not. A dial that cannot have the port is made again without it.
///
/// # Errors
/// The first one of the system's, once every address has failed; `NotFound` without any.
pub async fn connect(
    addresses: &[SocketAddr],
    from: Option<SocketAddr>,
    segments: Segments,
) -> io::Result<Connected> {
    let mut waiting = in_turn(addresses).into_iter();
    let mut dials = FuturesUnordered::new();
    let mut failed = None;
    let mut next_at = Instant::now();
    loop {
        // Not by a timer, which takes a millisecond for what is due already.
        if next_at <= Instant::now() && waiting.len() > 0 {
            dials.extend(waiting.next().map(|to| dial(to, from, segments)));
            next_at = Instant::now() + HEAD_START;
        }
        if dials.is_empty() && waiting.len() == 0 {
            return Err(failed.unwrap_or_else(|| io::ErrorKind::NotFound.into()));
        }
        tokio::select! {
            () = sleep_until(next_at), if waiting.len() > 0 => {}
            Some(dialled) = dials.next() => match dialled {
                Ok(connected) => return Ok(connected),
                Err(error) => {
                    failed.get_or_insert(error);
                    next_at = Instant::now();
                }
            },
        }
    }
}

/// IPv4 first, then one of each family in turn, each in the resolver's order (RFC 8305 §4).
fn in_turn(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let (v4, v6): (Vec<SocketAddr>, Vec<_>) =
        addresses.iter().partition(|address| address.is_ipv4());
    let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
    let mut all = Vec::with_capacity(addresses.len());
    while all.len() < addresses.len() {
        all.extend(v4.next());
        all.extend(v6.next());
    }
    all
}

async fn dial(
    to: SocketAddr,
    from: Option<SocketAddr>,
    segments: Segments,
) -> io::Result<Connected> {
    let local = from.map(|from| local_end(from, to));
    // All that goes by a mediator is small or slow, so that large packets are worth nothing: on
    // a path that drops them even the peer's leg of a relay would fail, which we never see.
    let segments = match to.ip().is_loopback() {
        true => segments,
        false => segments.max(Segments::Small),
    };
    match dial_from(to, local, segments).await {
        Ok(stream) => Ok(Connected {
            stream,
            port_kept: local.is_none_or(|local| local.port() != 0),
        }),
        Err(error) if local.is_some_and(|local| local.port() != 0) && is_taken(&error) => {
            let local = local.map(|local| SocketAddr::new(local.ip(), 0));
            let stream = dial_from(to, local, segments).await?;
            Ok(Connected {
                stream,
                port_kept: false,
            })
        }
        Err(error) => Err(error),
    }
}

async fn dial_from(
    to: SocketAddr,
    local: Option<SocketAddr>,
    segments: Segments,
) -> io::Result<TcpStream> {
    let socket = dialling(to, local, segments)?;
    begin(&socket, to)?;
    connected(socket, pending::<()>()).await
}

/// `from`, for a dial to `to`.
fn local_end(from: SocketAddr, to: SocketAddr) -> SocketAddr {
    let (ip, to) = (from.ip().to_canonical(), to.ip());
    let leads_there = ip.is_ipv4() == to.is_ipv4() && ip.is_loopback() == to.is_loopback();
    let ip = match leads_there {
        true => ip,
        false if to.is_ipv4() => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        false => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    SocketAddr::new(ip, from.port())
}

/// The port, to this address: `EADDRINUSE` where somebody else holds it, `EADDRNOTAVAIL` where a
/// connection between the same two ends stands.
fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable
    )
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
mod tests {
    use socket2::{Domain, Socket, Type};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const V4: &str = "127.0.0.1:0";

    async fn listener(at: &str) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind(at).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// A listener that neither takes nor refuses: its queue is full. With what fills it.
    async fn dead() -> (Socket, SocketAddr, Vec<TcpStream>) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = V4.parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) =
            timeout(Duration::from_millis(100), TcpStream::connect(address)).await
        {
            queue.push(stream.unwrap());
        }
        (socket, address, queue)
    }

    async fn connects(addresses: &[SocketAddr], from: Option<SocketAddr>) -> Connected {
        let connected = timeout(PATIENCE, connect(addresses, from, Segments::Full)).await;
        connected.expect("in time").unwrap()
    }

    #[test]
    fn families_take_turns_and_ipv4_begins() {
        let [a, b, c, d] = ["10.0.0.1:1", "10.0.0.2:1", "[fd00::1]:1", "10.0.0.3:1"]
            .map(|address| address.parse::<SocketAddr>().unwrap());
        assert_eq!(in_turn(&[c, a, b, d]), [a, c, b, d]);
    }

    #[tokio::test]
    async fn a_dead_address_of_one_family_does_not_hold_up() {
        let ((_socket, dead, _queue), (_listener, alive)) =
            (dead().await, listener("[::1]:0").await);
        let start = Instant::now();
        let connected = connects(&[alive, dead], None).await;
        assert_eq!(connected.stream.peer_addr().unwrap(), alive);
        assert!(start.elapsed() >= HEAD_START, "IPv4 has its head start");
    }

    /// A port that nobody listens on, and nobody else can take.
    fn refusing() -> (Socket, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = V4.parse().unwrap();
        socket.bind(&any.into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, address)
    }

    #[tokio::test]
    async fn a_refusal_brings_the_next_one_at_once_and_all_have_their_turn() {
        let (_sockets, refusing): (Vec<_>, Vec<_>) = (0..20).map(|_| refusing()).unzip();
        let (_listener, alive) = listener(V4).await;
        let start = Instant::now();
        let connected = connects(&[&refusing[..], &[alive]].concat(), None).await;
        assert_eq!(connected.stream.peer_addr().unwrap(), alive);
        assert!(start.elapsed() < HEAD_START * 20, "{:?}", start.elapsed());
        let error = connect(&refusing, None, Segments::Full).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let error = connect(&[], None, Segments::Full).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    /// A listener that shares its port with dials.
    fn shared_port() -> (Socket, SocketAddr) {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.set_reuse_port(true).unwrap();
        let any: SocketAddr = V4.parse().unwrap();
        socket.bind(&any.into()).unwrap();
        socket.listen(8).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        (socket, address)
    }

    #[tokio::test]
    async fn the_same_two_ends_can_connect_again_at_once() {
        let (listener, mediator) = listener(V4).await;
        let (_shared, from) = shared_port();
        for _ in 0..50 {
            let mut connected = connects(&[mediator], Some(from)).await;
            assert!(connected.port_kept);
            let (mut accepted, came_from) = listener.accept().await.unwrap();
            assert_eq!(came_from, from);
            connected.stream.write_all(b"x").await.unwrap();
            accepted.read_exact(&mut [0]).await.unwrap();
            // The worst case: the one that dialled closes first.
            drop(connected);
            assert!(accepted.read(&mut [0]).await.is_err(), "a reset");
        }
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_done_without_and_said() {
        let (_listener, mediator) = listener(V4).await;
        let (_shared, from) = shared_port();
        let first = connects(&[mediator], Some(from)).await;
        let second = connects(&[mediator], Some(from)).await;
        assert!(first.port_kept && !second.port_kept);
        // A listener that shares its port with nobody.
        let (_greedy, taken) = listener(V4).await;
        let third = connects(&[mediator], Some(taken)).await;
        assert!(!third.port_kept);
        assert_eq!(third.stream.local_addr().unwrap().ip(), taken.ip());
    }

    #[tokio::test]
    async fn an_address_that_cannot_lead_there_is_left_to_the_system() {
        let (_listener, mediator) = listener("[::1]:0").await;
        for from in ["127.0.0.1:0", "0.0.0.0:0", "[::]:0", "[::ffff:127.0.0.1]:0"] {
            let connected = connects(&[mediator], Some(from.parse().unwrap())).await;
            assert_eq!(connected.stream.peer_addr().unwrap(), mediator, "{from}");
        }
    }
}
