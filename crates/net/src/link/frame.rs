//! Frames on a socket: [`Frames`] of the core, read from it and written to it.

use std::ops::RangeInclusive;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use undertone_core::frame::{BadLength, Frames};

pub use undertone_core::frame::framed;

/// How much is asked of the socket at once: four records, where they come as fast as they are read.
const READ_SIZE: usize = 256 * 1024;

/// Why no frame could be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A length that no frame has here.
    #[error(transparent)]
    Length(#[from] BadLength),
    /// The other side closed the connection.
    #[error("the connection was closed")]
    Closed,
    /// The socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Reads frames from a socket.
#[derive(Debug, Default)]
pub struct FrameReader {
    frames: Frames,
    /// The last read filled all the room there was.
    filled: bool,
}

impl FrameReader {
    /// As [`Frames::next_frame`].
    ///
    /// # Errors
    /// [`FrameError::Length`].
    pub fn next_frame(
        &mut self,
        lengths: &RangeInclusive<usize>,
    ) -> Result<Option<&mut [u8]>, FrameError> {
        Ok(self.frames.next_frame(lengths)?)
    }

    /// As [`Frames::is_from_host`].
    pub(super) fn is_from_host(&self) -> bool {
        self.frames.is_from_host()
    }

    /// Waits for bytes and keeps them. Cancel-safe.
    ///
    /// # Errors
    /// [`FrameError::Closed`] at the end, or the socket's.
    pub async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> Result<(), FrameError> {
        let buf = self.frames.buffer();
        let more = match self.filled {
            true => READ_SIZE.min(2 * buf.capacity()),
            false => READ_SIZE.min(buf.len() + 4096),
        };
        buf.reserve(more);
        match stream.read_buf(buf).await? {
            0 => Err(FrameError::Closed),
            _ => {
                self.filled = buf.len() == buf.capacity();
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
    async fn frames_are_read_and_the_end_is_an_end() {
        let mut bytes = Vec::new();
        for body in [[1_u8; 90].as_slice(), &[2; 100]] {
            write(&mut bytes, body).await.unwrap();
        }
        let mut stream = bytes.as_slice();
        let mut reader = FrameReader::default();
        for (len, byte) in [(90, 1), (100, 2)] {
            let body = reader.read(&mut stream, 88..=100).await.unwrap();
            assert_eq!(body, vec![byte; len]);
        }
        let end = reader.read(&mut stream, 88..=100).await;
        assert!(matches!(end, Err(FrameError::Closed)));
    }

    #[tokio::test]
    async fn an_impossible_length_is_refused() {
        let mut bytes: &[u8] = &u32::MAX.to_be_bytes();
        let error = FrameReader::default().read(&mut bytes, 88..=100).await;
        assert!(matches!(
            error,
            Err(FrameError::Length(BadLength(u32::MAX)))
        ));
    }
}
