//! The closed set of things that carry sealed frames: a TCP connection to
//! the peer, a channel over UDP to it, or the mediator's WebSocket where it relays.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use tokio::net::TcpStream;

use super::ice::UdpStream;
use super::relay::RelayStream;
use crate::socket::close_with_care;

/// Bytes of a write that fits into a packet of 576, which every host takes (RFC 9293 §3.7.1).
const SMALL: usize = 480;

/// Bytes both ways, to the peer.
#[derive(Debug)]
pub enum Stream {
    /// Directly.
    Tcp(TcpStream),
    /// Directly, over UDP.
    Udp(Box<UdpStream>),
    /// Through the mediator.
    Relay(Box<RelayStream>),
}

impl Stream {
    /// Our address on the way, where it is known.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Udp(stream) => stream.local_address(),
            Self::Relay(_) => None,
        }
    }

    /// Writes what is first on a connection, in packets that get through any path: some drop large
    /// ones and say nothing, and nobody would know yet which do.
    pub(super) async fn write_small(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                for piece in bytes.chunks(SMALL) {
                    send_apart(stream, piece).await?;
                }
                Ok(())
            }
            // SCTP keeps its packets small.
            Self::Udp(stream) => stream.write_all(bytes).await,
            Self::Relay(stream) => stream.write_all(bytes).await,
        }
    }

    /// What is written from here on is to arrive although the stream is closed
    /// right after it.
    pub(super) fn close_with_care(&self) {
        match self {
            Self::Tcp(stream) => close_with_care(stream),
            Self::Udp(_) | Self::Relay(_) => {}
        }
    }
}

/// Sends bytes that share no packet with what follows, be it sent again too.
#[cfg(any(target_os = "linux", target_os = "android"))]
async fn send_apart(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::net::{SendFlags, send};
    let flags = SendFlags::NOSIGNAL | SendFlags::EOR;
    while !bytes.is_empty() {
        let sending = || Ok(send(stream, bytes, flags)?);
        let sent = stream.async_io(Interest::WRITABLE, sending).await?;
        bytes = bytes.get(sent..).unwrap_or_default();
    }
    Ok(())
}

/// The same as far as the system lets us: the sockets do not wait for more to send.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
async fn send_apart(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

impl From<UdpStream> for Stream {
    fn from(stream: UdpStream) -> Self {
        Self::Udp(Box::new(stream))
    }
}

impl From<RelayStream> for Stream {
    fn from(stream: RelayStream) -> Self {
        Self::Relay(Box::new(stream))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Udp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Relay(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Udp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Relay(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Udp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Relay(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Udp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Relay(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
