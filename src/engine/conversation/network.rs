//! Notices that this machine's addresses changed: another network, a cable pulled,
//! a wake from sleep.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::link::interfaces::addresses_here;

/// How often is looked: some 50 µs of work.
const EVERY: Duration = Duration::from_secs(3);

/// This machine's addresses, as they were when last looked at.
pub(super) struct Network {
    addresses: BTreeSet<IpAddr>,
    next: Instant,
}

impl Network {
    /// As they are now.
    pub(super) fn here() -> Self {
        Self {
            addresses: addresses_here().into_iter().collect(),
            next: Instant::now() + EVERY,
        }
    }

    /// Returns when they are others. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        loop {
            sleep_until(self.next).await;
            let now = Self::here();
            let changed = now.addresses != self.addresses;
            *self = now;
            if changed {
                return;
            }
        }
    }
}
