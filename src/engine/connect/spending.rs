//! What is spent of an invite: an attempt counts once our SEALED goes out, and whatever ends it
//! before the peer is there (PROTOCOL.md §4). Where the room has a secret it is counted on the
//! disk, across runs; without one there is nothing to guess, and it is counted for this run.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::attempts::{ATTEMPTS_MAX, Attempts, Spent};
use crate::engine::{ChatError, Context};
use crate::store::{StoreError, Writer, aside};

/// The attempts in one room.
pub struct Spending {
    kept: Option<Attempts>,
    tag: [u8; 32],
    spent: AtomicU32,
    under_way: AtomicBool,
    /// Those that do not count once somebody came.
    begun: Mutex<Spent>,
    writer: Arc<Writer>,
}

impl fmt::Debug for Spending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spending")
            .field("spent", &self.spent)
            .field("under_way", &self.under_way)
            .finish_non_exhaustive()
    }
}

impl Spending {
    /// What was spent before.
    ///
    /// # Errors
    /// [`ChatError::RoomSpent`] where it was all; [`ChatError::Attempts`].
    pub async fn open(context: &Context) -> Result<Self, ChatError> {
        let has_secret = context.config.room.secret().is_some();
        let spending = Self {
            kept: has_secret.then(|| context.config.attempts.clone()),
            tag: context.config.room.tag(),
            spent: AtomicU32::new(0),
            under_way: AtomicBool::new(false),
            begun: Mutex::default(),
            writer: Arc::clone(&context.config.writer),
        };
        let spent = spending.ask(Attempts::count).await?.unwrap_or_default();
        spending.spent.store(spent, Ordering::Relaxed);
        match spending.left() {
            0 => Err(ChatError::RoomSpent),
            _ => Ok(spending),
        }
    }

    /// Our SEALED is about to go out.
    ///
    /// # Errors
    /// As [`Spending::open`]; it must not go out then.
    pub async fn begin(&self) -> Result<(), ChatError> {
        self.under_way.store(true, Ordering::Relaxed);
        let spent = self.ask(Attempts::add).await;
        if spent.is_err() {
            self.under_way.store(false, Ordering::Relaxed);
        }
        let spent = match spent? {
            None => self.spent.load(Ordering::Relaxed) + 1,
            Some(begun) => {
                let count = begun.count();
                *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = begun;
                count
            }
        };
        self.spent.store(spent, Ordering::Relaxed);
        // Another client of ours was faster.
        match spent > ATTEMPTS_MAX {
            true => Err(ChatError::RoomSpent),
            false => Ok(()),
        }
    }

    /// The attempt went wrong, and the person is told: how many are left.
    pub fn failed(&self) -> u32 {
        self.under_way.store(false, Ordering::Relaxed);
        self.left()
    }

    /// What is to be said where something else ended an attempt that had begun.
    pub fn broken_off(&self) -> Option<ChatError> {
        let under_way = self.is_under_way();
        under_way.then(|| ChatError::BrokenOff {
            left: self.failed(),
        })
    }

    /// The peer was there: nothing is spent any more. The disk is not waited for: until it
    /// knows of this, it counts one attempt too many.
    pub fn succeeded(&self) {
        self.under_way.store(false, Ordering::Relaxed);
        self.spent.store(0, Ordering::Relaxed);
        let Some(kept) = self.kept.clone() else {
            return;
        };
        let begun = std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner));
        self.writer
            .keep("that no attempt is spent", move || kept.forget(&begun));
    }

    /// Whether an attempt has begun and neither failed nor succeeded.
    pub fn is_under_way(&self) -> bool {
        self.under_way.load(Ordering::Relaxed)
    }

    fn left(&self) -> u32 {
        ATTEMPTS_MAX.saturating_sub(self.spent.load(Ordering::Relaxed))
    }

    /// Has the disk do it, off this thread; `None` where nothing is kept.
    async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&Attempts, &[u8; 32]) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, ChatError> {
        let Some(kept) = self.kept.clone() else {
            return Ok(None);
        };
        let tag = self.tag;
        let done = aside(move || what(&kept, &tag)).await;
        Ok(Some(
            done.and_then(|done| done).map_err(ChatError::Attempts)?,
        ))
    }
}
