//! What a relayed pair has in common: the queues between its two ends, its bytes, its throttle and
//! that of all pairs. No socket: [`crate::relay`] carries the bytes.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use undertone_wire::RELAY_QUEUE;

use crate::config::RelayLimits;
use crate::refusal::Refusal;
use crate::throttle::Throttle;

/// What all relayed pairs share.
pub(crate) struct Relays {
    limits: RelayLimits,
    total: Arc<Mutex<Throttle>>,
}

/// One end of a relayed pair; dropping it lets the other side finish and go.
pub(crate) struct RelayEnd {
    pub(crate) to: mpsc::Sender<Bytes>,
    pub(crate) from: mpsc::Receiver<Bytes>,
    pub(crate) pair: Arc<Pair>,
}

/// What the two sides share.
pub(crate) struct Pair {
    budget: Mutex<Budget>,
    total: Arc<Mutex<Throttle>>,
    /// Why the relay ended, where it was not by one side's going.
    ended: OnceLock<Refusal>,
}

struct Budget {
    throttle: Throttle,
    bytes: u64,
}

impl Relays {
    pub(crate) fn new(limits: RelayLimits) -> Self {
        Self {
            limits,
            total: Arc::new(Mutex::new(Throttle::new(limits.total_rate))),
        }
    }

    /// Both ends of a new pair.
    pub(crate) fn ends(&self) -> (RelayEnd, RelayEnd) {
        let ((to_one, from_other), (to_other, from_one)) =
            (mpsc::channel(RELAY_QUEUE), mpsc::channel(RELAY_QUEUE));
        let pair = Arc::new(Pair {
            budget: Mutex::new(Budget {
                throttle: Throttle::new(self.limits.rate),
                bytes: self.limits.bytes,
            }),
            total: Arc::clone(&self.total),
            ended: OnceLock::new(),
        });
        let one = RelayEnd {
            to: to_other,
            from: from_other,
            pair: Arc::clone(&pair),
        };
        let other = RelayEnd {
            to: to_one,
            from: from_one,
            pair,
        };
        (one, other)
    }
}

impl Pair {
    /// Takes so much of the pair's bytes, and returns when its throttle and that of all let
    /// it pass. In this order, so that a slow pair books no time of the others'.
    pub(crate) async fn pass(&self, bytes: u64) -> Result<(), Refusal> {
        let turn = {
            let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(left) = budget.bytes.checked_sub(bytes) else {
                let _ = self.ended.set(Refusal::RelaySpent);
                return Err(Refusal::RelaySpent);
            };
            budget.bytes = left;
            budget.throttle.book(bytes, Instant::now().into_std())
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
