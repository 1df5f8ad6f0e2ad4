//! The mediator as a part of this program: all that the client takes of the server.

pub use undertone_mediator::{Config, lan, page, serve, stun};
