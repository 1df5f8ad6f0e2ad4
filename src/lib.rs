//! undertone: a private line between two people, from terminal to terminal.
//!
//! A mediator pairs two clients that name the same room and hands their sealed
//! offers across; then both listen and dial, and everything between
//! them goes through a double ratchet. PROTOCOL.md says what is on the wire.
//!
//! Calls run downward:
//!
//! ```text
//! main ─► start                       what a chat needs, asked for and opened
//!           ├► ui                     faces: lines for people, JSON for programs
//!           ├► engine                 conversations, a task each: commands in, events out
//!           ├► terminal               prompts, keys, what is drawn
//!           ├► contacts, history      whom we know, whom we talked to
//!           ├► files                  what is sent and received, on the disk
//!           ├► attempts               what went wrong in a room, across runs
//!           ├► embedded               the mediator that runs inside this program
//!           ├► undertone_net          link, the sockets to the peer; rendezvous, to the mediator
//!           └► undertone_core         session, pairing, crypto, rooms, text: no I/O
//! undertone_wire                      messages and limits that client and mediator agree on
//! ```

pub mod attempts;
pub mod cli;
pub mod commands;
pub mod config;
pub mod contacts;
pub mod doctor;
pub mod embedded;
pub mod engine;
pub mod exit;
pub mod files;
pub mod generate;
pub mod history;
pub mod identity;
pub mod made;
pub mod report;
mod signals;
pub mod start;
pub mod store;
pub mod terminal;
pub mod trust;
pub mod ui;

pub use undertone_net::{link, rendezvous, socket, stun};

#[cfg(test)]
#[path = "../tests/common/memory.rs"]
#[allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "of the tests"
)]
mod memory;
