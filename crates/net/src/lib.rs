//! The sockets of undertone: those to the peer and the one to the mediator.
//!
//! It knows neither the terminal nor the disk, and nothing of what a conversation means: what goes
//! over a link is `undertone_core`'s.
//!
//! ```text
//! link          the way to the peer: port, dial, acceptor, nomination, frames, relay
//! rendezvous    the mediator's WebSocket: proxy, TLS, messages
//! stun          how routers show a UDP socket of ours, by a mediator's word
//! socket        what both ask of a socket
//! ```

pub mod link;
pub mod rendezvous;
pub mod socket;
pub mod stun;

#[cfg(test)]
#[path = "../../../tests/common/memory.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "of the tests"
)]
mod memory;
