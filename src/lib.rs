//! undertone: a private line between two people, from terminal to terminal.
pub mod crypto;
