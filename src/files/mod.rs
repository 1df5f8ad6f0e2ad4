//! Files that are sent and received, on this side's disk. What goes over the wire for them is
//! `undertone_core::files`; this knows neither a stream nor a terminal.
//!
//! ```text
//! place      what is received: into a part, then to a new name
//! ```
//!
//! Everything here waits for the disk: a conversation calls it on a thread of its own.

mod extents;
pub mod place;

#[cfg(test)]
mod testing;
