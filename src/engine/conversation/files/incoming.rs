//! Offers of the peer's: their list is read, the person is asked, and what is accepted is written.
//! One piece of work an offer is under way on another thread at a time.

mod checking;
mod work;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use undertone_core::files::Offer;
use undertone_core::files::list::{Shape, Summary};
use undertone_core::files::receive::Receive;
use undertone_core::session::Session;
use undertone_core::session::streams::StreamId;

use super::listing::{Listing, Next};
use super::words::{in_words, percent};
use super::writing::{Signals, Writing};
use crate::engine::event::transfer::{OfferedFile, Progress, Step};
use crate::files::journal::Journal;
use crate::files::left::Left;
use checking::{Awaited, Checking};
pub(super) use work::Work;

/// An offer of the peer's.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) offer: Offer,
    pub(super) title: String,
    pub(super) state: State,
    journal: Journal,
    bounds: Bounds,
    /// Bytes of the data, once the list is here.
    total: Option<u64>,
    /// Bytes of the files, where anybody knows that; …
    size: Option<u64>,
    /// … else those of the data that are no file's.
    beside: u64,
    /// What is the same in all lists of these files.
    shape: Shape,
    /// What an earlier offer may have left of them.
    left: Option<Box<Left>>,
    /// What is compared with that.
    awaited: Option<Awaited>,
    /// The first files.
    pub(super) first: Vec<OfferedFile>,
    pub(super) signals: Arc<Signals>,
    /// Its streams are open in this session, …
    pub(super) is_open: bool,
    /// … and the data is accepted in it.
    is_flowing: bool,
    /// Bytes of the list, and then of the data, that wait for the other thread.
    waiting: Vec<u8>,
    /// Something came that the other thread does not have: bytes, or that they are all.
    came: bool,
    /// The last piece of it is here.
    last: bool,
    /// Bytes of the list that another thread has read, or reads.
    list_len: u64,
    /// Bytes of the data that are written.
    written: u64,
    told: (u64, Option<Instant>),
    told_full: bool,
    /// All of it is here, and is put in its place: `Some(true)` once that was told.
    saving: Option<bool>,
}

/// What this end takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// No more bytes of files.
    pub(super) limit: Option<u64>,
    /// One file, which goes to standard output: what is out is gone.
    pub(super) to_output: bool,
}

/// How far it is.
#[derive(Debug)]
pub(super) enum State {
    /// The list comes.
    Listing(Box<Listing>),
    /// The same, while another thread reads it, or looks for what an earlier run left.
    Reading,
    /// The person is asked.
    Asked(Box<Receive>),
    /// It is being received.
    Receiving(Box<Writing>),
    /// The same, while another thread writes, or makes the part.
    Writing,
    /// What an earlier offer left is hashed, by another thread.
    Checking,
    /// It was, and the peer's hashes are awaited.
    Checked(Box<Checking>),
}

impl Incoming {
    pub(super) fn new(offer: Offer, journal: Journal, bounds: Bounds) -> Self {
        Self {
            title: offer.name.to_string(),
            offer,
            state: State::Reading,
            journal,
            bounds,
            total: None,
            size: None,
            beside: 0,
            shape: Shape::default(),
            left: None,
            awaited: None,
            first: Vec::new(),
            signals: Arc::default(),
            is_open: true,
            is_flowing: false,
            waiting: Vec::new(),
            came: false,
            last: false,
            list_len: 0,
            written: 0,
            told: (0, None),
            told_full: false,
            saving: None,
        }
    }

    /// Whether what is here can go on in another run.
    pub(super) fn is_lasting(&self) -> bool {
        !self.bounds.to_output && self.total.is_some()
    }

    pub(super) fn list(&self) -> StreamId {
        StreamId(self.offer.list)
    }

    pub(super) fn data(&self) -> StreamId {
        StreamId(self.offer.data)
    }

    pub(super) fn has(&self, stream: StreamId) -> bool {
        self.is_open && (self.list() == stream || self.data() == stream)
    }

    /// Whether the person accepted it.
    pub(super) fn is_accepted(&self) -> bool {
        let is_checked = matches!(self.state, State::Checking | State::Checked(_));
        is_checked || matches!(self.state, State::Receiving(_) | State::Writing)
    }

    /// Whether it waits for its sender to come back, and this is another offer that may be of the same
    /// files.
    pub(super) fn is_given_up_for(&self, offer: &Offer) -> bool {
        let is_idle = matches!(self.state, State::Receiving(_) | State::Checked(_));
        let is_called_so = self.offer.name == offer.name && self.offer.size == offer.size;
        !self.is_open && is_idle && self.is_lasting() && is_called_so
    }

    /// What is written of it.
    pub(super) fn into_writing(self) -> Option<Box<Writing>> {
        match self.state {
            State::Receiving(writing) => Some(writing),
            _ => None,
        }
    }

    /// Whether something is yet to come on this stream.
    pub(super) fn is_awaited(&self, stream: StreamId) -> bool {
        let is_listing = matches!(self.state, State::Listing(_) | State::Reading);
        let is_current = (stream == self.list()) == is_listing;
        // What was not accepted yet may be withdrawn.
        is_current && !self.last || stream == self.data() && !self.is_accepted()
    }

