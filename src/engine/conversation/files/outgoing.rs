//! Offers of ours: listed, offered, and read as fast as the peer takes them.

mod hashing;
mod told;

use std::io;
use std::mem;
use std::path::PathBuf;

use tokio::time::Instant;
use undertone_core::files::list::first;
use undertone_core::files::{Offer, OfferId};
use undertone_core::session::Session;
use undertone_core::session::streams::{StreamId, WANTED_MAX, Wanted};

use crate::engine::event::transfer::OfferedFile;
use crate::files::source::Source;

pub(super) use hashing::Hashed;
use hashing::Hashing;

/// So much is read at a time, in bytes: four times what is wanted, about 1 MiB. While that is given
/// away, as much again is read.
const BATCH: usize = 4 * WANTED_MAX;

/// An offer of ours.
#[derive(Debug)]
pub(in crate::engine::conversation) struct Outgoing {
    name: String,
    /// What it is called.
    pub(super) title: String,
    pub(super) id: OfferId,
    pub(super) files: u64,
    /// It is a file, and no folder.
    pub(super) is_one_file: bool,
    /// The first of them.
    pub(super) first: Vec<OfferedFile>,
    pub(super) size: Option<u64>,
    /// Bytes of the data, where that is known.
    pub(super) total: Option<u64>,
    /// Bytes of files in it.
    contents: u64,
    pub(super) skipped: Vec<String>,
    /// `None` while it is read from, which happens on another thread.
    source: Option<Box<Source>>,
    ahead: Batch,
    /// What comes behind that.
    next: Batch,
    streams: Option<Streams>,
    /// The peer has accepted it, in this session or a former one.
    pub(super) accepted: bool,
    /// What the peer asks before that, in this session.
    hashing: Hashing,
    /// What was last told of its progress …
    told: (u64, Option<Instant>),
    /// … that the peer waits for space since then: `Some(true)` once that was told, too; …
    paused: Option<bool>,
    /// … and that it has all of it, and is to put it in its place.
    told_saving: bool,
}

#[derive(Debug, Clone, Copy)]
struct Streams {
    list: StreamId,
    data: StreamId,
}

/// A part of the data, in a buffer that is used again.
#[derive(Debug, Default)]
struct Batch {
    /// Where what is left of it begins.
    from: u64,
    buffer: Vec<u8>,
    /// How many bytes are in the buffer, …
    len: usize,
    /// … and how many of them were given away.
    given: usize,
    /// The data ends with them, …
    last: bool,
    /// … and that was said.
    over: bool,
}

/// What another thread has read.
pub(in crate::engine::conversation) struct Read {
    source: Box<Source>,
    read: io::Result<Batch>,
}

impl Outgoing {
    pub(super) fn new(source: Source) -> Self {
        let totals = *source.totals();
        Self {
            name: source.name().as_str().to_owned(),
            title: totals.title(source.name().as_str()),
            id: source.id(),
            files: totals.files,
            is_one_file: totals.is_one_file(),
            first: OfferedFile::all_of(&first(source.list())),
            size: totals.size,
            total: totals.size.map(|_| totals.data),
            contents: totals.contents,
            skipped: source.skipped().in_words(),
            source: Some(Box::new(source)),
            ahead: Batch::default(),
            next: Batch::default(),
            streams: None,
            accepted: false,
            hashing: Hashing::default(),
            told: (0, None),
            paused: None,
            told_saving: false,
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
        self.streams = None;
        self.hashing.stop(Hashing::default());
    }

    pub(super) fn has(&self, stream: StreamId) -> bool {
        self.streams
            .is_some_and(|streams| streams.list == stream || streams.data == stream)
    }

    /// Whether this is the stream with the data.
    pub(super) fn is_data(&self, stream: StreamId) -> bool {
        self.streams.is_some_and(|streams| streams.data == stream)
    }

    /// Gives what is wanted, if it is here. Says whether anything was given.
    pub(super) fn feed(&mut self, session: &mut Session, wanted: Wanted) -> bool {
        let Some(streams) = self.streams else {
            return false;
        };
        if wanted.stream == streams.list {
            return self.feed_list(session, wanted);
        }
        self.accepted = true;
        self.hashing.stop(Hashing::Over);
        let Wanted { offset, len, .. } = wanted;
        if self.ahead.is_empty() && !self.next.is_empty() {
            mem::swap(&mut self.ahead, &mut self.next);
        }
        if self.ahead.from != offset {
            // Of another link: the peer is elsewhere.
            self.ahead.restart(offset);
            self.next.restart(offset);
        }
        let Some((bytes, last)) = self.ahead.front(len) else {
            return false;
        };
        let (given, is_taken) = (bytes.len(), session.supply(wanted, bytes, last));
        if is_taken {
            self.ahead.give(given, last);
        }
        is_taken
    }

    fn feed_list(&self, session: &mut Session, wanted: Wanted) -> bool {
        let Some(source) = &self.source else {
            return false;
        };
        let list = source.list();
        let from = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
        let rest = list.get(from..).unwrap_or_default();
        let bytes = rest.get(..wanted.len).unwrap_or(rest);
        session.supply(wanted, bytes, bytes.len() == rest.len())
    }

    /// What is to be read next, on another thread, unless that is under way or enough is here.
    pub(super) fn begin_read(&mut self) -> Option<impl FnOnce() -> Read + Send + 'static> {
        let is_enough = self.ahead.last || !self.next.is_empty();
        if !self.accepted || self.streams.is_none() || is_enough {
            return None;
        }
        let mut source = self.source.take()?;
        let mut batch = mem::take(&mut self.next);
        batch.restart(self.ahead.end());
        Some(move || Read {
            read: batch.read(&mut source).map(|()| batch),
            source,
        })
    }

