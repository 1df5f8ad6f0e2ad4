//! The hashes of an offer of ours: whoever has a part of an earlier one asks for them once, before the
//! data is accepted.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use undertone_core::files::compare::Chunks;

use super::super::comparison::Check;
use super::Outgoing;
use crate::engine::event::transfer::{Progress, Step};
use crate::files::source::Source;

/// What the peer asks of it, in this session.
#[derive(Debug, Default)]
pub(super) enum Hashing {
    /// Nothing.
    #[default]
    Unasked,
    /// The hashes of this.
    Asked(Chunks),
    /// The same, while another thread reads the files.
    Running(Check),
    /// It may not ask: it has asked, or accepted the data.
    Over,
}

/// What another thread has hashed.
pub(in crate::engine::conversation) struct Hashed {
    source: Box<Source>,
    check: Check,
    hashes: Option<Vec<u8>>,
}

impl Hashing {
    /// What is being hashed is not wanted any more.
    pub(super) fn stop(&mut self, next: Self) {
        if let Self::Running(check) = mem::replace(self, next) {
            check.signals.cancelled.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        match self {
            Self::Running(check) => Some(check.progress()),
            _ => None,
        }
    }

    pub(super) fn news(&mut self, now: Instant) -> Option<Step> {
        match self {
            Self::Running(check) => check.news(now),
            _ => None,
        }
    }
}

impl Outgoing {
    /// The peer asks for the hashes of so much; whether it may.
    pub(in super::super) fn ask(&mut self, chunks: Chunks) -> bool {
        let fits = self.total.is_some() && chunks.count(self.contents).is_some();
        let may = fits && matches!(self.hashing, Hashing::Unasked);
        if may {
            self.hashing = Hashing::Asked(chunks);
        }
        may
    }

    /// Whether hashes are being made.
    pub(in super::super) fn is_checking(&self) -> bool {
        matches!(self.hashing, Hashing::Running(_))
    }

    /// Has the hashes made that are asked for, on another thread, once that has nothing else to do.
    pub(in super::super) fn begin_hash(
        &mut self,
    ) -> Option<impl FnOnce() -> Hashed + Send + 'static> {
        let Hashing::Asked(chunks) = self.hashing else {
            return None;
        };
        let mut source = self.source.take()?;
        let check = Check::new(chunks);
        self.hashing = Hashing::Running(check.clone());
        Some(move || Hashed {
            hashes: source.hash(chunks, |done| check.goes_on(done)),
            source,
            check,
        })
    }

    /// They are made, and given if they are still wanted.
    pub(in super::super) fn end_hash(&mut self, hashed: Hashed) -> Option<Vec<u8>> {
        self.source = Some(hashed.source);
        let ours = &hashed.check.signals;
        match &self.hashing {
            Hashing::Running(check) if Arc::ptr_eq(&check.signals, ours) => {
                self.hashing = Hashing::Over;
                hashed.hashes
            }
            _ => None,
        }
    }
}
