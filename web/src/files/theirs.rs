//! An offer of the peer's: its list is read, the person is asked, and what is accepted is handed to
//! the page.

use undertone_core::files::entry::Kind as FileKind;
use undertone_core::files::list::{List, Listed};
use undertone_core::files::name::Name;
use undertone_core::files::receive::{Receive, Step};
use undertone_core::files::{Offer, OfferId, Outcome, Totals};
use undertone_core::session::Session;
use undertone_core::session::streams::StreamId;
use undertone_core::time::Instant;

use crate::event::{Kind, emit};
use crate::fields::Fields;

/// An offer.
#[derive(Debug)]
pub(super) struct Theirs {
    pub(super) number: u32,
    offer: Offer,
    state: State,
    totals: Totals,
}

#[derive(Debug)]
enum State {
    Listing(Box<List>),
    Asked(Box<Receive>),
    Receiving(Box<Receive>),
    /// All of it is here.
    Whole,
}

impl Theirs {
    /// Has its list come; `None` where the peer has too many streams.
    pub(super) fn listed(
        number: u32,
        offer: Offer,
        session: &mut Session,
        now: Instant,
    ) -> Option<Self> {
        session.accept(StreamId(offer.list), 0, now).ok()?;
        let list = List::new(0);
        Some(Self {
            number,
            totals: *list.totals(),
            state: State::Listing(Box::new(list)),
            offer,
        })
    }

    pub(super) fn id(&self) -> OfferId {
        self.offer.id
    }

    pub(super) fn has(&self, stream: StreamId) -> bool {
        [self.offer.list, self.offer.data].contains(&stream.0)
    }

    /// Whether more is to come on this stream, or it was to be accepted.
    pub(super) fn awaits(&self, stream: StreamId) -> bool {
        match self.state {
            State::Listing(_) => self.has(stream),
            State::Asked(_) | State::Receiving(_) => self.offer.data == stream.0,
            State::Whole => false,
        }
    }

    /// Takes what came on a stream: bytes, whether they are the last, and where they end.
    pub(super) fn take(
        &mut self,
        stream: StreamId,
        (mut bytes, last, end): (&[u8], bool, u64),
        session: &mut Session,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<(), Outcome> {
        let is_list = stream.0 == self.offer.list;
        match &mut self.state {
            State::Listing(list) if is_list => {
                while list
                    .take(&mut bytes)
                    .map_err(|_| Outcome::NotAcceptable)?
                    .is_some()
                {}
                session.took(stream, end, now);
                if last {
                    self.is_listed(session, out)?;
                }
            }
            State::Receiving(receive) if !is_list => {
                while let Some(step) = receive
                    .take(&mut bytes)
                    .map_err(|_| Outcome::NotAcceptable)?
                {
                    let path = [receive.folders(), &[]].concat();
                    tell(self.number, step, &path, out);
                }
                progress(self.number, end, self.totals.data, out);
                if last {
                    receive.finish().map_err(|_| Outcome::NotAcceptable)?;
                    self.state = State::Whole;
                    emit(out, Kind::Whole, |fields| {
                        fields.extend_from_slice(&self.number.to_be_bytes());
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The list is whole: the person is asked.
    fn is_listed(&mut self, session: &mut Session, out: &mut Vec<u8>) -> Result<(), Outcome> {
        let State::Listing(list) = std::mem::replace(&mut self.state, State::Whole) else {
            return Ok(());
        };
        session.close_stream(StreamId(self.offer.list));
        let (summary, receive) = list
            .finish(&self.offer)
            .map_err(|_| Outcome::NotAcceptable)?;
        self.totals = summary.totals;
        self.state = State::Asked(Box::new(receive));
        let title = summary.totals.title(&self.offer.name);
        offered(
            (self.number, false),
            &title,
            &summary.totals,
            &summary.first,
            out,
        );
        Ok(())
    }

    /// The person accepts it; `false` where that cannot be.
    pub(super) fn accept(&mut self, session: &mut Session, now: Instant) -> bool {
        match std::mem::replace(&mut self.state, State::Whole) {
            State::Asked(receive) => {
                self.state = State::Receiving(receive);
                session.accept(StreamId(self.offer.data), 0, now).is_ok()
            }
            state => {
                self.state = state;
                true
            }
        }
    }

    /// Up to here the page has the data.
    pub(super) fn took(&self, upto: u64, session: &mut Session, now: Instant) {
        session.took(StreamId(self.offer.data), upto, now);
    }

    /// Nothing more is said of it.
    pub(super) fn close(&self, session: &mut Session) {
        session.close_stream(StreamId(self.offer.list));
        session.close_stream(StreamId(self.offer.data));
    }
}

/// Tells a step of the data. Folders are told with the files in them.
fn tell(number: u32, step: Step<'_>, folders: &[Name], out: &mut Vec<u8>) {
    let begin = |fields: &mut Vec<u8>| fields.extend_from_slice(&number.to_be_bytes());
    match step {
        Step::Begin(entry) if entry.kind == FileKind::Folder => {}
        Step::Begin(entry) => emit(out, Kind::Begin, |fields| {
            begin(fields);
            let path: Vec<_> = folders
                .iter()
                .chain([&entry.name])
                .map(Name::safe)
                .collect();
            fields.text(&path.join("/")).number(entry.size);
        }),
        Step::Bytes { at, bytes } => emit(out, Kind::Write, |fields| {
            begin(fields);
            fields.number(at).extend_from_slice(bytes);
        }),
        Step::End(verdict) => emit(out, Kind::End, |fields| {
            begin(fields);
            fields.push(verdict.byte());
        }),
    }
}

/// Tells what is offered: of which number, whether by us, what it is called, and its first files.
pub(super) fn offered(
    (number, is_ours): (u32, bool),
    title: &str,
    totals: &Totals,
    first: &[Listed],
    out: &mut Vec<u8>,
) {
    emit(out, Kind::Offered, |fields| {
        fields.extend_from_slice(&number.to_be_bytes());
        fields.push(u8::from(is_ours));
        fields.text(title).number(totals.files);
        match totals.size {
            Some(size) => drop(fields.number(size)),
            None => fields.extend_from_slice(&(-1.0_f64).to_be_bytes()),
        }
        fields.push(u8::try_from(first.len()).unwrap_or_default());
        for file in first {
            let path: Vec<_> = file.path.iter().map(Name::as_str).collect();
            fields.text(&path.join("/"));
            fields.push(match file.kind {
                FileKind::Executable => 2,
                _ if file.is_hidden() => 1,
                _ => 0,
            });
        }
    });
}

/// Tells how much of the data is there.
pub(super) fn progress(number: u32, done: u64, total: u64, out: &mut Vec<u8>) {
    emit(out, Kind::Progress, |fields| {
        fields.extend_from_slice(&number.to_be_bytes());
        fields.number(done).number(total);
    });
}
