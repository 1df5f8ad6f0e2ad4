//! A byte stream over UDP, as the rest of `link` sees it: what is written goes to the task that
//! has the channel, and what comes is read from it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::oneshot;

/// Bytes that wait on either way between the stream and the channel, at most.
const BUFFER: usize = 64 * 1024;

/// Bytes both ways over UDP. Dropped without a shutdown, it may take along what was written last.
#[derive(Debug)]
pub struct UdpStream {
    bytes: DuplexStream,
    /// Our address on the way; its port means nothing.
    local: Option<IpAddr>,
    /// Dropped with the stream.
    _alive: oneshot::Sender<()>,
    /// Completes once what was written has gone, and the peer knows that nothing follows.
    closed: oneshot::Receiver<()>,
}

/// The other side of a stream: its task's.
pub(super) struct TaskEnd {
    pub(super) bytes: DuplexStream,
    /// Completes once the stream is dropped.
    pub(super) gone: oneshot::Receiver<()>,
    /// To be dropped once nothing more goes.
    pub(super) closing: oneshot::Sender<()>,
}

/// A stream from this address of ours, and its task's side.
pub(super) fn stream(local: Option<IpAddr>) -> (UdpStream, TaskEnd) {
    let (ours, bytes) = duplex(BUFFER);
    let (alive, gone) = oneshot::channel();
    let (closing, closed) = oneshot::channel();
    let stream = UdpStream {
        bytes: ours,
        local,
        _alive: alive,
        closed,
    };
    let task = TaskEnd {
        bytes,
        gone,
        closing,
    };
    (stream, task)
}

impl UdpStream {
    pub(in crate::link) fn local_address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.local?, 0))
    }
}

impl AsyncRead for UdpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().bytes).poll_read(cx, buf)
    }
}

impl AsyncWrite for UdpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().bytes).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().bytes).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.bytes).poll_shutdown(cx))?;
        if !this.closed.is_terminated() {
            // It is never sent on: its end is the news.
            let _ = ready!(Pin::new(&mut this.closed).poll(cx));
        }
        Poll::Ready(Ok(()))
    }
}
