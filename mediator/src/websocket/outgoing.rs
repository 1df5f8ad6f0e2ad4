//! Messages to a client into frames (RFC 6455 §5), and what of them has not left yet.
//!
//! A frame is never masked, never a fragment. A long payload is not copied: it leaves in one
//! vectored write with its header and its neighbours.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, close_code};
use bytes::Buf;
use tokio::io::AsyncWrite;

use super::opcode;

/// Payloads up to here are copied beside their header: less work than a part of their own.
const SHORT: usize = 1024;
/// Parts in one write: two long frames.
const PARTS: usize = 4;

/// Frames that are to leave. Without memory while there are none.
#[derive(Default)]
pub(super) struct Outgoing {
    parts: VecDeque<Bytes>,
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
        if let Message::Close(frame) = message {
            self.close_with(frame);
            return Ok(());
        }
        if self.closing != Closing::No {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        match message {
            Message::Text(text) => self.frame(opcode::TEXT, text.into()),
            Message::Binary(bytes) => self.frame(opcode::BINARY, bytes),
            Message::Ping(data) => self.frame(opcode::PING, data),
            Message::Pong(data) => self.frame(opcode::PONG, data),
            Message::Close(_) => {}
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
        self.close_with(Some(CloseFrame {
            code: close_code::NORMAL,
            reason: "".into(),
        }));
    }

    fn close_with(&mut self, frame: Option<CloseFrame>) {
        if self.closing == Closing::No {
            self.closing = Closing::Asked;
            let mut payload = Vec::new();
            if let Some(frame) = frame {
                payload.extend(frame.code.to_be_bytes());
                payload.extend_from_slice(frame.reason.as_bytes());
            }
            self.frame(opcode::CLOSE, payload.into());
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
        let mut frame = Vec::with_capacity(4 + payload.len().min(SHORT));
        frame.push(0x80 | opcode);
        match payload.len() {
            length @ 0..=125 => frame.push(length as u8),
            length => match u16::try_from(length) {
                Ok(length) => {
                    frame.push(126);
                    frame.extend(length.to_be_bytes());
                }
                Err(_) => {
                    frame.push(127);
                    frame.extend((length as u64).to_be_bytes());
                }
            },
        }
        self.length += frame.len() + payload.len();
        if payload.len() <= SHORT {
            frame.extend_from_slice(&payload);
            self.parts.push_back(frame.into());
        } else {
            self.parts.extend([frame.into(), payload]);
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
        if let (Some(part), 1) = (self.parts.front(), self.parts.len()) {
            return stream.poll_write(cx, part);
        }
        let mut slices = [IoSlice::new(&[]); PARTS];
        for (slice, part) in slices.iter_mut().zip(&self.parts) {
            *slice = IoSlice::new(part);
        }
        let parts = slices.get(..self.parts.len()).unwrap_or(&slices);
        stream.poll_write_vectored(cx, parts)
    }

    fn remove(&mut self, mut written: usize) {
        self.length = self.length.saturating_sub(written);
        while let Some(part) = self.parts.front_mut() {
            let some = written.min(part.len());
            part.advance(some);
            written -= some;
            if !part.is_empty() {
                return;
            }
            self.parts.pop_front();
        }
        self.parts = VecDeque::new();
    }
}
