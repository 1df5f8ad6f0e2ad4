//! How much of streams may be on its way at once: as much as keeps the path busy, and no more, for
//! what is said meanwhile waits behind it.
//!
//! What is on its way is between its seal and the credit that names it. How long that takes grows
//! with what queues up in sockets and routers, and by that the size of the window is chosen once a
//! round trip (as in LEDBAT, RFC 6817, §2.4): it doubles while little queues, and shrinks in proportion
//! where too much does.
//!
//! A path can become longer, as where a route changes, and would then look crowded for good. So where
//! the least is too much for many round trips, one piece goes out alone: what it takes is the path.

use std::time::Duration;

use crate::time::Instant;

/// The least, and what a link begins with.
pub(super) const MIN: u64 = 64 * 1024;
/// The most.
const MAX: u64 = 8 * 1024 * 1024;
/// So many round trips in which the least is too much to grow.
const CROWDED_MAX: u32 = 16;
/// Delay beyond that of the empty path: as long as that itself, and at least …
const QUEUE_MIN: Duration = Duration::from_millis(1);
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
    /// Round trips in a row in which the least was too much to grow.
    crowded: u32,
    probe: Probe,
}

/// Whether the path is measured anew.
#[derive(Debug, PartialEq, Eq)]
enum Probe {
    No,
    /// What is on its way is waited for.
    Draining,
    /// One piece is on its way.
    Alone,
    /// It arrived. What is sent before this time goes into an empty path.
    Filling(Instant),
}

impl Default for Window {
    fn default() -> Self {
        Self {
            size: MIN,
            shortest: Duration::MAX,
            round: Duration::MAX,
            round_began: None,
            limited: false,
            crowded: 0,
            probe: Probe::No,
        }
    }
}

impl Window {
    /// Whether so many bytes may go out beside those that are on their way. What is left is no
    /// reason for a shorter piece: it would stay as short, round trip by round trip.
    pub(super) fn fits(&mut self, len: u64, on_its_way: u64) -> bool {
        if matches!(self.probe, Probe::Draining | Probe::Alone) {
            let alone = on_its_way == 0;
            if alone {
                self.probe = Probe::Alone;
            }
            return alone;
        }
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
        match self.probe {
            Probe::No => {}
            Probe::Draining => return,
            Probe::Alone => {
                self.probe = Probe::Filling(now + took);
                self.shortest = took;
                return;
            }
            Probe::Filling(until) if sent < until => return,
            Probe::Filling(_) => self.probe = Probe::No,
        }
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
        let grows = took <= self.shortest.saturating_add(queue / 2);
        let crowded = !grows && self.size == MIN;
        self.crowded = if crowded { self.crowded + 1 } else { 0 };
        if self.crowded >= CROWDED_MAX {
            (self.crowded, self.probe) = (0, Probe::Draining);
        }
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
        } else if self.limited && grows {
            self.size = (2 * self.size).min(MAX);
        }
        self.round = Duration::MAX;
        self.round_began = Some(now);
        self.limited = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// A path of this length, which carries so many bytes a second one behind the other.
    struct Path {
        now: Instant,
        /// When it has carried what was sent so far.
        free: Instant,
        on_its_way: VecDeque<(Instant, Instant, u64)>,
    }

    impl Path {
        /// Sends as much as may be, and says how many bytes a second arrived and how long the last
        /// of them took.
        fn run(
            &mut self,
            window: &mut Window,
            (rate, length): (u64, Duration),
            time: Duration,
        ) -> (u64, Duration) {
            let (until, mut arrived, mut last) = (self.now + time, 0, Duration::ZERO);
            while self.now < until {
                let len = window.piece().min(64 * 1024);
                let unknown = |path: &Self| path.on_its_way.iter().map(|piece| piece.2).sum();
                while window.fits(len, unknown(self)) {
                    let carried = Duration::from_secs_f64(len as f64 / rate as f64);
                    self.free = self.free.max(self.now) + carried;
                    self.on_its_way
                        .push_back((self.now, self.free + length, len));
                }
                let (sent, at, len) = self.on_its_way.pop_front().unwrap();
                self.now = self.now.max(at);
                (arrived, last) = (arrived + len, self.now - sent);
                window.arrived(sent, self.now);
            }
            (arrived / time.as_secs(), last)
        }
    }

    const MS: Duration = Duration::from_millis(1);
    const MINUTE: Duration = Duration::from_secs(60);

    fn path() -> Path {
        let now = Instant::now();
        Path {
            now,
            free: now,
            on_its_way: VecDeque::new(),
        }
    }

    #[test]
    fn a_path_that_becomes_longer_is_used_all_the_same() {
        let (mut path, mut window) = (path(), Window::default());
        for length in [20 * MS, 34 * MS, 60 * MS, 200 * MS] {
            path.run(&mut window, (10_000_000, length), MINUTE);
            let (rate, took) = path.run(&mut window, (10_000_000, length), MINUTE);
            assert!(rate > 5_000_000, "{length:?}: {rate}");
            assert!(took < 3 * length + 20 * MS, "{length:?}: {took:?}");
        }
    }

    #[test]
    fn where_the_least_is_too_much_it_stays_the_least_and_the_path_is_used() {
        let (mut path, mut window) = (path(), Window::default());
        for _ in 0..10 {
            let (rate, took) = path.run(&mut window, (250_000, 10 * MS), MINUTE);
            assert!(rate > 230_000, "{rate}");
            assert!(took < 350 * MS, "{took:?}");
            assert_eq!(window.size, MIN);
        }
    }
}
