//! The sockets that listen: dual stack where an IPv6 address is unspecified.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1024;

/// Listens on `address`. `[::]` takes IPv4 too; on a
/// machine without IPv6 it becomes `0.0.0.0`.
///
/// # Errors
/// The system's: in use, not this machine's, not permitted. Also outside a tokio runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bind(address, |domain| {
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        // On Unix: take the port again at once after a restart. On Windows it would let others
        // steal it.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        Ok(socket)
    })?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The same for UDP.
///
/// # Errors
/// As [`listen`].
pub fn listen_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind(address, |domain| {
        Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))
    })?;
    UdpSocket::from_std(socket.into())
}

/// Binds what this makes.
fn bind(address: SocketAddr, make: impl Fn(Domain) -> io::Result<Socket>) -> io::Result<Socket> {
    let bind = |address: SocketAddr| {
        let socket = make(Domain::for_address(address))?;
        if address.is_ipv6() && address.ip().is_unspecified() {
            socket.set_only_v6(false)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        Ok(socket)
    };
    match bind(address) {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() && no_ipv6(&error) => {
            bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        bound => bound,
    }
}

fn no_ipv6(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no ErrorKind of its own: what is no other known obstacle counts.
    !matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn the_unspecified_address_takes_ipv4_too() {
        let listener = listen("[::]:0".parse().unwrap()).unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        listener.accept().await.unwrap();
    }

    #[tokio::test]
    async fn a_port_in_use_is_an_error() {
        let any = "[::]:0".parse().unwrap();
        let taken = listen(any).unwrap();
        let error = listen(taken.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        let taken = listen_udp(any).unwrap();
        let error = listen_udp(taken.local_addr().unwrap()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}
