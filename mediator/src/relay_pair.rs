//! What a relayed pair has in common: the queues between its two ends, its bytes, its pace and that
//! of all pairs. No socket: [`crate::relay`] carries the bytes.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use undertone_wire::RELAY_QUEUE;

use crate::config::RelayLimits;
use crate::pace::Pace;
use crate::refusal::Refusal;

/// What all relayed pairs share.
pub(crate) struct Relays {
    limits: RelayLimits,
    total: Arc<Mutex<Pace>>,
}

/// One side's place in a relayed pair; dropping it lets the other side finish and go.
pub(crate) struct Leg {
    pub(crate) to: mpsc::Sender<Bytes>,
    pub(crate) from: mpsc::Receiver<Bytes>,
    pub(crate) pair: Arc<Pair>,
}

/// What the two sides share.
pub(crate) struct Pair {
    budget: Mutex<Budget>,
    total: Arc<Mutex<Pace>>,
    /// Why the relay ended, where it was not by one side's going.
    ended: OnceLock<Refusal>,
}

struct Budget {
    pace: Pace,
    bytes: u64,
}

impl Relays {
    pub(crate) fn new(limits: RelayLimits) -> Self {
        Self {
            limits,
            total: Arc::new(Mutex::new(Pace::new(limits.total_rate))),
        }
    }

    /// Both sides of a new pair.
    pub(crate) fn legs(&self) -> (Leg, Leg) {
        let ((to_one, from_other), (to_other, from_one)) =
            (mpsc::channel(RELAY_QUEUE), mpsc::channel(RELAY_QUEUE));
        let pair = Arc::new(Pair {
            budget: Mutex::new(Budget {
                pace: Pace::new(self.limits.rate),
                bytes: self.limits.bytes,
            }),
            total: Arc::clone(&self.total),
            ended: OnceLock::new(),
        });
        let one = Leg {
            to: to_other,
            from: from_other,
            pair: Arc::clone(&pair),
        };
        let other = Leg {
            to: to_one,
            from: from_one,
            pair,
        };
        (one, other)
    }
}

impl Pair {
    /// Takes so much of the pair's bytes, and returns when its pace and that of all let
    /// it pass. In this order, so that a slow pair books no time of the others'.
    pub(crate) async fn pass(&self, bytes: u64) -> Result<(), Refusal> {
        let turn = {
            let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(left) = budget.bytes.checked_sub(bytes) else {
                let _ = self.ended.set(Refusal::RelaySpent);
                return Err(Refusal::RelaySpent);
            };
            budget.bytes = left;
            budget.pace.book(bytes, Instant::now().into_std())
        };
        if let Some(turn) = turn {
            sleep_until(turn.into()).await;
        }
        let turn = {
            let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
            total.book(bytes, Instant::now().into_std())
        };
        if let Some(turn) = turn {
            sleep_until(turn.into()).await;
        }
        Ok(())
    }

    /// Why the relay ended, where it was not by one side's going.
    pub(crate) fn ended(&self) -> Option<Refusal> {
        self.ended.get().copied()
    }
}
