//! The list of an offer, as its receiver reads it before anybody is asked: what is in it, whether
//! anything is wrong with it, and where in the data an earlier transfer ended.

use sha2::{Digest, Sha256};

use super::entry::{Entry, EntryReader, Kind};
use super::name::Name;
use super::receive::Receive;
use super::tree::{Totals, Tree};
use super::{Offer, Refused};

/// How many files are kept to be shown.
pub const LISTED_MAX: usize = 10;

/// A file of the list, to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The names from what is offered to the file, itself among them. They may do anything to a terminal.
    pub path: Box<[Name]>,
    /// What kind of file it is.
    pub kind: Kind,
    /// Its bytes, holes included; 0 where nobody knows.
    pub size: u64,
}

impl Listed {
    /// Whether file managers leave it out, or a folder that it is in.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.path.iter().any(Name::is_hidden)
    }
}

/// What is in a list, bounded however long that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How much there is.
    pub totals: Totals,
    /// The first [`LISTED_MAX`] files.
    pub first: Vec<Listed>,
    /// Files that file managers leave out.
    pub hidden: u64,
    /// Files that may be executed.
    pub executable: u64,
    /// Files and folders that get another name on the disk than they have.
    pub renamed: u64,
    /// What lists have in common whose entries differ in times and versions alone, once it is over.
    pub shape: Shape,
}

/// The first [`LISTED_MAX`] files of a list of our own.
#[must_use]
pub fn first(mut bytes: &[u8]) -> Vec<Listed> {
    let mut list = List::new(u64::MAX);
    while list.summary.first.len() < LISTED_MAX && matches!(list.take(&mut bytes), Ok(Some(_))) {}
    list.summary.first
}

/// SHA-256 of the entries, without times and versions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape(pub [u8; 32]);

/// Reads a list. Once it has refused something it is to be dropped.
#[derive(Debug)]
pub struct List {
    reader: EntryReader,
    tree: Tree,
    /// That of the first entry.
    name: Option<Name>,
    summary: Summary,
    shape: Sha256,
    /// Where the data is to go on, in bytes …
    at: u64,
    /// … and how it stands there, once the list has come to it.
    receive: Option<Receive>,
}

impl List {
    /// A list of which nothing is here. Its data is to go on at this offset: behind what an earlier
    /// transfer of the same offer left, or 0.
    #[must_use]
    pub fn new(at: u64) -> Self {
        Self {
            reader: EntryReader::default(),
            tree: Tree::default(),
            name: None,
            summary: Summary {
                totals: Totals::NONE,
                first: Vec::new(),
                hidden: 0,
                executable: 0,
                renamed: 0,
                shape: Shape::default(),
            },
            shape: Sha256::new(),
            at,
            receive: None,
        }
    }

    /// Takes from `bytes` what the next entry is made of, and gives it; `None` once all of them are
    /// taken. To be called until then.
    ///
    /// # Errors
    /// [`Refused`]: the offer is not to be taken, and nobody to be asked.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Result<Option<Entry>, Refused> {
        let Some(entry) = self.reader.take(bytes)? else {
            return Ok(None);
        };
        let frame = self.reader.bytes();
        let start = self.tree.totals().data;
        if let Some(into) = self.at.checked_sub(start)
            && entry.data_len(frame.len()).is_none_or(|len| into < len)
        {
            let before = self.tree.clone();
            self.receive = Some(Receive::within(before, &entry, frame, into)?);
        }
        self.tree.take(&entry, frame)?;
        self.count(&entry);
        self.add_to_shape(&entry);
        self.reader.clear();
        Ok(Some(entry))
    }

    /// Whether all that the data has of the entries so far comes before the place where it is to go
    /// on.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.receive.is_none()
    }

    fn add_to_shape(&mut self, entry: &Entry) {
        let entry = Entry {
            mtime: 0,
            version: None,
            ..entry.clone()
        };
        let mut bytes = Vec::new();
        // It is one that was read: it can be written.
        let _ = entry.encode(&mut bytes);
        self.shape.update(&bytes);
    }

    /// What reads the data from the place on where it is to go on, of the same list as `whole`: as
    /// far as this one was read.
    pub(super) fn reached(self, whole: &Receive) -> Receive {
        let here = self.receive;
        let here = here.unwrap_or_else(|| Receive::between(self.tree));
        here.bound_as(whole)
    }

    fn count(&mut self, entry: &Entry) {
        self.name.get_or_insert_with(|| entry.name.clone());
        let summary = &mut self.summary;
        summary.renamed += u64::from(entry.name.safe() != entry.name.as_str());
        if !entry.kind.is_file() {
            return;
        }
        let path = self.tree.path();
        summary.hidden += u64::from(path.iter().any(Name::is_hidden));
        summary.executable += u64::from(entry.kind == Kind::Executable);
        if summary.first.len() < LISTED_MAX {
            summary.first.push(Listed {
                path: path.into(),
                kind: entry.kind,
                size: entry.size,
            });
        }
    }

    /// What is in it as far as it came; its totals come with its end.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// What came so far.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        self.tree.totals()
    }

    /// The list is over: what is in it, and what reads its data. That begins where it is to go on,
    /// as [`Receive::offset`] says, or at 0 where the data has no such place.
    ///
    /// # Errors
    /// [`Refused`]: the list ends in an entry, or is not the one that is offered.
    pub fn finish<N: AsRef<str>>(self, offer: &Offer<N>) -> Result<(Summary, Receive), Refused> {
        let totals = *self.tree.totals();
        let name = self.name.filter(|_| self.reader.bytes().is_empty());
        let name = name.ok_or(Refused::Cut)?;
        if self.tree.id() != offer.id {
            return Err(Refused::Id);
        }
        let offered = (offer.name.as_ref(), offer.count, offer.size);
        if offered != (name.as_str(), totals.files, totals.size) {
            return Err(Refused::Offer);
        }
        let receive = match self.receive {
            Some(receive) => receive,
            None if self.at == totals.data => Receive::between(self.tree),
            None => Receive::between(Tree::default()),
        };
        let summary = Summary {
            totals,
            shape: Shape(self.shape.finalize().into()),
            ..self.summary
        };
        Ok((summary, receive.of(offer.id, totals)))
    }
}
