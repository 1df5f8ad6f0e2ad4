//! Offers of ours: listed, offered, and read as fast as the peer takes them.

use std::io;
use std::path::PathBuf;

use tokio::time::Instant;
use undertone_core::files::list::{LISTED_MAX, List};
use undertone_core::files::{Offer, OfferId};
use undertone_core::session::Session;
use undertone_core::session::streams::{StreamId, Wanted};

use super::{in_words, percent};
use crate::engine::event::transfer::{OfferedFile, Progress, Step};
use crate::files::source::Source;

/// How much is read ahead of what is wanted, in bytes.
const AHEAD: usize = 256 * 1024;

/// An offer of ours.
#[derive(Debug)]
pub(in crate::engine::conversation) struct Outgoing {
    pub(super) name: String,
    pub(super) id: OfferId,
    pub(super) files: u64,
    /// The first of them.
    pub(super) first: Vec<OfferedFile>,
    pub(super) size: Option<u64>,
    /// Bytes of the data, where that is known.
    pub(super) total: Option<u64>,
    pub(super) skipped: Vec<String>,
    /// `None` while it is read from, which happens on another thread.
    source: Option<Box<Source>>,
    /// What was read and is not wanted yet, and where it begins.
    ahead: Option<(u64, Batch)>,
    /// Where the peer wanted more, and it was not there.
    behind: Option<u64>,
    streams: Option<Streams>,
    /// The peer has accepted it, in this session or a former one.
    pub(super) accepted: bool,
    /// What was last told of its progress.
    told: (u64, Option<Instant>),
}

#[derive(Debug, Clone, Copy)]
struct Streams {
    list: StreamId,
    data: StreamId,
}

/// A part of the data.
#[derive(Debug)]
struct Batch {
    bytes: Vec<u8>,
    /// The data ends with them.
    last: bool,
}

/// What another thread has read.
pub(in crate::engine::conversation) struct Read {
    source: Box<Source>,
    offset: u64,
    batch: io::Result<Batch>,
}

impl Outgoing {
    pub(super) fn new(source: Source) -> Self {
        let totals = *source.totals();
        Self {
            name: source.name().as_str().to_owned(),
            id: source.id(),
            files: totals.files,
            first: first(source.list()),
            size: totals.size,
            total: totals.size.map(|_| totals.data),
            skipped: source.skipped().in_words(),
            source: Some(Box::new(source)),
            ahead: None,
            behind: None,
            streams: None,
            accepted: false,
            told: (0, None),
        }
    }

    /// Offers it, where that was not done in this session; whether it was done now.
    pub(super) fn offer(&mut self, session: &mut Session) -> bool {
        if self.streams.is_some() {
            return false;
        }
        let Ok(list) = session.open_stream() else {
            return false;
        };
        let Ok(data) = session.open_stream() else {
            session.close_stream(list);
            return false;
        };
        let offer = Offer {
            id: self.id,
            list: list.0,
            data: data.0,
            name: self.name.as_str().into(),
            count: self.files,
            size: self.size,
        };
        if session.offer(offer).is_err() {
            session.close_stream(list);
            session.close_stream(data);
            return false;
        }
        self.streams = Some(Streams { list, data });
        true
    }

    /// Its streams are gone with their session.
    pub(super) fn renew(&mut self) {
        (self.streams, self.ahead, self.behind) = (None, None, None);
    }

    pub(super) fn has(&self, stream: StreamId) -> bool {
        self.streams
            .is_some_and(|streams| streams.list == stream || streams.data == stream)
    }

    /// Whether this is the stream with the data.
    pub(super) fn is_data(&self, stream: StreamId) -> bool {
        self.streams.is_some_and(|streams| streams.data == stream)
    }

