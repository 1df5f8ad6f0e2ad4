//! A link that counts: its socket, the bytes on their way in and out.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use undertone_core::session::LinkId;
use undertone_core::session::record::{BODY_MAX, BODY_MIN};

use super::frame::{FrameError, FrameReader};
use super::interfaces::is_here;
use super::path::Path;
use super::stream::Stream;

/// How long a goodbye may take to reach the peer.
pub const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);

/// A live link's socket.
pub struct Framed {
    /// Its name in the session.
    pub id: LinkId,
    /// By which path it goes.
    pub path: Path,
    /// What is to be written: whole records, filled by the session while empty.
    pub out: Vec<u8>,
    written: usize,
    stream: Stream,
    reader: FrameReader,
}

impl fmt::Debug for Framed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Framed")
            .field("id", &self.id)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Framed {
    /// A link over this stream, of which `reader` has already read a part.
    pub fn new(id: LinkId, path: Path, stream: Stream, reader: FrameReader) -> Self {
        Self {
            id,
            path,
            out: Vec::new(),
            written: 0,
            stream,
            reader,
        }
    }

    /// Whether this machine still has the address that the link comes from.
    pub fn is_from_here(&self) -> bool {
        let ours = self.stream.local_address();
        ours.is_none_or(|address| is_here(address.ip().to_canonical()))
    }

    /// The next record's body, if it is here.
    ///
    /// # Errors
    /// A length that no record has.
    pub fn next_record(&mut self) -> Result<Option<&mut [u8]>, FrameError> {
        self.reader.next_frame(&(BODY_MIN..=BODY_MAX))
    }

    /// Whether everything in `out` is written; it is empty then.
    pub fn is_idle(&self) -> bool {
        self.out.is_empty()
    }

    /// Writes what the socket takes at once.
    ///
    /// # Errors
    /// The socket's.
    pub fn try_flush(&mut self) -> Result<(), FrameError> {
        let mut cx = Context::from_waker(Waker::noop());
        while !self.out.is_empty() {
            match self.poll_write(&mut cx) {
                Poll::Ready(written) => written?,
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    /// Waits until something was read, or written of what `out` holds. Cancel-safe.
    ///
    /// # Errors
    /// [`FrameError`]: the link is gone.
    pub async fn turn(&mut self) -> Result<(), FrameError> {
        poll_fn(|cx| {
            // Both each time, or one that is always ready would keep the other out.
            let wrote = !self.out.is_empty() && self.poll_write(cx)?.is_ready();
            let filling = pin!(self.reader.fill(&mut self.stream));
            match filling.poll(cx)? {
                Poll::Pending if !wrote => Poll::Pending,
                _ => Poll::Ready(Ok(())),
            }
        })
        .await
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FrameError>> {
        let rest = self.out.get(self.written..).unwrap_or_default();
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
        self.note_written(written);
        Poll::Ready(Ok(()))
    }

    fn note_written(&mut self, n: usize) {
        self.written += n;
        if self.written >= self.out.len() {
            self.out.clear();
            self.written = 0;
        }
    }

    /// Writes what is left and closes in an orderly way: waits, not long, for
    /// the peer to close too, so that nothing under way is lost.
    pub async fn close(mut self) {
        self.stream.close_with_care();
        let farewell = async {
            while !self.is_idle() {
                self.turn().await?;
            }
            self.stream.shutdown().await?;
            loop {
                while self.next_record()?.is_some() {}
                self.reader.fill(&mut self.stream).await?;
            }
        };
        let _: Result<Result<(), FrameError>, _> = timeout(FAREWELL_TIMEOUT, farewell).await;
    }
}
