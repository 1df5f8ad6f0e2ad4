//! A way to the peer through the mediator: a byte stream over the binary messages
//! of its WebSocket, once both asked for it.
//!
//! ```text
//! write: what is written, cut at RELAY_MESSAGE ─► a binary message, flushed at once
//! read:  a binary message ─► its bytes · peer-left ─► end · error, close, silence ─► error
//! ```
//!
//! Holds four messages on the way out at most, and one on the way in. Pings are
//! answered while it is read; who never reads is given up by the mediator. What the
//! bytes are is not known here: frames, sealed as on any other way.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use undertone_wire::{ClientMessage, MediatorMessage, RELAY_ASK_LIFE, RELAY_MESSAGE, SILENCE};

use crate::rendezvous::{Rendezvous, RendezvousError, Socket, decode, failed};

/// The most that one write takes: some messages that leave together.
const WRITE_MAX: usize = 4 * RELAY_MESSAGE;
/// How long the mediator may take to say that the peer did not agree in time.
const ANSWER_TIMEOUT: Duration = RELAY_ASK_LIFE.saturating_add(Duration::from_secs(10));

impl Rendezvous {
    /// Asks the mediator to relay, after both SEALED, and waits until the peer
    /// asked too. Dropped meanwhile, it leaves the pairing.
    ///
    /// # Errors
    /// [`RendezvousError::Refused`]: the mediator does not relay, a cap of its is
    /// reached, or the peer did not ask within [`RELAY_ASK_LIFE`];
    /// [`RendezvousError::Left`]: it went away; [`RendezvousError::Silent`],
    /// [`RendezvousError::Lost`], [`RendezvousError::Garbled`].
    pub async fn relay(mut self) -> Result<RelayStream, RendezvousError> {
        self.send(&ClientMessage::Relay).await?;
        match timeout(ANSWER_TIMEOUT, self.next()).await {
            Ok(Ok(MediatorMessage::Relaying)) => Ok(RelayStream::new(self.into_socket())),
            Ok(Ok(MediatorMessage::PeerLeft)) => Err(RendezvousError::Left),
            Ok(Ok(_)) => Err(RendezvousError::Garbled),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(RendezvousError::Silent),
        }
    }
}

/// A link's bytes, both ways, through the mediator.
///
/// Its errors carry a [`RendezvousError`], which says in words what happened, a cap of
/// the mediator's for one. The words of a refusal are the mediator's: to be shown
/// through `Safe` only. The peer's leaving is the end of what can be read.
/// What was written leaves while the stream is read, written or flushed. Dropped without a
/// shutdown, it may take along what was written last.
pub struct RelayStream {
    socket: Socket,
    /// What of the last message is not read yet.
    unread: Bytes,
    /// Something that was written has not left yet.
    unflushed: bool,
    heard: Instant,
    silence: Pin<Box<Sleep>>,
    state: State,
}

impl fmt::Debug for RelayStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayStream")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Open,
    /// We closed; the mediator's answer is awaited.
    Closing,
    /// Nothing more comes, and why was said.
    Over,
}

impl RelayStream {
    fn new(socket: Socket) -> Self {
        Self {
            socket,
            unread: Bytes::new(),
            unflushed: false,
            heard: Instant::now(),
            silence: Box::pin(sleep(SILENCE)),
            state: State::Open,
        }
    }

    /// The next message's bytes, `None` at the end.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, RendezvousError>> {
        loop {
            let Poll::Ready(message) = Pin::new(&mut self.socket).poll_next(cx) else {
                return self.poll_silence(cx).map(Err);
            };
            self.heard = Instant::now();
            let error = match message {
                Some(Ok(Message::Binary(bytes))) => return Poll::Ready(Ok(Some(bytes))),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(text))) => match decode(&text) {
                    Ok(MediatorMessage::PeerLeft) => return Poll::Ready(Ok(None)),
                    Ok(_) => RendezvousError::Garbled,
                    Err(error) => error,
                },
                Some(Ok(Message::Frame(_))) => RendezvousError::Garbled,
                Some(Ok(Message::Close(_))) | None => RendezvousError::Lost,
                Some(Err(error)) => failed(&error),
            };
            return Poll::Ready(match (self.state, error) {
                (State::Closing, RendezvousError::Lost) => Ok(None),
                (_, error) => Err(error),
            });
        }
    }

    /// The mediator pings: silence means that it, or the way to it, is gone.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<RendezvousError> {
        while self.silence.as_mut().poll(cx).is_ready() {
            let until = self.heard + SILENCE;
            if until <= Instant::now() {
                return Poll::Ready(RendezvousError::Lost);
            }
            self.silence.as_mut().reset(until);
        }
        Poll::Pending
    }

    /// Why nothing can be written: what the mediator said last, if it did.
    fn poll_why(&mut self, cx: &mut Context<'_>) -> io::Error {
        let why = loop {
            match self.poll_bytes(cx) {
                Poll::Ready(Ok(Some(_))) => {}
                Poll::Ready(Ok(None)) => break RendezvousError::Left,
                Poll::Ready(Err(error)) => break error,
                Poll::Pending => break RendezvousError::Lost,
            }
        };
        self.state = State::Over;
        io_error(why)
    }
}

fn io_error(error: RendezvousError) -> io::Error {
    let kind = match error {
        RendezvousError::Refused { .. } => io::ErrorKind::ConnectionAborted,
        RendezvousError::Garbled => io::ErrorKind::InvalidData,
        RendezvousError::Left => io::ErrorKind::BrokenPipe,
        _ => io::ErrorKind::ConnectionReset,
    };
    io::Error::new(kind, error)
}

impl AsyncRead for RelayStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Whoever waits for an answer need not flush the question.
        if this.unflushed && Pin::new(&mut this.socket).poll_flush(cx).is_ready() {
            this.unflushed = false;
        }
        while this.unread.is_empty() {
            if this.state == State::Over {
                return Poll::Ready(Ok(()));
            }
            match ready!(this.poll_bytes(cx)) {
                Ok(Some(bytes)) => this.unread = bytes,
                Ok(None) => this.state = State::Over,
                Err(error) => {
                    this.state = State::Over;
                    return Poll::Ready(Err(io_error(error)));
                }
            }
        }
        let some = this.unread.len().min(buf.remaining());
        buf.put_slice(&this.unread.split_to(some));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for RelayStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.state != State::Open {
            let over = io::Error::new(io::ErrorKind::BrokenPipe, "the relay is over");
            return Poll::Ready(Err(over));
        }
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        // Room for all of it: pongs may have taken some since the last one.
        ready!(Pin::new(&mut *this).poll_flush(cx))?;
        let some = buf.get(..WRITE_MAX).unwrap_or(buf);
        for part in some.chunks(RELAY_MESSAGE) {
            let message = Message::Binary(Bytes::copy_from_slice(part));
            if Pin::new(&mut this.socket).start_send(message).is_err() {
                return Poll::Ready(Err(this.poll_why(cx)));
            }
        }
        // It is taken now, and leaves as soon as there is room.
        this.unflushed = true;
        match Pin::new(this).poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(some.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = ready!(Pin::new(&mut this.socket).poll_flush(cx));
        this.unflushed = false;
        match flushed {
            Ok(()) => Poll::Ready(Ok(())),
            Err(_) => Poll::Ready(Err(this.poll_why(cx))),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.state == State::Over {
            return Poll::Ready(Ok(()));
        }
        this.state = State::Closing;
        match ready!(Pin::new(&mut this.socket).poll_close(cx)) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(_) => Poll::Ready(Err(this.poll_why(cx))),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
