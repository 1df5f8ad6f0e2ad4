//! The lines of the file as a stream: a line of ours is a piece, and what is longer comes in several,
//! so that no line, however long, is held whole.

use std::io::{self, BufRead, Seek, SeekFrom};

use super::line::{Entry, LineError, MAX_LINE_BYTES};

/// The longest piece: the longest line, with its end.
const PIECE_MAX: usize = MAX_LINE_BYTES + 2;

/// Reads pieces, one after the other.
pub(super) struct Pieces<R> {
    from: R,
    buf: Vec<u8>,
    number: usize,
    at: u64,
    /// The last one ended its line.
    ended: bool,
}

/// A line as it stands in the file, its line feed included, or a part of one that is too long.
pub(super) struct Piece<'a> {
    /// The number of the line, from 1.
    pub number: usize,
    /// Where it begins, in bytes.
    pub at: u64,
    /// What stands there.
    pub bytes: &'a [u8],
    begins: bool,
    ends: bool,
}

impl<R: BufRead> Pieces<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            buf: Vec::new(),
            number: 0,
            at: 0,
            ended: true,
        }
    }

    /// The next one; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.buf.clear();
        let at = self.at;
        let begins = self.ended;
        self.ended = false;
        while !self.ended && self.buf.len() < PIECE_MAX {
            let chunk = self.from.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let room = chunk.get(..PIECE_MAX - self.buf.len()).unwrap_or(chunk);
            let feed = room.iter().position(|byte| *byte == b'\n');
            let taken = feed.map_or(room, |feed| room.get(..=feed).unwrap_or(room));
            self.buf.extend_from_slice(taken);
            self.ended = feed.is_some();
            let taken = taken.len();
            self.from.consume(taken);
            self.at += taken as u64;
        }
        if self.buf.is_empty() {
            return Ok(None);
        }
        self.number += usize::from(begins);
        Ok(Some(Piece {
            number: self.number,
            at,
            bytes: &self.buf,
            begins,
            // The file's end is that of its last line too.
            ends: self.ended || self.buf.len() < PIECE_MAX,
        }))
    }
}

impl<R: BufRead + Seek> Pieces<R> {
    /// From the line on that begins there.
    pub(super) fn at(mut from: R, at: u64) -> io::Result<Self> {
        from.seek(SeekFrom::Start(at))?;
        Ok(Self {
            at,
            ..Self::new(from)
        })
    }
}

impl Piece<'_> {
    /// `None` for a comment, a blank line, and what follows in one that is too long.
    pub(super) fn entry(&self) -> Option<Result<Entry, LineError>> {
        let bytes = self.bytes.trim_ascii_end();
        if !self.begins || bytes.starts_with(b"#") || (bytes.is_empty() && self.ends) {
            return None;
        }
        if !self.ends {
            return Some(Err(LineError::TooLong));
        }
        // Trailing tabs belong to the line: an empty last field.
        let bytes = self.bytes.strip_suffix(b"\n").unwrap_or(self.bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        Some(match std::str::from_utf8(bytes) {
            Ok(text) => text.parse(),
            Err(_) => Err(LineError::NotText),
        })
    }
}