    /// Something was read.
    ///
    /// # Errors
    /// Of a pipe: it cannot go on.
    pub(super) fn end_read(&mut self, Read { source, read }: Read) -> io::Result<()> {
        self.source = Some(source);
        self.next = read?;
        if self.next.from != self.ahead.end() {
            // The peer is elsewhere by now.
            self.next.restart(self.ahead.end());
        }
        Ok(())
    }

    /// Bytes of the files, once the peer has them: of a pipe those that came through it.
    pub(super) fn sent(&self) -> u64 {
        let piped = self.source.as_ref().and_then(|source| source.piped());
        self.size.or(piped).unwrap_or_default()
    }

    /// Files that the peer does not keep, because they changed or could not be read, in words.
    pub(super) fn failed(&self) -> Vec<String> {
        let source = self.source.as_ref();
        source.map_or_else(Vec::new, |source| source.failed().in_words())
    }

    /// Nothing more is said of it.
    pub(super) fn close(&mut self, session: &mut Session) {
        self.hashing.stop(Hashing::Over);
        if let Some(Streams { list, data }) = self.streams.take() {
            session.close_stream(list);
            session.close_stream(data);
        }
    }
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.given == self.len && (!self.last || self.over)
    }

    /// Where what comes behind it begins.
    fn end(&self) -> u64 {
        self.from.saturating_add((self.len - self.given) as u64)
    }

    /// Nothing is here, and what is to be read begins there.
    fn restart(&mut self, from: u64) {
        (self.from, self.len, self.given) = (from, 0, 0);
        (self.last, self.over) = (false, false);
    }

    /// At most so many bytes from its beginning, and whether the data ends with them.
    fn front(&self, len: usize) -> Option<(&[u8], bool)> {
        let left = self.buffer.get(self.given..self.len)?;
        let bytes = left.get(..len).unwrap_or(left);
        let is_last = self.last && bytes.len() == left.len();
        (!self.is_empty()).then_some((bytes, is_last))
    }

    fn give(&mut self, len: usize, last: bool) {
        self.given += len;
        self.from = self.from.saturating_add(len as u64);
        self.over = last;
    }

    /// The data from its beginning on, as much as is read at a time.
    fn read(&mut self, source: &mut Source) -> io::Result<()> {
        let totals = *source.totals();
        let left = totals.size.map(|_| totals.data.saturating_sub(self.from));
        let room = left.and_then(|left| usize::try_from(left).ok());
        let room = room.map_or(BATCH, |room| room.min(BATCH));
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let buf = self.buffer.get_mut(..room).unwrap_or_default();
        self.len = source.fill(self.from, buf)?;
        self.last = match totals.size {
            Some(_) => self.end() >= totals.data,
            None => self.len == 0,
        };
        Ok(())
    }
}

/// What is to be listed.
pub(super) type Paths = Vec<PathBuf>;
