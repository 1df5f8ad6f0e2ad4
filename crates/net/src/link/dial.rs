//! Dialling a candidate until somebody answers, by rules learnt from routers:
//!
//! - Both ends dial at once, each from the port that the peer dials: a router
//!   lets in the answer to what went out, and so the peer's dial.
//! - A refusal is no answer: a router that refuses strangers with a reset does so to
//!   a dial that arrives before its own side's has left. It is tried again after 50 to
//!   150 ms, at random, so that two ends do not stay out of step. Where packets fly
//!   faster than that, two dials never cross: meanwhile the guest opens its router
//!   (`open_router`), and the host's next dial comes in.
//! - Silence: a packet was lost, or a router drops what it does not expect. This
//!   port's dial is left to the kernel, which sends again after 1 s, 3 s, 7 s: a new
//!   one would not be the one that the other end and the routers know of. But where
//!   the other end takes whoever comes, a spare dial from another port makes up for
//!   what was lost.
//! - An address of a private network answers within a second or not at all: it may
//!   be a stranger's in this one.
//!
//! A candidate is a peer's word, so the tries are counted: a lie about a third
//! party's address costs it [`TRIES`] connections at the most.

use std::fmt::Display;
use std::io;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use undertone_core::crypto::keys::random;

use super::frame::FrameError;
use super::ice::IcePlan;
use super::interfaces::next_to_us;
use super::path::{Path, is_local};
use super::port::Dialler;
use super::stream::Stream;
use super::tell::Tell;
use crate::rendezvous::reason;
use crate::socket::connected;

/// How long a path is looked for.
pub const PATH_TIMEOUT: Duration = Duration::from_secs(10);
/// … and one on the same network, this machine aside.
const LOCAL_TIMEOUT: Duration = Duration::from_secs(1);
/// Connections to one candidate for one pairing.
pub const TRIES: u32 = FROM_PORT + SPARE;
const FROM_PORT: u32 = 21;
/// So many of them come quickly, the others ten times as far apart.
const QUICK: u32 = 16;
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(150);
/// Spare dials, and after how long one follows another.
const SPARE: u32 = 3;
const SPARE_AFTER: Duration = Duration::from_millis(300);
/// So many refusals are answered by opening our router …
const OPENED: u32 = 4;
/// … by so many dials each, if they are reported to have died: longer than the peer
/// pauses …
const OPENINGS: u32 = 11;
/// … after so long. The first time at once: the reports are used up then.
const OPENING_EVERY: Duration = Duration::from_millis(20);
/// Reports of which a router sends so many at once, at the most: Linux' 6, and some.
const REPORTS: u32 = 8;

/// Whom to dial for a pairing.
#[derive(Debug, Default)]
pub struct Plan {
    /// At most eight addresses.
    pub candidates: Vec<SocketAddr>,
    /// The way over UDP, where both ends offer it.
    pub ice: Option<Box<IcePlan>>,
    /// Our address outside, where it is known.
    pub outside: Option<IpAddr>,
    /// Hears what becomes of the dials.
    pub tell: Tell,
}

impl Plan {
    /// Whether there is nobody to be dialled, nor anything to be tried over UDP.
    pub fn is_hopeless(&self) -> bool {
        self.candidates.is_empty() && self.ice.is_none()
    }

    /// Begins the way over UDP, if there is one.
    pub(super) fn ice(&mut self) -> Option<impl Future<Output = Option<(Stream, Path)>> + use<>> {
        let beside = !self.candidates.is_empty();
        self.ice.take().map(|ice| ice.connect(beside))
    }

    /// What is to be dialled. With `opens` our router is opened where that may help: not where
    /// none is on the way, nor where the way turns back at our own provider's.
    pub(super) fn targets(&self, opens: bool) -> impl Iterator<Item = Target> {
        let is_near = next_to_us();
        self.candidates.iter().map(move |&address| {
            let ip = address.ip();
            Target {
                address,
                opens: opens && !is_local(ip) && !is_near(ip) && self.outside != Some(ip),
                tell: self.tell.clone(),
            }
        })
    }
}

/// One of the peer's addresses.
pub(super) struct Target {
    /// The address.
    pub address: SocketAddr,
    /// A refusal is answered by opening our router.
    opens: bool,
    tell: Tell,
}

impl Target {
    fn tell(&self, what: impl Display) {
        let address = self.address;
        self.tell.tell(|| format!("{address}: {what}"));
    }
}

