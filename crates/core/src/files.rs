//! Files over streams, without I/O (PROTOCOL.md §7, *Files*): what an offer's list and its data
//! say, read in any cuts, and what stands where in them.
//!
//! ```text
//! offer      what is said of files in messages
//! entry      one file or folder of the list        name   what it may be called
//! ```
//!
//! Nothing here opens a file or knows where one is to go: names are checked and made safe, and the
//! program's own part does the rest.

pub mod entry;
pub mod name;
mod offer;

pub use offer::{Offer, OfferId, Outcome};

/// The longest name of a file or folder, in bytes of UTF-8.
pub const NAME_MAX: usize = 255;
/// The most names in a path: the offered folder is the first.
pub const DEPTH_MAX: usize = 64;
/// The most extents of one file.
pub const EXTENTS_MAX: usize = 1024;
/// The most bytes of an entry behind its length: enough for the longest name and all extents.
pub const ENTRY_MAX: usize = 20 * 1024;
/// The largest file, in bytes: what systems can seek in.
pub const SIZE_MAX: u64 = i64::MAX.unsigned_abs();
