//! How much one address may ask for: joins a minute, open connections.
//!
//! Pure: `now` is passed in. The rate is the generic cell rate algorithm
//! (ITU-T I.371): one instant an address, TAT, the theoretical arrival time;
//! an event at `now` is let in iff max(TAT, now) + T − now ≤ N·T, for bursts of
//! N and one more every T.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use undertone_wire::AddressKey;

/// Addresses whose rate is remembered at a time. Beyond them all share one bucket,
/// so that an attacker with many addresses takes no memory.
pub const MAX_TRACKED: usize = 16_384;

/// N events at once, one more every T.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    every: Duration,
    burst: u32,
}

impl Rate {
    /// `burst` (at least 1) at once, and one more every `every`.
    #[must_use]
    pub fn new(burst: u32, every: Duration) -> Self {
        Self {
            every,
            burst: burst.max(1),
        }
    }

    /// `count` at once, and as many again spread over a minute.
    #[must_use]
    pub fn per_minute(count: u32) -> Self {
        let count = count.max(1);
        Self::new(count, Duration::from_secs(60) / count)
    }
}

/// The state of one rate: TAT, `None` before the first event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket(Option<Instant>);

impl Bucket {
    /// Counts an event.
    ///
    /// # Errors
    /// How long until it would be let in; it is not counted then.
    pub fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let next = self.0.map_or(now, |tat| tat.max(now)) + rate.every;
        let ahead = next.saturating_duration_since(now);
        match ahead.checked_sub(rate.every * rate.burst) {
            None | Some(Duration::ZERO) => {
                self.0 = Some(next);
                Ok(())
            }
            Some(wait) => Err(wait),
        }
    }

    fn is_spent(&self, now: Instant) -> bool {
        self.0.is_some_and(|tat| tat > now)
    }
}

/// A rate for every address.
#[derive(Debug)]
pub struct AddressRate {
    rate: Rate,
    max_tracked: usize,
    buckets: HashMap<AddressKey, Bucket>,
    /// Shared by the addresses that find no room in `buckets`.
    others: Bucket,
    next_sweep: Option<Instant>,
}

impl AddressRate {
    /// No address has asked for anything yet; at most `max_tracked` are remembered.
    #[must_use]
    pub fn new(rate: Rate, max_tracked: usize) -> Self {
        Self {
            rate,
            max_tracked,
            buckets: HashMap::new(),
            others: Bucket::default(),
            next_sweep: None,
        }
    }

    /// Counts an event of this address.
    ///
    /// # Errors
    /// How long until it would be let in; it is not counted then.
    pub fn take(&mut self, address: AddressKey, now: Instant) -> Result<(), Duration> {
        if self.buckets.len() >= self.max_tracked && !self.buckets.contains_key(&address) {
            self.sweep(now);
            if self.buckets.len() >= self.max_tracked {
                return self.others.take(self.rate, now);
            }
        }
        self.buckets
            .entry(address)
            .or_default()
            .take(self.rate, now)
    }

    /// Forgets the addresses that have their whole burst again. At most once a
    /// second: a flood of new addresses must not make each join walk the table.
    fn sweep(&mut self, now: Instant) {
        if self.next_sweep.is_some_and(|at| now < at) {
            return;
        }
        self.next_sweep = Some(now + Duration::from_secs(1));
        self.buckets.retain(|_, bucket| bucket.is_spent(now));
    }
}

/// How many are open, an address. Bounded by the connections themselves.
#[derive(Debug)]
pub struct AddressCount {
    max: usize,
    open: HashMap<AddressKey, usize>,
}

impl AddressCount {
    /// At most `max` an address.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self {
            max,
            open: HashMap::new(),
        }
    }

    /// Counts one more, unless the address has `max` already.
    #[must_use]
    pub fn open(&mut self, address: AddressKey) -> bool {
        let open = self.open.entry(address).or_default();
        let room = *open < self.max;
        if room {
            *open += 1;
        } else if *open == 0 {
            self.open.remove(&address);
        }
        room
    }

    /// One that was opened is closed.
    pub fn close(&mut self, address: AddressKey) {
        if let Some(open) = self.open.get_mut(&address) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.open.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> AddressKey {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn a_burst_then_one_every_two_seconds() {
        let mut joins = AddressRate::new(Rate::per_minute(30), MAX_TRACKED);
        let start = Instant::now();
        let ada = key("127.0.0.1");
        for _ in 0..30 {
            joins.take(ada, start).unwrap();
        }
        assert_eq!(joins.take(ada, start), Err(Duration::from_secs(2)));
        assert_eq!(joins.take(key("127.0.0.2"), start), Ok(()));
        let later = start + Duration::from_secs(2);
        joins.take(ada, later).unwrap();
        assert_eq!(joins.take(ada, later), Err(Duration::from_secs(2)));
        let minute = later + Duration::from_secs(60);
        for _ in 0..30 {
            joins.take(ada, minute).unwrap();
        }
        assert!(joins.take(ada, minute).is_err());
    }

    #[test]
    fn ipv6_counts_by_its_64_and_mapped_ipv4_as_ipv4() {
        assert!(key("2001:db8::1") == key("2001:db8::ffff:ffff:ffff:ffff"));
        assert!(key("2001:db8::1") != key("2001:db8:0:1::1"));
        assert!(key("::ffff:192.0.2.1") == key("192.0.2.1"));
        assert!(key("192.0.2.1") != key("192.0.2.2"));
    }

    #[test]
    fn many_addresses_take_bounded_memory_and_share_what_is_left() {
        let mut joins = AddressRate::new(Rate::per_minute(2), 100);
        let start = Instant::now();
        let address = |n: u32| AddressKey::from(IpAddr::from(n.to_be_bytes()));
        let admitted = (0..10_000)
            .filter(|n| joins.take(address(*n), start).is_ok())
            .count();
        assert_eq!(admitted, 102);
        assert_eq!(joins.buckets.len(), 100);
        let later = start + Duration::from_secs(60);
        joins.take(address(20_000), later).unwrap();
        assert_eq!(joins.buckets.len(), 1);
    }

    #[test]
    fn connections_are_counted_and_forgotten() {
        let mut count = AddressCount::new(2);
        let ada = key("::1");
        assert!(count.open(ada) && count.open(ada) && !count.open(ada));
        assert!(count.open(key("127.0.0.1")));
        count.close(ada);
        assert!(count.open(ada));
        count.close(ada);
        count.close(ada);
        count.close(key("127.0.0.1"));
        assert!(count.open.is_empty());
        assert!(!AddressCount::new(0).open(ada));
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_two_bursts(steps in proptest::collection::vec(0u64..5_000, 1..400)) {
            let rate = Rate::per_minute(30);
            let mut bucket = Bucket::default();
            let mut now = Instant::now();
            let mut admitted = Vec::new();
            for step in steps {
                now += Duration::from_millis(step);
                match bucket.take(rate, now) {
                    Ok(()) => admitted.push(now),
                    Err(wait) => prop_assert!(bucket.clone().take(rate, now + wait).is_ok()),
                }
            }
            for first in &admitted {
                let minute = *first + Duration::from_secs(60);
                prop_assert!(admitted.iter().filter(|at| **at >= *first && **at < minute).count() <= 60);
            }
        }
    }
}
