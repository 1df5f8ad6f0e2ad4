//! Files over streams, without I/O (PROTOCOL.md §7, *Files*): what an offer's list and its data
//! say, read in any cuts, and what stands where in them.
//!
//! ```text
//! offer      what is said of files in messages
//! schedule   the sender: what the list is, and what stands where in the data
//! list       the receiver of the list              receive  the receiver of the data
//!   └► tree     the order, the totals, the hash: what all entries must be
//! entry      one file or folder of the list        extents  where it has data
//! name       what it may be called
//! head       the beginning of a list               compare  what an earlier offer left, with it
//! ```
//!
//! Nothing here opens a file or knows where one is to go: names are checked and made safe, and the
//! program's own part does the rest.

pub mod compare;
pub mod entry;
pub mod extents;
pub mod head;
pub mod list;
pub mod name;
mod offer;
pub mod receive;
mod refused;
pub mod schedule;
mod tree;

pub use offer::{Offer, OfferId, Outcome};
pub use refused::Refused;
pub use tree::Totals;

/// The longest name of a file or folder, in bytes of UTF-8.
pub const NAME_MAX: usize = 255;
/// The most names in a path: the offered folder is the first.
pub const DEPTH_MAX: usize = 64;
/// The most entries of a list.
pub const ENTRIES_MAX: u64 = 1_000_000;
/// The most bytes of a list.
pub const LIST_MAX: u64 = 256 * 1024 * 1024;
/// The most extents of one file.
pub const EXTENTS_MAX: usize = 1024;
/// The most bytes of an entry behind its length: enough for the longest name and all extents.
pub const ENTRY_MAX: usize = 20 * 1024;
/// The largest file, in bytes: what systems can seek in.
pub const SIZE_MAX: u64 = i64::MAX.unsigned_abs();

#[cfg(test)]
mod tests;
