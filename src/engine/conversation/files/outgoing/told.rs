//! How far an offer of ours is.

use tokio::time::Instant;
use undertone_core::session::Session;

use super::super::TOLD_EVERY;
use super::super::words::{in_words, percent};
use super::Outgoing;
use crate::engine::event::transfer::{Progress, Step};

impl Outgoing {
    /// How much of the data the peer has.
    pub(in super::super) fn progress(&self, session: &Session) -> Progress {
        let data = self.streams.map(|streams| streams.data);
        let done = data.and_then(|data| session.acknowledged(data));
        Progress {
            done: done.unwrap_or(self.told.0),
            total: self.total,
        }
    }

    /// What it is, and how far.
    pub(in super::super) fn in_words(&self, session: &Session) -> String {
        let how = match self.hashing.progress() {
            Some(progress) => percent("checking", progress),
            None if self.accepted => percent("sending", self.progress(session)),
            None => "offered".to_owned(),
        };
        in_words("to them", &self.title, (self.files, self.size), &how)
    }

    /// The peer waits for space.
    pub(in super::super) fn pause(&mut self) {
        self.paused.get_or_insert(false);
    }

    /// Something to be told about its progress, not too often.
    pub(in super::super) fn news(&mut self, session: &Session, now: Instant) -> Option<Step> {
        if let Some(news) = self.hashing.news(now) {
            return Some(news);
        }
        let progress = self.progress(session);
        let (done, at) = self.told;
        // First that it was accepted.
        if self.paused == Some(false) && self.accepted == at.is_some() {
            self.paused = Some(true);
            self.told.0 = progress.done;
            let message = "the receiver's disk is full: it goes on by itself once there is space";
            return Some(Step::Paused {
                message: message.to_owned(),
            });
        }
        if !self.accepted || at.is_some() && progress.done == done && !progress.is_all() {
            return None;
        }
        if at.is_some() && progress.is_all() {
            let told = std::mem::replace(&mut self.told_saving, true);
            return (!told).then_some(Step::Saving);
        }
        if at.is_some_and(|at| now < at + TOLD_EVERY) {
            return None;
        }
        self.told = (progress.done, Some(now));
        Some(match at {
            None => Step::Started(progress),
            Some(_) => {
                self.paused = None;
                Step::Progress(progress)
            }
        })
    }
}
