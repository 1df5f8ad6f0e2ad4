//! The guest's way to a link from a port of this machine that nobody dials.

use std::net::SocketAddr;

use undertone_core::pairing::GuestConfirm;
use undertone_net::link::Ready;
use undertone_net::link::connect::{LinkError, connect};
use undertone_net::link::dial::Plan;
use undertone_net::link::port::Port;

/// Looks for the host at these addresses.
pub(crate) async fn dial(
    candidates: impl IntoIterator<Item = SocketAddr>,
    confirm: &GuestConfirm,
) -> Result<Ready, LinkError> {
    let port = Port::open(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let plan = Plan {
        candidates: candidates.into_iter().collect(),
        ..Plan::default()
    };
    connect(&port, plan, confirm, async { None }, |_| {}).await
}
