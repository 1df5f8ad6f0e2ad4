//! A way to the other one through the mediator: a byte stream over the binary messages
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

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use undertone_mediator::wire::{
    ClientMessage, MediatorMessage, RELAY_ASK_LIFE, RELAY_MESSAGE, SILENCE,
};

use crate::rendezvous::{Rendezvous, RendezvousError, Socket, decode, failed};

/// The most that one write takes: some messages that leave together.
const WRITE_MAX: usize = 4 * RELAY_MESSAGE;
/// How long the mediator may take to say that the other one did not agree in time.
const ANSWER_WITHIN: Duration = RELAY_ASK_LIFE.saturating_add(Duration::from_secs(10));

impl Rendezvous {
    /// Asks the mediator to relay, after both SEALED, and waits until the other one
    /// asked too. Dropped meanwhile, it leaves the pairing.
    ///
    /// # Errors
    /// [`RendezvousError::Refused`]: the mediator does not relay, a cap of its is
    /// reached, or the other one did not ask within [`RELAY_ASK_LIFE`];
    /// [`RendezvousError::Left`]: it went away; [`RendezvousError::Silent`],
    /// [`RendezvousError::Lost`], [`RendezvousError::Garbled`].
    pub async fn relay(mut self) -> Result<RelayStream, RendezvousError> {
        self.send(&ClientMessage::Relay).await?;
        match timeout(ANSWER_WITHIN, self.next()).await {
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
/// through `Safe` only. The other one's leaving is the end of what can be read.
/// Dropped without a shutdown, it may take along what was written last.
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

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// We closed; the mediator's answer is awaited.
    Closing,
    /// Nothing more comes, and why was said.
    Over,
}

impl RelayStream {
    fn new(socket: Socket) -> Self {
        RelayStream {
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
        if this.unflushed {
            ready!(Pin::new(&mut *this).poll_flush(cx))?;
        }
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
mod tests {
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
    use undertone_mediator::wire::ErrorCode;

    use super::*;
    use crate::rendezvous::{Transport, WRITE_BUFFER};

    type Mediator = WebSocketStream<DuplexStream>;

    /// A stream and the mediator's end, with room for so many bytes between them.
    async fn relaying(room: usize) -> (RelayStream, Mediator) {
        let (ours, theirs) = duplex(room);
        let ours: Box<dyn Transport> = Box::new(ours);
        let config = WebSocketConfig::default()
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(RELAY_MESSAGE))
            .max_frame_size(Some(RELAY_MESSAGE));
        let socket = Socket::from_raw_socket(ours, Role::Client, Some(config)).await;
        let mediator = Mediator::from_raw_socket(theirs, Role::Server, None).await;
        (RelayStream::new(socket), mediator)
    }

    async fn say(mediator: &mut Mediator, message: &MediatorMessage) {
        let text = Message::text(message.encode());
        mediator.send(text).await.unwrap();
    }

    /// What reading fails with.
    async fn failure(stream: &mut RelayStream) -> io::Error {
        stream.read(&mut [0; 9]).await.unwrap_err()
    }

    #[tokio::test]
    async fn messages_have_no_borders_to_the_reader() {
        let (mut stream, mut mediator) = relaying(1 << 20).await;
        for part in [&b"abc"[..], b"", b"defg", b"h"] {
            let part = Bytes::copy_from_slice(part);
            mediator.send(Message::Binary(part)).await.unwrap();
        }
        let mut read = [0; 8];
        stream.read_exact(&mut read[..2]).await.unwrap();
        stream.read_exact(&mut read[2..]).await.unwrap();
        assert_eq!(&read, b"abcdefgh");
    }

    #[tokio::test]
    async fn what_is_written_is_cut_at_the_bound_and_leaves_without_a_flush() {
        let (mut stream, mut mediator) = relaying(1 << 20).await;
        let bytes: Vec<u8> = (0..40_000u32).map(|n| n as u8).collect();
        stream.write_all(&bytes).await.unwrap();
        let mut heard = Vec::new();
        while heard.len() < bytes.len() {
            let message = mediator.next().await.unwrap().unwrap();
            assert!(message.len() <= RELAY_MESSAGE);
            heard.extend_from_slice(&message.into_data());
        }
        assert!(heard == bytes);
    }

    #[tokio::test]
    async fn who_waits_for_an_answer_gets_the_question_through_a_narrow_pipe() {
        let (mut stream, mut mediator) = relaying(100).await;
        stream.write_all(&[7; 1_000]).await.unwrap();
        let answers = async {
            assert_eq!(mediator.next().await.unwrap().unwrap().len(), 1_000);
            mediator.send(Message::binary(&b"yes"[..])).await.unwrap();
        };
        let (_, answer) = tokio::join!(answers, async {
            let mut answer = [0; 3];
            stream.read_exact(&mut answer).await.unwrap();
            answer
        });
        assert_eq!(&answer, b"yes");
    }

    #[tokio::test]
    async fn a_stalled_mediator_holds_the_writer_back() {
        let (mut stream, _mediator) = relaying(1_000).await;
        let mut taken = 0;
        while let Ok(some) = {
            let write = stream.write(&[7; WRITE_MAX + 1]);
            timeout(Duration::from_millis(50), write).await
        } {
            taken += some.unwrap();
        }
        assert_eq!(taken, WRITE_MAX);
    }

    #[tokio::test]
    async fn pings_are_answered_while_it_is_read() {
        let (mut stream, mut mediator) = relaying(1 << 10).await;
        mediator.send(Message::Ping("p".into())).await.unwrap();
        mediator.send(Message::binary(&b"x"[..])).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'x');
        let reads = stream.read_u8();
        tokio::select! {
            pong = mediator.next() => assert_eq!(pong.unwrap().unwrap(), Message::Pong("p".into())),
            _ = reads => panic!("nothing to read"),
        }
    }

    #[tokio::test]
    async fn peer_left_is_the_end_after_all_that_came_before() {
        let (mut stream, mut mediator) = relaying(1 << 10).await;
        mediator.send(Message::binary(&b"bye"[..])).await.unwrap();
        say(&mut mediator, &MediatorMessage::PeerLeft).await;
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"bye");
        let error = stream.write_all(b"too late").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn a_cap_is_named_to_the_reader_and_to_the_writer() {
        for reads in [true, false] {
            let (mut stream, mut mediator) = relaying(1 << 10).await;
            let refusal = MediatorMessage::Error {
                code: ErrorCode::RelayLimit,
                message: "as many bytes as are allowed".into(),
                retry_after: Some(60),
            };
            say(&mut mediator, &refusal).await;
            mediator.close(None).await.unwrap();
            drop(mediator);
            let error = match reads {
                true => failure(&mut stream).await,
                false => stream.write_all(&[0; 9_999]).await.unwrap_err(),
            };
            assert!(error.to_string().contains("as many bytes"), "{error}");
            let inner = error.into_inner().unwrap().downcast().unwrap();
            assert!(matches!(
                *inner,
                RendezvousError::Refused {
                    code: ErrorCode::RelayLimit,
                    retry_after: Some(60),
                    ..
                }
            ));
        }
    }

    #[tokio::test]
    async fn a_close_without_a_word_is_an_error_and_ours_is_not() {
        let (mut stream, mut mediator) = relaying(1 << 10).await;
        mediator.close(None).await.unwrap();
        let lost = failure(&mut stream).await;
        assert_eq!(lost.kind(), io::ErrorKind::ConnectionReset);
        assert!(lost.to_string().contains("was lost"), "{lost}");

        let (mut stream, mut mediator) = relaying(1 << 10).await;
        stream.shutdown().await.unwrap();
        assert!(mediator.next().await.unwrap().unwrap().is_close());
        assert!(mediator.next().await.is_none());
        drop(mediator);
        assert_eq!(stream.read(&mut [0; 9]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_mediator_that_says_anything_else_is_left() {
        for bad in [
            Message::text("hello"),
            Message::text(MediatorMessage::Relaying.encode()),
            Message::binary(vec![0; RELAY_MESSAGE + 1]),
        ] {
            let (mut stream, mut mediator) = relaying(1 << 20).await;
            mediator.send(bad).await.unwrap();
            let error = failure(&mut stream).await;
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_the_end_and_pings_are_none() {
        let (mut stream, mut mediator) = relaying(1 << 10).await;
        let start = Instant::now();
        let pings = async {
            for _ in 0..10 {
                sleep(SILENCE - Duration::from_secs(1)).await;
                mediator.send(Message::Ping("".into())).await.unwrap();
            }
        };
        let (_, error) = tokio::join!(pings, failure(&mut stream));
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let due = 10 * (SILENCE - Duration::from_secs(1)) + SILENCE;
        assert_eq!(start.elapsed().as_secs(), due.as_secs());
    }
}
