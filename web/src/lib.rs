//! One line between two people, for a page: [`Page`] takes calls and gives events, as bytes. The
//! protocol is the core's; sockets, data channels, clocks and keys that a browser keeps are the
//! page's (`page/src/line`). `abi` is what WebAssembly sees of it.
//!
//! ```text
//! call    = op(1) ‖ fields               event = kind(1) ‖ len(4) ‖ fields
//! text    = len(4) ‖ UTF-8               numbers are big-endian; a time is milliseconds as f64
//! ```

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod abi;
mod attempt;
mod call;
mod event;
mod fields;
mod files;
mod page;
mod person;

pub use page::Page;
