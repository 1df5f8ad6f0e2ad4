//! A stream that reads ahead while much comes on it.
//!
//! A waiting client's WebSocket has a read buffer of half a KiB, for it is kept all the
//! while, and its size is settled when the connection begins. A relayed one would pay
//! 32 system calls for each message. So, once a read has filled all the room it was
//! given, the next ones take [`RELAY_MESSAGE`] at a time and hand it out from memory,
//! until one comes back short.
//!
//! It also counts what it hands out ([`Meter`]): above it only whole messages are seen, and a client
//! could send fragments of one for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use undertone_wire::RELAY_MESSAGE;

/// A stream and what was read ahead of it.
pub(crate) struct ReadAhead<S> {
    stream: S,
    meter: Arc<Meter>,
    /// While much comes. Boxed: those who wait must not pay for it.
    ahead: Option<Box<Ahead>>,
}

/// How many bytes may be handed out until something is made of them. Without limit at first.
pub(crate) struct Meter(AtomicUsize);

impl Default for Meter {
    fn default() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }
}

impl Meter {
    /// From now on so many bytes may come.
    pub(crate) fn allow(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn take(&self, bytes: usize) -> io::Result<()> {
        let left = self.0.load(Ordering::Relaxed).checked_sub(bytes);
        let left = left.ok_or_else(|| io::Error::other("fragments without end"))?;
        self.0.store(left, Ordering::Relaxed);
        Ok(())
    }
}

struct Ahead {
    buffer: [u8; RELAY_MESSAGE],
    filled: usize,
    taken: usize,
}

impl<S> ReadAhead<S> {
    pub(crate) fn new(stream: S, meter: Arc<Meter>) -> Self {
        Self {
            stream,
            meter,
            ahead: None,
        }
    }
}

impl<S: AsyncRead + Unpin> ReadAhead<S> {
    /// Reads ahead where that has begun and all was taken; stops where nothing is here.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(ahead) = &mut self.ahead else {
            return Poll::Ready(Ok(()));
        };
        if ahead.taken < ahead.filled {
            return Poll::Ready(Ok(()));
        }
        let mut buffer = ReadBuf::new(&mut ahead.buffer);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
        (ahead.filled, ahead.taken) = (buffer.filled().len(), 0);
        if !matches!(read, Poll::Ready(Ok(()))) {
            self.ahead = None;
        }
        read
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReadAhead<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(this.poll_hand_out(cx, buf))?;
        Poll::Ready(this.meter.take(buf.filled().len() - before))
    }
}

impl<S: AsyncRead + Unpin> ReadAhead<S> {
    fn poll_hand_out(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_fill(cx))?;
        let Some(ahead) = &mut self.ahead else {
            let before = buf.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
            if buf.remaining() == 0 && buf.filled().len() > before {
                self.ahead = Some(Box::new(Ahead {
                    buffer: [0; RELAY_MESSAGE],
                    filled: 0,
                    taken: 0,
                }));
            }
            return Poll::Ready(Ok(()));
        };
        let rest = ahead.buffer.get(ahead.taken..ahead.filled);
        let rest = rest.unwrap_or_default();
        let some = rest.get(..buf.remaining()).unwrap_or(rest);
        buf.put_slice(some);
        ahead.taken += some.len();
        if ahead.taken == ahead.filled && ahead.filled < RELAY_MESSAGE {
            self.ahead = None;
        }
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
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn nothing_is_lost_or_doubled() {
        let bytes: Vec<u8> = (0..200_000u32).map(|n| (n / 7) as u8).collect();
        // Bursts, and reads that are filled, or not, by what is there.
        for (burst, room) in [
            (1, 512),
            (512, 512),
            (700, 512),
            (50_000, 512),
            (50_000, 20_000),
        ] {
            let (mut writer, reader) = duplex(64 * 1024);
            let mut reader = ReadAhead::new(reader, Arc::default());
            let writes = async {
                for part in bytes.chunks(burst) {
                    writer.write_all(part).await.unwrap();
                }
                drop(writer);
            };
            let reads = async {
                let (mut read, mut buf) = (Vec::new(), vec![0; room]);
                loop {
                    let n = reader.read(&mut buf).await.unwrap();
                    if n == 0 {
                        return read;
                    }
                    read.extend_from_slice(&buf[..n]);
                }
            };
            let (_, read) = tokio::join!(writes, reads);
            assert!(read == bytes, "{burst}, {room}");
        }
    }

    #[tokio::test]
    async fn what_comes_without_end_ends_with_an_error() {
        let (mut writer, reader) = duplex(64 * 1024);
        let meter = Arc::new(Meter::default());
        let mut reader = ReadAhead::new(reader, Arc::clone(&meter));
        let mut buf = [0; 512];
        writer.write_all(&[7; 20_000]).await.unwrap();
        reader.read_exact(&mut buf).await.unwrap();
        meter.allow(1_000);
        reader.read_exact(&mut buf).await.unwrap();
        meter.allow(1_000);
        reader.read_exact(&mut buf).await.unwrap();
        assert!(reader.read_exact(&mut buf).await.is_err());
    }

    #[tokio::test]
    async fn it_takes_memory_while_much_comes_only() {
        let (mut writer, reader) = duplex(64 * 1024);
        let mut reader = ReadAhead::new(reader, Arc::default());
        let mut buf = [0; 512];
        // A short message, as a waiting client's are.
        writer.write_all(&[7; 230]).await.unwrap();
        assert_eq!(reader.read(&mut buf).await.unwrap(), 230);
        assert!(reader.ahead.is_none());
        writer.write_all(&[7; 1_500]).await.unwrap();
        for (read, much) in [(512, true), (512, true), (476, false)] {
            assert_eq!(reader.read(&mut buf).await.unwrap(), read);
            assert_eq!(reader.ahead.is_some(), much);
        }
        // Neither after a burst that fills the last read exactly.
        writer.write_all(&[7; 512]).await.unwrap();
        assert_eq!(reader.read(&mut buf).await.unwrap(), 512);
        tokio::select! {
            biased;
            _ = reader.read(&mut buf) => {}
            () = std::future::ready(()) => {}
        }
        assert!(reader.ahead.is_none());
    }
}
