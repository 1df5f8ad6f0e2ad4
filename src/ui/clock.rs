//! The clock of a wait: one row of stderr that is written over each second, and
//! taken away before anything else is said.

use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::terminal::front::is_in_front;
use crate::ui::output::Face;

/// Whether it stands on the last row of stderr.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// What the row says.
#[derive(Clone, Copy)]
pub struct Row {
    what: &'static str,
    since: Instant,
}

impl Row {
    /// Nobody is there, since then.
    pub fn waiting(since: Instant) -> Self {
        let what = "Waiting for";
        Row { what, since }
    }

    /// Somebody is there from now on, and not yet reached.
    pub fn looking() -> Self {
        let (what, since) = ("Looking for a path", Instant::now());
        Row { what, since }
    }
}

/// Whether it is shown: stderr may be written over.
pub fn has_row(face: Face) -> bool {
    !(face.json || face.plain || face.quiet) && io::stderr().is_terminal()
}

/// Shows the row, if there is one, and for how long by now, until dropped. Where a `console` has
/// the terminal, it waits in silence.
pub async fn run(face: &Face, console: bool, row: &watch::Sender<Option<Row>>) -> Infallible {
    let shown = has_row(*face) && !console;
    let mut last = "";
    loop {
        let row = *row.borrow();
        if !is_in_front() {
            // Another program's row is there by now.
            SHOWN.store(false, Ordering::Relaxed);
        } else if shown && let Some(Row { what, since }) = row {
            if std::mem::replace(&mut last, what) != what {
                clear();
            }
            let seconds = since.elapsed().as_secs();
            let time = format!("{}:{:02}", seconds / 60, seconds % 60);
            let _ = write!(io::stderr().lock(), "\r  {what} {time:<6}");
            SHOWN.store(true, Ordering::Relaxed);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Ctrl-C: where there is no row, the system wrote `^C` where the cursor was. That gets a row of
/// its own.
pub fn interrupted() {
    if !SHOWN.load(Ordering::Relaxed) && io::stdin().is_terminal() {
        let _ = writeln!(io::stderr().lock());
    }
}

/// Takes it away.
pub fn clear() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        let _ = write!(io::stderr().lock(), "\r\x1b[K");
    }
}
