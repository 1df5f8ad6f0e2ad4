//! How offers of the peer's end before they are received: by either person, with their session, or
//! with the conversation.

use std::sync::atomic::Ordering;

use undertone_core::files::{OfferId, Outcome};
use undertone_core::session::streams::StreamId;

use super::incoming::{Incoming, State, Work};
use super::{Conversation, Done};
use crate::engine::event::transfer::Step;

impl Conversation<'_> {
    /// The sender says that it is over.
    pub(super) fn theirs_ended(&mut self, id: OfferId, outcome: Outcome) {
        let mut theirs = self.transfers.theirs.iter();
        // One of a former session is made again: there it was said that its streams are no more.
        let found = theirs.find(|(_, theirs)| theirs.offer.id == id && theirs.is_open);
        let outcome = match outcome {
            // That is for us to say.
            Outcome::Received => Outcome::Failed,
            outcome => outcome,
        };
        if let Some((number, _)) = found {
            self.drop_theirs(*number, outcome, true, String::new());
        }
    }

    /// The peer closed a stream of its own before all of it was here, without a word about the
    /// offer, which would have come before.
    pub(super) fn theirs_closed(&mut self, number: u32, stream: StreamId) {
        let theirs = self.transfers.theirs.get(&number);
        if theirs.is_some_and(|theirs| theirs.is_awaited(stream)) {
            self.drop_theirs(number, Outcome::Failed, true, String::new());
        }
    }

    /// It does not come about because of this end, which tells the peer.
    pub(super) fn end_theirs(&mut self, number: u32, outcome: Outcome, message: String) {
        if let Some(theirs) = self.transfers.theirs.get(&number) {
            // Where the outbox is full, the closed streams say enough.
            let _ = self.session.tell_outcome(theirs.offer.id, outcome);
        }
        self.drop_theirs(number, outcome, false, message);
    }

    pub(super) fn drop_theirs(
        &mut self,
        number: u32,
        outcome: Outcome,
        by_peer: bool,
        message: String,
    ) {
        let Some(mut theirs) = self.transfers.theirs.remove(&number) else {
            return;
        };
        theirs.signals.cancelled.store(true, Ordering::Relaxed);
        theirs.close(&mut self.session);
        let (name, state) = (theirs.title.clone(), theirs.state);
        match state {
            State::Receiving(writing) => self.transfers.discard(*writing),
            State::Writing | State::Checking => self.transfers.dropped += 1,
            // What an earlier offer left stays as it was.
            State::Listing(_) | State::Reading | State::Asked(_) | State::Checked(_) => {}
        }
        let step = Step::Failed {
            outcome,
            by_peer,
            message,
        };
        self.tell_transfer(number, false, name, step);
    }

    /// The conversation is over: what is here of the accepted ones is noted and kept. What another
    /// thread is busy with is waited for.
    pub(super) async fn keep_theirs(&mut self) {
        while self.transfers.theirs.values().any(Incoming::is_accepted) {
            let (mut kept, mut left) = (Vec::new(), Vec::new());
            self.transfers.theirs.retain(|number, theirs| {
                let state = std::mem::replace(&mut theirs.state, State::Writing);
                let writing = match state {
                    State::Receiving(writing) => writing,
                    // What was left is noted already.
                    State::Checked(_) => {
                        left.push((*number, theirs.title.clone(), theirs.kept()));
                        return false;
                    }
                    state => {
                        let is_checking = matches!(state, State::Checking);
                        theirs.state = state;
                        if is_checking {
                            theirs.signals.cancelled.store(true, Ordering::Relaxed);
                        }
                        return true;
                    }
                };
                let name = theirs.title.clone();
                let progress = theirs.is_lasting().then(|| theirs.progress());
                kept.push((*number, name, progress, writing));
                false
            });
            for (number, name, progress) in left {
                self.tell_transfer(number, false, name, Step::Kept(progress));
            }
            for (number, name, progress, mut writing) in kept {
                let Some(progress) = progress else {
                    // Of a pipe nothing comes again, nor is it taken twice.
                    self.transfers.discard(*writing);
                    let message = "what comes or goes through a pipe cannot go on later".to_owned();
                    let step = Step::Failed {
                        outcome: Outcome::Failed,
                        by_peer: self.exit.is_none(),
                        message,
                    };
                    self.tell_transfer(number, false, name, step);
                    continue;
                };
                let noted = tokio::task::spawn_blocking(move || writing.keep());
                if let Ok(Ok(())) = noted.await {
                    self.tell_transfer(number, false, name, Step::Kept(progress));
                }
            }
            if self.transfers.theirs.values().any(Incoming::is_accepted) {
                match self.transfers.next().await {
                    Done::Worked(number, Work::Written(writing, Ok(None))) => {
                        if let Some(theirs) = self.transfers.theirs.get_mut(&number) {
                            theirs.state = State::Receiving(writing);
                        }
                    }
                    done => self.take_done(done),
                }
            }
        }
    }

    /// Their streams are gone with their session, and so is what nobody accepted; what is here of
    /// the others is kept until the peer offers them again.
    pub(super) fn interrupt_theirs(&mut self) {
        let mut gone = Vec::new();
        for (number, theirs) in &mut self.transfers.theirs {
            theirs.interrupt();
            gone.extend((!theirs.is_accepted()).then_some(*number));
        }
        for number in gone {
            self.drop_theirs(number, Outcome::Cancelled, true, String::new());
        }
    }
}
