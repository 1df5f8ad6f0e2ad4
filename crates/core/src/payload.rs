//! What stands in a record once it is decrypted: a CBOR sequence (RFC 8949,
//! RFC 8742) of payloads, each an array that begins with its kind, then zeros up
//! to a padded size.
//!
//! ```text
//! [0, link, received]       go, and the guest's answer to it
//! [1, received]             ack: cumulative
//! [2] · [3]                 ping · pong
//! [4] · [4, 1]              bye: nothing follows · and it is a failure
//! [6, step, bytes …]        a renewal of the keys
//! [16, seq, sent, text]     a message; sent is in milliseconds since 1970
//! [16, seq, sent, text, true]   the same, which went out in a session before, too
//! ```
//!
//! Kinds from 16 on are reliable: they carry a sequence number as their second
//! item, are acknowledged, kept until they are, and shown once, in order. A kind
//! that is not known is ignored, and acknowledged where it is reliable, so
//! that later versions can add some.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// The longest text of one message, in bytes of UTF-8.
pub const TEXT_MAX: usize = 16 * 1024;
/// The longest plaintext of a record, padding included.
pub const PLAINTEXT_MAX: usize = 64 * 1024;
/// The shortest plaintext of a record.
pub const PLAINTEXT_MIN: usize = 256;

const GO: u64 = 0;
const ACK: u64 = 1;
const PING: u64 = 2;
const PONG: u64 = 3;
const BYE: u64 = 4;
const RENEWAL: u64 = 6;
/// Why somebody says it, if not because they want to.
const FAILED: u64 = 1;
const TEXT: u64 = 16;
/// From here on kinds are reliable, known or not.
const RELIABLE: u64 = 16;

/// One payload, borrowed from the record that it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The link counts from here on. `link` numbers the session's links from 1;
    /// `received` is the last reliable payload that the sender has got.
    Go {
        /// The number of the link.
        link: u64,
        /// The last sequence number received.
        received: u64,
    },
    /// Everything up to `received` has arrived.
    Ack {
        /// The last sequence number received.
        received: u64,
    },
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
    /// The sender leaves for good.
    Bye,
    /// The sender cannot go on, as where its disk is full: a bye all the same.
    Failure,
    /// A reliable payload.
    Reliable {
        /// Its sequence number; the first one is 1.
        seq: u64,
        /// What it says.
        body: Body<'a>,
    },
    /// A message of the pairing that renews the keys of a link.
    Renewal(Renewal<'a>),
    /// A kind of a later version, unreliable.
    Unknown,
}

/// The messages of a renewal, in their order; as PROTOCOL.md §4 has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal<'a> {
    /// OFFER_B, of the guest.
    Offer(&'a [u8]),
    /// The host's answer.
    Offered {
        /// OFFER_A.
        offer: &'a [u8],
        /// SEALED_A.
        sealed: &'a [u8],
    },
    /// Of the guest.
    Sealed {
        /// SEALED_B.
        sealed: &'a [u8],
        /// CONFIRM_B.
        confirm: &'a [u8],
    },
    /// CONFIRM_A: the last that the host says under the old keys.
    Confirmed(&'a [u8]),
}

/// What a reliable payload says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// A message of a person.
    Text {
        /// When it was written, in milliseconds since 1970, by the sender's clock.
        sent: u64,
        /// At most [`TEXT_MAX`] bytes.
        text: &'a str,
        /// It went out in a session before, and was not acknowledged: it may have arrived.
        resent: bool,
    },
    /// A kind of a later version.
    Unknown,
}

/// A record that authenticated, yet does not hold what it should: the other
/// side's fault, or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed payload")]
pub struct Malformed;

impl Payload<'_> {
    /// Appends the payload to `out`. [`Payload::Unknown`] and unknown bodies
    /// exist only on the receiving side and append nothing.
    pub fn encode(&self, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _ = self.try_encode(&mut Encoder::new(out));
    }

    fn try_encode(
        &self,
        e: &mut Encoder<&mut Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        match *self {
            Payload::Go { link, received } => e.array(3)?.u64(GO)?.u64(link)?.u64(received)?,
            Payload::Ack { received } => e.array(2)?.u64(ACK)?.u64(received)?,
            Payload::Ping => e.array(1)?.u64(PING)?,
            Payload::Pong => e.array(1)?.u64(PONG)?,
            Payload::Bye => e.array(1)?.u64(BYE)?,
            Payload::Failure => e.array(2)?.u64(BYE)?.u64(FAILED)?,
            Payload::Reliable {
                seq,
                body: Body::Text { sent, text, resent },
            } => {
                e.array(if resent { 5 } else { 4 })?;
                e.u64(TEXT)?.u64(seq)?.u64(sent)?.str(text)?;
                if resent {
                    e.bool(true)?;
                }
                e
            }
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
            Payload::Unknown
            | Payload::Reliable {
                body: Body::Unknown,
                ..
            } => e,
        };
        Ok(())
    }
}

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
        TEXT => {
            let (seq, sent, text) = (seq(d)?, d.u64()?, d.str()?);
            if text.len() > TEXT_MAX {
                return Err(minicbor::decode::Error::message("text too long"));
            }
            // Of another type it is a later version's.
            let marked = items > 4 && d.datatype()? == Type::Bool;
            let resent = marked && d.bool()?;
            (
                Payload::Reliable {
                    seq,
                    body: Body::Text { sent, text, resent },
                },
                if marked { 5 } else { 4 },
            )
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

/// The size to which a plaintext of `len` bytes is padded: Padmé (Nikitin et
/// al., "Reducing Metadata Leakage from Encrypted Files and Communication with
/// PURBs", PETS 2019, §4), at least [`PLAINTEXT_MIN`]. It leaks O(log log n)
/// bits and costs at most 12 %. Up to [`PLAINTEXT_MAX`] it never exceeds that.
pub fn padded_len(len: usize) -> usize {
    let len = len.max(PLAINTEXT_MIN);
    let exponent = len.ilog2();
    let kept_bits = exponent.ilog2() + 1;
    let step = (1_usize << (exponent - kept_bits)) - 1;
    (len + step) & !step
}

#[cfg(test)]
mod tests;
