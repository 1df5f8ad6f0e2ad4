//! What the person says of offers: which is accepted, declined or cancelled.

use std::path::PathBuf;

use undertone_core::files::Outcome;

use super::incoming::{Incoming, State};
use super::{Conversation, Done};
use crate::files::sink::Target;

impl Conversation<'_> {
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
        let into = into.map(Target::Folder);
        let into = into.unwrap_or_else(|| self.context.config.downloads.clone());
        let theirs = self.transfers.theirs.get_mut(&number);
        let peer = *self.peer.key();
        if let Some(work) = theirs.and_then(|theirs| theirs.open(into, peer)) {
            self.transfers
                .spawn(number, move || Done::Worked(number, work()));
        }
    }

    /// The person declines an offer, and the peer hears this.
    pub(in crate::engine::conversation) fn reject(
        &mut self,
        number: Option<u32>,
        outcome: Outcome,
    ) {
        let is_asked = |theirs: &Incoming| matches!(theirs.state, State::Asked(_));
        if let Some(number) = self.one_of_theirs(number, is_asked) {
            self.end_theirs(number, outcome, String::new());
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
            (number, _) => return self.which(number, &all),
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
            (number, all) => {
                self.which(number, all);
                None
            }
        }
    }

    /// It is not clear which offer is meant: that of this number is none of these, or there is not
    /// one alone.
    fn which(&self, number: Option<u32>, all: &[u32]) {
        if let Some(number) = number {
            let message = match self.transfers.named(number) {
                Some(named) => format!("{named} waits for no answer"),
                None => format!("there is no offer {number}"),
            };
            return self.error("no-offer", &message, "/files lists them.");
        }
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
}
