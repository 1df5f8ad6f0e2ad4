//! Frames on a link: `u32be n ‖ body(n)`, for the handshake and for records
//! alike. `n` is checked against what may come before anything is kept for it.

use std::fmt;
use std::ops::RangeInclusive;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use undertone_core::session::record::PREFIX_LEN;

/// How much is asked of the socket at once: four records, where they come as fast as they are read.
const READ_SIZE: usize = 256 * 1024;

/// Why no frame could be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A length that no frame has here.
    #[error("a frame of an impossible length ({0} bytes)")]
    Length(u32),
    /// The other side closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Collects bytes and cuts them into frames. Its buffer grows with what has
/// arrived, never with what a length announces. An empty frame at the very beginning,
/// by which a host that dialled shows that it is here, is passed over.
#[derive(Default)]
pub struct FrameReader {
    buf: Vec<u8>,
    start: usize,
    begun: bool,
    from_host: bool,
    /// The last read filled all the room there was.
    filled: bool,
}

impl fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader")
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

impl FrameReader {
    /// The next whole frame's body, if it is here.
    ///
    /// # Errors
    /// [`FrameError::Length`] as soon as the length is read and not in `lengths`.
    pub fn next_frame(
        &mut self,
        lengths: &RangeInclusive<usize>,
    ) -> Result<Option<&mut [u8]>, FrameError> {
        let first = self.buf.get(self.start..).unwrap_or_default();
        if !self.begun && first.len() >= PREFIX_LEN {
            self.begun = true;
            if first.starts_with(&[0; PREFIX_LEN]) {
                self.start += PREFIX_LEN;
                self.from_host = true;
            }
        }
        let waiting = self.buf.get_mut(self.start..).unwrap_or_default();
        let Some((prefix, rest)) = waiting.split_first_chunk_mut::<PREFIX_LEN>() else {
            return Ok(None);
        };
        let announced = u32::from_be_bytes(*prefix);
        let n = usize::try_from(announced).unwrap_or(usize::MAX);
        if !lengths.contains(&n) {
            return Err(FrameError::Length(announced));
        }
        match rest.get_mut(..n) {
            Some(body) => {
                self.start += PREFIX_LEN + n;
                Ok(Some(body))
            }
            None => Ok(None),
        }
    }

    /// Whether it began with an empty frame: a host has dialled, as far as is known.
    pub(super) fn is_from_host(&self) -> bool {
        self.from_host
    }

    /// Waits for bytes and keeps them. Cancel-safe.
    ///
    /// # Errors
    /// [`FrameError::Closed`] at the end, or the socket's.
    pub async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<(), FrameError> {
        if self.start == self.buf.len() {
            self.buf.clear();
        } else {
            self.buf.drain(..self.start);
        }
        self.start = 0;
        let more = match self.filled {
            true => READ_SIZE.min(2 * self.buf.capacity()),
            false => READ_SIZE.min(self.buf.len() + 4096),
        };
        self.buf.reserve(more);
        match stream.read_buf(&mut self.buf).await? {
            0 => Err(FrameError::Closed),
            _ => {
                self.filled = self.buf.len() == self.buf.capacity();
                Ok(())
            }
        }
    }

    /// Waits for one frame of exactly one of these lengths, and copies it.
    ///
    /// # Errors
    /// Those of [`FrameReader::next_frame`] and [`FrameReader::fill`].
    pub async fn read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        lengths: RangeInclusive<usize>,
    ) -> Result<Vec<u8>, FrameError> {
        loop {
            if let Some(body) = self.next_frame(&lengths)? {
                return Ok(body.to_vec());
            }
            self.fill(stream).await?;
        }
    }
}

/// A frame: the body, its length before it.
pub fn framed(body: &[u8]) -> Vec<u8> {
    // None of ours is as long.
    let prefix = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    [prefix.as_slice(), body].concat()
}

/// Writes one frame.
///
/// # Errors
/// The socket's.
pub async fn write(stream: &mut (impl AsyncWrite + Unpin), body: &[u8]) -> std::io::Result<()> {
    stream.write_all(&framed(body)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn impossible_lengths_are_refused_and_nothing_is_allocated_for_them() {
        for announced in [87_u32, 101, u32::MAX] {
            let mut reader = FrameReader::default();
            let mut bytes: &[u8] = &announced.to_be_bytes();
            let error = reader.read(&mut bytes, 88..=100).await.unwrap_err();
            assert!(matches!(error, FrameError::Length(n) if n == announced));
            assert!(reader.buf.capacity() <= 2 * READ_SIZE);
        }
    }

    #[tokio::test]
    async fn one_empty_frame_is_passed_over_and_no_other() {
        for empty in 1..=2 {
            let mut bytes = Vec::new();
            for _ in 0..empty {
                write(&mut bytes, &[]).await.unwrap();
            }
            write(&mut bytes, &[7; 90]).await.unwrap();
            let read = FrameReader::default()
                .read(&mut bytes.as_slice(), 88..=100)
                .await;
            match empty {
                1 => assert_eq!(read.unwrap(), [7; 90]),
                _ => assert!(matches!(read, Err(FrameError::Length(0)))),
            }
        }
    }

    #[tokio::test]
    async fn frames_are_cut_wherever_the_bytes_are() {
        let mut bytes = Vec::new();
        for body in [[1_u8; 90].as_slice(), &[2; 100], &[3; 88]] {
            write(&mut bytes, body).await.unwrap();
        }
        for cut in 1..bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            let mut stream = AsyncReadExt::chain(head, tail);
            let mut reader = FrameReader::default();
            for (len, byte) in [(90, 1), (100, 2), (88, 3)] {
                let body = reader.read(&mut stream, 88..=100).await.unwrap();
                assert_eq!(body, vec![byte; len]);
            }
            let end = reader.read(&mut stream, 88..=100).await;
            assert!(matches!(end, Err(FrameError::Closed)));
        }
    }
}
