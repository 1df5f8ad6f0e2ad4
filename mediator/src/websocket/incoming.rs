//! Frames of a client into messages (RFC 6455 §5). Pure: bytes are put in, and messages come out.
//!
//! Only what a server may be sent is taken: masked frames with no extension, control frames that
//! are short and whole, fragments in their order, text in UTF-8. Anything else is an error, after
//! which the connection is of no use.

use std::io;

use bytes::{Buf, Bytes, BytesMut};

use super::{Message, SHORT, opcode};

/// Frames of one message may have so many bytes of headers: more fragments than that are no
/// message that anybody means. Only whole messages are counted as messages by those who read.
const FRAGMENTS: usize = 1024;
/// The longest payload of a control frame.
const MAX_CONTROL: usize = 125;

/// What came and was not handed out yet.
pub(super) struct Incoming {
    /// No whole frame, once [`Self::next`] has returned none.
    pub(super) bytes: BytesMut,
    /// How much of a frame whose header is here is still to come.
    pub(super) missing: usize,
    /// The kind and the bytes of a message whose last fragment did not come yet. Boxed: few have
    /// any, and those who wait must not pay for it.
    unfinished: Option<Box<(u8, Vec<u8>)>>,
    /// Bytes of frames since the last message.
    since_message: usize,
    /// Bytes that a message may have.
    most: usize,
}

struct Header {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Of the header itself.
    size: usize,
    /// Of the payload.
    length: usize,
}

impl Incoming {
    pub(super) fn new(bytes: &[u8], most: usize) -> Self {
        Self {
            bytes: bytes.into(),
            missing: 0,
            unfinished: None,
            since_message: 0,
            most,
        }
    }

    /// The next message that is here in whole. Fragments and control frames may mix.
    pub(super) fn next(&mut self) -> io::Result<Option<Message>> {
        while let Some(header) = Header::read(&self.bytes, self.most)? {
            let whole = header.size + header.length;
            self.missing = whole.saturating_sub(self.bytes.len());
            if self.missing > 0 {
                break;
            }
            self.since_message += whole;
            if self.since_message > self.most + FRAGMENTS {
                return Err(broken("fragments without end"));
            }
            if let Some(message) = self.take(&header)? {
                self.since_message = 0;
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Takes a frame that is here in whole, and what it completes.
    fn take(&mut self, header: &Header) -> io::Result<Option<Message>> {
        self.bytes.advance(header.size);
        let mut payload = self.bytes.split_to(header.length);
        unmask(&mut payload, header.mask);
        match header.opcode {
            // Long ones stay where they are; short ones must not keep a larger buffer.
            opcode::BINARY if self.unfinished.is_none() && header.is_final => {
                let payload = match payload.len() {
                    0..=SHORT => Bytes::copy_from_slice(&payload),
                    _ => payload.freeze(),
                };
                return Ok(Some(Message::Binary(payload)));
            }
            opcode::PING => return Ok(Some(Message::Ping(Bytes::copy_from_slice(&payload)))),
            opcode::PONG => return Ok(Some(Message::Pong(Bytes::copy_from_slice(&payload)))),
            opcode::CLOSE => return Ok(Some(Message::Close)),
            _ => {}
        }
        let payload = payload.to_vec();
        let (kind, bytes) = match (self.unfinished.take(), header.opcode) {
            (None, opcode::TEXT | opcode::BINARY) if header.is_final => {
                return whole(header.opcode, payload).map(Some);
            }
            (None, opcode::TEXT | opcode::BINARY) => (header.opcode, payload),
            (Some(unfinished), opcode::CONTINUATION) => {
                let (kind, mut bytes) = *unfinished;
                if bytes.len() + payload.len() > self.most {
                    return Err(broken("a message too long"));
                }
                bytes.extend_from_slice(&payload);
                (kind, bytes)
            }
            _ => return Err(broken("a fragment out of order")),
        };
        if header.is_final {
            return whole(kind, bytes).map(Some);
        }
        self.unfinished = Some(Box::new((kind, bytes)));
        Ok(None)
    }
}

impl Header {
    /// `None`: not all of it is here. Refuses what no frame of a client may say as soon as it is
    /// seen.
    fn read(bytes: &[u8], most: usize) -> io::Result<Option<Self>> {
        let &[first, second, ref rest @ ..] = bytes else {
            return Ok(None);
        };
        let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
        if first & 0x70 != 0 {
            return Err(broken("an extension that was not agreed on"));
        }
        if second & 0x80 == 0 {
            return Err(broken("a frame without mask"));
        }
        let (length, rest) = match second & 0x7f {
            126 => match rest.split_first_chunk() {
                Some((length, rest)) => (u16::from_be_bytes(*length).into(), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            length => (length.into(), rest),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        match opcode {
            opcode::CONTINUATION | opcode::TEXT | opcode::BINARY if length <= most => {}
            opcode::CLOSE | opcode::PING | opcode::PONG if is_final && length <= MAX_CONTROL => {}
            _ => return Err(broken("a frame too long, or of no kind")),
        }
        Ok(rest.split_first_chunk().map(|(mask, rest)| Self {
            is_final,
            opcode,
            mask: *mask,
            size: bytes.len() - rest.len(),
            length,
        }))
    }
}

fn whole(kind: u8, bytes: Vec<u8>) -> io::Result<Message> {
    if kind == opcode::BINARY {
        return Ok(Message::Binary(bytes.into()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Message::Text(text)),
        Err(_) => Err(broken("text that is not UTF-8")),
    }
}

/// 16 bytes at a time: no release build may be relied on to make vectors of single ones.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let word = u128::from_ne_bytes([mask; 4].as_flattened().try_into().unwrap_or_default());
    let (blocks, rest) = payload.as_chunks_mut::<16>();
    for block in blocks {
        *block = (u128::from_ne_bytes(*block) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
