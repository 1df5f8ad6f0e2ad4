//! A man in the middle on the link, and strangers at the door: each test is named
//! by its attack. Every byte is tried in this process; a sample meets the real
//! programs.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/hostile_pair.rs"]
mod hostile_pair;
#[path = "../common/hostile_proxy.rs"]
mod hostile_proxy;

mod handshake;
mod knocks;
mod programs;
mod records;
mod strangers;
