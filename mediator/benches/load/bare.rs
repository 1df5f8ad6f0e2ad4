//! The least that pairs: one task and a one-shot channel a connection, no timer, no limit, nothing
//! checked.
//!
//! It speaks frames of its own, or as a mediator does: an HTTP request is answered, messages are
//! WebSocket frames, and a close frame is said and awaited at the end. So the second one has as
//! many turns on the wire as a mediator.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::client::Speaker;

type Message = Vec<u8>;
/// What the peer has to say goes in the first; the second asks for ours.
type Host = (
    oneshot::Sender<Message>,
    oneshot::Sender<oneshot::Sender<Message>>,
);
type Waiting = Arc<Mutex<HashMap<Vec<u8>, Host>>>;

pub(crate) fn serve(speaker: Speaker) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        eprintln!("http://{}", listener.local_addr().unwrap());
        let waiting = Waiting::default();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let waiting = Arc::clone(&waiting);
            tokio::spawn(async move {
                match speaker {
                    Speaker::Bare => client(Bare(stream), waiting).await,
                    Speaker::WebSocket | Speaker::Tls => client(WebSocket(stream), waiting).await,
                }
            });
        }
    });
}

/// How messages go over a stream.
trait Wire {
    async fn begin(&mut self) -> io::Result<()>;
    async fn read(&mut self) -> io::Result<Message>;
    async fn write(&mut self, message: &[u8]) -> io::Result<()>;
    async fn end(&mut self) -> io::Result<()>;
}

async fn client(mut wire: impl Wire, waiting: Waiting) -> io::Result<()> {
    wire.begin().await?;
    let (to_us, from_other) = oneshot::channel();
    let join = wire.read().await?;
    let room = join[29..72].to_vec();
    let met = waiting.lock().unwrap().remove(&room);
    let other = if let Some((other, met)) = met {
        let _ = met.send(to_us);
        other
    } else {
        let (met, meets) = oneshot::channel();
        waiting.lock().unwrap().insert(room, (to_us, met));
        wire.write(&join).await?;
        let Ok(other) = meets.await else {
            return Ok(());
        };
        other
    };
    wire.write(&join).await?;
    let sealed = wire.read().await?;
    let _ = other.send(sealed);
    let Ok(sealed) = from_other.await else {
        return Ok(());
    };
    wire.write(&sealed).await?;
    wire.read().await?;
    wire.end().await
}

/// u32be length, then the message.
struct Bare(TcpStream);

impl Wire for Bare {
    async fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    async fn read(&mut self) -> io::Result<Message> {
        let length = self.0.read_u32().await?;
        let mut message = vec![0; length as usize];
        self.0.read_exact(&mut message).await?;
        Ok(message)
    }

    async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        let mut bytes = (message.len() as u32).to_be_bytes().to_vec();
        bytes.extend_from_slice(message);
        self.0.write_all(&bytes).await
    }

    async fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same bytes on the wire as a mediator's; the clients of this benchmark mask with zeros.
struct WebSocket(TcpStream);

const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
    upgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

impl Wire for WebSocket {
    async fn begin(&mut self) -> io::Result<()> {
        let mut request = Vec::with_capacity(512);
        while !request.ends_with(b"\r\n\r\n") {
            if self.0.read_buf(&mut request).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.0.write_all(SWITCHING).await
    }

    async fn read(&mut self) -> io::Result<Message> {
        let mut frame = Vec::with_capacity(512);
        loop {
            if self.0.read_buf(&mut frame).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let (begin, length) = match frame[..] {
                [_, 0xfe, high, low, ..] => (8, u16::from_be_bytes([high, low]).into()),
                [_, length, ..] => (6, usize::from(length & 0x7f)),
                _ => continue,
            };
            if frame.len() >= begin + length {
                return Ok(frame.split_off(begin));
            }
        }
    }

    async fn write(&mut self, message: &[u8]) -> io::Result<()> {
        let mut frame = vec![0x81];
        match message.len() {
            length @ 0..=125 => frame.push(length as u8),
            length => {
                frame.push(126);
                frame.extend((length as u16).to_be_bytes());
            }
        }
        frame.extend_from_slice(message);
        self.0.write_all(&frame).await
    }

    async fn end(&mut self) -> io::Result<()> {
        self.0.write_all(&[0x88, 2, 0x03, 0xe8]).await?;
        self.0.read(&mut [0; 64]).await.map(drop)
    }
}
