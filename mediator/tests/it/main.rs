//! The mediator's end-to-end tests: over real sockets in this process, and as the real program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod browsers;
mod common;
mod environment;
mod hostile;
mod limits;
mod pages;
mod program;
mod relay;
mod rendezvous;
mod shutdown;
