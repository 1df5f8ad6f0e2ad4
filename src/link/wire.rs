//! A link that counts: its socket, the bytes on their way in and out.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frame::{FrameError, FrameReader};
use crate::session::LinkId;
use crate::session::record::{BODY_MAX, BODY_MIN};

/// How long a goodbye may take to reach the other one.
pub const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

/// A live link's socket.
pub struct Wire {
    /// Its name in the session.
    pub id: LinkId,
    /// The other end.
    pub address: SocketAddr,
    /// What is to be written: whole records, filled by the session while empty.
    pub out: Vec<u8>,
    written: usize,
    stream: TcpStream,
    reader: FrameReader,
}

impl Wire {
    /// A link over this socket, of which `reader` has already read a part.
    pub fn new(id: LinkId, address: SocketAddr, stream: TcpStream, reader: FrameReader) -> Self {
        Wire {
            id,
            address,
            out: Vec::new(),
            written: 0,
            stream,
            reader,
        }
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
        while let Some(rest) = self.out.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.stream.try_write(rest) {
                Ok(n) => self.note_written(n),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until something was read, or written of what `out` holds. Cancel-safe.
    ///
    /// # Errors
    /// [`FrameError`]: the link is gone.
    pub async fn turn(&mut self) -> Result<(), FrameError> {
        let (mut reading, mut writing) = self.stream.split();
        match self.out.get(self.written..).filter(|rest| !rest.is_empty()) {
            None => self.reader.fill(&mut reading).await,
            Some(rest) => tokio::select! {
                filled = self.reader.fill(&mut reading) => filled,
                written = writing.write(rest) => {
                    let n = written?;
                    self.note_written(n);
                    Ok(())
                }
            },
        }
    }

    fn note_written(&mut self, n: usize) {
        self.written += n;
        if self.written >= self.out.len() {
            self.out.clear();
            self.written = 0;
        }
    }

    /// Writes what is left and closes in an orderly way: waits, not long, for the
    /// other one to close too, so that nothing under way is lost.
    pub async fn close(mut self) {
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
        let _: Result<Result<(), FrameError>, _> = timeout(FAREWELL_WITHIN, farewell).await;
    }
}
