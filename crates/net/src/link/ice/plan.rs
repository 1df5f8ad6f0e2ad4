//! What a connection over UDP is made of, once both ends know each other.

use std::net::SocketAddr;

use undertone_core::pairing::{Ice, Role};

use super::gathering::Gathering;
use crate::link::tell::Tell;

/// What ICE begins with.
#[derive(Debug)]
pub struct IcePlan {
    /// Ours.
    pub gathering: Gathering,
    /// The peer's.
    pub ice: Ice,
    /// Where the peer may be; the first eight are tried.
    pub addresses: Vec<SocketAddr>,
    /// Our role in the pairing.
    pub role: Role,
    /// The peer runs in a browser, which controls.
    pub with_browser: bool,
    /// Hears what becomes of it.
    pub tell: Tell,
}
