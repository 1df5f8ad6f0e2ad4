//! What is sent: found once, listed in an order that depends on nothing but names, and read at any
//! place.
//!
//! ```text
//! walk       finds it: by open folders, through no link
//! look       what stands at a name, and is opened or not
//! filter     what is left out because the person says so
//! holes      where a file has data
//! data       the list and the data of the offer      read, pipe   the contents in it
//! listed     what the list does not say
//! ```
//!
//! Everything here waits for the disk, and none of it for a pipe that the person did not name.

mod data;
mod filter;
mod holes;
mod listed;
mod look;
mod pipe;
mod read;
mod walk;

pub use data::Source;
pub use filter::{BadPattern, Filter};
pub use walk::{SourceError, walk};

#[cfg(test)]
mod tests;
