//! Where received files go, and how they come there without touching what is there.
//!
//! ```text
//! folder     the folder that the person names, held open
//! part       what is written: .NAME.XXXXXXXX.part in it, closed to others
//! level, open_file            what of it is open
//! resume     the same, taken up again by another process
//! put        out of the part to the final name, which is new
//! remove     the part alone
//! ```
//!
//! All of an offer is written inside of the part, a hidden folder (mode 0700) that nobody else can
//! enter, by names relative to open folders and never through a link. Only when everything is on
//! the disk does each of the offer's own files and folders get its name, by a rename that replaces
//! nothing. Nothing but the part is ever removed, and nothing at all is opened or executed.
//!
//! Everything here waits for the disk.

mod error;
mod folder;
mod level;
mod open_file;
mod part;
mod put;
mod remove;
mod resume;

pub use error::PlaceError;
pub use folder::Folder;
pub use part::{Kept, Part};
pub use remove::clear;
pub use resume::Replay;

/// How many names of an offer may be taken by others of the same offer.
pub const NUMBERED_MAX: usize = 10_000;

#[cfg(test)]
mod tests;
