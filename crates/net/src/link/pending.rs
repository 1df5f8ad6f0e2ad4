//! Pending connections: sockets whose owners are not yet known, so many and no more. One more
//! turns out the oldest of the address that has the most of them: who floods turns out itself.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use tokio::task::{AbortHandle, JoinSet};
use undertone_wire::AddressKey;

/// The most that are pending at a time.
pub const UNCONFIRMED_MAX: usize = 16;

/// At most [`UNCONFIRMED_MAX`] tasks, each with one socket.
pub(super) struct Pending<T> {
    tasks: JoinSet<T>,
    order: VecDeque<(AddressKey, AbortHandle)>,
}

impl<T: Send + 'static> Pending<T> {
    pub(super) fn new() -> Self {
        Self {
            tasks: JoinSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Begins `task` with a socket from `ip`.
    pub(super) fn admit(&mut self, ip: IpAddr, task: impl Future<Output = T> + Send + 'static) {
        self.order.retain(|(_, task)| !task.is_finished());
        if self.order.len() >= UNCONFIRMED_MAX {
            self.turn_one_out();
        }
        self.order.push_back((ip.into(), self.tasks.spawn(task)));
    }

    fn turn_one_out(&mut self) {
        let mut count: HashMap<AddressKey, usize> = HashMap::new();
        for (ip, _) in &self.order {
            *count.entry(*ip).or_default() += 1;
        }
        let most = count.values().copied().max().unwrap_or(0);
        let oldest = self
            .order
            .iter()
            .position(|(ip, _)| count.get(ip) == Some(&most));
        if let Some((_, task)) = oldest.and_then(|index| self.order.remove(index)) {
            task.abort();
        }
    }

    /// What the next task to end gives, `Some(None)` for one that was turned out;
    /// `None` while there is none. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Option<T>> {
        let ended = self.tasks.join_next().await?;
        Some(ended.ok())
    }

    /// Whether all have ended.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::net::Ipv6Addr;

    #[tokio::test]
    async fn a_customer_with_many_addresses_turns_out_itself() {
        let mut sockets = Pending::<()>::new();
        sockets.admit("2001:db8:2::1".parse().unwrap(), pending());
        for host in 0..u128::try_from(UNCONFIRMED_MAX).unwrap() {
            let flood: Ipv6Addr = "2001:db8:1::".parse().unwrap();
            let ip = Ipv6Addr::from_bits(flood.to_bits() + host);
            sockets.admit(ip.into(), pending());
        }
        assert!(
            sockets
                .next()
                .await
                .is_some_and(|turned_out| turned_out.is_none())
        );
        let (oldest, _) = sockets.order.front().unwrap();
        assert!(*oldest == AddressKey::from(IpAddr::from([0x2001, 0xdb8, 2, 0, 0, 0, 0, 1])));
    }
}
