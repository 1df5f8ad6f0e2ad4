//! The host's half-done pairings: which connections came, which CONFIRM
//! is awaited, which ways to the guest are known, which `go` is out. Any number may be
//! under way; one is nominated at a time, and the session decides what counts.

use std::fmt;
use std::future::pending;
use std::net::SocketAddr;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep_until;
use undertone_core::pairing::HostConfirm;

use crate::link::Ready;
use crate::link::acceptor::Acceptor;
use crate::link::dial::Plan;
use crate::link::incoming::{Incoming, KNOCK_LEN};
use crate::link::nominate::{Answer, Confirmed, Nomination, Shown, Unfit, show};
use crate::link::path::Path;
use crate::link::resume::{self, KnockVerifier, ResumeContext};
use crate::link::stream::Stream;
use crate::socket::Segments;

/// Knocks that are answered at the same time.
const KNOCKS_MAX: usize = 4;

/// What a task that waits at the mediator finds.
#[derive(Debug)]
pub enum Found {
    /// A pairing whose guest may come, or be met.
    Pairing(Box<HostConfirm>, Plan),
    /// A further way on which that guest may come.
    Way(Stream, Path),
}

/// What came of a connection, or of a pairing under way.
#[derive(Debug)]
pub enum Step {
    /// Somebody knocked; whether genuine, [`HostAcceptor::answer_knock`] tells.
    Knock(Incoming),
    /// The guest showed itself: `go` is to be sent.
    Confirmed(Box<Confirmed>),
    /// The guest answered `go`.
    Answered(Box<Ready>),
    /// It did not.
    Unanswered,
    /// It is there, and its program does not fit to ours.
    Unfit(Box<Unfit>),
}

/// Where the guest is awaited, and every connection that may be its.
pub struct HostAcceptor {
    acceptor: Acceptor,
    verifier: KnockVerifier,
    expected: Option<Box<HostConfirm>>,
    knocks: JoinSet<Option<(HostConfirm, Incoming)>>,
    /// Confirmed, and not yet nominated: a better way may come, or another's `go`
    /// is out.
    confirmed: Option<Box<Confirmed>>,
    nomination: Option<Nomination>,
    /// The peer of the pairing under way runs in a browser: what comes by UDP is its only direct way.
    with_browser: bool,
    /// The task that waits at the mediator, and what it finds.
    seat: Option<(AbortHandle, mpsc::Receiver<Found>)>,
}

impl fmt::Debug for HostAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostAcceptor")
            .field("expected", &self.expected)
            .field("confirmed", &self.confirmed)
            .finish_non_exhaustive()
    }
}

