//! The clock of a wait: one row of stderr that is written over each second, and
//! taken away before anything else is said.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Face;

/// Whether it stands on the last row of stderr.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Shows how long it has been since `since`, until dropped. Where stderr may only be
/// appended to, it waits in silence.
pub async fn run(face: &Face, since: Instant, ticking: &AtomicBool) {
    let shown = !face.json && !face.plain && !face.quiet && io::stderr().is_terminal();
    loop {
        if shown && ticking.load(Ordering::Relaxed) {
            let seconds = since.elapsed().as_secs();
            let _ = write!(
                io::stderr().lock(),
                "\r  Waiting for {}:{:02} ",
                seconds / 60,
                seconds % 60
            );
            SHOWN.store(true, Ordering::Relaxed);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Takes it away.
pub fn clear() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr().lock(), "\r\x1b[K");
    }
}
