//! Payloads to bytes.

use std::convert::Infallible;

use minicbor::Encoder;

use super::{
    ACK, BYE, Body, CLOSE, COMPARE, CREDIT, FAILED, GO, HASHES, OFFER, OUTCOME, PAUSED, PIECE,
    PING, PONG, Payload, RENEWAL, Renewal, StreamPart, TEXT,
};

use crate::files::compare::Chunks;

/// Writing to a vector cannot fail.
type Never = minicbor::encode::Error<Infallible>;

impl Payload<'_> {
    /// Appends the payload to `out`. [`Payload::Unknown`] and unknown bodies
    /// exist only on the receiving side and append nothing.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let _ = self.try_encode(&mut Encoder::new(out));
    }

    fn try_encode(&self, e: &mut Encoder<&mut Vec<u8>>) -> Result<(), Never> {
        match *self {
            Payload::Go { link, received } => e.array(3)?.u64(GO)?.u64(link)?.u64(received)?,
            Payload::Ack { received } => e.array(2)?.u64(ACK)?.u64(received)?,
            Payload::Ping => e.array(1)?.u64(PING)?,
            Payload::Pong => e.array(1)?.u64(PONG)?,
            Payload::Bye => e.array(1)?.u64(BYE)?,
            Payload::Failure => e.array(2)?.u64(BYE)?.u64(FAILED)?,
            Payload::Reliable { seq, body } => return body.try_encode(seq, e),
            Payload::Renewal(step) => {
                let (number, first, second) = match step {
                    Renewal::Offer(offer) => (1, offer, None),
                    Renewal::Offered { offer, sealed } => (2, offer, Some(sealed)),
                    Renewal::Sealed { sealed, confirm } => (3, sealed, Some(confirm)),
                    Renewal::Confirmed(confirm) => (4, confirm, None),
                };
                e.array(if second.is_some() { 4 } else { 3 })?;
                e.u64(RENEWAL)?.u8(number)?.bytes(first)?;
                if let Some(second) = second {
                    e.bytes(second)?;
                }
                e
            }
            Payload::Stream(stream, part) => return part.try_encode(stream, e),
            Payload::Unknown => e,
        };
        Ok(())
    }
}

impl Body<'_> {
    fn try_encode(&self, seq: u64, e: &mut Encoder<&mut Vec<u8>>) -> Result<(), Never> {
        match *self {
            Body::Text { sent, text, resent } => {
                e.array(if resent { 5 } else { 4 })?;
                e.u64(TEXT)?.u64(seq)?.u64(sent)?.str(text)?;
                if resent {
                    e.bool(true)?;
                }
            }
            Body::Offer(offer) => {
                e.array(8)?.u64(OFFER)?.u64(seq)?.bytes(&offer.id.0)?;
                e.u64(offer.list)?.u64(offer.data)?.str(offer.name)?;
                e.u64(offer.count)?.encode(offer.size)?;
            }
            Body::Outcome(id, outcome) => {
                e.array(4)?.u64(OUTCOME)?.u64(seq)?;
                e.bytes(&id.0)?.u64(outcome.number())?;
            }
            Body::Compare(id, Chunks { kept, len }) => {
                e.array(5)?.u64(COMPARE)?.u64(seq)?;
                e.bytes(&id.0)?.u64(kept)?.u64(len)?;
            }
            Body::Hashes(id, hashes) => {
                e.array(4)?.u64(HASHES)?.u64(seq)?;
                e.bytes(&id.0)?.bytes(hashes)?;
            }
            Body::Paused(id) => {
                e.array(3)?.u64(PAUSED)?.u64(seq)?.bytes(&id.0)?;
            }
            Body::Unknown => {}
        }
        Ok(())
    }
}

impl StreamPart<'_> {
    fn try_encode(&self, stream: u64, e: &mut Encoder<&mut Vec<u8>>) -> Result<(), Never> {
        match *self {
            StreamPart::Piece {
                offset,
                bytes,
                last,
            } => {
                e.array(if last { 5 } else { 4 })?;
                e.u64(PIECE)?.u64(stream)?.u64(offset)?.bytes(bytes)?;
                if last {
                    e.bool(true)?;
                }
            }
            StreamPart::Credit { offset, limit } => {
                e.array(4)?.u64(CREDIT)?.u64(stream)?;
                e.u64(offset)?.u64(limit)?;
            }
            StreamPart::Close => {
                e.array(2)?.u64(CLOSE)?.u64(stream)?;
            }
        }
        Ok(())
    }
}
