//! Dialling a candidate until somebody answers, by rules learnt from routers:
//!
//! - A refusal is no answer: a router may refuse a stranger that it would let in
//!   once the other one has dialled out, and forgets the dial that was refused. Then
//!   both ends must dial within one packet's way, L, of each other. Who dials again
//!   the moment that the refusal is here does so every 2 L: one of these dials
//!   meets the other end's. So dials come in bursts, 50 to 150 ms apart, at random,
//!   so that two ends do not stay out of step.
//! - Silence is left to the kernel, which sends again.
//! - An address of a private network answers within a second or not at all: it may
//!   be a stranger's in this one.
//!
//! A candidate is a peer's word, so the tries are counted: a lie about a third
//! party's address costs it [`TRIES`] connections at the most.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::frame::FrameError;
use super::port::Dialler;
use super::route::is_local;
use crate::crypto::keys::random;

/// How long a path is looked for.
pub const PATH_WITHIN: Duration = Duration::from_secs(10);
/// … and one on the same network, this machine aside.
const LOCAL_WITHIN: Duration = Duration::from_secs(1);
/// Connections to one candidate for one pairing.
pub const TRIES: u32 = 128;
/// So many follow each other at once, the first time, when both ends begin together …
const FIRST_BURST: u32 = 32;
/// … and later.
const BURST: u32 = 8;
/// So many come in bursts; the others one by one, ten times as far apart.
const QUICK: u32 = 120;
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(150);

/// Connects to `address` until `greet` gives something; `None` once that is not
/// to be expected any more. A connection that was taken and then closed, as a
/// crowded door does, is tried again; every other failure of `greet` is a
/// stranger's.
pub(super) async fn dial<T, F>(
    dialler: Dialler,
    address: SocketAddr,
    greet: impl Fn(TcpStream) -> F,
) -> Option<T>
where
    F: Future<Output = Result<T, FrameError>>,
{
    let within = match is_local(address.ip()) && !address.ip().is_loopback() {
        true => LOCAL_WITHIN,
        false => PATH_WITHIN,
    };
    let deadline = Instant::now() + within;
    for attempt in 0..TRIES {
        match timeout_at(deadline, dialler.connect(address)).await.ok()? {
            Ok(stream) => match greet(stream).await {
                Ok(greeted) => return Some(greeted),
                Err(FrameError::Closed | FrameError::Io(_)) => {}
                Err(FrameError::Length(_)) => return None,
            },
            Err(error) if may_pass(&error) => {}
            Err(_) => return None,
        }
        match pause(attempt) {
            Some(pause) if Instant::now() + pause >= deadline => return None,
            Some(pause) => sleep(pause).await,
            None => tokio::task::yield_now().await,
        }
    }
    None
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

/// How long to wait after this try, from 0; `None`: not at all.
fn pause(attempt: u32) -> Option<Duration> {
    let [jitter] = random::<1>();
    let pause = PAUSE_MIN + (PAUSE_MAX - PAUSE_MIN).mul_f64(f64::from(jitter) / 255.0);
    match attempt {
        quick if quick < QUICK => {
            let ends = quick + 1 >= FIRST_BURST && (quick + 1).is_multiple_of(BURST);
            ends.then_some(pause)
        }
        _ => Some(pause * 10),
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
        let dialled = dial(one.dialler(), other.address(), async |_| {
            match tries.fetch_add(1, Ordering::Relaxed) {
                2 => Ok("third"),
                _ => Err(FrameError::Closed),
            }
        });
        assert_eq!(dialled.await, Some("third"));
    }

    #[tokio::test]
    async fn a_stranger_is_not_spoken_to_twice() {
        let (one, other) = (here(), here());
        let tries = AtomicU32::new(0);
        let dialled = dial(one.dialler(), other.address(), async |_| {
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
        let dialled = dial(one.dialler(), closed, async |_| Ok(()));
        assert_eq!(dialled.await, None);
        assert!(begun.elapsed() <= PATH_WITHIN, "{:?}", begun.elapsed());
    }

    #[test]
    fn pauses_are_neither_in_step_nor_endless() {
        let quick: Vec<_> = (0..QUICK).filter_map(pause).collect();
        assert_eq!(quick.len(), 12);
        assert!(quick.iter().all(|p| (PAUSE_MIN..=PAUSE_MAX).contains(p)));
        assert!(quick.iter().any(|p| *p != quick[0]));
        let all: Duration = (0..TRIES).filter_map(pause).sum();
        assert!(all >= PATH_WITHIN / 2, "to the end, or nearly: {all:?}");
    }
}
