//! The server's end of a TLS connection (rustls), without a buffer while nothing is under way.
//!
//! rustls' buffered connection keeps the 4,096 bytes into which it has once read, of each that
//! waits. Here the buffers are ours: what came and is no whole record, what was decrypted and not
//! read, what has not left; there is memory for them only while they hold something.

mod duplex;

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_rustls::rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use tokio_rustls::rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic,
};
use tokio_rustls::rustls::{Error, ServerConfig};

/// What is read at once.
const READ: usize = 4096;
/// Plaintext of one record, and the whole of one, at most (RFC 5246 §6.2.3).
const RECORD: usize = 16 * 1024;
const WHOLE_RECORD: usize = 5 + RECORD + 2048;
/// What may come of a handshake's message, in several records; rustls' own bound.
const HANDSHAKE: usize = 64 * 1024 - 1;

/// One client's TLS connection.
pub(crate) struct TlsStream<S> {
    stream: S,
    tls: UnbufferedServerConnection,
    /// Records that came, as far as rustls has not taken them.
    incoming: Vec<u8>,
    /// What they said and nobody has read.
    plain: Bytes,
    /// Records that have not left.
    outgoing: Bytes,
    /// The client says no more.
    ended: bool,
    /// It said what no client may: rustls is not to be asked again.
    is_broken: bool,
    /// We say no more.
    closed: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Waits for the handshake.
    ///
    /// # Errors
    /// The stream's, or one with rustls' in it; then the client was told why.
    pub(crate) async fn accept(stream: S, config: Arc<ServerConfig>) -> io::Result<Self> {
        let tls = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let mut this = Self {
            stream,
            tls,
            incoming: Vec::new(),
            plain: Bytes::new(),
            outgoing: Bytes::new(),
            ended: false,
            is_broken: false,
            closed: false,
        };
        while this.tls.is_handshaking() {
            poll_fn(|cx| this.poll_receive(cx)).await?;
            this.flush().await?;
        }
        Ok(this)
    }

    /// What it goes over.
    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }

    /// Reads once, and takes what has come whole.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_broken {
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let mut room = [MaybeUninit::uninit(); READ];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        if read.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.incoming.extend_from_slice(read.filled());
        // Whoever has something under way waits to write, and must be the one who is woken.
        let alone = self.outgoing.is_empty();
        let taken = self.take_records();
        if alone {
            // An alert or a refusal, which need not be waited for; what went wrong counts more.
            let _ = self.poll_leave(cx);
        }
        Poll::Ready(taken)
    }

    /// Has rustls take the whole records that came, until it wants more of them.
    fn take_records(&mut self) -> io::Result<()> {
        let mut outgoing = Vec::new();
        let mut plain = Vec::new();
        let taken = loop {
            let status = self.tls.process_tls_records(&mut self.incoming);
            let mut discard = status.discard;
            let wants_more = match status.state {
                Ok(ConnectionState::EncodeTlsData(data)) => {
                    encode(data, &mut outgoing).map(|()| false)
                }
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    // It leaves before anything that is said after it.
                    data.done();
                    Ok(false)
                }
                Ok(ConnectionState::ReadTraffic(mut data)) => loop {
                    match data.next_record() {
                        Some(Ok(record)) => {
                            discard += record.discard;
                            plain.extend_from_slice(record.payload);
                        }
                        Some(Err(error)) => break Err(error),
                        None => break Ok(false),
                    }
                },
                Ok(ConnectionState::PeerClosed) => {
                    self.ended = true;
                    Ok(false)
                }
                Ok(
                    ConnectionState::BlockedHandshake
                    | ConnectionState::WriteTraffic(_)
                    | ConnectionState::Closed,
                ) => Ok(true),
                // Early data is not offered, and nothing else is known.
                Ok(_) => Err(Error::HandshakeNotComplete),
                Err(error) => Err(error),
            };
            self.incoming.drain(..discard.min(self.incoming.len()));
            match wants_more {
                Ok(false) => {}
                Ok(true) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if taken.is_err() {
            self.is_broken = true;
            // The alert that says so. Asked once more than that, it would read on.
            while self.tls.wants_write()
                && let Ok(ConnectionState::EncodeTlsData(data)) =
                    self.tls.process_tls_records(&mut self.incoming).state
                && encode(data, &mut outgoing).is_ok()
            {}
        }
        // What comes after a goodbye is not read (RFC 8446 §6.1).
        if self.incoming.is_empty() || self.ended || self.is_broken {
            self.incoming = Vec::new();
        }
        append(&mut self.plain, plain);
        append(&mut self.outgoing, outgoing);
        taken.map_err(invalid)?;
        let most = match self.tls.is_handshaking() {
            true => HANDSHAKE,
            false => WHOLE_RECORD,
        };
        if self.incoming.len() >= most {
            (self.is_broken, self.incoming) = (true, Vec::new());
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    /// Writes all that has not left.
    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.outgoing))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.outgoing.advance(written),
            }
        }
        self.outgoing = Bytes::new();
        Poll::Ready(Ok(()))
    }

    /// Has `say` encrypt something, likely into so many bytes, once all before it has left. It is
    /// taken then, whether or not it can leave at once.
    fn poll_say(
        &mut self,
        cx: &mut Context<'_>,
        likely: usize,
        say: impl Fn(
            &mut WriteTraffic<'_, ServerConnectionData>,
            &mut [u8],
        ) -> Result<usize, EncryptError>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_leave(cx))?;
        if self.is_broken || self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let state = self.tls.process_tls_records(&mut self.incoming).state;
        let Ok(ConnectionState::WriteTraffic(mut traffic)) = state else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let mut record = Vec::new();
        let said = fill(&mut record, likely, |room| {
            say(&mut traffic, room).map_err(|error| match error {
                EncryptError::InsufficientSize(size) => Some(size),
                EncryptError::EncryptExhausted => None,
            })
        });
        append(&mut self.outgoing, record);
        said.map_err(invalid)?;
        match self.poll_leave(cx) {
            Poll::Ready(left) => Poll::Ready(left),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

fn encode(
    mut data: EncodeTlsData<'_, ServerConnectionData>,
    outgoing: &mut Vec<u8>,
) -> Result<(), Error> {
    fill(outgoing, 0, |room| {
        data.encode(room).map_err(|error| match error {
            EncodeError::InsufficientSize(size) => Some(size),
            EncodeError::AlreadyEncoded => None,
        })
    })
}

/// Appends what `write` writes, likely so many bytes; where it takes more it says how many.
fn fill(
    to: &mut Vec<u8>,
    likely: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> Result<(), Error> {
    let begin = to.len();
    to.resize(begin + likely, 0);
    let mut written = write(to.get_mut(begin..).unwrap_or_default());
    if let Err(Some(size)) = written {
        to.resize(begin + size.required_size, 0);
        written = write(to.get_mut(begin..).unwrap_or_default());
    }
    let written = written.map_err(|_| Error::EncryptError);
    to.truncate(begin + *written.as_ref().unwrap_or(&0));
    written.map(drop)
}

/// Puts bytes behind those that are there: most often none.
fn append(to: &mut Bytes, more: Vec<u8>) {
    match (to.is_empty(), more.is_empty()) {
        (_, true) => {}
        (true, _) => *to = more.into(),
        (false, _) => *to = [&**to, &more].concat().into(),
    }
}

fn invalid(error: Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
