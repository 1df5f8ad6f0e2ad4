//! Two networks that cannot simply reach each other, made of real kernel NATs: which
//! path the real programs find between them, and what of a talk outlives what
//! networks do to it. Each test has a laboratory of its own, in namespaces that are
//! gone with it; where none can be made it is skipped, and says so.
//!
//! ```text
//! a ──[home router]──[provider's NAT]──┐
//!                                     net ── mediator 203.0.113.10, .11
//! b ──[home router]──[provider's NAT]──┘
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/link.rs"]
mod link;

mod breaks;
mod doctor;
mod holes;
mod inside;
mod lab;
mod losses;
mod machine;
mod pairs;
mod relay;
mod router;
mod routers;
mod silence;
mod slow;
mod strangers;
mod table;
mod talk;
mod udp;
