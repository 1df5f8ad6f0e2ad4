//! Delivers a signal to this program that it has blocked.

use std::io;

use nix::sys::signal::{SigSet, Signal, raise};

/// Lets a signal do to the program what it does by default, or what whoever started the program
/// chose. Returns if the program goes on. The signal must be blocked, and is again afterwards.
pub(super) fn deliver(signal: Signal) -> io::Result<()> {
    // The runtime of Rust looks at these two first, for a stack that overflows, and then lets the
    // next one through.
    let times = match signal {
        Signal::SIGSEGV | Signal::SIGBUS => 2,
        _ => 1,
    };
    let mut only = SigSet::empty();
    only.add(signal);
    for _ in 0..times {
        raise(signal)?;
        only.thread_unblock()?;
        only.thread_block()?;
    }
    Ok(())
}
