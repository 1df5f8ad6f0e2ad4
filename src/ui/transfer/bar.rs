//! How far it is: one row of stderr that is written over, or the same in a line where lines
//! are only appended.
//!
//! ```text
//! row = \r CSI J  name, percent, bytes, rate, time left, path  \r
//! ```
//!
//! The cursor stays at its beginning: where the window becomes narrower than the row, the terminal
//! breaks it into several, and all of them are behind the cursor to be erased.

use std::convert::Infallible;
use std::future::pending;
use std::io::{self, Write};
use std::time::Duration;

use ::console::Term;
use tokio::time::{Instant, sleep_until};
use undertone_core::text::safe::{Safe, columns};

use crate::engine::event::transfer::{Progress, Step, Transfer};
use crate::files::size::bytes;
use crate::link::path::Path;
use crate::terminal::charset::Out;
use crate::terminal::front::is_in_front;
use crate::terminal::layout::{Text, width_of};
use crate::ui::clock::has_row;
use crate::ui::output::Face;
use crate::ui::rate::{Rate, time};

/// The row is painted so often, whatever happens.
const EVERY: Duration = Duration::from_secs(1);
/// Columns of a name that are shown, however narrow the row is.
const NAME_MIN: usize = 8;

/// How far something is, and how that is shown.
pub(super) struct Bar {
    has_row: bool,
    way: &'static str,
    current: Option<Current>,
    /// The row stands on the screen.
    shown: bool,
    next: Instant,
}

/// What is on its way.
struct Current {
    number: u32,
    name: Safe,
    peer: Safe,
    progress: Progress,
    rate: Rate,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Moving,
    /// There is no link.
    Lost,
    /// What is there of it is compared.
    Checking,
    /// All of it is there, and goes to the disk.
    Saving,
}

impl Bar {
    /// Nothing is on its way.
    pub(super) fn new(face: Face) -> Self {
        Self {
            has_row: has_row(face),
            way: "",
            current: None,
            shown: false,
            next: Instant::now(),
        }
    }

    /// It goes by this path.
    pub(super) fn goes(&mut self, route: Path) {
        self.way = route.name();
        if let Some(current) = &mut self.current
            && current.state == State::Lost
        {
            current.state = match current.progress.is_all() {
                true => State::Saving,
                false => State::Moving,
            };
            current.rate.go_on(current.progress.done, Instant::now());
        }
    }

    /// Whether nobody knows how much is on its way: what is lost of it does not come again.
    pub(super) fn is_of_pipe(&self) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|current| current.progress.total.is_none())
    }

    /// The link is lost.
    pub(super) fn lost(&mut self) {
        if let Some(current) = &mut self.current {
            current.state = State::Lost;
        }
        self.draw();
    }

    /// Something is on its way; another one that was shown is not any more.
    pub(super) fn begin(&mut self, number: u32, name: &str, peer: &str, progress: Progress) {
        let now = Instant::now();
        self.current = Some(Current {
            number,
            name: Safe::line(name),
            peer: Safe::name(peer),
            progress,
            rate: Rate::new(progress.done, now),
            state: State::Moving,
        });
        self.draw();
    }

    /// It is so far, or what is there of it is compared so far.
    pub(super) fn go_on(&mut self, transfer: &Transfer) {
        let number = transfer.number;
        let (progress, checks) = match transfer.step {
            Step::Checking(progress) => (progress, true),
            Step::Progress(progress) => (progress, false),
            _ => return,
        };
        if checks && self.current.as_ref().is_none_or(|it| it.number != number) {
            self.begin(number, &transfer.name, &transfer.peer, progress);
        }
        let current = self.current.as_mut();
        let Some(current) = current.filter(|current| current.number == number) else {
            return;
        };
        current.progress = progress;
        current.rate.note(progress.done, Instant::now());
        current.state = match progress.is_all() {
            // What was on its way when the link went is told behind the loss.
            _ if current.state == State::Lost => State::Lost,
            _ if checks => State::Checking,
            true => State::Saving,
            false => State::Moving,
        };
        self.draw();
    }

    /// How far it is, in words; `None` where there is a row that says it.
    pub(super) fn in_words(&self) -> Option<Text> {
        let current = self.current.as_ref().filter(|_| !self.has_row)?;
        let row = current.parts(Instant::now(), self.way).join(", ");
        Some(Text::remark(&format!("◆ {}: {row}", current.name)))
    }

    /// All of it is there.
    pub(super) fn saving(&mut self, number: u32) {
        if let Some(current) = &mut self.current
            && current.number == number
        {
            current.state = State::Saving;
            self.draw();
        }
    }

    /// How much came of files of this size, how long that took and how fast it was, in words; empty
    /// where that is not known.
    pub(super) fn in_all(&self, number: u32, size: u64) -> String {
        let Some(current) = self.current.as_ref().filter(|it| it.number == number) else {
            return String::new();
        };
        let now = Instant::now();
        // What was not told any more came, too.
        let total = current.progress.total.unwrap_or(size);
        let (came, rate) = current.rate.in_all(total, now);
        // Entries and verdicts came with them.
        let came = came.min(size);
        let took = time(current.rate.took(now).as_secs());
        match rate {
            Some(rate) => format!(", {} in {took}, {}/s", bytes(came), bytes(rate)),
            None => format!(", {}", bytes(came)),
        }
    }

    /// It is over.
    pub(super) fn end(&mut self, number: u32) {
        if self.current.as_ref().is_some_and(|it| it.number == number) {
            self.clear();
            self.current = None;
        }
    }

    /// Takes the row away, until it is painted again.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr().lock(), "\r\x1b[J");
        }
    }

    /// Paints the row once a second while something is on its way. Cancel-safe; does not return.
    pub(super) async fn run(&mut self) -> Infallible {
        if !self.has_row || self.current.is_none() {
            return pending().await;
        }
        loop {
            sleep_until(self.next).await;
            self.draw();
        }
    }

    fn draw(&mut self) {
        let now = Instant::now();
        self.next = now + EVERY;
        let Some(current) = self.current.as_ref().filter(|_| self.has_row) else {
            return;
        };
        if !is_in_front() {
            // Another program's row is there by now.
            self.shown = false;
            return;
        }
        let width = width_of(&Term::stderr()).unwrap_or(80);
        let row = current.row(now, self.way, width.saturating_sub(3));
        let _ = write!(Out::new(io::stderr().lock()), "\r\x1b[J  {row}\r");
        self.shown = true;
    }
}

