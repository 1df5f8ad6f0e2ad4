//! Offers of the peer's come, and so does what was accepted. What the person says of them is `asked`'s,
//! how they end `ended`'s.

use std::path::{Path, PathBuf};

use undertone_core::files::{Offer, Outcome};
use undertone_core::session::streams::StreamId;
use undertone_core::text::safe::Safe;

use super::incoming::{Bounds, Incoming, State, Work};
use super::listing::{Listed, Next};
use super::writing::WriteError;
use super::{Conversation, Done, THEIRS_MAX};
use crate::engine::event::Event;
use crate::engine::event::transfer::{Offered, Step};
use crate::files::output::NAME;
use crate::trust::Trust;

/// What is to be done about a folder, or several files, for which there is no room.
const ONE_FILE: &str =
    "Receive it into a folder; or let it be sent as one file, as by: tar c . | undertone send -";

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
        let (number, former) = match self.transfers.give_up(&offer) {
            Some(known) => known,
            None => (self.transfers.number(), None),
        };
        let config = &self.context.config;
        let bounds = Bounds {
            limit: config.limit,
            to_output: config.downloads.folder().is_none(),
        };
        let theirs = Incoming::new(offer, config.journal.clone(), bounds);
        let look = theirs.look(*self.peer.key(), former);
        self.transfers.theirs.insert(number, theirs);
        self.transfers
            .spawn(number, move || Done::Worked(number, look()));
    }

    fn list_ended(&mut self, number: u32, Listed { summary, next }: Listed) {
        let Some(theirs) = self.transfers.theirs.get_mut(&number) else {
            return;
        };
        // So much is here of what the person is asked about; what goes on does where it began.
        let (asked, began) = match &next {
            Next::Ask(_, left) => {
                let kept = left.as_ref().map(|left| left.transfer().offset);
                (Some(kept.unwrap_or_default()), None)
            }
            Next::GoOn(writing) => (None, writing.folder().map(Path::to_owned)),
        };
        theirs.listed(&summary, next, &mut self.session);
        let name = theirs.title.clone();
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
        let into = config.downloads.folder();
        let is_there = |began: &PathBuf| {
            let into = into.as_ref().and_then(|into| into.canonicalize().ok());
            into.as_ref() == Some(began)
        };
        if let Some(began) = began.filter(|began| !is_there(began)) {
            let (name, began) = (Safe::line(&name), began.display().to_string());
            let began = Safe::line(&began);
            self.show(Event::named_note(format!(
                "{name} goes on in {began}, where it began"
            )));
        }
        if into.is_none() && !summary.totals.is_one_file() {
            let message = format!("one file alone can go to {NAME}\n{ONE_FILE}");
            return self.end_theirs(number, Outcome::CannotWrite, message);
        }
        if let Some(kept) = asked {
            let trust = self.peer.trust();
            // How much comes through a pipe nobody knows.
            let is_little = config
                .accepts
                .zip(size)
                .is_some_and(|(up_to, size)| size <= up_to);
            let relay = self.route.relay_limits();
            let mut offered = Offered::new(&summary, trust, into, relay, kept);
            let accepted = trust == Trust::Verified && is_little && !offered.lacks_space;
            offered.accepted = accepted;
            self.tell_transfer(number, false, name, Step::Offered(offered));
            if accepted {
                self.accept(Some(number), None);
            }
        }
    }

    pub(super) fn take_bytes(&mut self, number: u32, bytes: &[u8], last: bool) {
        if let Some(theirs) = self.transfers.theirs.get_mut(&number) {
            theirs.take(bytes, last);
        }
        self.work(number);
    }

    /// Has done what is to be done with what came.
    pub(super) fn work(&mut self, number: u32) {
        let theirs = self.transfers.theirs.get_mut(&number);
        if let Some(work) = theirs.and_then(Incoming::work) {
            self.transfers
                .spawn(number, move || Done::Worked(number, work()));
        }
    }

    pub(super) fn worked(&mut self, number: u32, work: Work) {
        let Some(theirs) = self.transfers.theirs.get_mut(&number) else {
            // It was ended meanwhile.
            let was_counted = !matches!(work, Work::Read(_) | Work::Listed(_));
            let dropped = self
                .transfers
                .dropped
                .saturating_sub(usize::from(was_counted));
            self.transfers.dropped = dropped;
            if let Work::Opened(Ok(writing)) | Work::Written(writing, _) = work {
                self.transfers.discard(*writing);
            }
            return;
        };
        match work {
            Work::Read(listing) => {
                if !theirs.go_on_listing(listing, &mut self.session) {
                    return self.end_theirs(number, Outcome::Failed, String::new());
                }
                self.work(number);
            }
            Work::Listed(Ok(listed)) => self.list_ended(number, listed),
            Work::Listed(Err(refused)) => {
                self.end_theirs(number, Outcome::NotAcceptable, refused.to_string());
            }
            Work::Left(checking) => {
                let work = theirs.check(checking, &mut self.session);
                self.transfers
                    .spawn(number, move || Done::Worked(number, Work::Hashed(work())));
            }
            Work::Hashed(checking) => {
                theirs.hashed(checking);
                self.work(number);
            }
            Work::Opened(Ok(writing)) => theirs.go_on(writing, &mut self.session),
            Work::Opened(Err((receive, error))) if self.context.config.speaker.is_for_files => {
                theirs.state = State::Asked(receive);
                self.end_theirs(number, error.outcome(), error.to_string());
            }
            Work::Opened(Err((receive, error))) => {
                theirs.state = State::Asked(receive);
                let words = error.to_string();
                let (message, hint) = words.split_once("\n  ").unwrap_or((&words, ""));
                self.error("cannot-write", message, hint);
            }
            Work::Written(writing, Ok(None)) => {
                theirs.go_on(writing, &mut self.session);
                self.work(number);
            }
            Work::Written(writing, Ok(Some(received))) => {
                let (id, size) = (theirs.offer.id, theirs.size_of(&writing));
                let name = theirs.title.clone();
                theirs.close(&mut self.session);
                self.transfers.theirs.remove(&number);
                let _ = self.session.tell_outcome(id, Outcome::Received);
                let step = match received.paths.is_empty() && !received.dropped.is_empty() {
                    true => Step::lost(true, &received.dropped),
                    false => Step::Done {
                        size,
                        paths: received.paths,
                        dropped: received.dropped,
                    },
                };
                self.tell_transfer(number, false, name, step);
            }
            Work::Written(writing, Err(error)) => {
                theirs.state = State::Receiving(writing);
                self.end_theirs(number, error.outcome(), error.to_string());
            }
        }
    }
}
