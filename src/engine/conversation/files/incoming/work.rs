//! What is done for an offer of the peer's on another thread: one thing at a time.

use std::sync::Arc;

use undertone_core::crypto::keys::PublicKey;
use undertone_core::files::Refused;
use undertone_core::files::receive::Reached;

use super::super::listing::{Listed, Listing};
use super::super::writing::{Begun, Received, WriteError, Writing};
use super::checking::Checking;
use super::{Incoming, State};
use crate::files::journal::Transfer;
use crate::files::place::Kept;
use crate::files::sink::Target;

/// A buffer of more bytes than this is not kept for what comes next.
const SPARE_MAX: usize = 1024 * 1024;

/// What another thread did for it.
pub(in crate::engine::conversation) enum Work {
    /// The list was read as far as it came.
    Read(Box<Listing>),
    /// The list is whole, or not to be taken.
    Listed(Result<Listed, Refused>),
    /// An earlier offer left a part, which is to be compared.
    Left(Box<Checking>),
    /// It was hashed.
    Hashed(Box<Checking>),
    /// The part was made.
    Opened(Begun),
    /// What came was written; where it was the last, it is in its place.
    Written(Box<Writing>, Result<Option<Received>, WriteError>),
}

impl Incoming {
    /// Looks for what an earlier run left of it, or an earlier offer of the same files; `former` is one
    /// of this run that is given up for it.
    pub(in super::super) fn look(
        &self,
        peer: PublicKey,
        former: Option<Box<Writing>>,
    ) -> impl FnOnce() -> Work + Send + 'static {
        let journal = (!self.bounds.to_output).then(|| self.journal.clone());
        let offer = self.offer.clone();
        move || {
            // Nothing else holds it then.
            drop(former.map(|mut former| former.keep()));
            Work::Read(Box::new(Listing::look(journal, &peer, &offer)))
        }
    }

    /// What is to be done with what waits, on another thread, unless one is busy with it already.
    pub(in super::super) fn work(&mut self) -> Option<Box<dyn FnOnce() -> Work + Send>> {
        if !self.came && !matches!(self.state, State::Checked(_)) {
            return None;
        }
        match std::mem::replace(&mut self.state, State::Reading) {
            State::Listing(listing) => Some(Box::new(self.read_list(listing))),
            State::Receiving(writing) => {
                self.state = State::Writing;
                Some(Box::new(self.write(writing)))
            }
            State::Checked(checking) => {
                let begin = self.compared(checking)?;
                Some(Box::new(move || Work::Opened(begin())))
            }
            state => {
                self.state = state;
                None
            }
        }
    }

    fn read_list(&mut self, mut listing: Box<Listing>) -> impl FnOnce() -> Work + Send + 'static {
        let bytes = std::mem::take(&mut self.waiting);
        let last = std::mem::take(&mut self.last);
        self.came = false;
        self.list_len += bytes.len() as u64;
        let (offer, signals) = (self.offer.clone(), Arc::clone(&self.signals));
        move || match listing.take(&bytes) {
            Ok(()) if !last => Work::Read(listing),
            Ok(()) => Work::Listed(listing.finish(&offer, &signals)),
            Err(refused) => Work::Listed(Err(refused)),
        }
    }

    fn write(&mut self, mut writing: Box<Writing>) -> impl FnOnce() -> Work + Send + 'static {
        // Two buffers are filled in turn.
        let spare = std::mem::take(&mut writing.spare);
        let mut bytes = std::mem::replace(&mut self.waiting, spare);
        let last = self.last;
        self.came = false;
        self.saving = last.then_some(false);
        let coming = bytes.len() as u64;
        // With a size it was compared before the first byte. Of a pipe the list is one entry, with
        // which the data begins.
        let contents = (self.written + coming).saturating_sub(self.list_len);
        let over = self
            .bounds
            .limit
            .filter(|limit| self.total.is_none() && contents > *limit);
        move || {
            if let Some(limit) = over {
                return Work::Written(writing, Err(WriteError::TooLarge(limit)));
            }
            let written = writing.take(&bytes);
            bytes.clear();
            // One that grew while the disk was slow is given back.
            if bytes.capacity() <= SPARE_MAX {
                writing.spare = bytes;
            }
            let done = written.and_then(|()| match last {
                true => writing.finish().map(Some),
                false => Ok(None),
            });
            Work::Written(writing, done)
        }
    }

    /// Makes the part in this folder, or takes standard output, on another thread.
    pub(in super::super) fn open(
        &mut self,
        into: Target,
        peer: PublicKey,
    ) -> Option<impl FnOnce() -> Work + Send + 'static> {
        let receive = match std::mem::replace(&mut self.state, State::Writing) {
            State::Asked(receive) => receive,
            state => {
                self.state = state;
                return None;
            }
        };
        let (offer, shape) = (self.offer.clone(), self.shape);
        let (journal, left) = (self.journal.clone(), self.left.take());
        let signals = Arc::clone(&self.signals);
        Some(move || {
            let folder = match into {
                Target::Folder(folder) => folder,
                Target::Output(output) => {
                    let begun = Writing::begin_output((*receive).clone(), &output, signals);
                    return Work::Opened(begun.map(Box::new).map_err(|error| (receive, error)));
                }
            };
            let left = left.and_then(|left| Some((left.chunks(&shape, &folder)?, left)));
            let transfer = Transfer {
                peer,
                id: offer.id,
                name: offer.name.to_string(),
                size: offer.size,
                folder,
                part: Kept::default(),
                offset: 0,
                reached: Reached::default(),
                shape,
            };
            let noted = (journal, transfer);
            if let Some((chunks, left)) = left {
                return Work::Left(Box::new(Checking {
                    left,
                    chunks,
                    receive,
                    noted,
                    signals,
                    hashes: Vec::new(),
                }));
            }
            let begun = Writing::create((*receive).clone(), noted, signals);
            Work::Opened(begun.map(Box::new).map_err(|error| (receive, error)))
        })
    }
}
