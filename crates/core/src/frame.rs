//! Frames on a link: `u32be n ‖ body(n)`, for CONFIRM and for records alike. `n` is checked against
//! what may come before anything is kept for it.

use std::fmt;
use std::ops::RangeInclusive;

use crate::session::record::PREFIX_LEN;

/// A length that no frame has here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of an impossible length ({0} bytes)")]
pub struct BadLength(pub u32);

/// Collects bytes and cuts them into frames. Its buffer grows with what has arrived, never with what
/// a length announces. An empty frame at the very beginning, by which a host that dialled shows
/// that it is here, is passed over.
#[derive(Default)]
pub struct Frames {
    buf: Vec<u8>,
    start: usize,
    begun: bool,
    from_host: bool,
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames")
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}

impl Frames {
    /// The next whole frame's body, if it is here.
    ///
    /// # Errors
    /// [`BadLength`] as soon as the length is read and not in `lengths`.
    pub fn next_frame(
        &mut self,
        lengths: &RangeInclusive<usize>,
    ) -> Result<Option<&mut [u8]>, BadLength> {
        let first = self.buf.get(self.start..).unwrap_or_default();
        if !self.begun && first.len() >= PREFIX_LEN {
            self.begun = true;
            if first.starts_with(&[0; PREFIX_LEN]) {
                self.start += PREFIX_LEN;
                self.from_host = true;
            }
        }
        let waiting = self.buf.get_mut(self.start..).unwrap_or_default();
        let Some((prefix, rest)) = waiting.split_first_chunk_mut::<PREFIX_LEN>() else {
            return Ok(None);
        };
        let announced = u32::from_be_bytes(*prefix);
        let n = usize::try_from(announced).unwrap_or(usize::MAX);
        if !lengths.contains(&n) {
            return Err(BadLength(announced));
        }
        match rest.get_mut(..n) {
            Some(body) => {
                self.start += PREFIX_LEN + n;
                Ok(Some(body))
            }
            None => Ok(None),
        }
    }

    /// Takes bytes from the link.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer().extend_from_slice(bytes);
    }

    /// What is not cut yet: bytes from the link are appended to it.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        if self.start == self.buf.len() {
            self.buf.clear();
        } else {
            self.buf.drain(..self.start);
        }
        self.start = 0;
        &mut self.buf
    }

    /// Whether it began with an empty frame: a host has dialled, as far as is known.
    #[must_use]
    pub fn is_from_host(&self) -> bool {
        self.from_host
    }
}

/// A frame: the body, its length before it.
#[must_use]
pub fn framed(body: &[u8]) -> Vec<u8> {
    // None of ours is as long.
    let prefix = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes();
    [prefix.as_slice(), body].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const LENGTHS: RangeInclusive<usize> = 88..=100;

    #[test]
    fn impossible_lengths_are_refused_and_nothing_is_allocated_for_them() {
        for announced in [87_u32, 101, u32::MAX] {
            let mut frames = Frames::default();
            frames.push(&announced.to_be_bytes());
            assert_eq!(frames.next_frame(&LENGTHS), Err(BadLength(announced)));
            assert!(frames.buf.capacity() < 64);
        }
    }

    #[test]
    fn one_empty_frame_is_passed_over_and_no_other() {
        for empty in 1..=2 {
            let mut frames = Frames::default();
            frames.push(&framed(&[]).repeat(empty));
            frames.push(&framed(&[7; 90]));
            match empty {
                1 => assert_eq!(frames.next_frame(&LENGTHS).unwrap().unwrap(), [7; 90]),
                _ => assert_eq!(frames.next_frame(&LENGTHS), Err(BadLength(0))),
            }
        }
    }

    #[test]
    fn frames_are_cut_wherever_the_bytes_are() {
        let sent = [(90, 1), (100, 2), (88, 3)];
        let bytes = sent.map(|(len, byte)| framed(&vec![byte; len])).concat();
        for cut in 1..bytes.len() {
            let (head, tail) = bytes.split_at(cut);
            let mut frames = Frames::default();
            let mut cut = Vec::new();
            for part in [head, tail] {
                frames.push(part);
                while let Some(body) = frames.next_frame(&LENGTHS).unwrap() {
                    cut.push((body.len(), body[0]));
                }
            }
            assert_eq!(cut, sent);
        }
    }
}
