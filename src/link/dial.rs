//! Dialling a candidate until somebody answers, by rules learnt from routers:
//!
//! - A router lets in the answer to what went out. One that refuses strangers with a
//!   reset spoils that: whoever dials first is refused, its own router notes the
//!   refusal, and for some 10 s takes nothing more between these two ends. So a first
//!   dial over the internet has so small a hop limit that it dies behind our router,
//!   which it opens, and before the other one's, which it would annoy. The host's real
//!   dial follows after a while, the guest's after another: so the host's finds the
//!   guest's router open and the guest dialling, though the two are out of step. (The
//!   guest must be dialling: its router keeps to the sequence number that it saw.)
//! - A refusal is no answer: tried again after 50 to 150 ms, at random, so that two
//!   ends do not stay out of step.
//! - Silence: a packet was lost, or a router drops what it does not expect. The
//!   kernel sends again after 1 s, 3 s, 7 s; over the internet one dial more, after
//!   500 ms, makes up for the first loss.
//! - An address of a private network answers within a second or not at all: it may
//!   be a stranger's in this one.
//!
//! A candidate is a peer's word, so the tries are counted: a lie about a third
//! party's address costs it [`TRIES`] connections at the most.

use std::future::pending;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::frame::FrameError;
use super::port::Dialler;
use super::route::is_local;
use crate::crypto::keys::random;

/// How long a path is looked for.
pub const PATH_WITHIN: Duration = Duration::from_secs(10);
/// … and one on the same network, this machine aside.
const LOCAL_WITHIN: Duration = Duration::from_secs(1);
/// Connections to one candidate for one pairing, the opening one aside.
pub const TRIES: u32 = 24;
/// So many of them come quickly, the others ten times as far apart.
const QUICK: u32 = 16;
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(150);
/// The host's real dial follows the opening one by more than the two ends are out of
/// step, which hear of each other at about the same time …
pub(super) const HOST_OPENING: Duration = Duration::from_millis(50);
/// … and the guest's by as much, and a packet's way.
pub(super) const GUEST_OPENING: Duration = Duration::from_millis(200);
/// An opening dial that is told to have died is followed by another after so long.
const OPENING_EVERY: Duration = Duration::from_millis(5);
/// The kernel's own first resend comes after twice this.
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Whom to dial for a pairing.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// At most eight addresses.
    pub candidates: Vec<SocketAddr>,
    /// Routers of ours to be opened.
    pub routers: u8,
    /// Our address outside, where it is known.
    pub outside: Option<IpAddr>,
}

impl Plan {
    /// How long our routers are opened to `address`: not at all where none is on the
    /// way, nor where the way turns back at our own provider's, which would see both
    /// ends' first dials as one connection and take no second one.
    pub(super) fn opening(&self, address: SocketAddr, usual: Duration) -> Duration {
        match is_local(address.ip()) || self.outside == Some(address.ip()) {
            true => Duration::ZERO,
            false => usual,
        }
    }
}

/// Connects to `address` until `greet` gives something; `None` once that is not
/// to be expected any more. Routers are opened for `opening` before. A connection that was taken and then closed, as a
/// crowded door does, is tried again; every other failure of `greet` is a
/// stranger's.
pub(super) async fn dial<T, F>(
    dialler: Dialler,
    address: SocketAddr,
    opening: Duration,
    greet: impl Fn(TcpStream) -> F,
) -> Option<T>
where
    F: Future<Output = Result<T, FrameError>>,
{
    let near = is_local(address.ip());
    let within = match near && !address.ip().is_loopback() {
        true => LOCAL_WITHIN,
        false => PATH_WITHIN,
    };
    let deadline = Instant::now() + within;
    if !opening.is_zero()
        && let Some(stream) = open_routers(dialler, address, opening).await
    {
        // Near enough, an opening dial arrives.
        match greet(stream).await {
            Ok(greeted) => return Some(greeted),
            Err(FrameError::Closed | FrameError::Io(_)) => {}
            Err(FrameError::Length(_)) => return None,
        }
    }
    for attempt in 0..TRIES {
        let until = match attempt {
            0 if !near => Instant::now() + AGAIN_AFTER,
            _ => deadline,
        };
        match timeout_at(until, dialler.connect(address)).await {
            Err(_) if until < deadline => continue,
            Err(_) => return None,
            Ok(Ok(stream)) => match greet(stream).await {
                Ok(greeted) => return Some(greeted),
                Err(FrameError::Closed | FrameError::Io(_)) => {}
                Err(FrameError::Length(_)) => return None,
            },
            Ok(Err(error)) if may_pass(&error) => {}
            Ok(Err(_)) => return None,
        }
        let pause = pause(attempt);
        if Instant::now() + pause >= deadline {
            return None;
        }
        sleep(pause).await;
    }
    None
}

/// Opens our routers to `address` for so long, unless the other one comes through.
async fn open_routers(
    dialler: Dialler,
    address: SocketAddr,
    opening: Duration,
) -> Option<TcpStream> {
    let opened = async {
        loop {
            match dialler.open_routers(address).await {
                Ok(stream) => return stream,
                Err(error) if error.kind() == io::ErrorKind::HostUnreachable => {
                    sleep(OPENING_EVERY).await;
                }
                Err(_) => return pending().await,
            }
        }
    };
    timeout(opening, opened).await.ok()
}

/// A refusal, or the other one's own dial, which holds the same pair of addresses
/// and came first.
fn may_pass(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::AddrInUse
    )
}

/// How long to wait after this try, from 0.
fn pause(attempt: u32) -> Duration {
    let [jitter] = random::<1>();
    let pause = PAUSE_MIN + (PAUSE_MAX - PAUSE_MIN).mul_f64(f64::from(jitter) / 255.0);
    match attempt < QUICK {
        true => pause,
        false => pause * 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::port::Port;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn here() -> Port {
        Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_is_closed_without_a_word_is_tried_again() {
        let (one, other) = (here(), here());
        let tries = AtomicU32::new(0);
        let dialled = dial(
            one.dialler(),
            other.address(),
            HOST_OPENING,
            async |_| match tries.fetch_add(1, Ordering::Relaxed) {
                2 => Ok("third"),
                _ => Err(FrameError::Closed),
            },
        );
        assert_eq!(dialled.await, Some("third"));
    }

    #[tokio::test]
    async fn a_stranger_is_not_spoken_to_twice() {
        let (one, other) = (here(), here());
        let tries = AtomicU32::new(0);
        let dialled = dial(one.dialler(), other.address(), HOST_OPENING, async |_| {
            tries.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(FrameError::Length(7))
        });
        assert_eq!(dialled.await, None);
        assert_eq!(tries.into_inner(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_come_to_an_end() {
        let one = here();
        let closed = here().address();
        let begun = Instant::now();
        let dialled = dial(one.dialler(), closed, HOST_OPENING, async |_| Ok(()));
        assert_eq!(dialled.await, None);
        assert!(begun.elapsed() <= PATH_WITHIN, "{:?}", begun.elapsed());
    }

    #[test]
    fn pauses_are_neither_in_step_nor_endless() {
        let quick: Vec<_> = (0..QUICK).map(pause).collect();
        assert!(quick.iter().all(|p| (PAUSE_MIN..=PAUSE_MAX).contains(p)));
        assert!(quick.iter().any(|p| *p != quick[0]));
        let all: Duration = (0..TRIES).map(pause).sum();
        assert!(all >= PATH_WITHIN / 2, "to the end, or nearly: {all:?}");
    }
}
