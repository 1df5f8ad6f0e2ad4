//! What is sent: found once, listed in an order that depends on nothing but names, and read at any
//! place.
//!
//! ```text
//! listing    what was found, some 50 bytes each
//! walk       finds it: by open folders, through no link
//! filter     what is left out because the person says so
//! skipped    what cannot be sent, and why
//! holes      where a file has data
//! read       the contents, and whether they are as they were listed
//! ```
//!
//! Everything here waits for the disk, and none of it for a pipe or a device.

mod filter;
mod holes;
mod listing;
mod read;
mod skipped;
mod walk;

pub use filter::{BadPattern, Filter};
pub use listing::Listing;
pub use read::{Reader, Verdict, read_pipe};
pub use skipped::{Reason, Skipped};
pub use walk::{SourceError, walk};

#[cfg(test)]
mod tests;
