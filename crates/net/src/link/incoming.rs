//! A connection to the host on which a whole first frame came, of a length that the protocol has.
//! Whether it is genuine is for the pairing to say.

use std::fmt;
use std::time::Duration;

use tokio::time::timeout;
use undertone_core::frame::BadLength;
use undertone_core::pairing::{CONFIRM_B_LEN, CONFIRM_MAX};

use super::frame::{FrameError, FrameReader};
use super::path::Path;
use super::stream::Stream;

/// Bytes of a knock.
pub const KNOCK_LEN: usize = 48;

/// A socket whose first frame is here.
pub struct Incoming {
    /// The socket.
    pub stream: Stream,
    /// What came after the first frame.
    pub reader: FrameReader,
    /// The first frame's body: as long as a CONFIRM_B or a knock.
    pub first: Vec<u8>,
    /// Which way it came.
    pub path: Path,
    /// From one of the addresses that the guest gave.
    pub listed: bool,
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("path", &self.path)
            .field("listed", &self.listed)
            .finish_non_exhaustive()
    }
}

impl Incoming {
    /// Waits `within` this for the first frame. [`FrameError::Length`] for a stranger, one who says
    /// nothing among them. [`FrameError::Closed`] at once for a host that dials a guest: another
    /// attempt of ours is on this port, too, and may take the next dial.
    pub(super) async fn read(
        mut stream: Stream,
        path: Path,
        within: Duration,
    ) -> Result<Self, FrameError> {
        let mut reader = FrameReader::default();
        let frame = async {
            loop {
                if let Some(first) = reader.next_frame(&(KNOCK_LEN..=CONFIRM_MAX))? {
                    return Ok(first.to_vec());
                }
                if reader.is_from_host() {
                    return Err(FrameError::Closed);
                }
                reader.fill(&mut stream).await?;
            }
        };
        let first = timeout(within, frame)
            .await
            .unwrap_or(Err(BadLength(0).into()))?;
        match first.len() == KNOCK_LEN || first.len() >= CONFIRM_B_LEN {
            true => Ok(Self {
                stream,
                reader,
                first,
                path,
                listed: true,
            }),
            false => Err(BadLength(u32::try_from(first.len()).unwrap_or(u32::MAX)).into()),
        }
    }
}
