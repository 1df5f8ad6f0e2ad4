//! An offer of the peer's that was accepted, and of whose files an earlier one left a part: on another
//! thread that is hashed, and goes on where the peer's hashes differ.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use undertone_core::files::compare::Chunks;
use undertone_core::files::receive::Receive;
use undertone_core::session::Session;

use super::super::comparison::Check;
use super::super::writing::{Begun, Signals, WriteError, Writing};
use super::{Incoming, State};
use crate::files::journal::{Journal, Transfer};
use crate::files::left::Left;

/// What was left, and what goes on with it.
#[derive(Debug)]
pub(in crate::engine::conversation) struct Checking {
    pub(super) left: Box<Left>,
    pub(super) chunks: Chunks,
    pub(super) receive: Box<Receive>,
    pub(super) noted: (Journal, Transfer),
    pub(super) signals: Arc<Signals>,
    /// The hashes of what is here; none where it is not as it was left.
    pub(super) hashes: Vec<u8>,
}

/// What is awaited of the peer meanwhile.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) check: Check,
    /// Its hashes.
    answer: Option<Box<[u8]>>,
}

impl Checking {
    /// Makes the hashes of what is here.
    fn hash(mut self: Box<Self>) -> Box<Self> {
        let check = Check::with(self.chunks, Arc::clone(&self.signals));
        let hashed = self.left.hash(self.chunks, |done| check.goes_on(done));
        self.hashes = hashed.ok().flatten().unwrap_or_default();
        self
    }

    /// Goes on where the hashes differ.
    fn go_on(self: Box<Self>, answer: &[u8]) -> Begun {
        let same = self.chunks.same(&self.hashes, answer);
        let begun = self.write(same).map(Box::new);
        begun.map_err(|error| (self.receive, error))
    }

    fn write(&self, same: u64) -> Result<Writing, WriteError> {
        let (noted, signals) = (self.noted.clone(), Arc::clone(&self.signals));
        let Ok((receive, part)) = self.left.go_on(&self.receive, same) else {
            // It is not there any more as it was left.
            return Writing::create((*self.receive).clone(), noted, signals);
        };
        let writing = Writing::begin(receive, part, noted, signals)?;
        // The part is the other offer's now.
        let former = self.left.transfer();
        self.noted.0.forget(&former.peer, &former.id)?;
        Ok(writing)
    }
}

impl Incoming {
    /// The peer is asked for its hashes, and ours are made.
    pub(in super::super) fn check(
        &mut self,
        checking: Box<Checking>,
        session: &mut Session,
    ) -> impl FnOnce() -> Box<Checking> + Send + 'static {
        self.state = State::Checking;
        self.awaited = Some(Awaited {
            check: Check::with(checking.chunks, Arc::clone(&self.signals)),
            answer: None,
        });
        self.ask(session);
        move || checking.hash()
    }

    /// Asks for what is awaited, in a session in which that was not done.
    pub(super) fn ask(&mut self, session: &mut Session) {
        let (Some(awaited), true) = (&mut self.awaited, self.is_open) else {
            return;
        };
        let asked = session.compare(self.offer.id, awaited.check.chunks);
        // Where too much is unanswered nothing is the same.
        awaited.answer = asked.is_err().then(Box::default);
    }

    /// Hashes are here; whether they were asked for.
    pub(in super::super) fn take_hashes(&mut self, hashes: Box<[u8]>) -> bool {
        let Some(awaited) = &mut self.awaited else {
            return false;
        };
        let fits = awaited.answer.is_none() && awaited.check.chunks.fits(&hashes);
        if fits {
            awaited.answer = Some(hashes);
        }
        fits
    }

    /// Ours are made.
    pub(in super::super) fn hashed(&mut self, checking: Box<Checking>) {
        self.state = State::Checked(checking);
    }

    /// What is to be done once both are here.
    pub(super) fn compared(
        &mut self,
        checking: Box<Checking>,
    ) -> Option<impl FnOnce() -> Begun + Send + 'static> {
        // What was called off has no hashes, and what is there stays as it is.
        let goes_on = !self.signals.cancelled.load(Ordering::Relaxed);
        let is_answered = |awaited: &mut Awaited| goes_on && awaited.answer.is_some();
        let answer = self.awaited.take_if(is_answered);
        let Some(answer) = answer.and_then(|awaited| awaited.answer) else {
            self.state = State::Checked(checking);
            return None;
        };
        self.state = State::Writing;
        Some(move || checking.go_on(&answer))
    }
}
