//! The host's half-done pairings: who stands at the door, which CONFIRM is
//! awaited, which `go` is out. Any number may be under way; one is nominated at a
//! time, and the session decides what counts.

use std::future::pending;
use std::net::SocketAddr;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::link::Ready;
use crate::link::door::{Door, Visitor};
use crate::link::knock::{self, Doorkeeper, KNOCK_LEN, Reunion};
use crate::link::nominate::{Confirmed, Nomination, Shown, show};
use crate::pairing::HostConfirm;

/// Knocks that are answered at the same time.
const KNOCKS_MAX: usize = 4;

/// What happened at the door.
pub enum Step {
    /// Somebody knocked; whether genuine is to be asked of the doorkeeper.
    Knock(Visitor),
    /// The guest showed itself: `go` is to be sent.
    Confirmed(Box<Confirmed>),
    /// The guest answered `go`.
    Answered(Box<Ready>),
    /// It did not.
    Unanswered,
}

/// The door and everyone before it.
pub struct Lobby {
    door: Door,
    keeper: Doorkeeper,
    expected: Option<Box<HostConfirm>>,
    knocks: JoinSet<Option<(HostConfirm, Visitor)>>,
    nomination: Option<Nomination>,
    /// Confirmed while another's `go` is out.
    later: Option<Box<Confirmed>>,
    /// The task that waits at the mediator, and what it finds.
    seat: Option<(AbortHandle, mpsc::Receiver<HostConfirm>)>,
}

impl Lobby {
    /// A lobby behind this door.
    pub fn new(door: Door) -> Self {
        Lobby {
            door,
            keeper: Doorkeeper::default(),
            expected: None,
            knocks: JoinSet::new(),
            nomination: None,
            later: None,
            seat: None,
        }
    }

    /// Where the door is.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// The guest of this pairing may come from now on.
    pub fn expect(&mut self, confirm: HostConfirm) {
        self.expected = Some(Box::new(confirm));
    }

    /// Takes pairings from a task that waits at the mediator.
    pub fn seat(&mut self, task: AbortHandle, found: mpsc::Receiver<HostConfirm>) {
        self.give_up_seat();
        self.seat = Some((task, found));
    }

    /// Nobody needs to wait at the mediator any more.
    pub fn give_up_seat(&mut self) {
        if let Some((task, _)) = self.seat.take() {
            task.abort();
        }
    }

    /// Lets a knocking visitor in, if its knock is genuine and not too many are in.
    pub fn answer_knock(&mut self, visitor: Visitor, reunion: &Reunion) {
        let genuine = self.keeper.is_genuine(&visitor.first, &reunion.resume);
        if genuine && self.knocks.len() < KNOCKS_MAX {
            let reunion = reunion.clone();
            self.knocks
                .spawn(async move { knock::let_in(visitor, &reunion).await.ok() });
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
        self.later = None;
        self.knocks.abort_all();
        self.give_up_seat();
    }

    /// One `go` is out at a time: who shows itself meanwhile waits for what becomes
    /// of it, or two ways back that are found at once would follow each other.
    fn confirmed(&mut self, confirmed: Box<Confirmed>) -> Option<Step> {
        if self.nomination.is_some() {
            self.later = Some(confirmed);
            return None;
        }
        Some(Step::Confirmed(confirmed))
    }

    /// The next step. Cancel-safe.
    pub async fn next(&mut self) -> Step {
        loop {
            if self.nomination.is_none()
                && let Some(later) = self.later.take()
            {
                return Step::Confirmed(later);
            }
            let visitor = tokio::select! {
                visitor = self.door.next() => {
                    if visitor.first.len() == KNOCK_LEN {
                        return Step::Knock(visitor);
                    }
                    visitor
                }
                Some(let_in) = self.knocks.join_next() => {
                    if let Ok(Some((confirm, visitor))) = let_in
                        && let Shown::Confirmed(confirmed) = show(confirm, visitor)
                        && let Some(step) = self.confirmed(confirmed)
                    {
                        return step;
                    }
                    continue;
                }
                confirm = found(&mut self.seat) => {
                    self.expected = Some(Box::new(confirm));
                    continue;
                }
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
            };
            let Some(visitor) = self.admit(visitor) else {
                continue;
            };
            let Some(expected) = self.expected.take() else {
                continue;
            };
            match show(*expected, visitor) {
                Shown::Confirmed(confirmed) => {
                    if let Some(step) = self.confirmed(confirmed) {
                        return step;
                    }
                }
                Shown::Stranger(expected, _) => self.expected = Some(expected),
            }
        }
    }

    /// A visitor of the pairing whose `go` is out is that pairing's.
    fn admit(&mut self, visitor: Visitor) -> Option<Visitor> {
        match &mut self.nomination {
            Some(nomination) => nomination.admit(visitor),
            None => Some(visitor),
        }
    }
}

async fn found(seat: &mut Option<(AbortHandle, mpsc::Receiver<HostConfirm>)>) -> HostConfirm {
    if let Some((_, receiver)) = seat
        && let Some(confirm) = receiver.recv().await
    {
        return confirm;
    }
    pending().await
}

async fn answered(nomination: &mut Option<Nomination>) -> Option<crate::link::nominate::Answer> {
    match nomination {
        Some(nomination) => nomination.answered().await,
        None => pending().await,
    }
}

impl Drop for Lobby {
    fn drop(&mut self) {
        self.give_up_seat();
    }
}
