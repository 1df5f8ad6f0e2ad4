//! A client of any of the servers: one socket that blocks.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use undertone_wire::{ClientMessage, Opaque, Tag};

use crate::tls;

/// How messages go.
#[derive(Clone, Copy)]
pub(crate) enum Speaker {
    WebSocket,
    /// The same over TLS.
    Tls,
    /// u32be length, then the same JSON.
    Bare,
}

impl Speaker {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Tls => "tls",
            Self::Bare => "bare",
        }
    }

    fn is_websocket(self) -> bool {
        matches!(self, Self::WebSocket | Self::Tls)
    }

    pub(crate) fn named(name: &str) -> Self {
        match name {
            "websocket" => Self::WebSocket,
            "tls" => Self::Tls,
            _ => Self::Bare,
        }
    }
}

trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

pub(crate) struct Client {
    stream: Box<dyn Stream>,
    speaker: Speaker,
}

impl Client {
    /// From one of 200 addresses: one alone runs out of ports.
    pub(crate) fn connect(address: SocketAddr, speaker: Speaker, number: u32) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let source = Ipv4Addr::new(127, 0, 1, (number % 200) as u8 + 1);
        socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
        socket.connect(&address.into()).unwrap();
        socket.set_tcp_nodelay(true).unwrap();
        let stream = TcpStream::from(socket);
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut stream: Box<dyn Stream> = match speaker {
            Speaker::Tls => Box::new(tls::client(stream)),
            Speaker::WebSocket | Speaker::Bare => Box::new(stream),
        };
        if speaker.is_websocket() {
            stream
                .write_all(
                    b"GET /v1/rendezvous HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n\
                      Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                )
                .unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut chunk = [0; 512];
                let n = stream.read(&mut chunk).unwrap();
                assert!(n > 0);
                head.extend_from_slice(&chunk[..n]);
            }
            assert!(head.starts_with(b"HTTP/1.1 101"));
        }
        Self { stream, speaker }
    }

    pub(crate) fn join(&mut self, room: u32, offer: u8) {
        let mut tag = [0; 32];
        tag[..4].copy_from_slice(&room.to_be_bytes());
        let offer = Opaque::new(&[offer; 98]).unwrap();
        self.say(&ClientMessage::Join {
            v: 1,
            room: Tag(tag),
            offer,
            again: false,
        });
    }

    pub(crate) fn say(&mut self, message: &ClientMessage) {
        let text = message.encode();
        let mut frame = Vec::new();
        match self.speaker {
            Speaker::Bare => frame.extend((text.len() as u32).to_be_bytes()),
            // Masked with zeros: the mask is there to be undone, at the same cost.
            _ if text.len() < 126 => frame.extend([0x81, 0x80 | text.len() as u8]),
            Speaker::WebSocket | Speaker::Tls => {
                frame.extend([0x81, 0xfe]);
                frame.extend((text.len() as u16).to_be_bytes());
            }
        }
        if self.speaker.is_websocket() {
            frame.extend([0; 4]);
        }
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&frame).unwrap();
    }

    /// Reads one message.
    pub(crate) fn hear(&mut self) {
        let mut head = [0; 4];
        let length = match self.speaker {
            Speaker::Bare => {
                self.stream.read_exact(&mut head).unwrap();
                u32::from_be_bytes(head) as usize
            }
            Speaker::WebSocket | Speaker::Tls => {
                self.stream.read_exact(&mut head[..2]).unwrap();
                assert_eq!(head[0], 0x81, "not a text message");
                if head[1] == 126 {
                    self.stream.read_exact(&mut head[2..]).unwrap();
                    u16::from_be_bytes([head[2], head[3]]).into()
                } else {
                    head[1].into()
                }
            }
        };
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text).unwrap();
        let refused = text.starts_with(br#"{"type":"error""#);
        assert!(!refused, "{}", String::from_utf8_lossy(&text));
    }

    /// Answers the close frame and reads to the end.
    pub(crate) fn hear_end(&mut self) {
        if self.speaker.is_websocket() {
            let mut close = [0; 4];
            self.stream.read_exact(&mut close).unwrap();
            assert_eq!(close[0], 0x88, "not a close frame");
            self.stream
                .write_all(&[0x88, 0x82, 0, 0, 0, 0, close[2], close[3]])
                .unwrap();
        }
        match self.stream.read(&mut [0; 16]) {
            Ok(read) => assert_eq!(read, 0),
            // TLS says so where the close frame was the only goodbye.
            Err(error) => assert_eq!(error.kind(), ErrorKind::UnexpectedEof),
        }
    }
}
