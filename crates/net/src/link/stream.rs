//! The closed set of things that carry sealed frames: a TCP connection to
//! the peer, or the mediator's WebSocket where it relays.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::relay::RelayStream;
use crate::socket::close_with_care;

/// Bytes both ways, to the peer.
#[derive(Debug)]
pub enum Stream {
    /// Directly.
    Tcp(TcpStream),
    /// Through the mediator.
    Relay(Box<RelayStream>),
}

impl Stream {
    /// Our address on the way, where it is known.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Relay(_) => None,
        }
    }

    /// What is written from here on is to arrive although the stream is closed
    /// right after it.
    pub(super) fn close_with_care(&self) {
        match self {
            Self::Tcp(stream) => close_with_care(stream),
            Self::Relay(_) => {}
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
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
            Self::Relay(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Relay(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Relay(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
