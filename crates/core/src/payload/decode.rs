//! Bytes to payloads, strictly.

use minicbor::Decoder;
use minicbor::data::Type;

use super::{
    ACK, BYE, Body, CLOSE, COMPARE, CREDIT, FAILED, GO, HASHES, Malformed, OFFER, OUTCOME, PAUSED,
    PIECE, PING, PONG, Payload, RELIABLE, RENEWAL, Renewal, StreamPart, TEXT, TEXT_MAX,
};
use crate::files::compare::{Chunks, HASHES_MAX};
use crate::files::{NAME_MAX, Offer, OfferId, Outcome};

/// Reads the payloads of one record's plaintext, strictly: after the last one
/// only zeros may follow.
pub fn decode(plaintext: &[u8]) -> impl Iterator<Item = Result<Payload<'_>, Malformed>> {
    let mut rest = Some(plaintext);
    std::iter::from_fn(move || {
        let bytes = rest.take()?;
        if bytes.first().is_none_or(|byte| *byte == 0) {
            return bytes
                .iter()
                .any(|byte| *byte != 0)
                .then_some(Err(Malformed));
        }
        let mut d = Decoder::new(bytes);
        match payload(&mut d) {
            Ok(payload) => {
                rest = bytes.get(d.position()..);
                Some(Ok(payload))
            }
            Err(_) => Some(Err(Malformed)),
        }
    })
}

fn payload<'a>(d: &mut Decoder<'a>) -> Result<Payload<'a>, minicbor::decode::Error> {
    let items = d
        .array()?
        .ok_or_else(|| minicbor::decode::Error::message("indefinite"))?;
    let kind = d.u64()?;
    let (payload, read) = match kind {
        GO => (
            Payload::Go {
                link: d.u64()?,
                received: d.u64()?,
            },
            3,
        ),
        ACK => (Payload::Ack { received: d.u64()? }, 2),
        PING => (Payload::Ping, 1),
        PONG => (Payload::Pong, 1),
        BYE if items > 1 && d.probe().u64().is_ok_and(|why| why == FAILED) => {
            d.skip()?;
            (Payload::Failure, 2)
        }
        BYE => (Payload::Bye, 1),
        RENEWAL => {
            let (step, read) = renewal(d)?;
            (Payload::Renewal(step), read)
        }
        PIECE => piece(d, items)?,
        CREDIT => (credit(d)?, 4),
        CLOSE => (Payload::Stream(d.u64()?, StreamPart::Close), 2),
        TEXT => text(d, items)?,
        OFFER => (offer(d)?, 8),
        OUTCOME => {
            let (seq, id) = (seq(d)?, id(d)?);
            let body = Body::Outcome(id, Outcome::of_number(d.u64()?));
            (Payload::Reliable { seq, body }, 4)
        }
        COMPARE => {
            let (seq, id) = (seq(d)?, id(d)?);
            let (kept, len) = (d.u64()?, d.u64()?);
            let body = Body::Compare(id, Chunks { kept, len });
            (Payload::Reliable { seq, body }, 5)
        }
        HASHES => (hashes(d)?, 4),
        PAUSED => {
            let (seq, id) = (seq(d)?, id(d)?);
            let body = Body::Paused(id);
            (Payload::Reliable { seq, body }, 3)
        }
        kind if kind >= RELIABLE => (
            Payload::Reliable {
                seq: seq(d)?,
                body: Body::Unknown,
            },
            2,
        ),
        _ => (Payload::Unknown, 1),
    };
    // Items that a later version appends are ignored.
    let more = items
        .checked_sub(read)
        .ok_or_else(|| minicbor::decode::Error::message("short"))?;
    for _ in 0..more {
        if d.datatype()? == Type::Break {
            return Err(minicbor::decode::Error::message("break"));
        }
        d.skip()?;
    }
    Ok(payload)
}

/// A message of `items` items, and how many of them were read.
fn text<'a>(
    d: &mut Decoder<'a>,
    items: u64,
) -> Result<(Payload<'a>, u64), minicbor::decode::Error> {
    let (seq, sent, text) = (seq(d)?, d.u64()?, d.str()?);
    if text.len() > TEXT_MAX {
        return Err(minicbor::decode::Error::message("text too long"));
    }
    let resent = mark(d, items)?;
    let body = Body::Text {
        sent,
        text,
        resent: resent == Some(true),
    };
    let read = if resent.is_some() { 5 } else { 4 };
    Ok((Payload::Reliable { seq, body }, read))
}

