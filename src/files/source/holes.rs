//! Where a file of the source has data.

use std::os::fd::AsFd;

use rustix::fs::{SeekFrom, Stat, seek};
use rustix::io::Errno;
use undertone_core::files::entry::Extent;
use undertone_core::files::extents::Extents;

/// The unit of `st_blocks` on every system.
const BLOCK: u64 = 512;

/// The extents of an open file; `None` where it has no holes, or the file system does not say.
pub(super) fn find(
    file: impl AsFd,
    stat: &Stat,
    size: u64,
) -> Result<Option<Box<[Extent]>>, Errno> {
    let file = file.as_fd();
    let blocks = u64::try_from(stat.st_blocks).unwrap_or_default();
    if blocks.saturating_mul(BLOCK) >= size {
        return Ok(None);
    }
    let mut extents = Extents::default();
    let mut at = 0;
    while at < size {
        let start = match seek(file, SeekFrom::Data(at)) {
            Ok(start) if start < size => start,
            // Behind the last data.
            Ok(_) | Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let end = seek(file, SeekFrom::Hole(start))?.min(size);
        // Cut off meanwhile, it is found changed when it is read.
        if end <= start {
            break;
        }
        extents.push(start, end - start);
        at = end;
    }
    Ok(extents.finish(size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::fstat;
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    fn found(file: &File, size: u64) -> Option<Vec<(u64, u64)>> {
        let extents = find(file, &fstat(file).unwrap(), size).unwrap()?;
        Some(extents.iter().map(|each| (each.start, each.len)).collect())
    }

    #[test]
    fn holes_are_found_and_what_has_none_has_no_extents() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 20).unwrap();
        assert_eq!(found(&file, 1 << 20), Some(vec![]));
        file.write_all_at(&[1; 4096], 1 << 16).unwrap();
        assert_eq!(found(&file, 1 << 20), Some(vec![(1 << 16, 4096)]));
        let whole = tempfile::tempfile().unwrap();
        assert_eq!(found(&whole, 0), None);
        whole.write_all_at(&[1; 5000], 0).unwrap();
        assert_eq!(found(&whole, 5000), None);
    }
}