impl HostAcceptor {
    /// One over this acceptor.
    pub fn new(acceptor: Acceptor) -> Self {
        Self {
            acceptor,
            verifier: KnockVerifier::default(),
            expected: None,
            knocks: JoinSet::new(),
            confirmed: None,
            nomination: None,
            with_browser: false,
            seat: None,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.acceptor.address()
    }

    /// How large the segments of connections may be that are made from now on.
    pub fn limit(&self, segments: Segments) {
        self.acceptor.limit(segments);
    }

    /// Takes what was found at the mediator.
    pub fn take(&mut self, found: Found) {
        match found {
            Found::Pairing(confirm, plan) => {
                self.expected = Some(confirm);
                self.with_browser = plan.ice.as_ref().is_some_and(|ice| ice.with_browser);
                self.acceptor.dial(plan);
            }
            Found::Way(stream, route) => self.acceptor.admit(stream, route),
        }
    }

    /// Takes what a task finds that waits at the mediator.
    pub fn seat(&mut self, task: AbortHandle, found: mpsc::Receiver<Found>) {
        self.give_up_seat();
        self.seat = Some((task, found));
    }

    /// Nobody needs to wait at the mediator any more.
    pub fn give_up_seat(&mut self) {
        if let Some((task, _)) = self.seat.take() {
            task.abort();
        }
    }

    /// Lets in who knocks, if its knock is genuine and not too many are in.
    pub fn answer_knock(&mut self, incoming: Incoming, context: &ResumeContext) {
        let genuine = self.verifier.is_genuine(&incoming.first, &context.resume);
        if genuine && self.knocks.len() < KNOCKS_MAX {
            let context = context.clone();
            self.knocks
                .spawn(async move { resume::accept(incoming, &context).await.ok() });
        }
    }

    /// A `go` is out; every other pairing under way is dropped.
    pub fn nominated(&mut self, nomination: Nomination) {
        self.expected = None;
        self.knocks.abort_all();
        self.nomination = Some(nomination);
    }

    /// There is a link: nothing half-done may still come to freeze it.
    fn settle(&mut self) {
        self.expected = None;
        self.confirmed = None;
        self.knocks.abort_all();
        self.acceptor.stop_dialling();
        self.give_up_seat();
    }

    /// The next step. Cancel-safe.
    pub async fn next(&mut self) -> Step {
        loop {
            tokio::select! {
                () = due(&self.confirmed), if self.nomination.is_none() => {
                    if let Some(confirmed) = self.confirmed.take() {
                        return Step::Confirmed(confirmed);
                    }
                }
                incoming = self.acceptor.next() => {
                    if incoming.first.len() == KNOCK_LEN {
                        return Step::Knock(incoming);
                    }
                    if let Some(unfit) = self.admit(incoming) {
                        return Step::Unfit(unfit);
                    }
                }
                Some(let_in) = self.knocks.join_next() => {
                    if let Ok(Some((confirm, incoming))) = let_in
                        && let Shown::Confirmed(confirmed) = show(confirm, incoming)
                    {
                        self.confirmed = Some(confirmed.only_way());
                    }
                }
                found = found(&mut self.seat) => self.take(found),
                answer = answered(&mut self.nomination) => {
                    let nomination = self.nomination.take();
                    return match (answer, nomination) {
                        (Some(answer), Some(nomination)) => {
                            self.settle();
                            Step::Answered(Box::new(nomination.into_ready(answer)))
                        }
                        _ => Step::Unanswered,
                    };
                }
            }
        }
    }

    /// Shows an incoming connection to the pairings under way, the furthest first.
    fn admit(&mut self, incoming: Incoming) -> Option<Box<Unfit>> {
        let stranger = match &mut self.nomination {
            Some(nomination) => nomination.admit(incoming),
            None => Some(incoming),
        };
        let stranger = match (stranger, &mut self.confirmed) {
            (Some(incoming), Some(confirmed)) => confirmed.admit(incoming),
            (stranger, _) => stranger,
        };
        if let (Some(incoming), Some(expected)) = (stranger, self.expected.take()) {
            // No other end than the peer's has got through DTLS there: nothing better comes.
            let is_only = self.with_browser && incoming.path.is_udp();
            match show(*expected, incoming) {
                Shown::Confirmed(confirmed) if is_only => {
                    self.confirmed = Some(confirmed.only_way());
                }
                Shown::Confirmed(confirmed) => self.confirmed = Some(confirmed),
                Shown::Stranger(expected, _) => self.expected = Some(expected),
                Shown::Unfit(unfit) => return Some(unfit),
            }
        }
        None
    }
}

/// Returns when the pairing that waits is to be nominated.
async fn due(confirmed: &Option<Box<Confirmed>>) {
    match confirmed.as_ref().map(|confirmed| confirmed.better_until()) {
        None => pending().await,
        Some(None) => {}
        Some(Some(until)) => sleep_until(until).await,
    }
}

async fn found(seat: &mut Option<(AbortHandle, mpsc::Receiver<Found>)>) -> Found {
    if let Some((_, receiver)) = seat
        && let Some(found) = receiver.recv().await
    {
        return found;
    }
    pending().await
}

async fn answered(nomination: &mut Option<Nomination>) -> Option<Answer> {
    match nomination {
        Some(nomination) => nomination.answered().await,
        None => pending().await,
    }
}

impl Drop for HostAcceptor {
    fn drop(&mut self) {
        self.give_up_seat();
    }
}
