//! What a client's connection is: bytes both ways over TCP, through TLS or not.

use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::tls::TlsStream;

/// Bytes both ways.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// The TCP connection below; `None` in tests.
    fn tcp(&self) -> Option<&TcpStream>;

    /// Has the kernel take no more than about so many bytes that the client has not taken.
    fn hold_at_most(&self, bytes: usize) {
        if let Some(tcp) = self.tcp() {
            let _ = SockRef::from(tcp).set_send_buffer_size(bytes);
        }
    }

    /// Has the kernel forget what the client has not taken once the connection is dropped.
    fn forget(&self) {
        if let Some(tcp) = self.tcp() {
            let _ = SockRef::from(tcp).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Transport for TcpStream {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Transport for Box<TlsStream<TcpStream>> {
    fn tcp(&self) -> Option<&TcpStream> {
        Some(self.stream())
    }
}

#[cfg(test)]
impl Transport for tokio::io::DuplexStream {
    fn tcp(&self) -> Option<&TcpStream> {
        None
    }
}
