//! Takes the host's connections: those that come, and those that it dials. At most 16
//! sockets that came and have not yet shown that they belong here, besides the
//! few that were dialled or opened over UDP, for at most 2 seconds each. Who sends a whole first
//! frame of a length that the protocol has is given on as [`Incoming`].

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::dial::{Plan, dial};
use super::frame;
use super::incoming::Incoming;
use super::path::Path;
use super::pending::Pending;
pub use super::pending::UNCONFIRMED_MAX;
use super::port::Port;
use super::stream::Stream;
use crate::socket::Segments;

/// How long one may take for its first frame.
pub const UNCONFIRMED_FOR: Duration = Duration::from_secs(2);
/// … and where no stranger can be there: the mediator carries it, which may do so slowly, or the
/// guest's certificate was shown, over UDP, where a loss takes seconds to mend.
const EXPECTED_FOR: Duration = Duration::from_secs(10);

/// Where the host awaits the guest.
pub struct Acceptor {
    port: Arc<Port>,
    pending: Pending<Option<Incoming>>,
    /// Out to meet the guest of a pairing …
    dials: JoinSet<Option<Incoming>>,
    /// … which has these.
    listed: Vec<IpAddr>,
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Acceptor {
    /// Takes what comes to this port.
    pub fn new(port: Arc<Port>) -> Self {
        Self {
            port,
            pending: Pending::new(),
            dials: JoinSet::new(),
            listed: Vec::new(),
        }
    }

    /// Opens a port on this address, or a free one of all.
    ///
    /// # Errors
    /// The system's.
    pub fn open(bind: Option<SocketAddr>) -> io::Result<Self> {
        Ok(Self::new(Arc::new(Port::open(bind)?)))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Goes out to meet the guest at one of these addresses, over UDP too, and no longer at
    /// those of an earlier call.
    pub fn dial(&mut self, mut plan: Plan) {
        self.stop_dialling();
        let ips = plan.candidates.iter().map(SocketAddr::ip);
        self.listed = ips.map(|ip| ip.to_canonical()).collect();
        let dialler = self.port.dialler();
        for target in plan.targets(false) {
            let path = Path::direct(target.address);
            let greeting = move |mut stream: TcpStream| async move {
                frame::write(&mut stream, &[]).await?;
                Incoming::read(stream.into(), path, UNCONFIRMED_FOR).await
            };
            self.dials.spawn(dial(dialler, target, greeting));
        }
        if let Some(ice) = plan.ice() {
            self.dials.spawn(async move {
                let (stream, path) = ice.await?;
                Incoming::read(stream, path, EXPECTED_FOR).await.ok()
            });
        }
    }

    /// Nobody is to be met any more; who is under way to us may come.
    pub fn stop_dialling(&mut self) {
        self.dials = JoinSet::new();
    }

    /// How large the segments of connections may be that are made from now on.
    pub fn limit(&self, segments: Segments) {
        self.port.limit(segments);
    }

    /// The guest may come by this way, too.
    pub fn admit(&mut self, stream: Stream, path: Path) {
        self.dials
            .spawn(async move { Incoming::read(stream, path, EXPECTED_FOR).await.ok() });
    }

    /// The next connection with a whole first frame. Cancel-safe.
    pub async fn next(&mut self) -> Incoming {
        loop {
            tokio::select! {
                biased;
                Some(dialled) = self.dials.join_next() => {
                    if let Ok(Some(incoming)) = dialled {
                        return incoming;
                    }
                }
                Some(incoming) = self.pending.next() => {
                    if let Some(Some(mut incoming)) = incoming {
                        let ip = incoming.path.address().ip().to_canonical();
                        incoming.listed = self.listed.contains(&ip);
                        return incoming;
                    }
                }
                (stream, address) = self.port.accept() => {
                    let path = Path::direct(address);
                    let first = Incoming::read(stream.into(), path, UNCONFIRMED_FOR);
                    self.pending.admit(address.ip(), async { first.await.ok() });
                    // Whoever just came gets to say its word before it could be
                    // turned out for the next one.
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::incoming::KNOCK_LEN;
    use tokio::io::AsyncReadExt;
    use undertone_core::pairing::{CONFIRM_B_LEN, CONFIRM_MAX};

    fn acceptor() -> Acceptor {
        Acceptor::open(Some("127.0.0.1:0".parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn silent_sockets_do_not_keep_the_real_one_out() {
        let mut acceptor = acceptor();
        let address = acceptor.address();
        let opening = tokio::spawn(async move {
            let mut silent = Vec::new();
            for _ in 0..2 * UNCONFIRMED_MAX {
                silent.push(TcpStream::connect(address).await.unwrap());
            }
            let mut real = TcpStream::connect(address).await.unwrap();
            frame::write(&mut real, &[7; CONFIRM_B_LEN]).await.unwrap();
            (silent, real)
        });
        let incoming = acceptor.next().await;
        assert_eq!(incoming.first, [7; CONFIRM_B_LEN]);
        let (mut silent, _real) = opening.await.unwrap();
        assert!(acceptor.pending.len() <= UNCONFIRMED_MAX);
        // The first to come was turned out.
        let ended = silent.first_mut().unwrap().read(&mut [0]).await;
        assert!(matches!(ended, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn frames_of_other_lengths_end_their_socket_only() {
        let mut acceptor = acceptor();
        let address = acceptor.address();
        let opening = tokio::spawn(async move {
            let mut sockets = Vec::new();
            for len in [
                0,
                1,
                KNOCK_LEN - 1,
                KNOCK_LEN + 1,
                CONFIRM_B_LEN - 1,
                CONFIRM_MAX + 1,
            ] {
                let mut socket = TcpStream::connect(address).await.unwrap();
                frame::write(&mut socket, &vec![1; len]).await.unwrap();
                sockets.push(socket);
            }
            let mut real = TcpStream::connect(address).await.unwrap();
            frame::write(&mut real, &[2; KNOCK_LEN]).await.unwrap();
            (sockets, real)
        });
        assert_eq!(acceptor.next().await.first, [2; KNOCK_LEN]);
        opening.await.unwrap();
    }

    #[tokio::test]
    async fn a_host_that_dials_is_told_at_once_that_another_attempt_is_to_take_it() {
        let mut acceptor = acceptor();
        let address = acceptor.address();
        let dialling = async {
            let mut host = TcpStream::connect(address).await.unwrap();
            frame::write(&mut host, &[]).await.unwrap();
            let heard = tokio::time::timeout(UNCONFIRMED_FOR / 2, host.read(&mut [0])).await;
            assert!(matches!(heard, Ok(Ok(0) | Err(_))), "{heard:?}");
            let mut guest = TcpStream::connect(address).await.unwrap();
            frame::write(&mut guest, &[7; CONFIRM_B_LEN]).await.unwrap();
            guest
        };
        let (incoming, _guest) = tokio::join!(acceptor.next(), dialling);
        assert_eq!(incoming.first, [7; CONFIRM_B_LEN]);
    }

    #[tokio::test]
    async fn a_guest_that_only_listens_is_met() {
        let mut acceptor = acceptor();
        let guest = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
        acceptor.dial(Plan {
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
        let (incoming, (_stream, from)) = tokio::join!(acceptor.next(), answer);
        assert_eq!(incoming.first, [3; CONFIRM_B_LEN]);
        assert_eq!(from, acceptor.address());
    }
}