    /// Gives what is wanted, if it is here; else what is to be read for it, unless that is under
    /// way. Says whether anything was given.
    pub(super) fn feed(&mut self, session: &mut Session, wanted: Wanted) -> (bool, Option<u64>) {
        let Some(streams) = self.streams else {
            return (false, None);
        };
        if wanted.stream == streams.list {
            return (self.feed_list(session, wanted), None);
        }
        self.accepted = true;
        let Wanted { offset, len, .. } = wanted;
        let fits = |(at, _): &mut (u64, Batch)| *at == offset;
        let Some((_, Batch { mut bytes, last })) = self.ahead.take_if(fits) else {
            // Of another link: the peer is elsewhere.
            self.ahead = None;
            self.behind = Some(offset);
            return (false, self.source.is_some().then_some(offset));
        };
        let end = offset + bytes.len() as u64;
        let rest = match bytes.len() > len {
            true => bytes.split_off(len),
            false => Vec::new(),
        };
        let is_all = rest.is_empty();
        if !is_all {
            let at = offset + len as u64;
            self.ahead = Some((at, Batch { bytes: rest, last }));
        }
        let given = session.supply(wanted, bytes, last && is_all);
        let next = (is_all && !last && self.source.is_some()).then_some(end);
        (given, next)
    }

    fn feed_list(&self, session: &mut Session, wanted: Wanted) -> bool {
        let Some(source) = &self.source else {
            return false;
        };
        let list = source.list();
        let from = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
        let rest = list.get(from..).unwrap_or_default();
        let bytes = rest.get(..wanted.len).unwrap_or(rest);
        session.supply(wanted, bytes.to_vec(), bytes.len() == rest.len())
    }

    /// Takes what reads, to be read from on another thread.
    pub(super) fn begin_read(
        &mut self,
        offset: u64,
    ) -> Option<impl FnOnce() -> Read + Send + 'static> {
        let mut source = self.source.take()?;
        Some(move || Read {
            batch: read(&mut source, offset),
            source,
            offset,
        })
    }

    /// Something was read.
    ///
    /// # Errors
    /// Of a pipe: it cannot go on.
    pub(super) fn end_read(&mut self, read: Read) -> io::Result<()> {
        let Read {
            source,
            offset,
            batch,
        } = read;
        self.source = Some(source);
        let batch = batch?;
        if self.behind.is_none_or(|behind| behind == offset) {
            self.ahead = Some((offset, batch));
            self.behind = None;
        }
        Ok(())
    }

    /// How much of the data the peer has.
    pub(super) fn progress(&self, session: &Session) -> Progress {
        let data = self.streams.map(|streams| streams.data);
        let done = data.and_then(|data| session.acknowledged(data));
        Progress {
            done: done.unwrap_or(self.told.0),
            total: self.total,
        }
    }

    /// What it is, and how far.
    pub(super) fn in_words(&self, session: &Session) -> String {
        let how = match self.accepted {
            true => percent("sending", self.progress(session)),
            false => "offered".to_owned(),
        };
        in_words("to them", &self.name, (self.files, self.size), &how)
    }

    /// Something to be told about its progress, not too often.
    pub(super) fn news(&mut self, session: &Session, now: Instant) -> Option<Step> {
        let progress = self.progress(session);
        let (done, at) = self.told;
        if !self.accepted || at.is_some() && progress.done == done {
            return None;
        }
        if at.is_some_and(|at| now < at + super::TOLD_EVERY) {
            return None;
        }
        self.told = (progress.done, Some(now));
        Some(match at {
            None => Step::Started(progress),
            Some(_) => Step::Progress(progress),
        })
    }

    /// Nothing more is said of it.
    pub(super) fn close(&mut self, session: &mut Session) {
        if let Some(Streams { list, data }) = self.streams.take() {
            session.close_stream(list);
            session.close_stream(data);
        }
    }
}

/// The first files of a list of ours.
fn first(mut bytes: &[u8]) -> Vec<OfferedFile> {
    let mut list = List::new(u64::MAX);
    while list.summary().first.len() < LISTED_MAX && matches!(list.take(&mut bytes), Ok(Some(_))) {}
    OfferedFile::first_of(list.summary())
}

/// The data from this offset on, as much as is read at a time.
fn read(source: &mut Source, offset: u64) -> io::Result<Batch> {
    let mut bytes = vec![0; AHEAD];
    let len = source.fill(offset, &mut bytes)?;
    bytes.truncate(len);
    let totals = source.totals();
    let last = match totals.size {
        Some(_) => offset.saturating_add(len as u64) >= totals.data,
        None => len == 0,
    };
    Ok(Batch { bytes, last })
}

/// What is to be listed.
pub(super) type Paths = Vec<PathBuf>;
