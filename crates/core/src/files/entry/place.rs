//! What the data has of an entry, and where in the file it stands.

use super::{Entry, Kind};

impl Entry {
    /// How many bytes of the file stand in the data: its size without holes, and 0 where nobody
    /// knows.
    #[must_use]
    pub fn contents(&self) -> u64 {
        match &self.extents {
            None => self.size,
            Some(extents) => extents.iter().map(|extent| extent.len).sum(),
        }
    }

    /// Where in the file the byte stands that has `done` of its contents before it, and how many of
    /// them follow there without a hole, itself included. `None`: no byte has. A pipe goes on for
    /// ever.
    #[must_use]
    pub fn place(&self, done: u64) -> Option<(u64, u64)> {
        let Some(extents) = &self.extents else {
            let end = if self.kind == Kind::Pipe {
                u64::MAX
            } else {
                self.size
            };
            return (done < end).then(|| (done, end - done));
        };
        let mut before = 0;
        for extent in extents {
            let into = done - before;
            if into < extent.len {
                return Some((extent.start + into, extent.len - into));
            }
            before += extent.len;
        }
        None
    }

    /// Bytes of the data that are this entry's, with the `head` of them that it takes in the list,
    /// its contents and the verdict. `None`: nobody knows, or they cannot be counted.
    pub(in crate::files) fn data_len(&self, head: usize) -> Option<u64> {
        match self.kind {
            Kind::Folder => Some(head as u64),
            Kind::File | Kind::Executable => self.contents().checked_add(head as u64 + 1),
            Kind::Pipe => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Extent;
    use super::*;
    use crate::files::name::Name;

    #[test]
    fn contents_are_what_is_no_hole() {
        let mut entry = Entry {
            depth: 0,
            name: Name::new("a").unwrap(),
            kind: Kind::File,
            size: 9,
            mtime: 0,
            extents: None,
            version: None,
        };
        let places = |entry: &Entry| [0, 1, 2, 4, 5, 9].map(|done| entry.place(done));
        let all = [(0, 9), (1, 8), (2, 7), (4, 5), (5, 4)].map(Some);
        assert_eq!(places(&entry)[..5], all);
        assert_eq!(
            (entry.place(9), entry.contents(), entry.data_len(10)),
            (None, 9, Some(20))
        );
        let extents = [(1, 2), (5, 3)].map(|(start, len)| Extent { start, len });
        entry.extents = Some(extents.into());
        let parts = [
            Some((1, 2)),
            Some((2, 1)),
            Some((5, 3)),
            Some((7, 1)),
            None,
            None,
        ];
        assert_eq!(places(&entry), parts);
        assert_eq!((entry.contents(), entry.data_len(10)), (5, Some(16)));
        entry.kind = Kind::Pipe;
        (entry.size, entry.extents) = (0, None);
        assert_eq!(
            (entry.place(7), entry.data_len(10)),
            (Some((7, u64::MAX - 7)), None)
        );
    }
}
