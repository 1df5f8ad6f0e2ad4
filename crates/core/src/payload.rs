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
//! [8, stream, offset, bytes]    a piece of a stream; with true behind it: the last one
//! [9, stream, offset, limit]    credit: there is everything before offset, and up to limit may come
//! [10, stream]                  nothing more is said of this stream
//! [16, seq, sent, text]     a message; sent is in milliseconds since 1970
//! [16, seq, sent, text, true]   the same, which went out in a session before, too
//! [64, seq, id, list, data, name, count, size]   an offer of files; the size may be null
//! [65, seq, id, outcome]    what became of one
//! [66, seq, id, kept, len]  asks for SHA-256 of its first contents, in chunks
//! [67, seq, id, hashes]     the answer
//! [68, seq, id]             it waits for space on the disk of its receiver
//! ```
//!
//! Kinds from 16 on are reliable: they carry a sequence number as their second
//! item, are acknowledged, kept until they are, and shown once, in order. A kind
//! that is not known is ignored, and acknowledged where it is reliable, so
//! that later versions can add some.

use crate::files::compare::Chunks;
use crate::files::{Offer, OfferId, Outcome};

mod decode;
mod encode;

pub use decode::decode;

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
const PIECE: u64 = 8;
const CREDIT: u64 = 9;
const CLOSE: u64 = 10;
/// Why somebody says it, if not because they want to.
const FAILED: u64 = 1;
const TEXT: u64 = 16;
const OFFER: u64 = 64;
const OUTCOME: u64 = 65;
const COMPARE: u64 = 66;
const HASHES: u64 = 67;
const PAUSED: u64 = 68;
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
    /// Of the stream with this number.
    Stream(u64, StreamPart<'a>),
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

/// What is said of a stream; as PROTOCOL.md §7 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamPart<'a> {
    /// Bytes of it, by its sender.
    Piece {
        /// How many bytes come before them.
        offset: u64,
        /// Not empty, but for the last one.
        bytes: &'a [u8],
        /// The stream ends with them.
        last: bool,
    },
    /// By its receiver, which has everything before `offset` and takes what comes before `limit`.
    Credit {
        /// Where the receiver is.
        offset: u64,
        /// At least `offset`.
        limit: u64,
    },
    /// By either end.
    Close,
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
    /// Files are offered.
    Offer(Offer<&'a str>),
    /// What became of an offer, of either end.
    Outcome(OfferId, Outcome),
    /// The receiver of an offer asks for the hashes of so much of its contents.
    Compare(OfferId, Chunks),
    /// Its sender gives them, one behind the other, at most [`HASHES_MAX`] bytes.
    ///
    /// [`HASHES_MAX`]: crate::files::compare::HASHES_MAX
    Hashes(OfferId, &'a [u8]),
    /// The disk of its receiver is full: credit follows once there is space.
    Paused(OfferId),
    /// A kind of a later version.
    Unknown,
}

/// A record that authenticated, yet does not hold what it should: the other
/// side's fault, or ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed payload")]
pub struct Malformed;

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
