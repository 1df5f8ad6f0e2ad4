//! Where a file has data: the parts of it that are no holes.

use super::EXTENTS_MAX;

/// A part of a file that has data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins in the file, in bytes.
    pub start: u64,
    /// Its bytes; at least one.
    pub len: u64,
}

impl Extent {
    /// Where it ends in the file.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.len)
    }
}

/// Gathers a file's extents as they are found, in ascending order. Of more than
/// [`EXTENTS_MAX`] those with the least between them become one, zeros included; and no more than
/// twice as many are kept.
#[derive(Debug, Default)]
pub struct Extents(Vec<Extent>);

impl Extents {
    /// Takes the next one. It may touch the one before it, or be empty.
    pub fn push(&mut self, start: u64, len: u64) {
        match self.0.last_mut() {
            _ if len == 0 => {}
            Some(last) if start <= last.end() => {
                let end = last.end().max(start.saturating_add(len));
                last.len = end - last.start;
            }
            _ => self.0.push(Extent { start, len }),
        }
        if self.0.len() >= 2 * EXTENTS_MAX {
            self.merge();
        }
    }

    /// What an entry says of a file of `size` bytes: `None` where all of it is data.
    #[must_use]
    pub fn finish(mut self, size: u64) -> Option<Box<[Extent]>> {
        self.merge();
        match self.0.as_slice() {
            [] if size == 0 => None,
            [all] if all.start == 0 && all.len == size => None,
            _ => Some(self.0.into()),
        }
    }

    /// Fills the smallest holes until there are few enough extents.
    fn merge(&mut self) {
        let Some(excess) = self.0.len().checked_sub(EXTENTS_MAX + 1) else {
            return;
        };
        let next = self.0.iter().skip(1);
        let holes = self.0.iter().zip(next);
        let mut holes: Vec<u64> = holes.map(|(one, next)| next.start - one.end()).collect();
        let (_, largest, _) = holes.select_nth_unstable(excess);
        let largest = *largest;
        let mut to_fill = excess + 1;
        self.0.dedup_by(|next, one| {
            let is_filled = to_fill > 0 && next.start - one.end() <= largest;
            if is_filled {
                to_fill -= 1;
                one.len = next.end() - one.start;
            }
            is_filled
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(parts: impl IntoIterator<Item = (u64, u64)>, size: u64) -> Vec<(u64, u64)> {
        let mut extents = Extents::default();
        for (start, len) in parts {
            extents.push(start, len);
        }
        let extents = extents.finish(size).expect("holes");
        extents.iter().map(|each| (each.start, each.len)).collect()
    }

    #[test]
    fn what_touches_is_one_and_what_is_all_data_has_none() {
        let parts = [(0, 2), (2, 0), (2, 3), (7, 1)];
        assert_eq!(gathered(parts, 8), [(0, 5), (7, 1)]);
        assert_eq!(gathered([], 8), []);
        for (parts, size) in [(&[][..], 0), (&[(0, 8)], 8), (&[(0, 3), (3, 5)], 8)] {
            let mut extents = Extents::default();
            parts
                .iter()
                .for_each(|&(start, len)| extents.push(start, len));
            assert_eq!(extents.finish(size), None);
        }
    }

    #[test]
    fn of_too_many_the_smallest_holes_are_filled() {
        // One hole in ten is of one byte, the others are of five and nine.
        let parts = |count: u64| (0..count).map(|n| (n * 10 + if n % 10 == 0 { 4 } else { 0 }, 5));
        let size = u64::MAX / 2;
        let most = EXTENTS_MAX as u64;
        assert_eq!(gathered(parts(most), size).len(), EXTENTS_MAX);
        let extents = gathered(parts(most + 100), size);
        assert_eq!(extents.len(), EXTENTS_MAX);
        // 100 of the 113 small holes are no more, and none of the others.
        let small = extents
            .windows(2)
            .filter(|pair| pair[1].0 - pair[0].0 - pair[0].1 == 1);
        assert_eq!(small.count(), 13);
        // Any number of them is bounded, and covers what was there.
        let extents = gathered(parts(100_000), size);
        assert!(extents.len() <= EXTENTS_MAX);
        let mut covering = extents.iter().peekable();
        for (start, len) in parts(100_000) {
            while covering
                .next_if(|each| each.0 + each.1 < start + len)
                .is_some()
            {}
            assert!(covering.peek().is_some_and(|each| each.0 <= start));
        }
    }
}
