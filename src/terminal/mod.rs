//! The only files that know a terminal: what it is asked, and what may reach it.

pub mod name;
pub mod prompts;
pub mod qr;
pub mod safe;
