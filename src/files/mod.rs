//! Files that are sent and received, on this side's disk. What goes over the wire for them is
//! `undertone_core::files`; this knows neither a stream nor a terminal.
//!
//! ```text
//! typed      paths as people type them
//! source     what is sent: found, listed, read
//! skipped    what of either is left out, and why
//! incoming   what comes, on its way to the disk
//! place      what is received: into a part, then to a new name
//! output     what is received: to standard output      sink  one of both
//! left       what an earlier offer left of the same files
//! journal    what of that is not complete, across runs
//! at         open folders
//! size       how much it is, in words
//! number     " (2)", where a name is taken
//! ```
//!
//! Everything here waits for the disk: a conversation calls it on a thread of its own.

mod at;
pub mod incoming;
pub mod journal;
pub mod left;
mod number;
pub mod output;
pub mod place;
pub mod sink;
pub mod size;
pub mod skipped;
pub mod source;
pub mod typed;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
