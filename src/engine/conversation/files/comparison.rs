//! A comparison of what an earlier offer left, at either end: what is hashed, and how far that is.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use undertone_core::files::compare::Chunks;

use super::TOLD_EVERY;
use super::writing::Signals;
use crate::engine::event::transfer::{Progress, Step};

/// What is compared, and how far that is at this end.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) chunks: Chunks,
    pub(super) signals: Arc<Signals>,
    told: Option<(u64, Instant)>,
}

impl Check {
    pub(super) fn new(chunks: Chunks) -> Self {
        Self::with(chunks, Arc::default())
    }

    pub(super) fn with(chunks: Chunks, signals: Arc<Signals>) -> Self {
        Self {
            chunks,
            signals,
            told: None,
        }
    }

    /// So many bytes are hashed, by another thread: whether it is to go on.
    pub(super) fn goes_on(&self, done: u64) -> bool {
        self.signals.checked.store(done, Ordering::Relaxed);
        !self.signals.cancelled.load(Ordering::Relaxed)
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            done: self.signals.checked.load(Ordering::Relaxed),
            total: Some(self.chunks.kept),
        }
    }

    /// How far it is, not too often.
    pub(super) fn news(&mut self, now: Instant) -> Option<Step> {
        let progress = self.progress();
        let is_new = |(done, at)| progress.done != done && now >= at + TOLD_EVERY;
        self.told.is_none_or(is_new).then(|| {
            self.told = Some((progress.done, now));
            Step::Checking(progress)
        })
    }
}
