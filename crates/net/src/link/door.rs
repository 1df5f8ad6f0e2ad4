//! The host's door: who comes to it, and whom it goes out to meet. At most 16
//! sockets that came and have not yet shown that they belong here, besides the
//! few that were dialled, for at most 2 seconds each. Who sends a whole first
//! frame of a length that the protocol has is handed over; whether it is genuine
//! is for the pairing to say.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use undertone_core::pairing::CONFIRM_B_LEN;

use super::crowd::Crowd;
pub use super::crowd::UNCONFIRMED_MAX;
use super::dial::{Plan, dial};
use super::frame::{self, FrameError, FrameReader};
use super::here::Here;
use super::knock::KNOCK_LEN;
use super::path::Path;
use super::port::Port;
use super::stream::Stream;
use crate::socket::Segments;

/// How long one may take for its first frame.
pub const UNCONFIRMED_FOR: Duration = Duration::from_secs(2);
/// … and where the mediator carries it, which may do so slowly.
const RELAYED_FOR: Duration = Duration::from_secs(10);

/// A socket whose first frame is here.
pub struct Visitor {
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

/// Where the host meets the guest.
pub struct Door {
    port: Arc<Port>,
    visitors: Crowd<Option<Visitor>>,
    /// Out to meet the guest of a pairing …
    dials: JoinSet<Option<Visitor>>,
    /// … which has these …
    listed: Vec<IpAddr>,
    /// … and may look whether we are on its machine.
    here: Option<Here>,
}

impl Door {
    /// A door at this port.
    pub fn new(port: Arc<Port>) -> Self {
        Door {
            port,
            visitors: Crowd::new(),
            dials: JoinSet::new(),
            listed: Vec::new(),
            here: None,
        }
    }

    /// Opens a port on this address, or a free one of all, and a door there.
    ///
    /// # Errors
    /// The system's.
    pub fn open(bind: Option<SocketAddr>) -> io::Result<Door> {
        Ok(Door::new(Arc::new(Port::open(bind)?)))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Goes out to meet the guest at one of these addresses, and no longer at
    /// those of an earlier call.
    pub fn dial(&mut self, plan: Plan) {
        self.stop_dialling();
        let ips = plan.candidates.iter().map(SocketAddr::ip);
        self.listed = ips.map(|ip| ip.to_canonical()).collect();
        let dialler = self.port.dialler();
        for target in plan.targets(false) {
            let path = Path::direct(target.address);
            let greeting = move |mut stream: TcpStream| async move {
                frame::write(&mut stream, &[]).await?;
                first_frame(stream.into(), path, UNCONFIRMED_FOR).await
            };
            self.dials.spawn(dial(dialler, target, greeting));
        }
        self.here = plan.here;
    }

    /// Nobody is to be met any more; who is under way to us may come.
    pub fn stop_dialling(&mut self) {
        self.dials = JoinSet::new();
        self.here = None;
    }

    /// How large the segments of connections may be that are made from now on.
    pub fn limit(&self, segments: Segments) {
        self.port.limit(segments);
    }

    /// The guest may come by this way, too.
    pub fn admit(&mut self, stream: Stream, path: Path) {
        self.dials
            .spawn(async move { first_frame(stream, path, RELAYED_FOR).await.ok() });
    }

    /// The next visitor with a whole first frame. Cancel-safe.
    pub async fn next(&mut self) -> Visitor {
        loop {
            tokio::select! {
                biased;
                Some(dialled) = self.dials.join_next() => {
                    if let Ok(Some(visitor)) = dialled {
                        return visitor;
                    }
                }
                Some(visitor) = self.visitors.next() => {
                    if let Some(Some(mut visitor)) = visitor {
                        let ip = visitor.path.address().ip().to_canonical();
                        visitor.listed = self.listed.contains(&ip);
                        return visitor;
                    }
                }
                (stream, address) = self.port.accept() => {
                    let path = Path::direct(address);
                    let first = first_frame(stream.into(), path, UNCONFIRMED_FOR);
                    self.visitors.admit(address.ip(), async { first.await.ok() });
                    // Whoever just came gets to say its word before it could be
                    // turned out for the next one.
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

/// `Length` for a stranger, one who says nothing among them.
async fn first_frame(
    mut stream: Stream,
    path: Path,
    within: Duration,
) -> Result<Visitor, FrameError> {
    let mut reader = FrameReader::default();
    let frame = reader.read(&mut stream, KNOCK_LEN..=CONFIRM_B_LEN);
    let first = timeout(within, frame)
        .await
        .unwrap_or(Err(FrameError::Length(0)))?;
    match [KNOCK_LEN, CONFIRM_B_LEN].contains(&first.len()) {
        true => Ok(Visitor {
            stream,
            reader,
            first,
            path,
            listed: true,
        }),
        false => Err(FrameError::Length(
            u32::try_from(first.len()).unwrap_or(u32::MAX),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn door() -> Door {
        Door::open(Some("127.0.0.1:0".parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn a_crowd_of_silent_sockets_does_not_keep_the_real_one_out() {
        let mut door = door();
        let address = door.address();
        let opening = tokio::spawn(async move {
            let mut silent = Vec::new();
            for _ in 0..2 * UNCONFIRMED_MAX {
                silent.push(TcpStream::connect(address).await.unwrap());
            }
            let mut real = TcpStream::connect(address).await.unwrap();
            frame::write(&mut real, &[7; CONFIRM_B_LEN]).await.unwrap();
            (silent, real)
        });
        let visitor = door.next().await;
        assert_eq!(visitor.first, [7; CONFIRM_B_LEN]);
        let (mut silent, _real) = opening.await.unwrap();
        assert!(door.visitors.len() <= UNCONFIRMED_MAX);
        // The first to come was turned out.
        let ended = silent.first_mut().unwrap().read(&mut [0]).await;
        assert!(matches!(ended, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn frames_of_other_lengths_end_their_socket_only() {
        let mut door = door();
        let address = door.address();
        let opening = tokio::spawn(async move {
            let mut sockets = Vec::new();
            for len in [0, 1, KNOCK_LEN - 1, KNOCK_LEN + 1, CONFIRM_B_LEN + 1, 4000] {
                let mut socket = TcpStream::connect(address).await.unwrap();
                frame::write(&mut socket, &vec![1; len]).await.unwrap();
                sockets.push(socket);
            }
            let mut real = TcpStream::connect(address).await.unwrap();
            frame::write(&mut real, &[2; KNOCK_LEN]).await.unwrap();
            (sockets, real)
        });
        assert_eq!(door.next().await.first, [2; KNOCK_LEN]);
        opening.await.unwrap();
    }

    #[tokio::test]
    async fn a_guest_that_only_listens_is_met() {
        let mut door = door();
        let guest = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        door.dial(Plan {
            candidates: vec![guest.address()],
            ..Plan::default()
        });
        let answer = async {
            let (mut stream, from) = guest.accept().await;
            frame::write(&mut stream, &[3; CONFIRM_B_LEN])
                .await
                .unwrap();
            (stream, from)
        };
        let (visitor, (_stream, from)) = tokio::join!(door.next(), answer);
        assert_eq!(visitor.first, [3; CONFIRM_B_LEN]);
        assert_eq!(from, door.address());
    }
}
