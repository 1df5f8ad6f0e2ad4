//! undertone: a private line between two people, from terminal to terminal.

pub mod chat;
pub mod cli;
pub mod commands;
pub mod contacts;
pub mod crypto;
pub mod exit;
pub mod history;
pub mod identity;
pub mod link;
pub mod mediator_url;
pub mod pairing;
pub mod payload;
pub mod rendezvous;
pub mod room;
pub mod session;
pub mod store;
pub mod terminal;
