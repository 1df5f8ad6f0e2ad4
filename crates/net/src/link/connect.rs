//! The guest's way to a link: dials every candidate and takes whoever dials,
//! shows CONFIRM_B on each connection, and takes the first on which the host's
//! `go` opens. Who the host is, its CONFIRM_A tells, before `go`.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use undertone_core::pairing::{
    CONFIRM_A_LEN, CONFIRM_MAX, Established, GuestConfirm, PairingError, PeerIdentity,
};
use undertone_core::session::record::{BODY_MAX, BODY_MIN, Channel};

use super::Ready;
use super::dial::{PATH_TIMEOUT, Plan, dial};
use super::frame::{FrameError, FrameReader, framed};
use super::path::Path;
use super::pending::Pending;
use super::port::Port;
use super::stream::Stream;

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// No candidate led to the peer.
    #[error("no path to the other person")]
    NoPath,
    /// The peer is there, and its program does not fit to ours.
    #[error(transparent)]
    Unfit(#[from] PairingError),
}

/// Looks for the host by this `plan`, over UDP too, and at our own `port` for
/// [`PATH_TIMEOUT`]; and by a `relay`, which is waited for and begins another such
/// while. Returns the link that the host's `go` names. `met` hears once who the host is, as soon as
/// it has shown that.
///
/// # Errors
/// [`LinkError`].
pub async fn connect(
    port: &Port,
    mut plan: Plan,
    confirm: &GuestConfirm,
    relay: impl Future<Output = Option<(Stream, Path)>>,
    met: impl FnOnce(&PeerIdentity),
) -> Result<Ready, LinkError> {
    let confirm_b: Arc<[u8]> = confirm.confirm_b().into();
    let dialler = port.dialler();
    let mut dials = JoinSet::new();
    for target in plan.targets(true) {
        let path = Path::direct(target.address);
        let confirm_b = Arc::clone(&confirm_b);
        let greeting = move |stream: TcpStream| greet(stream.into(), path, Arc::clone(&confirm_b));
        dials.spawn(dial(dialler, target, greeting));
    }
    if let Some(ice) = plan.ice() {
        let confirm_b = Arc::clone(&confirm_b);
        dials.spawn(async move {
            let (stream, path) = ice.await?;
            greet(stream, path, confirm_b).await.ok()
        });
    }
    let mut pending = Pending::new();
    let mut known = Pending::new();
    let mut met = Some(met);
    tokio::pin!(relay);
    let mut relay_awaited = true;
    let mut deadline = Instant::now() + PATH_TIMEOUT;
    loop {
        let greeted = tokio::select! {
            Some(ready) = known.next() => match ready.flatten() {
                Some(ready) => return Ok(ready),
                None => continue,
            },
            Some(dialled) = dials.join_next() => dialled.ok().flatten(),
            Some(greeted) = pending.next() => greeted.flatten(),
            (stream, address) = port.accept() => {
                let path = Path::direct(address);
                let greeting = greet(stream.into(), path, Arc::clone(&confirm_b));
                pending.admit(address.ip(), async { greeting.await.ok() });
                continue;
            }
            relay = &mut relay, if relay_awaited => {
                relay_awaited = false;
                if let Some((stream, path)) = relay {
                    deadline = Instant::now() + PATH_TIMEOUT;
                    let greeting = greet(stream, path, Arc::clone(&confirm_b));
                    dials.spawn(async { greeting.await.ok() });
                }
                continue;
            }
            () = sleep_until(deadline), if !relay_awaited => return Err(LinkError::NoPath),
        };
        match greeted.map(|greeted| greeted.check(confirm)) {
            Some(Ok(host)) => {
                if let Some(met) = met.take() {
                    met(&host.established.peer);
                }
                let ip = host.greeted.path.address().ip();
                known.admit(ip, host.go());
            }
            Some(Err(why)) if why.is_authentic() => return Err(why.into()),
            Some(Err(_)) | None => {}
        }
    }
}

/// A connection on which CONFIRM_A arrived, which is not yet checked.
pub(super) struct Greeted {
    stream: Stream,
    reader: FrameReader,
    path: Path,
    confirm_a: Vec<u8>,
}

async fn greet(stream: Stream, path: Path, confirm_b: Arc<[u8]>) -> Result<Greeted, FrameError> {
    greet_on(stream, FrameReader::default(), path, &confirm_b).await
}

pub(super) async fn greet_on(
    mut stream: Stream,
    mut reader: FrameReader,
    path: Path,
    confirm_b: &[u8],
) -> Result<Greeted, FrameError> {
    stream.write_small(&framed(confirm_b)).await?;
    let confirm_a = reader
        .read(&mut stream, CONFIRM_A_LEN..=CONFIRM_MAX)
        .await?;
    Ok(Greeted {
        stream,
        reader,
        path,
        confirm_a,
    })
}

impl Greeted {
    /// The host, as this CONFIRM_A shows it.
    ///
    /// # Errors
    /// As [`GuestConfirm::confirm`].
    pub(super) fn check(self, confirm: &GuestConfirm) -> Result<Host, PairingError> {
        Ok(Host {
            established: confirm.confirm(&self.confirm_a)?,
            greeted: self,
        })
    }
}

/// A connection to the host, on which its `go` is awaited.
pub(super) struct Host {
    greeted: Greeted,
    established: Established,
}

impl Host {
    /// Waits for `go`: the link. `None`: it does not come, or is not authentic.
    pub(super) async fn go(self) -> Option<Ready> {
        let Established { peer, link, resume } = self.established;
        let Greeted {
            mut stream,
            mut reader,
            path,
            confirm_a: _,
        } = self.greeted;
        let mut channel = Channel::new(link).ok()?;
        let record = reader.read(&mut stream, BODY_MIN..=BODY_MAX).await;
        let plaintext = channel.open(&mut record.ok()?).ok()?.to_vec();
        Some(Ready {
            stream,
            reader,
            path,
            channel,
            plaintext,
            peer,
            resume,
        })
    }
}
