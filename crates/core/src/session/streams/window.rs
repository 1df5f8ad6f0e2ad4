//! How much of streams may be on its way at once: as much as keeps the path busy, and no more, for
//! what is said meanwhile waits behind it.
//!
//! What is on its way is between its seal and the credit that names it. How long that takes grows
//! with what queues up in sockets and routers, and by that the size of the window is chosen once a
//! round trip (as in LEDBAT, RFC 6817, §2.4): it doubles while little queues, and shrinks in proportion
//! where too much does.

use std::time::Duration;

use web_time::Instant;

/// The least, and what a link begins with.
pub(super) const MIN: u64 = 64 * 1024;
/// The most.
const MAX: u64 = 8 * 1024 * 1024;
/// Delay beyond that of the empty path: as long as that itself, and at least …
const QUEUE_MIN: Duration = Duration::from_millis(3);
/// … and at most.
const QUEUE_MAX: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Window {
    size: u64,
    /// The shortest time to a credit on this link: the path without a queue.
    shortest: Duration,
    /// The shortest of this round trip.
    round: Duration,
    /// What went out from here on is of the next one.
    round_began: Option<Instant>,
    /// It kept something back in this round trip.
    limited: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            size: MIN,
            shortest: Duration::MAX,
            round: Duration::MAX,
            round_began: None,
            limited: false,
        }
    }
}

impl Window {
    /// Whether so many bytes may go out beside those that are on their way. What is left is no
    /// reason for a shorter piece: it would stay as short, round trip by round trip.
    pub(super) fn fits(&mut self, len: u64, on_its_way: u64) -> bool {
        let fits = len <= self.size.saturating_sub(on_its_way);
        self.limited |= !fits;
        fits
    }

    /// Bytes of a piece: so few that several are on their way.
    pub(super) fn piece(&self) -> u64 {
        self.size / 4
    }

    /// What was sealed at `sent` has arrived.
    pub(super) fn arrived(&mut self, sent: Instant, now: Instant) {
        let took = now.saturating_duration_since(sent);
        self.shortest = self.shortest.min(took);
        self.round = self.round.min(took);
        match self.round_began {
            Some(began) if sent < began => {}
            _ => self.turn(now),
        }
    }

    /// A round trip is over.
    fn turn(&mut self, now: Instant) {
        let queue = self.shortest.clamp(QUEUE_MIN, QUEUE_MAX);
        let (allowed, took) = (self.shortest.saturating_add(queue), self.round);
        if took > allowed {
            let part = allowed.as_secs_f64() / took.as_secs_f64();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "at most MAX, and positive"
            )]
            let size = (self.size as f64 * part) as u64;
            self.size = size.max(MIN);
        } else if self.limited && took <= self.shortest.saturating_add(queue / 2) {
            self.size = (2 * self.size).min(MAX);
        }
        self.round = Duration::MAX;
        self.round_began = Some(now);
        self.limited = false;
    }
}
