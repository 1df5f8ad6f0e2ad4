//! An offer of the page's: files that it can read any part of, at any time.

use undertone_core::files::entry::{Entry, Kind as FileKind};
use undertone_core::files::list::first;
use undertone_core::files::name::Name;
use undertone_core::files::schedule::{Builder, Place, Schedule};
use undertone_core::files::{Offer, OfferId};
use undertone_core::session::Session;
use undertone_core::session::streams::{StreamId, WANTED_MAX, Wanted};

use crate::event::{Kind, emit};
use crate::fields::Fields;
use crate::files::theirs::{offered, progress};

/// So much is asked of the page at a time, in bytes.
const READ: u64 = 4 * WANTED_MAX as u64;

/// A file as the page names it.
#[derive(Debug)]
pub(crate) struct OfferedFile {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// In seconds since 1970.
    pub(crate) mtime: u64,
}

/// An offer.
#[derive(Debug)]
pub(super) struct Ours {
    pub(super) number: u32,
    schedule: Schedule,
    /// For each entry, the number of its file on the page.
    order: Vec<u32>,
    list: StreamId,
    data: StreamId,
    /// What is here of a file: its entry, where that begins, the bytes.
    here: Option<(usize, u64, Vec<u8>)>,
    /// What is asked of the page: the entry, and from where on.
    asked: Option<(usize, u64)>,
    told: u64,
}

impl Ours {
    /// Offers files, in the order of their names.
    pub(super) fn offer(
        number: u32,
        files: Vec<OfferedFile>,
        session: &mut Session,
    ) -> Result<Self, String> {
        let mut files: Vec<_> = (0..).zip(files).collect();
        files.sort_by(|(_, a), (_, b)| a.name.as_bytes().cmp(b.name.as_bytes()));
        let (mut builder, mut order) = (Builder::default(), Vec::new());
        for (file, OfferedFile { name, size, mtime }) in files {
            let entry = Entry {
                depth: 0,
                name: Name::new(&name).map_err(|why| why.to_string())?,
                kind: FileKind::File,
                size,
                mtime,
                extents: None,
                version: None,
            };
            builder.push(&entry).map_err(|why| why.to_string())?;
            order.push(file);
        }
        let schedule = builder.finish().ok_or("there is no file")?;
        let list = session.open_stream().map_err(|why| why.to_string())?;
        let data = match session.open_stream() {
            Ok(data) => data,
            Err(why) => {
                session.close_stream(list);
                return Err(why.to_string());
            }
        };
        let mut ours = Self {
            number,
            schedule,
            order,
            list,
            data,
            here: None,
            asked: None,
            told: 0,
        };
        let totals = *ours.schedule.totals();
        ours.schedule.place(0);
        let offer = Offer {
            id: ours.id(),
            list: list.0,
            data: data.0,
            name: ours.schedule.entry().name.as_str().into(),
            count: totals.files,
            size: totals.size,
        };
        match session.offer(offer) {
            Ok(_) => Ok(ours),
            Err(why) => {
                ours.close(session);
                Err(why.to_string())
            }
        }
    }

    pub(super) fn id(&self) -> OfferId {
        self.schedule.id()
    }

    /// Bytes of the files, without holes.
    pub(super) fn contents(&self) -> u64 {
        self.schedule.totals().contents
    }

    pub(super) fn has(&self, stream: StreamId) -> bool {
        self.list == stream || self.data == stream
    }

    pub(super) fn is_data(&self, stream: StreamId) -> bool {
        self.data == stream
    }

    /// Tells what is offered.
    pub(super) fn tell(&self, out: &mut Vec<u8>) {
        let (totals, first) = (self.schedule.totals(), first(self.schedule.list()));
        // All of them are files of their own.
        let name = first.first().and_then(|file| file.path.first());
        let title = totals.title(name.map_or("", Name::as_str));
        offered((self.number, true), &title, totals, &first, out);
    }

    /// Gives what is wanted, as far as it is here; else asks the page for it. Says whether anything was
    /// given.
    pub(super) fn feed(
        &mut self,
        session: &mut Session,
        wanted: Wanted,
        out: &mut Vec<u8>,
    ) -> bool {
        let Wanted {
            stream,
            offset,
            len,
        } = wanted;
        if stream == self.list {
            let from = usize::try_from(offset).unwrap_or(usize::MAX);
            let rest = self.schedule.list().get(from..).unwrap_or_default();
            let bytes = rest.get(..len).unwrap_or(rest);
            return session.supply(wanted, bytes, bytes.len() == rest.len());
        }
        let (bytes, last) = self.gather(offset, len, out);
        (!bytes.is_empty() || last) && session.supply(wanted, &bytes, last)
    }

    /// The data from `offset` on, at most `len` bytes of it, and whether it ends with them.
    fn gather(&mut self, offset: u64, len: usize, out: &mut Vec<u8>) -> (Vec<u8>, bool) {
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() < len {
            let room = len - bytes.len();
            match self.schedule.place(offset + bytes.len() as u64) {
                Place::Bytes(head) => bytes.extend_from_slice(head.get(..room).unwrap_or(head)),
                Place::Verdict { .. } => bytes.push(0),
                Place::End => return (bytes, true),
                Place::Contents { file, at, len } => {
                    let Some(here) = self.here(file, at) else {
                        self.ask(file, at, len, out);
                        break;
                    };
                    bytes.extend_from_slice(here.get(..room).unwrap_or(here));
                }
            }
        }
        (bytes, false)
    }

    /// What is here of a file from there on.
    fn here(&self, file: usize, at: u64) -> Option<&[u8]> {
        let (of, from, bytes) = self.here.as_ref()?;
        let skip = usize::try_from(at.checked_sub(*from)?).ok()?;
        let here = bytes.get(skip..)?;
        (*of == file && !here.is_empty()).then_some(here)
    }

    fn ask(&mut self, file: usize, at: u64, len: u64, out: &mut Vec<u8>) {
        let Some(of) = self.order.get(file).copied() else {
            return;
        };
        if self.asked == Some((file, at)) {
            return;
        }
        self.asked = Some((file, at));
        emit(out, Kind::Read, |fields| {
            fields.extend_from_slice(&self.number.to_be_bytes());
            fields.extend_from_slice(&of.to_be_bytes());
            fields.number(at).number(len.min(READ));
        });
    }

    /// The page read this.
    pub(super) fn read(&mut self, of: u32, at: u64, bytes: &[u8]) {
        let asked = self.asked.filter(|(file, from)| {
            *from == at && self.order.get(*file).is_some_and(|asked| *asked == of)
        });
        // What is not asked for any more is of a link before.
        if let Some((file, _)) = asked {
            self.asked = None;
            self.here = Some((file, at, bytes.to_vec()));
        }
    }

    /// Tells how much the peer has, where that is more.
    pub(super) fn tell_progress(&mut self, session: &Session, out: &mut Vec<u8>) {
        let done = session.acknowledged(self.data).unwrap_or_default();
        if done > self.told {
            self.told = done;
            progress(self.number, done, self.schedule.totals().data, out);
        }
    }

    /// Nothing more is said of it.
    pub(super) fn close(&self, session: &mut Session) {
        session.close_stream(self.list);
        session.close_stream(self.data);
    }
}
