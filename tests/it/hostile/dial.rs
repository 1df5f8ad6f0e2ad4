//! The guest's way to a link from a port of this machine that nobody dials.

use std::net::SocketAddr;

use undertone::link::Ready;
use undertone::link::dial::Plan;
use undertone::link::port::Port;
use undertone::link::reach::{Unreached, reach};
use undertone_core::pairing::GuestConfirm;

/// Looks for the host at these addresses.
pub async fn dial(
    candidates: impl IntoIterator<Item = SocketAddr>,
    confirm: &GuestConfirm,
) -> Result<Ready, Unreached> {
    let port = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let plan = Plan {
        candidates: candidates.into_iter().collect(),
        ..Plan::default()
    };
    reach(&port, plan, confirm, async { None }).await
}
