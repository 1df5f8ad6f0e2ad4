//! The files of a conversation: offers of both ends, by their numbers.
//!
//! ```text
//! ours      listed ─► offered ─► read and sent ─► what the peer says of it
//! theirs    list read ─► the person is asked ─► received and written ─► in its place
//! ```
//!
//! Whatever waits for the disk is done on another thread, one piece of work an offer at a time, and
//! comes back as [`Done`]. What is said over the wire is the session's.

mod asked;
mod checked;
mod comparison;
mod ended;
mod incoming;
mod listing;
mod ours;
mod outgoing;
mod theirs;
mod words;
mod writing;

use std::collections::{BTreeMap, HashMap};
use std::future::pending;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, timeout};
use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::session::streams::StreamId;

use super::Conversation;
use crate::engine::WRITE_TIMEOUT;
use crate::engine::event::Event;
use crate::engine::event::transfer::{Step, Transfer};
use crate::files::source::SourceError;
use incoming::{Incoming, Work};
use outgoing::{Hashed, Outgoing, Read};
use writing::Writing;

/// Progress is told so often at the most.
pub(super) const TOLD_EVERY: Duration = Duration::from_millis(250);
/// Offers of the peer's that are open at a time; it has streams for no more.
const THEIRS_MAX: usize = 8;
/// Offers of the peer's are taken while less is to be done than this.
const WORK_MAX: usize = 4 * THEIRS_MAX;

/// All offers that are not over.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    /// The last number that was given.
    last: u32,
    ours: BTreeMap<u32, Outgoing>,
    theirs: BTreeMap<u32, Incoming>,
    work: JoinSet<Done>,
    /// For which offer each of that is.
    numbers: HashMap<Id, u32>,
    /// Removes what was written of those that are over.
    discards: JoinSet<()>,
    /// The same of those that another thread is busy with still.
    dropped: usize,
}

/// What another thread did for an offer.
pub(super) enum Done {
    /// What the person named was listed.
    Listed(u32, String, Result<Box<Outgoing>, SourceError>),
    Read(u32, Read),
    Hashed(u32, Hashed),
    Worked(u32, Work),
    /// It panicked: what it had is gone.
    Panicked(u32),
}

impl Transfers {
    fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// The next thing that another thread has done. Cancel-safe.
    pub(super) async fn next(&mut self) -> Done {
        loop {
            match self.work.join_next_with_id().await {
                Some(Ok((id, done))) => {
                    self.numbers.remove(&id);
                    return done;
                }
                Some(Err(error)) => {
                    if let Some(number) = self.numbers.remove(&error.id()) {
                        return Done::Panicked(number);
                    }
                }
                None => pending().await,
            }
        }
    }

    /// Whether something is on its way: accepted, and not over.
    pub(super) fn is_moving(&self) -> bool {
        self.ours
            .values()
            .any(|ours| ours.accepted || ours.is_checking())
            || self.theirs.values().any(Incoming::is_accepted)
    }

    /// Whether anything is offered, or to be, or on its way.
    pub(super) fn is_awaited(&self) -> bool {
        self.is_moving() || !self.ours.is_empty() || !self.work.is_empty()
    }

    /// Whether another thread is busy with what is to be removed then.
    fn is_discarding(&self) -> bool {
        self.dropped > 0
    }

    /// Whether other threads have more to do for offers than those of an honest peer need: some of
    /// it is for offers that came and went.
    fn is_busy(&self) -> bool {
        self.work.len() >= WORK_MAX
    }

    /// The number of an offer, of either end, that is open.
    fn by_id(&self, id: &OfferId) -> Option<u32> {
        let mut ours = self.ours.iter().filter(|(_, ours)| ours.id == *id);
        let theirs = self.theirs.iter();
        let mut theirs = theirs.filter(|(_, theirs)| theirs.is_open && theirs.offer.id == *id);
        let number = ours.next().map(|(number, _)| number);
        number.or(theirs.next().map(|(number, _)| number)).copied()
    }

    /// An offer that waits for its sender to come back, and for which this one may be another: it is
    /// called the same and as large. Gives its number, and what is here of it.
    fn give_up(&mut self, offer: &Offer) -> Option<(u32, Option<Box<Writing>>)> {
        let mut theirs = self.theirs.iter();
        let found = theirs.find(|(_, theirs)| theirs.is_given_up_for(offer));
        let number = *found?.0;
        let theirs = self.theirs.remove(&number)?;
        Some((number, theirs.into_writing()))
    }

    /// Removes what was written, on another thread.
    fn discard(&mut self, writing: Writing) {
        self.discards.spawn_blocking(move || writing.discard());
    }

    fn spawn(&mut self, number: u32, work: impl FnOnce() -> Done + Send + 'static) {
        let task = self.work.spawn_blocking(work);
        self.numbers.insert(task.id(), number);
    }

    fn ours_of(&self, stream: StreamId) -> Option<u32> {
        let mut ours = self.ours.iter();
        ours.find(|(_, ours)| ours.has(stream))
            .map(|(number, _)| *number)
    }

    fn theirs_of(&self, stream: StreamId) -> Option<u32> {
        let mut theirs = self.theirs.iter();
        let found = theirs.find(|(_, theirs)| theirs.has(stream));
        found.map(|(number, _)| *number)
    }
}

