//! A stream that can be told to read ahead, once what comes on it is worth it.
//!
//! A waiting client's WebSocket has a read buffer of half a KiB, for it is kept all the
//! while, and its size is settled when the connection begins. A relayed one would pay
//! 32 system calls for each message; so from then on this reads [`RELAY_MESSAGE`] at a
//! time and hands it out from memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::RELAY_MESSAGE;

/// A stream and, once it reads ahead, what it has read.
pub(crate) struct ReadAhead<S> {
    stream: S,
    on: Arc<AtomicBool>,
    /// Empty until it reads ahead; what the reader has taken is before `taken`.
    buffer: Vec<u8>,
    taken: usize,
}

impl<S> ReadAhead<S> {
    /// Reads as it is asked, until `on` is set.
    pub(crate) fn new(stream: S, on: Arc<AtomicBool>) -> Self {
        Self {
            stream,
            on,
            buffer: Vec::new(),
            taken: 0,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.taken == this.buffer.len() {
            if !this.on.load(Ordering::Relaxed) || buf.remaining() >= RELAY_MESSAGE {
                return Pin::new(&mut this.stream).poll_read(cx, buf);
            }
            this.taken = 0;
            this.buffer.resize(RELAY_MESSAGE, 0);
            let mut ahead = ReadBuf::new(&mut this.buffer);
            let read = Pin::new(&mut this.stream).poll_read(cx, &mut ahead);
            let filled = ahead.filled().len();
            this.buffer.truncate(filled);
            ready!(read)?;
        }
        let rest = this.buffer.get(this.taken..).unwrap_or_default();
        let some = rest.get(..buf.remaining()).unwrap_or(rest);
        buf.put_slice(some);
        this.taken += some.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReadAhead<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn nothing_is_lost_or_doubled_whenever_it_begins() {
        let bytes: Vec<u8> = (0..100_000u32).map(|n| (n / 7) as u8).collect();
        for begins in [0, 1, 40_000] {
            let on = Arc::new(AtomicBool::new(false));
            let mut reader = ReadAhead::new(&bytes[..], Arc::clone(&on));
            let (mut read, mut buf) = (Vec::new(), [0; 512]);
            loop {
                on.store(read.len() >= begins, Ordering::Relaxed);
                let n = reader.read(&mut buf).await.unwrap();
                if n == 0 {
                    break;
                }
                read.extend_from_slice(&buf[..n]);
            }
            assert!(read == bytes);
        }
    }

    #[tokio::test]
    async fn it_holds_a_message_at_most_and_nothing_before_it_begins() {
        let on = Arc::new(AtomicBool::new(false));
        let mut reader = ReadAhead::new(tokio::io::repeat(7), Arc::clone(&on));
        reader.read_exact(&mut [0; 99]).await.unwrap();
        assert_eq!(reader.buffer.capacity(), 0);
        on.store(true, Ordering::Relaxed);
        reader.read_exact(&mut [0; 99]).await.unwrap();
        assert_eq!(reader.buffer.capacity(), RELAY_MESSAGE);
    }
}
