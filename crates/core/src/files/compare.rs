//! Whether what an earlier offer left is the beginning of another one, whose files have the same
//! names and sizes: SHA-256 of chunks of their contents, at both ends.
//!
//! ```text
//! contents = those of all files, in the list's order, one behind the other
//! hashes   = SHA-256 of each chunk of the first `kept` bytes of them; the last one may be shorter
//! ```

use sha2::{Digest, Sha256};

/// The most chunks that are compared.
pub const CHUNKS_MAX: u64 = 256;
/// The least bytes of a chunk.
pub const CHUNK_MIN: u64 = 1024 * 1024;
/// Bytes of a hash.
const HASH_LEN: usize = 32;
/// The most bytes of hashes.
pub const HASHES_MAX: usize = CHUNKS_MAX as usize * HASH_LEN;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunks {
    /// So many bytes of contents.
    pub kept: u64,
    /// In chunks of so many.
    pub len: u64,
}

impl Chunks {
    /// So many bytes, in chunks as small as may be.
    #[must_use]
    pub fn of(kept: u64) -> Self {
        let len = kept.div_ceil(CHUNKS_MAX).max(CHUNK_MIN);
        Self { kept, len }
    }

    /// How many there are; `None`: this may not be asked of an offer of so many bytes of contents.
    #[must_use]
    pub fn count(&self, contents: u64) -> Option<u64> {
        let is_some = (1..=contents).contains(&self.kept) && self.len >= CHUNK_MIN;
        let count = is_some.then(|| self.kept.div_ceil(self.len))?;
        (count <= CHUNKS_MAX).then_some(count)
    }

    /// Whether these can be the hashes of all chunks.
    #[must_use]
    pub fn fits(&self, hashes: &[u8]) -> bool {
        let count = self.count(u64::MAX).and_then(|n| usize::try_from(n).ok());
        count.is_some_and(|count| hashes.len() == count * HASH_LEN)
    }

    /// How many bytes of contents come before the first chunk whose hashes differ.
    #[must_use]
    pub fn same(&self, ours: &[u8], theirs: &[u8]) -> u64 {
        let chunks = ours.chunks(HASH_LEN).zip(theirs.chunks(HASH_LEN));
        let same = chunks.take_while(|(ours, theirs)| ours == theirs).count();
        self.len.saturating_mul(same as u64).min(self.kept)
    }
}

/// Hashes contents, chunk by chunk.
#[derive(Debug)]
pub struct Hasher {
    chunks: Chunks,
    /// Bytes that it took.
    done: u64,
    chunk: Sha256,
    hashes: Vec<u8>,
}

impl Hasher {
    /// Nothing is hashed.
    #[must_use]
    pub fn new(chunks: Chunks) -> Self {
        Self {
            chunks,
            done: 0,
            chunk: Sha256::new(),
            hashes: Vec::new(),
        }
    }

    /// How many bytes are missing.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.chunks.kept - self.done
    }

    /// How many bytes it took.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done
    }

    /// Takes the next bytes; more than are missing are passed over.
    pub fn take(&mut self, mut bytes: &[u8]) {
        while self.missing() > 0 && !bytes.is_empty() {
            let into = self.done.checked_rem(self.chunks.len).unwrap_or_default();
            let room = self.missing().min(self.chunks.len - into);
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (here, rest) = bytes.split_at(room.min(bytes.len()));
            self.chunk.update(here);
            self.done += here.len() as u64;
            bytes = rest;
            if here.len() == room {
                self.hashes.extend(self.chunk.finalize_reset());
            }
        }
    }

    /// The hashes of all that was taken in whole chunks, one behind the other.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.hashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(chunks: Chunks, bytes: &[u8], at_once: usize) -> Vec<u8> {
        let mut hasher = Hasher::new(chunks);
        bytes.chunks(at_once).for_each(|part| hasher.take(part));
        assert_eq!(hasher.missing(), 0);
        hasher.finish()
    }

    #[test]
    fn chunks_are_few_and_large_and_all_of_it_is_in_one() {
        for kept in [
            1,
            CHUNK_MIN,
            CHUNK_MIN + 1,
            256 << 20,
            (256 << 20) + 1,
            u64::MAX,
        ] {
            let chunks = Chunks::of(kept);
            let count = chunks.count(kept).unwrap();
            assert!((1..=CHUNKS_MAX).contains(&count), "{kept}");
            assert!(u128::from(count) * u128::from(chunks.len) >= kept.into());
            assert_eq!(chunks.count(kept - 1), None, "more than there is");
        }
        let bad = [
            (0, CHUNK_MIN),
            (1, 0),
            (1, CHUNK_MIN - 1),
            (257 << 20, 1 << 20),
        ];
        for (kept, len) in bad {
            assert_eq!(Chunks { kept, len }.count(u64::MAX), None, "{kept} {len}");
        }
    }

    #[test]
    fn the_first_chunk_that_differs_ends_what_is_the_same() {
        let (kept, len) = (2_500_000, CHUNK_MIN);
        let chunks = Chunks { kept, len };
        let bytes: Vec<u8> = (0..kept as u32).map(|n| (n / 7) as u8).collect();
        let ours = hashed(chunks, &bytes, 70_001);
        assert_eq!(
            ours,
            hashed(chunks, &[&bytes[..], b"more"].concat(), usize::MAX)
        );
        assert!(chunks.fits(&ours));
        assert!(!chunks.fits(&ours[1..]) && !chunks.fits(&[]));
        assert_eq!(chunks.same(&ours, &ours), kept);
        for (at, same) in [(0, 0), (len - 1, 0), (len, len), (kept - 1, 2 * len)] {
            let mut bytes = bytes.clone();
            bytes[at as usize] ^= 1;
            assert_eq!(chunks.same(&ours, &hashed(chunks, &bytes, 1 << 20)), same);
        }
        // Who hashed less has less that is the same.
        assert_eq!(chunks.same(&ours[..32], &ours), len);
    }
}
