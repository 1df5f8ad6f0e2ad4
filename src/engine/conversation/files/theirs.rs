//! What becomes of offers of the peer's.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::session::streams::StreamId;

use super::incoming::{Incoming, State, Work};
use super::listing::{Listed, Next};
use super::writing::WriteError;
use super::{Conversation, Done, THEIRS_MAX};
use crate::engine::event::transfer::{Offered, Step};
use crate::trust::Trust;

impl Conversation<'_> {
    /// The peer offers something: its list is read before anybody is asked.
    pub(in crate::engine::conversation) fn take_offer(&mut self, offer: Offer) {
        let (list, data) = (StreamId(offer.list), StreamId(offer.data));
        let known = self.transfers.theirs.iter_mut();
        let known = known.map(|(number, theirs)| (*number, theirs));
        let mut known = known.filter(|(_, theirs)| theirs.offer.id == offer.id && !theirs.is_open);
        if let Some((_, theirs)) = known.next() {
            theirs.reopen(offer, &mut self.session);
            return;
        }
        let mut unused = vec![list, data];
        unused.retain(|stream| self.transfers.theirs_of(*stream).is_none());
        let is_crowded = self.transfers.theirs.len() >= THEIRS_MAX || self.transfers.is_busy();
        let is_known = self.transfers.by_id(&offer.id).is_some();
        if is_known || is_crowded || unused.len() < 2 {
            if !is_known {
                // A word about one would be a word about the other.
                let _ = self.session.tell_outcome(offer.id, Outcome::Failed);
            }
            for stream in unused {
                self.session.close_stream(stream);
            }
            return;
        }
        let number = self.transfers.number();
        let config = &self.context.config;
        let theirs = Incoming::new(offer, config.journal.clone(), config.limit);
        let look = theirs.look(*self.peer.key());
        self.transfers.theirs.insert(number, theirs);
        self.transfers.spawn(move || Done::Worked(number, look()));
    }

    fn list_ended(&mut self, number: u32, Listed { summary, next }: Listed) {
        let Some(theirs) = self.transfers.theirs.get_mut(&number) else {
            return;
        };
        let asks = matches!(next, Next::Ask(_));
        theirs.listed(&summary, next, &mut self.session);
        let name = theirs.offer.name.to_string();
        let (size, config) = (summary.totals.size, &self.context.config);
        if let (Some(limit), Some(size)) = (config.limit, size)
            && size > limit
        {
            return self.end_theirs(
                number,
                Outcome::TooLarge,
                WriteError::TooLarge(limit).to_string(),
            );
        }
        if asks {
            let trust = self.peer.trust();
            // How much comes through a pipe nobody knows.
            let is_little = config
                .accepts
                .zip(size)
                .is_some_and(|(up_to, size)| size <= up_to);
            let accepted = trust == Trust::Verified && is_little;
            let into = config.downloads.clone();
            let offered = Offered::new(&summary, trust, into, self.route.relay_limits(), accepted);
            self.tell_transfer(number, false, name, Step::Offered(offered));
            if accepted {
                self.accept(Some(number), None);
            }
        }
    }

    /// The person accepts an offer, into this folder or where everything goes.
    pub(in crate::engine::conversation) fn accept(
        &mut self,
        number: Option<u32>,
        into: Option<PathBuf>,
    ) {
        let is_asked = |theirs: &Incoming| matches!(theirs.state, State::Asked(_));
        let Some(number) = self.one_of_theirs(number, is_asked) else {
            return;
        };
        let into = into.unwrap_or_else(|| self.context.config.downloads.clone());
        let theirs = self.transfers.theirs.get_mut(&number);
        let peer = *self.peer.key();
        if let Some(work) = theirs.and_then(|theirs| theirs.open(into, peer)) {
            self.transfers.spawn(move || Done::Worked(number, work()));
        }
    }

    /// The person declines an offer.
    pub(in crate::engine::conversation) fn reject(&mut self, number: Option<u32>) {
        let is_asked = |theirs: &Incoming| matches!(theirs.state, State::Asked(_));
        if let Some(number) = self.one_of_theirs(number, is_asked) {
            self.end_theirs(number, Outcome::Declined, String::new());
        }
    }

    /// The person ends a transfer of either direction.
    pub(in crate::engine::conversation) fn cancel(&mut self, number: Option<u32>) {
        let ours = self.transfers.ours.keys();
        let mut all: Vec<u32> = ours.chain(self.transfers.theirs.keys()).copied().collect();
        all.sort_unstable();
        let number = match (number, all.as_slice()) {
            (Some(number), _) if all.contains(&number) => number,
            (None, [number]) => *number,
            _ => return self.which(&all),
        };
        self.cancel_one(number);
    }

    /// Ends all of them, of either direction.
    pub(in crate::engine::conversation) fn cancel_all(&mut self) {
        let ours = self.transfers.ours.keys();
        let all: Vec<u32> = ours.chain(self.transfers.theirs.keys()).copied().collect();
        all.into_iter().for_each(|number| self.cancel_one(number));
    }

    fn cancel_one(&mut self, number: u32) {
        match self.transfers.ours.contains_key(&number) {
            true => self.end_ours(number, Outcome::Cancelled, false, String::new()),
            false => self.end_theirs(number, Outcome::Cancelled, String::new()),
        }
    }

    /// The offer that the person means, among those that fit.
    fn one_of_theirs(&self, number: Option<u32>, fits: impl Fn(&Incoming) -> bool) -> Option<u32> {
        let theirs = self.transfers.theirs.iter();
        let fitting: Vec<u32> = theirs
            .filter(|(_, theirs)| fits(theirs))
            .map(|(number, _)| *number)
            .collect();
        match (number, fitting.as_slice()) {
            (Some(number), all) if all.contains(&number) => Some(number),
            (None, [number]) => Some(*number),
            (_, all) => {
                self.which(all);
                None
            }
        }
    }

    /// It is not clear which offer is meant.
    fn which(&self, all: &[u32]) {
        let all: Vec<_> = all
            .iter()
            .filter_map(|n| self.transfers.named(*n))
            .collect();
        match all.as_slice() {
            [] => self.error("no-offer", "there is no such offer", "/files lists them."),
            all => self.error(
                "which-offer",
                &format!("which offer? There are {}", all.join(" · ")),
                "Give its number; /files lists them.",
            ),
        }
    }

    pub(super) fn take_bytes(&mut self, number: u32, bytes: &[u8], last: bool) {
        if let Some(theirs) = self.transfers.theirs.get_mut(&number) {
            theirs.take(bytes, last);
        }
        self.work(number);
    }

    /// Has done what is to be done with what came.
    fn work(&mut self, number: u32) {
        let theirs = self.transfers.theirs.get_mut(&number);
        if let Some(work) = theirs.and_then(Incoming::work) {
            self.transfers.spawn(move || Done::Worked(number, work()));
        }
    }

    pub(super) fn worked(&mut self, number: u32, work: Work) {
        let Some(theirs) = self.transfers.theirs.get_mut(&number) else {
            // It was ended meanwhile.
            let (Work::Opened(Ok(writing)) | Work::Written(writing, _)) = work else {
                let was_opened = usize::from(matches!(work, Work::Opened(_)));
                self.transfers.dropped = self.transfers.dropped.saturating_sub(was_opened);
                return;
            };
            self.transfers.dropped = self.transfers.dropped.saturating_sub(1);
            self.transfers.discard(*writing);
            return;
        };
        match work {
            Work::Read(listing, read) => {
                if !theirs.go_on_listing(listing, read, &mut self.session) {
                    return self.end_theirs(number, Outcome::Failed, String::new());
                }
                self.work(number);
            }
            Work::Listed(Ok(listed)) => self.list_ended(number, listed),
            Work::Listed(Err(refused)) => {
                self.end_theirs(number, Outcome::NotAcceptable, refused.to_string());
            }
            Work::Opened(Ok(writing)) => theirs.go_on(writing, &mut self.session),
            Work::Opened(Err((receive, error))) if self.context.config.speaker.is_for_files => {
                theirs.state = State::Asked(receive);
                self.end_theirs(number, error.outcome(), error.to_string());
            }
            Work::Opened(Err((receive, error))) => {
                theirs.state = State::Asked(receive);
                self.error("cannot-write", &error.to_string(), "");
            }
            Work::Written(writing, Ok(None)) => {
                theirs.go_on(writing, &mut self.session);
                self.work(number);
            }
            Work::Written(_, Ok(Some(received))) => {
                let (id, size) = (theirs.offer.id, theirs.size);
                let name = theirs.offer.name.to_string();
                theirs.close(&mut self.session);
                self.transfers.theirs.remove(&number);
                let _ = self.session.tell_outcome(id, Outcome::Received);
                let step = Step::Done {
                    size,
                    paths: received.paths,
                    dropped: received.dropped,
                };
                self.tell_transfer(number, false, name, step);
            }
            Work::Written(writing, Err(error)) => {
                theirs.state = State::Receiving(writing);
                self.end_theirs(number, error.outcome(), error.to_string());
            }
        }
    }

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

    /// The peer closed a stream of its own before all of it was here: the word about that may come
    /// behind it.
    pub(super) fn theirs_closed(&mut self, number: u32, stream: StreamId) {
        let theirs = self.transfers.theirs.get_mut(&number);
        if let Some(theirs) = theirs.filter(|theirs| theirs.is_awaited(stream)) {
            theirs.is_cut = true;
        }
    }

    /// Ends what was closed without a word.
    pub(super) fn end_cut(&mut self) {
        if self.session.has_events() {
            return;
        }
        let theirs = self.transfers.theirs.iter();
        let cut = theirs.filter(|(_, theirs)| theirs.is_cut);
        let cut: Vec<u32> = cut.map(|(number, _)| *number).collect();
        for number in cut {
            self.drop_theirs(number, Outcome::Failed, true, String::new());
        }
    }

    /// It does not come about because of this end, which tells the peer.
    fn end_theirs(&mut self, number: u32, outcome: Outcome, message: String) {
        if let Some(theirs) = self.transfers.theirs.get(&number) {
            // Where the outbox is full, the closed streams say enough.
            let _ = self.session.tell_outcome(theirs.offer.id, outcome);
        }
        self.drop_theirs(number, outcome, false, message);
    }

    fn drop_theirs(&mut self, number: u32, outcome: Outcome, by_peer: bool, message: String) {
        let Some(mut theirs) = self.transfers.theirs.remove(&number) else {
            return;
        };
        theirs.signals.cancelled.store(true, Ordering::Relaxed);
        theirs.close(&mut self.session);
        let (name, state) = (theirs.offer.name.to_string(), theirs.state);
        match state {
            State::Receiving(writing) => self.transfers.discard(*writing),
            State::Writing => self.transfers.dropped += 1,
            State::Listing(_) | State::Reading | State::Asked(_) => {}
        }
        self.failed(number, false, name, outcome, by_peer, message);
    }

    /// The conversation is over: what is here of the accepted ones is noted and kept. What another
    /// thread is busy with is waited for.
    pub(super) async fn keep_theirs(&mut self) {
        while self.transfers.theirs.values().any(Incoming::is_accepted) {
            let mut kept = Vec::new();
            self.transfers.theirs.retain(|number, theirs| {
                let state = std::mem::replace(&mut theirs.state, State::Writing);
                let State::Receiving(writing) = state else {
                    theirs.state = state;
                    return true;
                };
                kept.push((
                    *number,
                    theirs.offer.name.to_string(),
                    theirs.progress(),
                    writing,
                ));
                false
            });
            for (number, name, progress, mut writing) in kept {
                if progress.total.is_none() {
                    // Of a pipe nothing comes again.
                    self.transfers.discard(*writing);
                    let message = "what comes through a pipe cannot go on later".to_owned();
                    self.failed(
                        number,
                        false,
                        name,
                        Outcome::Failed,
                        self.exit.is_none(),
                        message,
                    );
                    continue;
                }
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
