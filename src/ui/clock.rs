//! The clock of a wait: one row of stderr that is written over each second, and
//! taken away before anything else is said.

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use ::console::Term;
use tokio::time::{Instant, sleep_until};
use undertone_core::text::safe::Safe;

use super::output::Face;
use crate::engine::event::Wait;
use crate::terminal::charset::Out;
use crate::terminal::front::is_in_front;
use crate::terminal::guard::is_taken;
use crate::terminal::layout::width_of;

const EVERY: Duration = Duration::from_secs(1);

/// Whether there is such a row: stderr may be written over.
pub(super) fn has_row(face: Face) -> bool {
    !(face.json || face.plain || face.quiet) && io::stderr().is_terminal()
}

/// The row, or the want of one.
pub(super) struct Clock {
    has_row: bool,
    /// What it counts, and since when.
    counts: Option<(Wait, Instant)>,
    /// Since when a seat has been held.
    seated: Option<Instant>,
    /// It stands on the last row of stderr.
    shown: bool,
    next: Instant,
}

impl Clock {
    /// No wait yet.
    pub(super) fn new(face: Face) -> Self {
        Self {
            has_row: has_row(face),
            counts: None,
            seated: None,
            shown: false,
            next: Instant::now(),
        }
    }

    /// The wait is so far.
    pub(super) fn set(&mut self, wait: Wait) {
        let now = Instant::now();
        if self.counts.is_some_and(|(before, _)| before != wait) {
            self.clear();
        }
        self.counts = match wait {
            Wait::Over => None,
            Wait::Seated => Some((wait, *self.seated.get_or_insert(now))),
            Wait::Connecting => Some((wait, now)),
        };
        if wait == Wait::Over {
            self.seated = None;
            self.clear();
        }
        self.next = now;
    }

    /// Whether somebody is awaited.
    pub(super) fn runs(&self) -> bool {
        self.counts.is_some()
    }

    /// Shows the row once a second while there is one. Cancel-safe; does not return.
    pub(super) async fn run(&mut self) -> Infallible {
        if !self.has_row {
            // Each sleep would wake the conversation's thread, which keeps the time.
            return pending().await;
        }
        loop {
            sleep_until(self.next).await;
            self.next += EVERY;
            self.draw();
        }
    }

    fn draw(&mut self) {
        if !is_in_front() || !is_taken() {
            // Another program's row is there by now, or what is typed would be.
            self.shown = false;
            return;
        }
        let Some((wait, since)) = self.counts else {
            return;
        };
        let what = match wait {
            Wait::Connecting => "Looking for a path",
            Wait::Seated | Wait::Over => "Waiting for",
        };
        let seconds = since.elapsed().as_secs();
        let time = format!("{}:{:02}", seconds / 60, seconds % 60);
        // In a second row it would stay.
        let width = width_of(&Term::stderr()).unwrap_or(80);
        let row = Safe::line(&format!("{what} {time}")).clipped(width.saturating_sub(3));
        let _ = write!(Out::new(io::stderr().lock()), "\r  {row}\x1b[K");
        self.shown = true;
    }

    /// Ctrl-C: where there is no row, the system wrote `^C` where the cursor was. That gets a row
    /// of its own.
    pub(super) fn interrupted(&self) {
        if !self.shown && io::stdin().is_terminal() {
            let _ = writeln!(io::stderr().lock());
        }
    }

    /// Takes it away, until the next second.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[K");
        }
    }

    /// A console has the terminal from now on.
    pub(super) fn hide(&mut self) {
        self.clear();
        self.has_row = false;
    }
}