/// Connects to a target until `greet` gives something; `None` once that is not
/// to be expected any more.
pub(super) async fn dial<T: Send, F>(
    dialler: Dialler,
    target: Target,
    greet: impl Fn(TcpStream) -> F + Sync,
) -> Option<T>
where
    F: Future<Output = Result<T, FrameError>> + Send,
{
    target.tell("dialled");
    let address = target.address;
    let near = is_local(address.ip());
    let within = match near && !address.ip().is_loopback() {
        true => LOCAL_TIMEOUT,
        false => PATH_TIMEOUT,
    };
    let deadline = Instant::now() + within;
    let answered = AtomicBool::new(false);
    let (greet, answered, target) = (&greet, &answered, &target);
    let mut tries = FuturesUnordered::<BoxFuture<'_, Option<T>>>::new();
    tries.push(Box::pin(async move {
        let greet = |stream| {
            answered.store(true, Ordering::Relaxed);
            greet(stream)
        };
        dial_from_port(dialler, target, deadline, greet).await
    }));
    let spare = if near { 0 } else { SPARE };
    for nth in 1..=spare {
        tries.push(Box::pin(async move {
            sleep(SPARE_AFTER * nth).await;
            if answered.load(Ordering::Relaxed) {
                return None;
            }
            let dialled = timeout_at(deadline, dialler.elsewhere().connect(address)).await;
            greet(dialled.ok()?.ok()?).await.ok()
        }));
    }
    while let Some(tried) = tries.next().await {
        if tried.is_some() {
            return tried;
        }
    }
    None
}

/// A connection that was taken and then closed, as an acceptor does that has too many, is tried
/// again; every other failure of `greet` is a stranger's.
async fn dial_from_port<T, F>(
    dialler: Dialler,
    target: &Target,
    deadline: Instant,
    greet: impl Fn(TcpStream) -> F,
) -> Option<T>
where
    F: Future<Output = Result<T, FrameError>>,
{
    let address = target.address;
    let mut told = String::new();
    for tries in 1..=FROM_PORT {
        let Ok(mut dialled) = timeout_at(deadline, dialler.connect(address)).await else {
            target.tell("no answer");
            return None;
        };
        if let Err(error) = &dialled
            && error.kind() == io::ErrorKind::ConnectionRefused
            && target.opens
            && tries <= OPENED
        {
            dialled = open_router(dialler, address, deadline).await;
        }
        let failed = match dialled {
            Ok(stream) => match greet(stream).await {
                Ok(greeted) => return Some(greeted),
                Err(FrameError::Length(_)) => {
                    target.tell("somebody else answers there");
                    return None;
                }
                Err(error) => error.to_string(),
            },
            // The same two ends are connected, or about to be.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                "the other person's own dial came first".into()
            }
            Err(error) if may_pass(&error) => reason(&error),
            Err(error) => {
                target.tell(reason(&error));
                return None;
            }
        };
        if told != failed {
            target.tell(format_args!("{failed}; tried again"));
            told = failed;
        }
        let pause = pause(tries);
        if Instant::now() + pause >= deadline {
            break;
        }
        sleep(pause).await;
    }
    target.tell("given up");
    None
}

/// Lets in the peer's dial, by one of ours that passes our router and that the
/// next hop, which is not the peer's, does not hand on: it is to be met there. But
/// the next hop may report that it died, and end it, even when it is about to be
/// answered. Routers tire of reporting (RFC 1812 §4.3.2.8), so others die first.
///
/// One that lives is kept until it is refused, however late the peer's dial comes. Our
/// router remembers its sequence number, and would have our listener's answer, which has
/// another, for forged: the peer would wait in vain, and so would we.
async fn open_router(
    dialler: Dialler,
    address: SocketAddr,
    deadline: Instant,
) -> io::Result<TcpStream> {
    let mut pause = Duration::ZERO;
    // Counted, not timed: on a busy machine the first may take as long as all of them.
    for _ in 0..OPENINGS {
        for _ in 0..REPORTS {
            drop(dialler.elsewhere().open_router(address));
        }
        let dialled = dialler.open_router(address)?;
        match connected(dialled, sleep_until(deadline)).await {
            Err(error) if error.kind() != io::ErrorKind::HostUnreachable => return Err(error),
            Err(_) => sleep(mem::replace(&mut pause, OPENING_EVERY)).await,
            dialled => return dialled,
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Silence, a refusal, or the peer's own dial, which holds the same pair of
/// addresses and came first.
fn may_pass(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::TimedOut
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::AddrInUse
    )
}

/// How long to wait after so many tries.
fn pause(tries: u32) -> Duration {
    let [jitter] = random::<1>();
    paused(tries, jitter)
}

fn paused(tries: u32, jitter: u8) -> Duration {
    let pause = PAUSE_MIN + (PAUSE_MAX - PAUSE_MIN).mul_f64(f64::from(jitter) / 255.0);
    match tries <= QUICK {
        true => pause,
        false => pause * 10,
    }
}

#[cfg(test)]
mod tests;
