//! What becomes of offers of ours.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;

use undertone_core::files::name::Name;
use undertone_core::files::{OfferId, Outcome};
use undertone_core::session::streams::StreamId;

use super::outgoing::{Outgoing, Paths, Read};
use super::{Conversation, Done};
use crate::engine::event::transfer::Step;
use crate::files::source::{Filter, Source, SourceError, walk};

impl Conversation<'_> {
    /// Lists what is to be offered, which takes as long as the disk does.
    pub(in crate::engine::conversation) fn send(&mut self, paths: Paths, filter: Filter) {
        let Some(number) = self.number_of_ours() else {
            return;
        };
        let name = paths.first().map(|path| path.display().to_string());
        let name = name.unwrap_or_default();
        self.transfers.spawn(number, move || {
            let source = walk(&paths, &filter, &|| false);
            let listed = source.map(|source| Box::new(Outgoing::new(source)));
            Done::Listed(number, name, listed)
        });
    }

    /// Offers what comes through this pipe.
    pub(in crate::engine::conversation) fn send_pipe(&mut self, name: Name, pipe: OwnedFd) {
        let Some(number) = self.number_of_ours() else {
            return;
        };
        let called = name.as_str().to_owned();
        let source = Source::of_pipe(name, pipe).map_err(SourceError::Refused);
        let listed = source.map(|source| Box::new(Outgoing::new(source)));
        self.listed(number, called, listed);
    }

    /// The number of another offer; none to whom nothing is said.
    fn number_of_ours(&mut self) -> Option<u32> {
        if !self.peer.is_shut() {
            return Some(self.transfers.number());
        }
        self.error(
            "shut",
            "not sent: the other person's identity is not verified",
            "/verify compares words; /quit leaves.",
        );
        None
    }

    pub(super) fn listed(
        &mut self,
        number: u32,
        name: String,
        listed: Result<Box<Outgoing>, SourceError>,
    ) {
        match listed {
            Ok(ours) => match self.transfers.by_id(&ours.id) {
                None => drop(self.transfers.ours.insert(number, *ours)),
                // A word about one would be a word about the other.
                Some(other) => {
                    let message = format!("the same is offered already, as {other}");
                    let step = Step::failed(Outcome::Failed, message);
                    self.tell_transfer(number, true, ours.title, step);
                }
            },
            Err(error) => {
                let step = Step::failed(Outcome::Source, error.to_string());
                self.tell_transfer(number, true, name, step);
            }
        }
    }

    pub(super) fn offer_what_waits(&mut self) {
        // Numbers of streams begin anew with a session: what the former one has told comes first.
        if self.link.is_none() || self.transfers.ours.is_empty() || self.session.has_events() {
            return;
        }
        if !self.peer.takes_files() {
            let peer = self.peer.name().to_owned();
            for (number, ours) in std::mem::take(&mut self.transfers.ours) {
                let message =
                    format!("{peer}'s program takes no files; {peer} must update undertone");
                let step = Step::failed(Outcome::Failed, message);
                self.tell_transfer(number, true, ours.title, step);
            }
            return;
        }
        let mut offered = Vec::new();
        for (number, ours) in &mut self.transfers.ours {
            if ours.offer(&mut self.session) && !ours.accepted {
                let step = Step::Waiting {
                    files: ours.files,
                    size: ours.size,
                    skipped: ours.skipped.clone(),
                    relay: self.route.relay_limits(),
                };
                offered.push((*number, ours.title.clone(), step));
            }
        }
        for (number, name, step) in offered {
            self.tell_transfer(number, true, name, step);
        }
    }

    pub(super) fn was_read(&mut self, number: u32, read: Read) {
        let Some(ours) = self.transfers.ours.get_mut(&number) else {
            return;
        };
        if let Err(error) = ours.end_read(read) {
            let message = match error.kind() {
                ErrorKind::Unsupported => {
                    "what was read of a pipe is gone: it cannot go on after a cut".to_owned()
                }
                _ => error.to_string(),
            };
            return self.end_ours(number, Outcome::Source, false, message);
        }
        self.hash(number);
    }

    /// The peer says what became of an offer of ours.
    pub(in crate::engine::conversation) fn take_outcome(&mut self, id: OfferId, outcome: Outcome) {
        let mut ours = self.transfers.ours.iter();
        let Some((&number, _)) = ours.find(|(_, ours)| ours.id == id) else {
            return self.theirs_ended(id, outcome);
        };
        if outcome != Outcome::Received {
            return self.end_ours(number, outcome, true, String::new());
        }
        let Some(mut ours) = self.transfers.ours.remove(&number) else {
            return;
        };
        ours.close(&mut self.session);
        let (size, dropped) = (ours.sent(), ours.failed());
        let step = match ours.is_one_file && !dropped.is_empty() {
            true => Step::lost(false, &dropped),
            false => Step::Done {
                size,
                paths: Vec::new(),
                dropped,
            },
        };
        self.tell_transfer(number, true, ours.title, step);
    }

    /// The peer says that its disk is full.
    pub(in crate::engine::conversation) fn take_paused(&mut self, id: OfferId) {
        let mut ours = self.transfers.ours.iter_mut();
        if let Some((_, ours)) = ours.find(|(_, ours)| ours.id == id) {
            ours.pause();
        }
    }

    /// The peer closed a stream without a word about the offer, which would have come before.
    pub(super) fn ours_closed(&mut self, number: u32, stream: StreamId) {
        let Some(ours) = self.transfers.ours.get(&number) else {
            return;
        };
        // The list is closed once it was read.
        if ours.is_data(stream) {
            self.end_ours(number, Outcome::Failed, true, String::new());
        }
    }

    /// It is over, and did not come about. The peer is told, where it did not say so itself.
    pub(super) fn end_ours(
        &mut self,
        number: u32,
        outcome: Outcome,
        by_peer: bool,
        message: String,
    ) {
        let Some(mut ours) = self.transfers.ours.remove(&number) else {
            return;
        };
        if !by_peer {
            // Where the outbox is full, the closed streams say enough.
            let _ = self.session.tell_outcome(ours.id, outcome);
        }
        ours.close(&mut self.session);
        let step = Step::Failed {
            outcome,
            by_peer,
            message,
        };
        self.tell_transfer(number, true, ours.title, step);
    }
}
