//! Files of a page, both ways: what it offers is read by the page as the peer takes it, and what it
//! accepts is handed to the page, piece by piece. The page keeps no part of a transfer: with it the
//! transfer ends.

mod ours;
mod theirs;

use undertone_core::files::{Offer, OfferId, Outcome};
use undertone_core::session::streams::StreamId;
use undertone_core::session::{Event, Session};
use undertone_core::time::Instant;

use crate::event::{Kind, emit};
use crate::fields::Fields;
pub(crate) use ours::OfferedFile;
use ours::Ours;
use theirs::Theirs;

/// The most offers of the peer's at a time.
const THEIRS_MAX: usize = 4;

/// All transfers of a line.
#[derive(Debug, Default)]
pub(crate) struct Files {
    ours: Vec<Ours>,
    theirs: Vec<Theirs>,
    last: u32,
}

impl Files {
    fn number(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// Offers these. What the peer would refuse, as two of one name, is refused here.
    pub(crate) fn offer(
        &mut self,
        files: Vec<OfferedFile>,
        session: &mut Session,
        out: &mut Vec<u8>,
    ) {
        let number = self.number();
        match Ours::offer(number, files, session) {
            Ok(ours) if self.by_id(ours.id()).is_some() => {
                ours.close(session);
                refused("these are offered already", out);
            }
            Ok(ours) => {
                ours.tell(out);
                self.ours.push(ours);
            }
            Err(why) => refused(&why, out),
        }
    }

    fn by_id(&self, id: OfferId) -> Option<u32> {
        let ours = self.ours.iter().map(|ours| (ours.id(), ours.number));
        let theirs = self
            .theirs
            .iter()
            .map(|theirs| (theirs.id(), theirs.number));
        let mut all = ours.chain(theirs);
        all.find(|(known, _)| *known == id)
            .map(|(_, number)| number)
    }

    /// What the session tells of files. Says whether it was about them.
    pub(crate) fn take(
        &mut self,
        event: &Event,
        session: &mut Session,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> bool {
        match event {
            Event::Offer { offer, .. } => self.offered(offer, session, now),
            Event::Piece {
                stream,
                bytes,
                last,
                offset,
            } => {
                let end = offset + bytes.len() as u64;
                let theirs = self.theirs.iter_mut().find(|theirs| theirs.has(*stream));
                let taken = theirs.map(|theirs| {
                    let taken = theirs.take(*stream, (bytes, *last, end), session, now, out);
                    (theirs.number, taken)
                });
                if let Some((number, Err(outcome))) = taken {
                    self.end(number, outcome, session, out);
                }
            }
            Event::Outcome { id, outcome, .. } => {
                if let Some(number) = self.by_id(*id) {
                    self.ended(number, *outcome, session, out);
                }
            }
            Event::Closed(stream) => self.closed(*stream, session, out),
            Event::Paused { id, .. } => {
                let ours = self.ours.iter().find(|ours| ours.id() == *id);
                if let Some(ours) = ours {
                    emit(out, Kind::Paused, |fields| {
                        fields.extend_from_slice(&ours.number.to_be_bytes());
                    });
                }
            }
            // Nothing is read twice to be compared: by hashes that fit to nothing the peer begins anew.
            Event::Compare { id, chunks, .. } => {
                let ours = self.ours.iter().find(|ours| ours.id() == *id);
                let count = ours.and_then(|ours| chunks.count(ours.contents()));
                if let Some(count) = count.and_then(|count| usize::try_from(count).ok()) {
                    let _ = session.tell_hashes(*id, vec![0; 32 * count]);
                }
            }
            Event::Hashes { .. } => {}
            _ => return false,
        }
        true
    }

    fn offered(&mut self, offer: &Offer, session: &mut Session, now: Instant) {
        let is_known = self.by_id(offer.id).is_some();
        let streams = [StreamId(offer.list), StreamId(offer.data)];
        let are_used = self
            .theirs
            .iter()
            .any(|theirs| streams.iter().any(|stream| theirs.has(*stream)));
        if is_known || are_used || offer.list == offer.data || self.theirs.len() >= THEIRS_MAX {
            if !is_known {
                // A word about one would be a word about the other.
                let _ = session.tell_outcome(offer.id, Outcome::Failed);
            }
            if !are_used {
                streams
                    .into_iter()
                    .for_each(|stream| session.close_stream(stream));
            }
            return;
        }
        let number = self.number();
        if let Some(theirs) = Theirs::listed(number, offer.clone(), session, now) {
            self.theirs.push(theirs);
        }
    }

    /// The peer says no more of a stream. One that was to be read on has failed.
    fn closed(&mut self, stream: StreamId, session: &mut Session, out: &mut Vec<u8>) {
        let ours = self.ours.iter().find(|ours| ours.is_data(stream));
        let theirs = self.theirs.iter().find(|theirs| theirs.awaits(stream));
        let number = ours
            .map(|ours| ours.number)
            .or(theirs.map(|theirs| theirs.number));
        if let Some(number) = number {
            self.ended(number, Outcome::Failed, session, out);
        }
    }

    /// The person's answer to an offer.
    pub(crate) fn answer(
        &mut self,
        number: u32,
        accept: bool,
        session: &mut Session,
        now: Instant,
        out: &mut Vec<u8>,
    ) {
        if !accept {
            return self.end(number, Outcome::Declined, session, out);
        }
        let theirs = self
            .theirs
            .iter_mut()
            .find(|theirs| theirs.number == number);
        if let Some(theirs) = theirs
            && !theirs.accept(session, now)
        {
            self.end(number, Outcome::Failed, session, out);
        }
    }

    /// What the page read of a file.
    pub(crate) fn read(&mut self, number: u32, file: u32, at: u64, bytes: &[u8]) {
        let ours = self.ours.iter_mut().find(|ours| ours.number == number);
        if let Some(ours) = ours {
            ours.read(file, at, bytes);
        }
    }

    /// Up to here the page has the data.
    pub(crate) fn took(&mut self, number: u32, upto: u64, session: &mut Session, now: Instant) {
        let theirs = self.theirs.iter().find(|theirs| theirs.number == number);
        if let Some(theirs) = theirs {
            theirs.took(upto, session, now);
        }
    }

    /// Ends a transfer, and says why to the peer and to the page.
    pub(crate) fn end(
        &mut self,
        number: u32,
        outcome: Outcome,
        session: &mut Session,
        out: &mut Vec<u8>,
    ) {
        let id = self.ours.iter().find(|ours| ours.number == number);
        let id = id.map(Ours::id);
        let theirs = self.theirs.iter().find(|theirs| theirs.number == number);
        if let Some(id) = id.or(theirs.map(Theirs::id)) {
            let _ = session.tell_outcome(id, outcome);
            self.ended(number, outcome, session, out);
        }
    }

    fn ended(&mut self, number: u32, outcome: Outcome, session: &mut Session, out: &mut Vec<u8>) {
        for ours in self.ours.extract_if(.., |ours| ours.number == number) {
            ours.close(session);
        }
        for theirs in self.theirs.extract_if(.., |theirs| theirs.number == number) {
            theirs.close(session);
        }
        emit(out, Kind::Outcome, |fields| {
            fields.extend_from_slice(&number.to_be_bytes());
            fields.push(outcome as u8);
        });
    }

    /// Supplies what is here of what the peer takes, and asks the page for the rest.
    pub(crate) fn feed(&mut self, session: &mut Session, out: &mut Vec<u8>) {
        loop {
            let mut fed = false;
            for wanted in session.wanted() {
                let ours = self.ours.iter_mut();
                let mut ours = ours.filter(|ours| ours.has(wanted.stream));
                if let Some(ours) = ours.next() {
                    fed |= ours.feed(session, wanted, out);
                }
            }
            if !fed {
                break;
            }
        }
        for ours in &mut self.ours {
            ours.tell_progress(session, out);
        }
    }
}

fn refused(why: &str, out: &mut Vec<u8>) {
    emit(out, Kind::Refused, |fields| {
        fields.text(why);
    });
}
