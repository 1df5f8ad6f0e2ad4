//! The clock of a wait: one row of stderr that is written over each second, and
//! taken away before anything else is said. What is typed behind it stays.

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
            let time = format!("{}:{:02}", seconds / 60, seconds % 60);
            let row = format!("\r  Waiting for {time:<6}");
            let _ = match SHOWN.swap(true, Ordering::Relaxed) {
                false => write!(io::stderr().lock(), "{row}"),
                true => write!(io::stderr().lock(), "\x1b7{row}\x1b8"),
            };
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Somebody ended its row by Enter: it goes on in the next one.
pub fn leave_row() {
    SHOWN.store(false, Ordering::Relaxed);
}

/// Takes it away.
pub fn clear() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr().lock(), "\r\x1b[K");
    }
}