impl Conversation<'_> {
    /// Offers what waits to be offered, and gives the session what it wants and is here. Says
    /// whether it gave anything.
    pub(super) fn feed(&mut self) -> bool {
        self.offer_what_waits();
        let mut given = false;
        for wanted in self.session.wanted() {
            let Some(number) = self.transfers.ours_of(wanted.stream) else {
                continue;
            };
            let Some(ours) = self.transfers.ours.get_mut(&number) else {
                continue;
            };
            given |= ours.feed(&mut self.session, wanted);
            if let Some(work) = ours.begin_read() {
                self.transfers
                    .spawn(number, move || Done::Read(number, work()));
            }
        }
        given
    }

    /// Another thread has done something for an offer.
    pub(super) fn take_done(&mut self, done: Done) {
        match done {
            Done::Listed(number, name, listed) => self.listed(number, name, listed),
            Done::Read(number, read) => self.was_read(number, read),
            Done::Hashed(number, hashed) => self.was_hashed(number, hashed),
            Done::Worked(number, work) => self.worked(number, work),
            Done::Panicked(number) => self.panicked(number),
        }
    }

    /// The peer says no more of this stream.
    pub(super) fn stream_closed(&mut self, stream: StreamId) {
        match (
            self.transfers.ours_of(stream),
            self.transfers.theirs_of(stream),
        ) {
            (Some(number), _) => self.ours_closed(number, stream),
            (_, Some(number)) => self.theirs_closed(number, stream),
            // Of an offer that is over.
            (None, None) => {}
        }
    }

    /// Bytes of a stream of the peer's are here.
    pub(super) fn take_piece(&mut self, stream: StreamId, bytes: &[u8], last: bool) {
        let Some(number) = self.transfers.theirs_of(stream) else {
            return;
        };
        self.take_bytes(number, bytes, last);
    }

    /// Another session carries the conversation: offers of ours are made again, those of the peer's
    /// wait until they are.
    pub(super) fn offers_interrupted(&mut self) {
        self.transfers.ours.values_mut().for_each(Outgoing::renew);
        self.interrupt_theirs();
    }

    /// The conversation is over: what was received so far is kept for another one.
    pub(super) async fn end_transfers(&mut self) {
        let peer = self.peer.name().to_owned();
        for (number, ours) in std::mem::take(&mut self.transfers.ours) {
            let message = match (ours.accepted, ours.total) {
                (true, Some(_)) => {
                    format!("{peer} does not have all of it; offered again, it goes on")
                }
                (true, None) => format!("{peer} does not have all of it"),
                (false, _) => format!("{peer} has not answered"),
            };
            let step = Step::Failed {
                outcome: Outcome::Failed,
                by_peer: self.exit.is_none(),
                message,
            };
            self.tell_transfer(number, true, ours.title, step);
        }
        let ending = async {
            self.keep_theirs().await;
            // What was cancelled leaves nothing.
            while self.transfers.is_discarding() {
                let done = self.transfers.next().await;
                self.take_done(done);
            }
            while self.transfers.discards.join_next().await.is_some() {}
        };
        // What is not safe by then comes once more.
        let _ = timeout(WRITE_TIMEOUT, ending).await;
        for (number, theirs) in std::mem::take(&mut self.transfers.theirs) {
            theirs.signals.cancelled.store(true, Ordering::Relaxed);
            if theirs.is_accepted() && theirs.is_lasting() {
                let name = theirs.title.clone();
                self.tell_transfer(number, false, name, Step::Kept(theirs.progress()));
            }
        }
    }

    /// Tells how far things are, where it is time to.
    pub(super) fn tell_progress(&mut self) {
        let now = Instant::now();
        let mut news = Vec::new();
        for (number, ours) in &mut self.transfers.ours {
            let step = ours.news(&self.session, now);
            news.extend(step.map(|step| (*number, true, ours.title.clone(), step)));
        }
        for (number, theirs) in &mut self.transfers.theirs {
            let step = theirs.news(now);
            if let Some(Step::Paused { .. }) = step {
                // Where the outbox is full, that nothing moves says enough.
                let _ = self.session.tell_paused(theirs.offer.id);
            }
            news.extend(step.map(|step| (*number, false, theirs.title.clone(), step)));
        }
        for (number, outgoing, name, step) in news {
            // Who leaves waits for it.
            self.heeded = now;
            self.tell_transfer(number, outgoing, name, step);
        }
    }

    /// When progress is to be told next.
    pub(super) fn progress_at(&self) -> Option<Instant> {
        self.transfers
            .is_moving()
            .then(|| Instant::now() + TOLD_EVERY)
    }

    fn tell_transfer(&self, number: u32, outgoing: bool, name: String, step: Step) {
        let peer = self.peer.name().to_owned();
        self.show(Event::Transfer(Transfer {
            number,
            peer,
            outgoing,
            name,
            step,
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whose_work_panics_is_known() {
        let mut transfers = Transfers::default();
        transfers.spawn(7, || panic!("on purpose"));
        assert!(matches!(transfers.next().await, Done::Panicked(7)));
        assert!(transfers.numbers.is_empty() && transfers.work.is_empty());
    }
}
