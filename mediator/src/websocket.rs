//! The server's end of a WebSocket (RFC 6455): whole messages in and out, pings answered.
//!
//! ```text
//! stream ─► read ahead ─► incoming: frames ─► messages
//! stream ◄─ vectored writes ◄─ outgoing: frames ◄─ messages, pongs, the answer to a close
//! ```
//!
//! Made for two kinds of client. Thousands wait, and one that says nothing has no buffer at all.
//! A few are relayed, and where much comes it is read a relayed message at a time: once a read has
//! filled the room it was given, the next ones take [`READ_AHEAD`], until one brings little. Of
//! what is sent to it, it takes one message while another has not left, so that two leave at once.

mod incoming;
mod message;
mod outgoing;

use std::io;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{BufMut, BytesMut};
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use undertone_wire::RELAY_MESSAGE;

use incoming::Incoming;
pub(crate) use message::Message;
use outgoing::Outgoing;

/// Payloads up to here are copied: less work than to share a part of a buffer.
const SHORT: usize = 1024;
/// What is read at once while much comes: a relayed message with its header.
const READ_AHEAD: usize = RELAY_MESSAGE + 16;
/// … and otherwise: a join has some 230 bytes, a sealed some 370.
const READ_FIRST: usize = 512;
/// So much may wait to leave while another message is taken: a relayed one and its header.
const WRITE_BEHIND: usize = RELAY_MESSAGE + 16;

/// One client's WebSocket, after the handshake.
pub(crate) struct WebSocket<S> {
    stream: S,
    incoming: Incoming,
    outgoing: Outgoing,
    /// Much comes: a read has filled all the room it was given, and none brought little since.
    flowing: bool,
    /// The client closed, or its stream ended: nothing more is read.
    ended: bool,
}

impl<S> WebSocket<S> {
    /// `read`: what came together with the handshake. A message may have `most` bytes.
    pub(crate) fn new(stream: S, read: &[u8], most: usize) -> Self {
        Self {
            stream,
            incoming: Incoming::new(read, most),
            outgoing: Outgoing::default(),
            flowing: false,
            ended: false,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Reads once, and says how much; 0 at the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let buffer = &mut self.incoming.bytes;
        if buffer.is_empty() && !self.flowing {
            return self.poll_first(cx);
        }
        let room = match self.flowing {
            true => READ_AHEAD.saturating_sub(buffer.len()),
            false => self.incoming.missing,
        };
        let room = room.max(READ_FIRST);
        make_room(buffer, room);
        let read = pin!(self.stream.read_buf(&mut buffer.limit(room))).poll(cx);
        if let Poll::Ready(Ok(n)) = read {
            self.flowing = n == room || self.flowing && n > READ_FIRST;
        } else if self.incoming.bytes.is_empty() {
            // Those who wait must not pay for it.
            self.incoming.bytes = BytesMut::new();
        }
        read
    }

    /// The same where nothing waits and not much comes: takes memory for what has come alone.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.incoming.bytes = BytesMut::new();
        let mut first = [MaybeUninit::uninit(); READ_FIRST];
        let mut read = ReadBuf::uninit(&mut first);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        self.flowing = read.remaining() == 0;
        self.incoming.bytes = read.filled().into();
        Poll::Ready(Ok(read.filled().len()))
    }

    /// What a message asks of us before it is handed out.
    fn answer(&mut self, message: &Message) {
        match message {
            Message::Ping(data) => self.outgoing.pong(data.clone()),
            Message::Close => {
                self.ended = true;
                self.outgoing.close();
            }
            _ => {}
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = io::Result<Message>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            // Whoever only reads need not flush what the client asked for meanwhile.
            if this.outgoing.owes_answer()
                && let Poll::Ready(Err(error)) = this.outgoing.poll_write(&mut this.stream, cx, 0)
            {
                return Poll::Ready(Some(Err(error)));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            if let Some(message) = this.incoming.next()? {
                this.answer(&message);
                return Poll::Ready(Some(Ok(message)));
            }
            if ready!(this.poll_fill(cx))? == 0 {
                this.ended = true;
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Message> for WebSocket<S> {
    type Error = io::Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outgoing.poll_write(&mut this.stream, cx, WRITE_BEHIND)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> io::Result<()> {
        self.get_mut().outgoing.push(message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.outgoing.poll_write(&mut this.stream, cx, 0))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.outgoing.close();
        Pin::new(this).poll_flush(cx)
    }
}

/// Room for exactly so much more: `reserve` would take up to twice of all that is needed.
fn make_room(buffer: &mut BytesMut, room: usize) {
    if !buffer.try_reclaim(room) {
        let mut larger = BytesMut::with_capacity(buffer.len() + room);
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
}

/// Opcodes of RFC 6455 §5.2.
mod opcode {
    pub(super) const CONTINUATION: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const BINARY: u8 = 2;
    pub(super) const CLOSE: u8 = 8;
    pub(super) const PING: u8 = 9;
    pub(super) const PONG: u8 = 10;
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
