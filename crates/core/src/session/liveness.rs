//! Whether a link lives, by what is heard on it and nothing else: when to ask,
//! when to call it unstable, when to give it up.
//!
//! ```text
//! heard ── 15 s ± 20 % ──▶ ping          said, answer, ping: an answer is owed
//! owed  ── 2 s ──▶ ping ── 5 s ──▶ unstable, a ping each second ── 10 s ──▶ dead
//! ```
//!
//! Any record is a sign of life and ends the wait. What was under way already when
//! something was said says nothing of how it is since: unless that is acknowledged,
//! or a pong followed the ping behind it, a new wait begins. A blocked chat acknowledges
//! nothing, and is alive by its pongs.

use std::time::Duration;

use crate::time::Instant;

use crate::crypto::keys::random;

/// A silence is asked about after this long at the earliest …
const PING_MIN: Duration = Duration::from_secs(12);
/// … and at the latest. At random, so that the two ends do not keep step.
const PING_MAX: Duration = Duration::from_secs(18);
/// An answer that is owed is asked for after this long …
const ASK_AFTER: Duration = Duration::from_secs(2);
/// … makes the link unstable after this long …
const UNSTABLE_AFTER: Duration = Duration::from_secs(5);
/// … in which state it is probed this often …
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// … and dead after this long.
pub(super) const DEAD_AFTER: Duration = Duration::from_secs(10);

/// How it stands with a link after some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Alive,
    /// Told once.
    Unstable,
    Dead,
}

/// Whether it is known that what was said could arrive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    /// Something was said.
    Said,
    /// And a ping sent after it.
    Asked,
}

pub(super) struct Liveness {
    /// How long the next silence lasts until a ping. Drawn anew once it was used.
    patience: Duration,
    /// Since when an answer is owed, with nothing heard.
    owed: Option<Instant>,
    ping_at: Instant,
    ping_due: bool,
    unstable: bool,
    doubt: Doubt,
    pings: u64,
    pongs: u64,
    /// The first ping sent after what was said last, if any. `doubt` is content with the pong
    /// to an earlier one, or to several: for what may be told of the peer, it is not.
    behind: Option<u64>,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        let patience = draw();
        Self {
            patience,
            owed: None,
            ping_at: now + patience,
            ping_due: false,
            unstable: false,
            doubt: Doubt::None,
            pings: 0,
            pongs: 0,
            behind: None,
        }
    }

    /// A record came in. Says whether the link was unstable until now.
    pub(super) fn heard(&mut self, now: Instant) -> bool {
        self.owed = None;
        self.ping_at = now + self.patience;
        self.ping_due = false;
        std::mem::take(&mut self.unstable)
    }

    /// A pong came in. Says whether it is the first that answers a ping sent after what was
    /// said last: so that has arrived, acknowledged or not.
    pub(super) fn pong(&mut self) -> bool {
        if self.doubt == Doubt::Asked {
            self.doubt = Doubt::None;
        }
        self.pongs += 1;
        self.behind.take_if(|ping| *ping <= self.pongs).is_some()
    }

    /// What was said is not acknowledged by the record that was heard.
    pub(super) fn unacknowledged(&mut self, now: Instant) {
        if self.doubt != Doubt::None {
            self.expect_reply(now);
        }
    }

    /// A reliable payload went out.
    pub(super) fn said(&mut self, now: Instant) {
        self.doubt = Doubt::Said;
        self.behind = None;
        self.expect_reply(now);
    }

    /// Something went out that the peer must answer.
    pub(super) fn expect_reply(&mut self, now: Instant) {
        if self.owed.is_none() {
            self.owed = Some(now);
            self.ping_at = now + ASK_AFTER;
        }
    }

    pub(super) fn is_ping_due(&self) -> bool {
        self.ping_due
    }

    /// Whether a ping is to go out; it counts as gone.
    pub(super) fn take_ping(&mut self) -> bool {
        if self.ping_due {
            self.pings += 1;
            self.behind.get_or_insert(self.pings);
            if self.doubt == Doubt::Said {
                self.doubt = Doubt::Asked;
            }
        }
        std::mem::take(&mut self.ping_due)
    }

    pub(super) fn is_unstable(&self) -> bool {
        self.unstable
    }

    /// Time passed. A ping that is due starts the wait for its answer even if the
    /// socket does not take it: that it is full is a silence too.
    pub(super) fn pass(&mut self, now: Instant) -> Verdict {
        if now >= self.ping_at {
            self.ping_due = true;
            if self.owed.is_none() {
                self.patience = draw();
                self.expect_reply(now);
            }
            let owed = self.owed.unwrap_or(now);
            self.ping_at = [ASK_AFTER, UNSTABLE_AFTER]
                .map(|after| owed + after)
                .into_iter()
                .find(|at| *at > now)
                .unwrap_or(now + PROBE_EVERY);
        }
        let Some(owed) = self.owed else {
            return Verdict::Alive;
        };
        if now >= owed + DEAD_AFTER {
            Verdict::Dead
        } else if now >= owed + UNSTABLE_AFTER && !self.unstable {
            self.unstable = true;
            Verdict::Unstable
        } else {
            Verdict::Alive
        }
    }

    /// The link is read again after a time in which it was not. What was not heard
    /// meanwhile is not the peer's silence: an answer that is owed is asked for
    /// at once, and has its whole time again.
    pub(super) fn thawed(&mut self, now: Instant) {
        if self.owed.is_some() {
            self.owed = Some(now);
            self.ping_at = now;
        }
    }

    /// When [`Liveness::pass`] is to be called at the latest.
    pub(super) fn deadline(&self) -> Instant {
        let verdict = self.owed.map(|owed| match self.unstable {
            true => owed + DEAD_AFTER,
            false => owed + UNSTABLE_AFTER,
        });
        verdict.map_or(self.ping_at, |at| at.min(self.ping_at))
    }
}

/// Somewhere from [`PING_MIN`] to [`PING_MAX`].
fn draw() -> Duration {
    let [jitter] = random::<1>();
    PING_MIN + (PING_MAX - PING_MIN).mul_f64(f64::from(jitter) / 255.0)
}
