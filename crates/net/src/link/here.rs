//! Whether the peer runs on this machine. Only then may an address of this machine be
//! dialled for it: what else listens there trusts whoever comes from here, and the peer
//! could make us knock at it.
//!
//! Each end listens at a Unix socket whose name only the two of this pairing can derive, and
//! knocks at the other end's. Such a socket is reached from this machine and nowhere else; on
//! Linux its name is abstract, and of the same network namespace as loopback. Whoever comes
//! second finds the first one's, so that one knock is enough for both to know. What mediator
//! there is, and from where it seems to be reached, shows nothing: it may be reached by a tunnel
//! here, and by others from afar.

use std::future::pending;
use std::io;
use std::net::IpAddr;
use std::os::unix::net::UnixListener;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Knocks that wait to be taken.
const BACKLOG: i32 = 4;

/// Shows the peer that we are here, and learns whether it is, for as long as this lives.
#[derive(Clone, Debug)]
pub struct Here {
    addresses: Vec<IpAddr>,
    shown: watch::Receiver<bool>,
    _listening: Arc<JoinSet<()>>,
}

impl Here {
    /// Listens and knocks at the two names, `ours` first. `addresses` are this machine's.
    ///
    /// # Errors
    /// The system's.
    pub fn show([ours, theirs]: &[[u8; 32]; 2], addresses: Vec<IpAddr>) -> io::Result<Self> {
        let listener = listen(&name(ours)?)?;
        // Only now: of two that listen first, one finds the other.
        let found = knock(&name(theirs)?);
        let (shown, awaited) = watch::channel(found);
        let mut listening = JoinSet::new();
        listening.spawn(async move {
            while listener.accept().await.is_err() {}
            shown.send_replace(true);
            // Nobody else knows the name.
            pending::<()>().await;
        });
        Ok(Self {
            addresses,
            shown: awaited,
            _listening: Arc::new(listening),
        })
    }

    /// Whether an address is this machine's own.
    pub(super) fn is_ours(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_loopback() || self.addresses.contains(&ip)
    }

    /// Waits until the peer has shown that it is on this machine. Cancel-safe.
    pub(super) async fn shown(mut self) {
        if self.shown.wait_for(|shown| *shown).await.is_err() {
            pending().await
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn name(key: &[u8; 32]) -> io::Result<SockAddr> {
    SockAddr::unix(format!("\0undertone/1 here {}", HEXLOWER.encode(key)))
}

/// Elsewhere there are no abstract names; what a file is left behind of hinders nobody.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn name(key: &[u8; 32]) -> io::Result<SockAddr> {
    SockAddr::unix(format!("/tmp/undertone-1-{}", HEXLOWER.encode(key)))
}

fn listen(name: &SockAddr) -> io::Result<tokio::net::UnixListener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(name)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    tokio::net::UnixListener::from_std(UnixListener::from(socket))
}

/// Whether somebody listens there.
fn knock(name: &SockAddr) -> bool {
    let knocking = || {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(name)
    };
    knocking().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::net::Ipv4Addr;
    use undertone_core::crypto::keys::random;

    #[tokio::test]
    async fn whoever_knows_both_names_is_found_by_both() {
        let [ours, theirs] = [random(), random()];
        let one = Here::show(&[ours, theirs], Vec::new()).unwrap();
        assert_eq!(one.clone().shown().now_or_never(), None);
        let other = Here::show(&[theirs, ours], Vec::new()).unwrap();
        assert_eq!(other.shown().now_or_never(), Some(()));
        one.shown().await;
    }

    #[tokio::test]
    async fn whoever_has_another_name_is_not_found() {
        let ours = random();
        let one = Here::show(&[ours, random()], Vec::new()).unwrap();
        let other = Here::show(&[random(), random()], Vec::new()).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(one.shown().now_or_never(), None);
        assert_eq!(other.shown().now_or_never(), None);
    }

    #[tokio::test]
    async fn own_addresses_are_known_in_any_form() {
        let lan = Ipv4Addr::new(192, 168, 1, 20);
        let here = Here::show(&[random(), random()], vec![lan.into()]).unwrap();
        for own in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "::ffff:127.0.0.1",
            "192.168.1.20",
        ] {
            assert!(here.is_ours(own.parse().unwrap()), "{own}");
        }
        assert!(here.is_ours(lan.to_ipv6_mapped().into()));
        assert!(!here.is_ours(Ipv4Addr::new(192, 168, 1, 21).into()));
    }
}
