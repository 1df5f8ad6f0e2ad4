//! TCP sockets as both ways out need them, to the mediator and to the peer:
//! small messages leave at once, a dead peer is not waited for, a port may be
//! shared with a listener of this process, and a close is a reset (`SO_LINGER` of
//! 0), so that the same two ends can connect again at once.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::TcpStream;

/// Sent bytes that nobody acknowledges for so long end the connection (RFC 5482).
pub(crate) const USER_TIMEOUT: Duration = Duration::from_secs(15);

/// How large a connection's segments may be (TCP_MAXSEG), in both directions: the other end is
/// told in the handshake. Some paths drop large packets and say nothing (RFC 2923 §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segments {
    /// As large as the system finds that they may be.
    #[default]
    Full,
    /// For packets of 1,280 bytes, which every path of IPv6 carries (RFC 8200 §5).
    Small,
    /// For packets of 576 bytes, which every host takes (RFC 9293 §3.7.1).
    Smallest,
}

impl Segments {
    /// The next smaller ones.
    #[must_use]
    pub fn smaller(self) -> Self {
        match self {
            Self::Full => Self::Small,
            Self::Small | Self::Smallest => Self::Smallest,
        }
    }

    /// Bytes of a segment, headers aside; 0: the system's.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Full => 0,
            Self::Small => 1220,
            Self::Smallest => 536,
        }
    }

    /// For connections that this socket makes, or that come to it, from now on.
    pub(crate) fn limit<'a>(self, socket: impl Into<SockRef<'a>>) {
        // Where the system does not know that, they are what they are.
        let _ = socket.into().set_tcp_mss(self.bytes());
    }
}

/// A socket for a connection to `to`, from this end where one is given.
///
/// # Errors
/// The system's: the port is another program's, or not ours to take.
pub(crate) fn dialling(
    to: SocketAddr,
    from: Option<SocketAddr>,
    segments: Segments,
) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    prepare(&socket)?;
    if segments != Segments::Full {
        segments.limit(&socket);
    }
    if let Some(from) = from {
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(true)?;
        socket.bind(&from.into())?;
    }
    Ok(socket)
}

/// Sends the first packet of the connection.
///
/// # Errors
/// The system's, as far as they show at once.
pub(crate) fn begin(socket: &Socket, to: SocketAddr) -> io::Result<()> {
    match socket.connect(&to.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(()),
    }
}

/// Waits for a connection that was begun; where nothing at all comes back, only as
/// long as the `silence` lasts. Once something came it is left to the system: to
/// close it then would be a reset, which ends the peer's dial, too.
///
/// # Errors
/// `TimedOut` after silence; the system's.
pub(crate) async fn connected(socket: Socket, silence: impl Future) -> io::Result<TcpStream> {
    let stream = TcpStream::from_std(socket.into())?;
    tokio::select! {
        biased;
        writable = stream.writable() => writable?,
        // In SYN-SENT the system names no peer; in SYN-RECEIVED it does.
        _ = silence => match stream.peer_addr() {
            Ok(_) => stream.writable().await?,
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        },
    }
    match stream.take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

/// Bytes that may wait in a socket before they are on their way: what is said next waits behind them.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 64 * 1024;

/// Gives a socket the options that all of ours have.
///
/// # Errors
/// The system's.
pub(crate) fn prepare<'a>(socket: impl Into<SockRef<'a>>) -> io::Result<()> {
    let socket = socket.into();
    socket.set_tcp_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
        socket.set_tcp_notsent_lowat(UNSENT)?;
    }
    socket.set_linger(Some(Duration::ZERO))
}

/// Lets a connection close by the usual farewell, so that what was written last
/// arrives.
pub(crate) fn close_with_care(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(None);
}

/// An IPv4 address that a dual-stack socket shows as IPv6, as what it is.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
        IpAddr::V6(_) => address,
    }
}

/// An address as a socket of IPv6 that takes IPv4 too must be told it.
pub(crate) fn as_family(address: SocketAddr, is_v6: bool) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if is_v6 => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        other => other,
    }
}
