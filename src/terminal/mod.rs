//! The only files that know a terminal: what it is asked, and what may reach it.

pub mod bell;
pub mod charset;
pub mod complete;
pub mod composer;
mod deliver;
pub mod editor;
pub mod fingerprints;
pub mod front;
pub mod guard;
pub mod keyboard;
pub mod layout;
pub mod prompts;
pub mod qr;
pub mod signals;
pub mod style;
