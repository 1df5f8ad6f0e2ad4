//! The mediator: pairs two clients by room and forgets them.
//!
//! It holds no key and knows no name, no room and no secret; what it hands on is
//! opaque to it. Calls run downward:
//!
//! ```text
//! main ─► server          accepts: TLS, shutdown
//!           └► http           page, health, the upgrade to a WebSocket
//!                └► connection   one client: messages, pings, every wait bounded
//!                     ├► relay      one client of a relayed pair: its bytes, throttled
//!                     ├► closing    how long a client may take to go
//!                     ├► outcome    why a client's conversation is over
//!                     └► hub        what all clients share, and their mailboxes
//!                          ├► relay_pair   the queues, bytes and throttle of a relayed pair
//!                          ├► rooms    who waits, who is paired, what lapses: pure
//!                          └► limits   joins and connections an address: pure
//! mediator              what all connections of one share: config, hub, admission
//! admission             the caps on connections
//! config                what an operator may set
//! page                  what browsers get
//! stun                  says over UDP from where it is asked
//! lan                   announcing one on the local network
//! tls                   the certificate, and how long it is valid
//! tally                 what strangers cause, counted for the log
//! refusal               how it says no, in the words of `undertone_wire`
//! transport             what a connection is, and what the kernel holds of it
//! websocket             its messages, as frames
//! within                a bound on a wait
//! ```
//!
//! A client runs one inside itself with [`undertone_host::listen`] and [`serve`].

mod admission;
mod closing;
mod config;
mod connection;
#[cfg(test)]
mod fake;
mod http;
mod hub;
pub mod lan;
pub mod limits;
mod mediator;
mod outcome;
pub mod page;
pub mod refusal;
mod relay;
mod relay_pair;
pub mod rooms;
mod server;
pub mod stun;
mod tally;
mod throttle;
mod tls;
mod transport;
mod websocket;
mod within;

pub use config::{Config, RelayLimits, Times};
pub use http::is_host_name;
pub use server::serve;
pub use tls::{Certificate, Concern, Fault, Item, TlsError};
pub use tokio_rustls::rustls;
