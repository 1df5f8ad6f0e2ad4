//! Messages to a client into frames (RFC 6455 §5), and what of them has not left yet.
//!
//! A frame is never masked, never a fragment. A long payload is not copied: it leaves in one
//! vectored write with its header and its neighbours.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::{Message, SHORT, opcode};

/// The reason of our close frames: all is said (RFC 6455 §7.4.1).
const ALL_SAID: u16 = 1000;

/// Parts in one write: two long frames.
const PARTS: usize = 4;

/// Frames that are to leave. Without memory while there are none.
#[derive(Default)]
pub(super) struct Outgoing {
    /// Empty only where all is: most often there is no other.
    first: Bytes,
    rest: VecDeque<Bytes>,
    /// Of all parts.
    length: usize,
    /// The answer to the client's last ping. One that comes before it has left replaces it.
    pong: Option<Bytes>,
    closing: Closing,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Closing {
    #[default]
    No,
    /// Our close frame has not left yet.
    Asked,
    Done,
}

impl Outgoing {
    /// Takes a message. After a close frame, no other.
    pub(super) fn push(&mut self, message: Message) -> io::Result<()> {
        if self.closing != Closing::No && message != Message::Close {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        match message {
            Message::Text(text) => self.short(opcode::TEXT, text.as_bytes()),
            Message::Binary(bytes) => self.frame(opcode::BINARY, bytes),
            Message::Ping(data) => self.frame(opcode::PING, data),
            Message::Pong(data) => self.frame(opcode::PONG, data),
            Message::Close => self.close(),
        }
        Ok(())
    }

    pub(super) fn pong(&mut self, data: Bytes) {
        if self.closing == Closing::No {
            self.pong = Some(data);
        }
    }

    /// Answers a close frame, or says the first; once.
    pub(super) fn close(&mut self) {
        if self.closing == Closing::No {
            self.closing = Closing::Asked;
            self.short(opcode::CLOSE, &ALL_SAID.to_be_bytes());
        }
    }

    /// The client waits for a pong or a close frame.
    pub(super) fn owes_answer(&self) -> bool {
        self.pong.is_some() || self.closing == Closing::Asked
    }

    /// Bytes in memory.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.length + self.pong.as_ref().map_or(0, Bytes::len)
    }

    fn frame(&mut self, opcode: u8, payload: Bytes) {
        if payload.len() <= SHORT {
            return self.short(opcode, &payload);
        }
        self.append(header(opcode, payload.len(), 0));
        self.append(payload);
    }

    /// A frame with its payload beside its header.
    fn short(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = header(opcode, payload.len(), payload.len());
        frame.extend_from_slice(payload);
        self.append(frame);
    }

    fn append(&mut self, part: impl Into<Bytes>) {
        let part = part.into();
        self.length += part.len();
        match self.first.is_empty() {
            true => self.first = part,
            false => self.rest.push_back(part),
        }
    }

    /// Writes until no more than so many bytes are left.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        cx: &mut Context<'_>,
        left: usize,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.length == 0 {
                if self.closing == Closing::Asked {
                    self.closing = Closing::Done;
                }
                match self.pong.take() {
                    Some(data) => self.frame(opcode::PONG, data),
                    None => return Poll::Ready(Ok(())),
                }
            }
            if self.length <= left {
                return Poll::Ready(Ok(()));
            }
            let written = ready!(self.poll_write_some(Pin::new(&mut *stream), cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.remove(written);
        }
    }

    fn poll_write_some(
        &self,
        stream: Pin<&mut impl AsyncWrite>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.rest.is_empty() {
            return stream.poll_write(cx, &self.first);
        }
        let mut slices = [IoSlice::new(&[]); PARTS];
        let parts = iter::once(&self.first).chain(&self.rest);
        for (slice, part) in slices.iter_mut().zip(parts) {
            *slice = IoSlice::new(part);
        }
        let parts = slices.get(..=self.rest.len()).unwrap_or(&slices);
        stream.poll_write_vectored(cx, parts)
    }

    fn remove(&mut self, mut written: usize) {
        self.length = self.length.saturating_sub(written);
        loop {
            let some = written.min(self.first.len());
            self.first.advance(some);
            written -= some;
            if !self.first.is_empty() {
                return;
            }
            // Nothing of what has left is kept.
            match self.rest.pop_front() {
                Some(part) => self.first = part,
                None => break,
            }
        }
        (self.first, self.rest) = (Bytes::new(), VecDeque::new());
    }
}

/// The header of a frame, and room for so much behind it.
fn header(opcode: u8, length: usize, room: usize) -> Vec<u8> {
    let first = 0x80 | opcode;
    // To the byte: what is larger costs a second piece of memory once it is to be shared.
    let mut header = Vec::new();
    let mut begin = |bytes: &[u8]| {
        header.reserve_exact(bytes.len() + room);
        header.extend_from_slice(bytes);
    };
    match (length, u16::try_from(length)) {
        (0..=125, _) => begin(&[first, length as u8]),
        (_, Ok(length)) => {
            let [high, low] = length.to_be_bytes();
            begin(&[first, 126, high, low]);
        }
        (_, Err(_)) => {
            begin(&[first, 127]);
            header.extend((length as u64).to_be_bytes());
        }
    }
    header
}
