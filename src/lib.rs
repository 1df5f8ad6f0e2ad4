//! undertone: a private line between two people, from terminal to terminal.
pub mod cli;
pub mod commands;
pub mod contacts;
pub mod crypto;
pub mod exit;
pub mod history;
pub mod identity;
pub mod mediator_url;
pub mod room;
pub mod store;
pub mod terminal;