impl Current {
    /// The row, in so many columns.
    fn row(&self, now: Instant, way: &str, width: usize) -> String {
        let mut parts = self.parts(now, way);
        let len = |parts: &[String]| parts.iter().map(|part| columns(part) + 2).sum::<usize>();
        let name = columns(self.name.as_str()).min(NAME_MIN);
        // The last one says the least.
        while parts.len() > 1 && name + len(&parts) > width {
            parts.pop();
        }
        let room = width.saturating_sub(len(&parts));
        let name = self.name.clipped(room);
        let row = std::iter::once(name.as_str()).chain(parts.iter().map(String::as_str));
        let row: Vec<_> = row.filter(|part| !part.is_empty()).collect();
        Safe::line(&row.join("  ")).clipped(width).to_string()
    }

    /// What there is to say, the most important first.
    fn parts(&self, now: Instant, way: &str) -> Vec<String> {
        let Progress { done, total } = self.progress;
        let percent = self
            .progress
            .percent()
            .map(|percent| format!("{percent} %"));
        match self.state {
            State::Saving => return vec!["saving".to_owned()],
            State::Checking => {
                let percent = percent.unwrap_or_default();
                return vec![format!("checking {percent}")];
            }
            State::Lost => {
                let kept = percent.unwrap_or_else(|| bytes(done));
                return vec![format!("waiting for {}, {kept} kept", self.peer)];
            }
            State::Moving => {}
        }
        let rate = self.rate.now(now);
        let left = total.zip(rate.filter(|rate| *rate > 0));
        let left = left.map(|(total, rate)| total.saturating_sub(done) / rate);
        let amount = match total {
            Some(total) => format!("{} of {}", bytes(done), bytes(total)),
            None => bytes(done),
        };
        let parts = [
            percent,
            rate.map(|rate| format!("{}/s", bytes(rate))),
            left.map(|left| format!("{} left", time(left))),
            Some(amount),
            Some(way.to_owned()),
        ];
        parts.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_wide_as_it_may_be_and_says_the_most_important() {
        let begun = Instant::now();
        let mut rate = Rate::new(0, begun);
        let now = begun + Duration::from_secs(2);
        rate.note(500_000_000, now);
        let mut current = Current {
            number: 1,
            name: Safe::line("世界 a long name\u{1b}[2J.tar.gz"),
            peer: Safe::name("bob"),
            progress: Progress {
                done: 500_000_000,
                total: Some(1_000_000_000),
            },
            rate,
            state: State::Moving,
        };
        for width in 0..120 {
            for state in [State::Moving, State::Lost, State::Saving] {
                current.state = state;
                let row = current.row(now, "direct", width);
                assert!(columns(&row) <= width, "{width}: {row}");
                assert!(!row.contains('\u{1b}'));
            }
        }
        current.state = State::Moving;
        let row = current.row(now, "direct", 100);
        assert!(
            row.ends_with("50 %  250 MB/s  2 s left  500 MB of 1.0 GB  direct"),
            "{row}"
        );
        assert!(current.row(now, "direct", 24).contains("50 %"));
        current.state = State::Lost;
        assert!(
            current
                .row(now, "", 60)
                .contains("waiting for bob, 50 % kept")
        );
    }

    #[test]
    fn what_arrives_behind_the_loss_of_the_link_does_not_bring_it_back() {
        let half = Progress {
            done: 1,
            total: Some(2),
        };
        let mut bar = Bar {
            has_row: false,
            way: "direct",
            current: None,
            shown: false,
            next: Instant::now(),
        };
        bar.begin(1, "a", "bob", half);
        bar.lost();
        bar.go_on(&Transfer {
            number: 1,
            peer: "bob".into(),
            outgoing: true,
            name: "a".into(),
            step: Step::Progress(half),
        });
        let row = |bar: &Bar| bar.in_words().unwrap().rows(None);
        assert!(row(&bar).contains("waiting for bob, 50 % kept"));
        bar.goes(Path::direct(([127, 0, 0, 1], 1).into()));
        assert!(row(&bar).contains("direct"));
    }
}
