//! The files that are on their way, as a prompt tells of them: how much of them is there, and how
//! long the rest takes at the rate of the last seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::event::transfer::{Progress, Step, Transfer};
use crate::files::size::bytes;
use crate::terminal::composer::prompt::Files;
use crate::ui::rate::{Rate, clock};

/// What is shown changes so often at the most.
const SHOWN_EVERY: Duration = Duration::from_millis(250);
/// What would take longer is not told, in seconds.
const LONGEST: u64 = 100 * 3600;

/// All of them, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Moving {
    all: BTreeMap<u32, One>,
    /// What was shown last is that of then.
    shown: Option<Instant>,
    /// When it is to change.
    next: Option<Instant>,
}

#[derive(Debug)]
struct One {
    outgoing: bool,
    progress: Progress,
    /// What there is to say in place of a time.
    word: Option<&'static str>,
    rate: Rate,
}

impl Moving {
    /// Something happened to an offer.
    pub(super) fn heed(&mut self, transfer: &Transfer, now: Instant) {
        let number = transfer.number;
        let mut next = now;
        match &transfer.step {
            Step::Started(progress) => {
                let one = One::new(transfer.outgoing, *progress, now);
                self.all.insert(number, one);
            }
            Step::Progress(progress) | Step::Checking(progress) => {
                let new = || One::new(transfer.outgoing, *progress, now);
                self.all
                    .entry(number)
                    .or_insert_with(new)
                    .take(*progress, now);
                if let Step::Checking(_) = &transfer.step {
                    self.say(number, "checking");
                }
                next = self.shown.map_or(now, |shown| now.max(shown + SHOWN_EVERY));
            }
            Step::Paused { .. } => self.say(number, "paused"),
            Step::Saving => self.say(number, "saving"),
            Step::Done { .. } | Step::Failed { .. } | Step::Kept(_) => {
                self.all.remove(&number);
            }
            Step::Offered(_) | Step::Waiting { .. } => return,
        }
        self.next = Some(self.next.map_or(next, |before| before.min(next)));
    }

    /// All of it is over.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn say(&mut self, number: u32, word: &'static str) {
        if let Some(one) = self.all.get_mut(&number) {
            one.word = Some(word);
        }
    }

    /// When [`Moving::due`] gives something.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// What is to be shown from now on, where that is due: of no files nothing.
    pub(super) fn due(&mut self, now: Instant) -> Option<Option<Files>> {
        self.next.take_if(|next| *next <= now)?;
        self.shown = Some(now);
        let stale = self.all.values().filter_map(|one| one.rate.stale_at());
        self.next = stale.filter(|at| *at > now).min();
        Some(self.files(now))
    }

    fn files(&self, now: Instant) -> Option<Files> {
        let (number, first) = self.all.first_key_value()?;
        let what = match self.all.len() {
            1 if first.outgoing => format!("↑{number}"),
            1 => format!("↓{number}"),
            several => format!("{several} files"),
        };
        let all = || self.all.values();
        let progress = Progress {
            done: all().map(|one| one.progress.done).sum(),
            total: all().map(|one| one.progress.total).sum(),
        };
        let amount = match progress.percent() {
            Some(percent) => format!("{percent}%"),
            None => bytes(progress.done),
        };
        let same = |one: &One| (one.word == first.word).then_some(first.word);
        let rest = match all().map(same).collect::<Option<Vec<_>>>() {
            Some(_) if first.word.is_some() => first.word.map(str::to_owned),
            _ => self.left(progress, now).map(clock),
        };
        Some(Files { what, amount, rest })
    }

    /// Seconds that the rest takes.
    fn left(&self, progress: Progress, now: Instant) -> Option<u64> {
        let rest = progress.total?.checked_sub(progress.done)?;
        let rates = self.all.values().filter_map(|one| one.rate.now(now));
        let rate = rates.fold(0, u64::saturating_add);
        let left = rest.div_ceil(rate.max(1));
        (rate > 0 && rest > 0 && left < LONGEST).then_some(left)
    }
}

impl One {
    fn new(outgoing: bool, progress: Progress, now: Instant) -> Self {
        Self {
            outgoing,
            progress,
            word: None,
            rate: Rate::new(progress.done, now),
        }
    }

    fn take(&mut self, progress: Progress, now: Instant) {
        (self.progress, self.word) = (progress, None);
        self.rate.note(progress.done, now);
    }
}

#[cfg(test)]
mod tests;
