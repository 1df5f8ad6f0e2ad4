//! What is typed is kept by the system and not shown, while a row of ours stands where it would be.

use rustix::process::getpgrp;
use rustix::stdio::stdin;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The terminal on stdin shows nothing of what is typed while this lives.
#[derive(Debug)]
pub struct Silence(Termios);

impl Silence {
    /// `None`: the terminal is not ours to change.
    #[must_use]
    pub fn begin() -> Option<Self> {
        let before = tcgetattr(stdin()).ok().filter(|_| is_in_front())?;
        let mut silent = before.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL);
        tcsetattr(stdin(), OptionalActions::Now, &silent).ok()?;
        Some(Silence(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if is_in_front() {
            // A terminal that is gone has no modes to restore.
            let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
        }
    }
}

/// Who reads or changes a terminal from behind what is in front is stopped by the system.
#[must_use]
pub fn is_in_front() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|front| front == getpgrp())
}