fn offer<'a>(d: &mut Decoder<'a>) -> Result<Payload<'a>, minicbor::decode::Error> {
    let (seq, id) = (seq(d)?, id(d)?);
    let (list, data, name) = (d.u64()?, d.u64()?, d.str()?);
    if list == 0 || data == 0 || list == data || name.len() > NAME_MAX {
        return Err(minicbor::decode::Error::message("an impossible offer"));
    }
    let offer = Offer {
        id,
        list,
        data,
        name,
        count: d.u64()?,
        size: d.decode()?,
    };
    let body = Body::Offer(offer);
    Ok(Payload::Reliable { seq, body })
}

fn hashes<'a>(d: &mut Decoder<'a>) -> Result<Payload<'a>, minicbor::decode::Error> {
    let (seq, id, hashes) = (seq(d)?, id(d)?, d.bytes()?);
    if hashes.len() > HASHES_MAX {
        return Err(minicbor::decode::Error::message("too many hashes"));
    }
    let body = Body::Hashes(id, hashes);
    Ok(Payload::Reliable { seq, body })
}

fn id(d: &mut Decoder<'_>) -> Result<OfferId, minicbor::decode::Error> {
    let id = d.bytes()?.try_into();
    id.map(OfferId)
        .map_err(|_| minicbor::decode::Error::message("no id"))
}

/// A piece of a stream, in the same way.
fn piece<'a>(
    d: &mut Decoder<'a>,
    items: u64,
) -> Result<(Payload<'a>, u64), minicbor::decode::Error> {
    let (stream, offset, bytes) = (d.u64()?, d.u64()?, d.bytes()?);
    let marked = mark(d, items)?;
    let last = marked == Some(true);
    let end = offset.checked_add(bytes.len() as u64);
    if end.is_none() || bytes.is_empty() && !last {
        return Err(minicbor::decode::Error::message("an impossible piece"));
    }
    let piece = StreamPart::Piece {
        offset,
        bytes,
        last,
    };
    let read = if marked.is_some() { 5 } else { 4 };
    Ok((Payload::Stream(stream, piece), read))
}

/// The fifth of `items`, if it is a mark: of another type it is a later version's.
fn mark(d: &mut Decoder<'_>, items: u64) -> Result<Option<bool>, minicbor::decode::Error> {
    match items > 4 && d.datatype()? == Type::Bool {
        true => d.bool().map(Some),
        false => Ok(None),
    }
}

fn credit<'a>(d: &mut Decoder<'_>) -> Result<Payload<'a>, minicbor::decode::Error> {
    let (stream, offset, limit) = (d.u64()?, d.u64()?, d.u64()?);
    match offset <= limit {
        true => Ok(Payload::Stream(
            stream,
            StreamPart::Credit { offset, limit },
        )),
        false => Err(minicbor::decode::Error::message("an impossible limit")),
    }
}

/// A message of a renewal, and how many items it has with its kind.
fn renewal<'a>(d: &mut Decoder<'a>) -> Result<(Renewal<'a>, u64), minicbor::decode::Error> {
    Ok(match d.u64()? {
        1 => (Renewal::Offer(d.bytes()?), 3),
        2 => {
            let (offer, sealed) = (d.bytes()?, d.bytes()?);
            (Renewal::Offered { offer, sealed }, 4)
        }
        3 => {
            let (sealed, confirm) = (d.bytes()?, d.bytes()?);
            (Renewal::Sealed { sealed, confirm }, 4)
        }
        4 => (Renewal::Confirmed(d.bytes()?), 3),
        _ => return Err(minicbor::decode::Error::message("no step")),
    })
}

/// A sequence number: they count from 1.
fn seq(d: &mut Decoder<'_>) -> Result<u64, minicbor::decode::Error> {
    match d.u64()? {
        0 => Err(minicbor::decode::Error::message("no number")),
        seq => Ok(seq),
    }
}
