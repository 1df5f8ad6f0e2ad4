//! The guest's way to a link: dials every candidate, shows CONFIRM_B on each
//! socket, and takes the first on which the host's `go` opens.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::Ready;
use super::frame::{self, FrameError, FrameReader};
use crate::pairing::{CONFIRM_A_LEN, Established, GuestConfirm};
use crate::session::record::{BODY_MAX, BODY_MIN, Channel};

/// How long a path is looked for.
pub const PATH_WITHIN: Duration = Duration::from_secs(10);
/// The next candidate is dialled this long after the one before it.
const STAGGER: Duration = Duration::from_millis(50);
/// A connection that was taken and then closed without an answer, as a crowded
/// door does, is tried again …
const TRIES: u32 = 8;
/// … after this long, and each time this much later.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// No candidate led to the other one.
#[derive(Debug, thiserror::Error)]
#[error("no path to the other one")]
pub struct NoPath;

/// Dials `candidates` and returns the link that the host's `go` names, within
/// [`PATH_WITHIN`].
///
/// # Errors
/// [`NoPath`].
pub async fn dial(
    candidates: impl Iterator<Item = SocketAddr>,
    confirm: &GuestConfirm,
) -> Result<Ready, NoPath> {
    let dials = candidates.zip(0..).map(|(address, index)| async move {
        // Even a sleep of no length takes a millisecond.
        if index > 0 {
            sleep(STAGGER * index).await;
        }
        for attempt in 0..TRIES {
            match greet(address, confirm).await {
                Ok(greeted) => return Some(greeted),
                Err(FrameError::Closed) => sleep(RETRY_AFTER * (attempt + 1)).await,
                Err(_) => return None,
            }
        }
        None
    });
    let mut dials: FuturesUnordered<_> = dials.collect();
    let first = async {
        while let Some(greeted) = dials.next().await {
            if let Some(opened) = greeted.and_then(|greeted| greeted.open(confirm)) {
                return Ok(opened);
            }
        }
        Err(NoPath)
    };
    timeout(PATH_WITHIN, first).await.unwrap_or(Err(NoPath))
}

/// A socket on which CONFIRM_A and a first record arrived, neither yet checked.
pub(super) struct Greeted {
    pub stream: TcpStream,
    pub reader: FrameReader,
    pub address: SocketAddr,
    pub confirm_a: Vec<u8>,
    pub record: Vec<u8>,
}

async fn greet(address: SocketAddr, confirm: &GuestConfirm) -> Result<Greeted, FrameError> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let reader = FrameReader::default();
    // From here on a broken connection is worth another try.
    greet_on(stream, reader, address, confirm)
        .await
        .map_err(|error| match error {
            FrameError::Io(_) => FrameError::Closed,
            other => other,
        })
}

pub(super) async fn greet_on(
    mut stream: TcpStream,
    mut reader: FrameReader,
    address: SocketAddr,
    confirm: &GuestConfirm,
) -> Result<Greeted, FrameError> {
    frame::write(&mut stream, confirm.confirm_b()).await?;
    let confirm_a = reader
        .read(&mut stream, CONFIRM_A_LEN..=CONFIRM_A_LEN)
        .await?;
    let record = reader.read(&mut stream, BODY_MIN..=BODY_MAX).await?;
    Ok(Greeted {
        stream,
        reader,
        address,
        confirm_a,
        record,
    })
}

impl Greeted {
    /// `None` when either is not authentic: that concerns this socket only.
    pub(super) fn open(mut self, confirm: &GuestConfirm) -> Option<Ready> {
        let Established { peer, link, resume } = confirm.confirm(&self.confirm_a).ok()?;
        let mut channel = Channel::new(link).ok()?;
        let plaintext = channel.open(&mut self.record).ok()?.to_vec();
        let Greeted {
            stream,
            reader,
            address,
            ..
        } = self;
        Some(Ready {
            stream,
            reader,
            address,
            channel,
            plaintext,
            peer,
            resume,
        })
    }
}
