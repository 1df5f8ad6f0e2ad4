//! Who may connect: the caps on connections, in all and for each address.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use undertone_wire::AddressKey;

use crate::config::Config;
use crate::limits::AddressCount;

/// Connections over the cap that are still told so, rather than dropped.
const MAX_REFUSALS: usize = 64;

/// The caps, and what of them is taken.
pub(crate) struct Admission {
    slots: Arc<Semaphore>,
    /// As many as there are.
    all: u32,
    refusals: Arc<Semaphore>,
    addresses: Mutex<AddressCount>,
    /// A proxy names the addresses, later.
    trust_proxy: bool,
}

/// A connection's claim on the caps, given back when it is dropped.
pub(crate) struct Arrival {
    pub(crate) remote: SocketAddr,
    /// Where it came in, if that is known.
    pub(crate) local: Option<IpAddr>,
    /// Over a cap: to be told so and closed.
    pub(crate) refused: bool,
    /// Claimed here unless a proxy's word for the address is awaited.
    _address: Option<AddressClaim>,
    _slot: OwnedSemaphorePermit,
}

/// One connection counted for its address.
pub(crate) struct AddressClaim {
    admission: Arc<Admission>,
    address: AddressKey,
}

impl Admission {
    pub(crate) fn new(config: &Config) -> Self {
        let slots = config.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            all: u32::try_from(slots).unwrap_or(u32::MAX),
            refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
            addresses: Mutex::new(AddressCount::new(config.max_connections_per_address)),
            trust_proxy: config.trust_proxy,
        }
    }

    /// `None`: there is not even room to say that there is none.
    pub(crate) fn admit(
        self: &Arc<Self>,
        remote: SocketAddr,
        local: Option<IpAddr>,
    ) -> Option<Arrival> {
        let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
        if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
            let address = if self.trust_proxy {
                None
            } else {
                self.claim(remote.ip())
            };
            if self.trust_proxy || address.is_some() {
                return Some(Arrival {
                    remote,
                    local,
                    refused: false,
                    _address: address,
                    _slot: slot,
                });
            }
        }
        let slot = Arc::clone(&self.refusals).try_acquire_owned().ok()?;
        Some(Arrival {
            remote,
            local,
            refused: true,
            _address: None,
            _slot: slot,
        })
    }

    /// `None`: the address has as many connections as it may.
    pub(crate) fn claim(self: &Arc<Self>, address: IpAddr) -> Option<AddressClaim> {
        let address = address.into();
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        addresses.open(address).then(|| AddressClaim {
            admission: Arc::clone(self),
            address,
        })
    }

    /// Returns when no connection has a claim any more.
    pub(crate) async fn emptied(&self) {
        let _ = self.slots.acquire_many(self.all).await;
    }
}

impl Drop for AddressClaim {
    fn drop(&mut self) {
        let addresses = &self.admission.addresses;
        addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .close(self.address);
    }
}