    /// The next bytes of the list, or of the data, are here.
    pub(super) fn take(&mut self, bytes: &[u8], last: bool) {
        self.waiting.extend_from_slice(bytes);
        self.came = true;
        self.last |= last;
    }

    /// The list is read as far as it came: more may come.
    pub(super) fn go_on_listing(&mut self, listing: Box<Listing>, session: &mut Session) -> bool {
        self.state = State::Listing(listing);
        let now = Instant::now().into_std();
        match self.list_len {
            // It has no more streams than it may: the offer came on two of them.
            0 => session.accept(self.list(), 0, now).is_ok(),
            read => {
                session.took(self.list(), read, now);
                true
            }
        }
    }

    /// The list is whole.
    pub(super) fn listed(&mut self, summary: &Summary, next: Next, session: &mut Session) {
        session.close_stream(self.list());
        self.title = summary.totals.title(&self.offer.name);
        (self.size, self.beside) = (summary.totals.size, summary.totals.data);
        self.first = OfferedFile::all_of(&summary.first);
        self.total = summary.totals.size.map(|_| summary.totals.data);
        self.shape = summary.shape;
        match next {
            Next::Ask(receive, left) => (self.state, self.left) = (State::Asked(receive), left),
            Next::GoOn(writing) => self.go_on(writing, session),
        }
    }

    /// The part is there, or so much is written: more may come.
    pub(super) fn go_on(&mut self, writing: Box<Writing>, session: &mut Session) {
        self.written = writing.offset();
        self.state = State::Receiving(writing);
        let now = Instant::now().into_std();
        if self.is_flowing {
            session.took(self.data(), self.written, now);
        } else if self.is_open {
            // As the list was.
            self.is_flowing = session.accept(self.data(), self.written, now).is_ok();
        }
    }

    /// The peer offers it again, in another session: it goes on with what is here.
    pub(super) fn reopen(&mut self, offer: Offer, session: &mut Session) {
        self.offer = offer;
        self.is_open = true;
        session.close_stream(self.list());
        match std::mem::replace(&mut self.state, State::Writing) {
            State::Receiving(writing) => self.go_on(writing, session),
            state => self.state = state,
        }
        self.ask(session);
    }

    /// Its streams are gone with their session; what is here is kept.
    pub(super) fn interrupt(&mut self) {
        (self.is_open, self.is_flowing) = (false, false);
        self.waiting.clear();
        (self.came, self.last) = (false, false);
        // In another session the peer hears it anew.
        self.told_full = false;
    }

    /// Bytes of the files, once all of it is written.
    pub(super) fn size_of(&self, writing: &Writing) -> u64 {
        let piped = || writing.offset().saturating_sub(self.beside);
        self.size.unwrap_or_else(piped)
    }

    pub(super) fn progress(&self) -> Progress {
        Progress {
            done: self.written,
            total: self.total,
        }
    }

    /// How much of it is kept, where what was left is being compared.
    pub(super) fn kept(&self) -> Progress {
        let awaited = self.awaited.as_ref();
        Progress {
            done: awaited.map_or(self.written, |awaited| awaited.check.chunks.kept),
            total: self.total,
        }
    }

    /// What it is, and how far.
    pub(super) fn in_words(&self, number: u32) -> String {
        let how = match &self.state {
            State::Receiving(_) | State::Writing => percent("receiving", self.progress()),
            State::Checking | State::Checked(_) => match &self.awaited {
                Some(awaited) => percent("checking", awaited.check.progress()),
                None => "checking".to_owned(),
            },
            State::Asked(_) => format!("/accept {number} · /reject {number}"),
            State::Listing(_) | State::Reading => "its list comes".to_owned(),
        };
        let amount = (self.offer.count, self.offer.size);
        in_words("from them", &self.title, amount, &how)
    }

    /// Something to be told about its progress, not too often.
    pub(super) fn news(&mut self, now: Instant) -> Option<Step> {
        if let Some(awaited) = &mut self.awaited {
            return awaited.check.news(now);
        }
        if !self.is_accepted() || !self.is_open {
            return None;
        }
        let (done, at) = self.told;
        let is_full = at.is_some() && self.signals.full.load(Ordering::Relaxed);
        let was_full = std::mem::replace(&mut self.told_full, is_full);
        if is_full {
            return (!was_full).then(|| Step::Paused {
                message: "no space is left: free some, and it goes on by itself".to_owned(),
            });
        }
        if !self.is_flowing {
            return None;
        }
        if at.is_some() && self.saving == Some(false) {
            self.saving = Some(true);
            return Some(Step::Saving);
        }
        let is_new = at.is_none() || self.written != done;
        if !is_new || at.is_some_and(|at| now < at + super::TOLD_EVERY) {
            return None;
        }
        self.told = (self.written, Some(now));
        Some(match at {
            None => Step::Started(self.progress()),
            Some(_) => Step::Progress(self.progress()),
        })
    }

    /// Nothing more is said of it.
    pub(super) fn close(&mut self, session: &mut Session) {
        if std::mem::take(&mut self.is_open) {
            session.close_stream(self.list());
            session.close_stream(self.data());
        }
    }
}
