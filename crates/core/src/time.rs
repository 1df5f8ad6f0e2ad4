//! The moments that callers pass in: those of `std`, or a page's where `std` has no clock.

#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
pub mod page;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub use page::Instant;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub use std::time::Instant;
