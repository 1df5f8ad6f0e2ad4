//! undertone: a private line between two people, from terminal to terminal.

pub mod crypto;
pub mod link;
pub mod pairing;
pub mod payload;
pub mod session;
