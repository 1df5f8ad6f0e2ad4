//! What a TLS connection is to those who use it: bytes in and out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::rustls::unbuffered::WriteTraffic;

use super::{RECORD, TlsStream};

/// Bytes of a record beside its plaintext, at most in use.
const MORE: usize = 64;
/// What is taken at once: two relayed messages with their headers.
const TAKEN: usize = 3 * RECORD;

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.plain.is_empty() && !this.ended {
            ready!(this.poll_receive(cx))?;
        }
        let some = this.plain.len().min(buf.remaining());
        buf.put_slice(this.plain.get(..some).unwrap_or_default());
        this.plain.advance(some);
        if this.plain.is_empty() {
            this.plain = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let some = bytes.get(..TAKEN).unwrap_or(bytes);
        let likely = some.len() + some.len().div_ceil(RECORD) * MORE;
        let say = |traffic: &mut WriteTraffic<'_, _>, room: &mut [u8]| traffic.encrypt(some, room);
        let said = self.get_mut().poll_say(cx, likely, say);
        said.map_ok(|()| some.len())
    }

    /// All parts in the same records.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        let mut bytes = Vec::with_capacity(TAKEN.min(length));
        for part in parts {
            let room = TAKEN - bytes.len();
            bytes.extend_from_slice(part.get(..room).unwrap_or(part));
        }
        self.poll_write(cx, &bytes)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_leave(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.closed && !this.is_broken {
            ready!(this.poll_say(cx, MORE, |traffic, room| traffic.queue_close_notify(room)))?;
            this.closed = true;
        }
        ready!(this.poll_leave(cx))?;
        match ready!(Pin::new(&mut this.stream).poll_shutdown(cx)) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            done => Poll::Ready(done),
        }
    }
}
