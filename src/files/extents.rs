//! Where the contents of a file with holes stand in it. Contents are its extents, one behind the
//! other (PROTOCOL.md §7, *Files*); a file without a list of them is one extent.

use undertone_core::files::entry::Extent;

/// Where in the file the byte at `position` of the contents stands, and how many bytes there are
/// from there to the next hole; `None` behind the last one.
pub(super) fn locate(extents: Option<&[Extent]>, position: u64) -> Option<(u64, u64)> {
    let Some(extents) = extents else {
        return Some((position, u64::MAX - position));
    };
    let mut left = position;
    for extent in extents {
        if left < extent.len {
            return Some((extent.start.saturating_add(left), extent.len - left));
        }
        left -= extent.len;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(start: u64, len: u64) -> Extent {
        Extent { start, len }
    }

    #[test]
    fn contents_are_the_extents_one_behind_the_other() {
        let extents = [extent(10, 5), extent(100, 1)];
        let at = |position| locate(Some(&extents), position);
        assert_eq!(at(0), Some((10, 5)));
        assert_eq!(at(4), Some((14, 1)));
        assert_eq!(at(5), Some((100, 1)));
        assert_eq!(at(6), None);
        assert_eq!(locate(Some(&[]), 0), None);
        assert_eq!(locate(None, 7).unwrap().0, 7);
    }
}
