//! The listener, and who stands before it: at most 16 sockets that have not yet
//! shown that they belong here, for at most 10 seconds each. Who sends a whole
//! first frame of a length that the protocol has is handed over; whether it is
//! genuine is for the pairing to say.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::crowd::Crowd;
pub use super::crowd::UNCONFIRMED_MAX;
use super::frame::FrameReader;
use super::knock::KNOCK_LEN;
use crate::pairing::CONFIRM_B_LEN;

/// How long one may take for its first frame.
pub const UNCONFIRMED_FOR: Duration = Duration::from_secs(10);

/// A socket whose first frame is here.
pub struct Visitor {
    /// The socket.
    pub stream: TcpStream,
    /// What came after the first frame.
    pub reader: FrameReader,
    /// The first frame's body: as long as a CONFIRM_B or a knock.
    pub first: Vec<u8>,
    /// Where it comes from.
    pub address: SocketAddr,
}

/// Listens for the other one.
pub struct Door {
    listener: TcpListener,
    address: SocketAddr,
    visitors: Crowd<Option<Visitor>>,
}

impl Door {
    /// Listens on this address, or on a free port of all, IPv6 and IPv4.
    ///
    /// # Errors
    /// The system's.
    pub fn open(bind: Option<SocketAddr>) -> io::Result<Door> {
        let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0);
        let listener = undertone_mediator::listen(bind.unwrap_or(any))?;
        let address = listener.local_addr()?;
        Ok(Door {
            listener,
            address,
            visitors: Crowd::new(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next visitor with a whole first frame. Cancel-safe.
    pub async fn next(&mut self) -> Visitor {
        loop {
            tokio::select! {
                biased;
                Some(visitor) = self.visitors.next() => {
                    if let Some(Some(visitor)) = visitor {
                        return visitor;
                    }
                }
                accepted = self.listener.accept() => {
                    // An error concerns that one connection, or too many open
                    // files, which pass.
                    if let Ok((stream, address)) = accepted {
                        self.visitors.admit(address.ip(), first_frame(stream, address));
                    }
                    // Whoever just came gets to say its word before it could be
                    // turned out for the next one.
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

async fn first_frame(mut stream: TcpStream, address: SocketAddr) -> Option<Visitor> {
    stream.set_nodelay(true).ok()?;
    let mut reader = FrameReader::default();
    let frame = reader.read(&mut stream, KNOCK_LEN..=CONFIRM_B_LEN);
    let first = timeout(UNCONFIRMED_FOR, frame).await.ok()?.ok()?;
    let known = [KNOCK_LEN, CONFIRM_B_LEN].contains(&first.len());
    known.then_some(Visitor {
        stream,
        reader,
        first,
        address,
    })
}

/// This machine's addresses that others may reach: neither loopback nor
/// link-local ones, IPv4 first.
pub fn addresses_here() -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = if_addrs::get_if_addrs()
        .unwrap_or_default()
        .into_iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .map(|interface| interface.ip())
        .collect();
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::frame;
    use tokio::io::AsyncReadExt;

    fn door() -> Door {
        Door::open(Some("127.0.0.1:0".parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn a_crowd_of_silent_sockets_does_not_keep_the_real_one_out() {
        let mut door = door();
        let address = door.address();
        let opening = tokio::spawn(async move {
            let mut silent = Vec::new();
            for _ in 0..2 * UNCONFIRMED_MAX {
                silent.push(TcpStream::connect(address).await.unwrap());
            }
            let mut real = TcpStream::connect(address).await.unwrap();
            frame::write(&mut real, &[7; CONFIRM_B_LEN]).await.unwrap();
            (silent, real)
        });
        let visitor = door.next().await;
        assert_eq!(visitor.first, [7; CONFIRM_B_LEN]);
        let (mut silent, _real) = opening.await.unwrap();
        assert!(door.visitors.len() <= UNCONFIRMED_MAX);
        // The first to come was turned out.
        let ended = silent.first_mut().unwrap().read(&mut [0]).await;
        assert!(matches!(ended, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn frames_of_other_lengths_end_their_socket_only() {
        let mut door = door();
        let address = door.address();
        let opening = tokio::spawn(async move {
            let mut sockets = Vec::new();
            for len in [0, 1, KNOCK_LEN - 1, KNOCK_LEN + 1, CONFIRM_B_LEN + 1, 4000] {
                let mut socket = TcpStream::connect(address).await.unwrap();
                frame::write(&mut socket, &vec![1; len]).await.unwrap();
                sockets.push(socket);
            }
            let mut real = TcpStream::connect(address).await.unwrap();
            frame::write(&mut real, &[2; KNOCK_LEN]).await.unwrap();
            (sockets, real)
        });
        assert_eq!(door.next().await.first, [2; KNOCK_LEN]);
        opening.await.unwrap();
    }
}
