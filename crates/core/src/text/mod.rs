//! Text of others: what may be shown of it, and what a person may be called.

pub mod display_name;
pub mod safe;
pub(crate) mod unicode;
