//! How a client reaches its mediator, and what it has learnt of the line there.

use crate::rendezvous::{KeepAlive, MediatorEndpoint, Outside};

/// The way to a mediator. Clones share what is learnt of it.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where it is, and how it is reached.
    pub route: MediatorEndpoint,
    /// What it has seen of our port.
    pub outside: Outside,
    /// How the line to it is kept alive.
    pub keep_alive: KeepAlive,
}

impl Access {
    /// One of which nothing is known yet.
    pub fn new(route: MediatorEndpoint) -> Self {
        Self {
            route,
            outside: Outside::default(),
            keep_alive: KeepAlive::default(),
        }
    }
}
