//! One entry of an offer's list: a file or a folder, in a frame of its own.
//!
//! ```text
//! entry = u16 n ‖ CBOR [depth, name, kind, size, mtime, extents, version]      n of its bytes
//! ```
//!
//! The same bytes stand in the list and, before what the file holds, in the data.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

pub use super::extents::Extent;
use super::name::{Name, NameError};
use super::{DEPTH_MAX, ENTRY_MAX, EXTENTS_MAX, SIZE_MAX};

pub(super) use reader::EntryReader;

mod place;
mod reader;

/// Bytes of an entry's length.
const LENGTH_LEN: usize = 2;

/// A file or folder that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How many folders of the list it is in; only the first entry is in none.
    pub depth: usize,
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub kind: Kind,
    /// Its length in bytes, holes included; 0 for what is no file or of unknown size.
    pub size: u64,
    /// When it was last changed, in seconds since 1970.
    pub mtime: u64,
    /// Where it has data, ascending and apart, the rest being holes; `None`: all of it is data.
    pub extents: Option<Box<[Extent]>>,
    /// Another number wherever the sender knows that it is another file, or has changed: it makes
    /// what names the offer another one, and means nothing else.
    pub version: Option<u64>,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A file that its owner may execute.
    Executable,
    /// A file whose size nobody knows before it ends, as what comes through a pipe.
    Pipe,
}

/// Why bytes are no entry, or an entry cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not the items that it must have, or in more than [`ENTRY_MAX`] bytes.
    #[error("a malformed entry")]
    Malformed,
    /// Its name is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// In more folders than [`DEPTH_MAX`] allows.
    #[error("a path of more than {DEPTH_MAX} names")]
    Depth,
    /// Longer than [`SIZE_MAX`], or of a length that its kind cannot have.
    #[error("an impossible size")]
    Size,
    /// Extents that touch, go back, are empty, too many or outside of the file.
    #[error("impossible extents")]
    Extents,
}

impl From<minicbor::decode::Error> for EntryError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Malformed
    }
}

impl Kind {
    /// Whether it is a file of any kind.
    #[must_use]
    pub fn is_file(self) -> bool {
        self != Self::Folder
    }

    fn number(self) -> u8 {
        match self {
            Self::Folder => 0,
            Self::File => 1,
            Self::Executable => 2,
            Self::Pipe => 3,
        }
    }

    fn of_number(number: u64) -> Option<Self> {
        [Self::Folder, Self::File, Self::Executable, Self::Pipe]
            .into_iter()
            .find(|kind| u64::from(kind.number()) == number)
    }
}

impl Entry {
    /// Appends it to `out`, its length first.
    ///
    /// # Errors
    /// [`EntryError`] of what a peer would refuse; nothing is appended then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EntryError> {
        self.check()?;
        let start = out.len();
        out.extend_from_slice(&[0; LENGTH_LEN]);
        // Writing to a vector cannot fail.
        let _ = self.try_encode(&mut Encoder::new(&mut *out));
        let len = u16::try_from(out.len() - start - LENGTH_LEN);
        let length = out.get_mut(start..start + LENGTH_LEN);
        let (Ok(len), Some(length)) = (len, length) else {
            out.truncate(start);
            return Err(EntryError::Malformed);
        };
        length.copy_from_slice(&len.to_be_bytes());
        Ok(())
    }

    fn try_encode(
        &self,
        e: &mut Encoder<&mut Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        e.array(match (&self.extents, self.version) {
            (_, Some(_)) => 7,
            (Some(_), None) => 6,
            (None, None) => 5,
        })?;
        e.u64(self.depth as u64)?.str(self.name.as_str())?;
        e.u8(self.kind.number())?.u64(self.size)?.u64(self.mtime)?;
        if let Some(extents) = &self.extents {
            e.array(2 * extents.len() as u64)?;
            for extent in extents {
                e.u64(extent.start)?.u64(extent.len)?;
            }
        } else if self.version.is_some() {
            e.null()?;
        }
        if let Some(version) = self.version {
            e.u64(version)?;
        }
        Ok(())
    }

    /// Reads what stands behind an entry's length, all of it.
    ///
    /// # Errors
    /// [`EntryError`]: the list that has it is to be refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > ENTRY_MAX {
            return Err(EntryError::Malformed);
        }
        let mut d = Decoder::new(bytes);
        let items = d.array()?.ok_or(EntryError::Malformed)?;
        let depth = usize::try_from(d.u64()?).map_err(|_| EntryError::Depth)?;
        let name = Name::new(d.str()?)?;
        let kind = Kind::of_number(d.u64()?).ok_or(EntryError::Malformed)?;
        let (size, mtime) = (d.u64()?, d.u64()?);
        let has_extents = items > 5;
        let extents = match has_extents && d.datatype()? != Type::Null {
            true => Some(extents(&mut d)?),
            false => None,
        };
        if has_extents && extents.is_none() {
            d.skip()?;
        }
        let version = match items > 6 {
            true => Some(d.u64()?),
            false => None,
        };
        let read = items.clamp(5, 7);
        // Items that a later version appends are ignored.
        for _ in 0..items.checked_sub(read).ok_or(EntryError::Malformed)? {
            if d.datatype()? == Type::Break {
                return Err(EntryError::Malformed);
            }
            d.skip()?;
        }
        if d.position() != bytes.len() {
            return Err(EntryError::Malformed);
        }
        let entry = Self {
            depth,
            name,
            kind,
            size,
            mtime,
            extents,
            version,
        };
        entry.check()?;
        Ok(entry)
    }

    /// What holds for every entry, whoever wrote it.
    fn check(&self) -> Result<(), EntryError> {
        if self.depth >= DEPTH_MAX {
            return Err(EntryError::Depth);
        }
        let is_sized = matches!(self.kind, Kind::File | Kind::Executable);
        if self.size > SIZE_MAX || !is_sized && self.size > 0 {
            return Err(EntryError::Size);
        }
        let Some(extents) = &self.extents else {
            return Ok(());
        };
        if !is_sized || extents.len() > EXTENTS_MAX {
            return Err(EntryError::Extents);
        }
        let mut least = 0;
        for extent in extents {
            let end = extent.start.checked_add(extent.len);
            let end = end.filter(|end| *end <= self.size);
            let end = end.ok_or(EntryError::Extents)?;
            if extent.start < least || extent.len == 0 {
                return Err(EntryError::Extents);
            }
            // The next one does not touch it.
            least = end + 1;
        }
        Ok(())
    }
}

fn extents(d: &mut Decoder<'_>) -> Result<Box<[Extent]>, EntryError> {
    let items = d.array()?.ok_or(EntryError::Malformed)?;
    if items % 2 != 0 || items > 2 * EXTENTS_MAX as u64 {
        return Err(EntryError::Extents);
    }
    let extent = |_| {
        Ok(Extent {
            start: d.u64()?,
            len: d.u64()?,
        })
    };
    (0..items / 2).map(extent).collect()
}

#[cfg(test)]
mod tests;
