//! The record layer of one link: the Double Ratchet's messages in frames.
//!
//! ```text
//! u32be n ‖ header(40: ratchet key 32 ‖ u32be PN ‖ u32be N) ‖ ct ‖ tag      n = 40 + |ct| + 32
//! ad = session id ‖ sender's letter ‖ S_A ‖ S_B ‖ header
//! ```
//!
//! It decides when a DH step is taken (PROTOCOL.md §6). What stands in a record
//! is `payload`'s business; which link counts is `session`'s.

use std::time::Duration;

use crate::time::Instant;

use crate::crypto::keys::{InvalidPoint, SealLabel, SecretKey};
use crate::crypto::ratchet::{Header, Ratchet, RatchetError};
use crate::crypto::seal::{self, LANES, Lane, seal_lanes};
use crate::pairing::{LinkKeys, RatchetStart, Role};
use crate::payload::{PLAINTEXT_MAX, padded_len};

/// Bytes of the length before every frame.
pub const PREFIX_LEN: usize = 4;
/// The shortest and the longest body of a record.
pub const BODY_MIN: usize = Header::LEN + 48;
/// See [`BODY_MIN`].
pub const BODY_MAX: usize = Header::LEN + PLAINTEXT_MAX + seal::OVERHEAD;
/// A DH step is taken at most this often each way, but for the first one.
const STEP_EVERY: Duration = Duration::from_secs(1);
const AD_LEN: usize = 32 + 1 + 32 + 32;

/// Why a link ended on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Too short or too long for a record.
    #[error("a record of an impossible length")]
    Length,
    /// Forged, altered, replayed, out of order, or of another link; or the link is at
    /// its end.
    #[error("{}", in_words(.0))]
    Ratchet(#[from] RatchetError),
    /// The header's key is not a valid one.
    #[error("a record with an invalid key")]
    Point,
}

/// What is wrong with a stranger's record is nothing for people; that a link has come
/// to its end is.
fn in_words(error: &RatchetError) -> String {
    match error {
        RatchetError::ChainEnd | RatchetError::KeysEnd => error.to_string(),
        _ => "a record that is not authentic".to_owned(),
    }
}

impl From<InvalidPoint> for RecordError {
    fn from(_: InvalidPoint) -> Self {
        Self::Point
    }
}

/// Seals and opens the records of one link.
#[derive(Debug)]
pub struct Channel {
    ratchet: Ratchet,
    sending_ad: [u8; AD_LEN],
    receiving_ad: [u8; AD_LEN],
    last_step: Option<Instant>,
}

impl Channel {
    /// The record layer that a pairing's keys begin.
    ///
    /// # Errors
    /// [`RecordError::Point`] for a ratchet key of low order.
    pub fn new(keys: LinkKeys) -> Result<Self, RecordError> {
        Self::new_with(keys, SecretKey::generate)
    }

    /// [`new`](Self::new) with the host's first ratchet key of the caller's: for
    /// fixed transcripts.
    pub(crate) fn new_with(
        keys: LinkKeys,
        generate: impl FnOnce() -> SecretKey,
    ) -> Result<Self, RecordError> {
        let LinkKeys {
            role,
            root,
            ratchet,
            session_id,
            s_a,
            s_b,
        } = keys;
        let ad = |sender: Role| {
            let mut ad = [0; AD_LEN];
            let bytes = session_id.into_iter().chain([sender.letter()]);
            let bytes = bytes.chain(*s_a.as_bytes()).chain(*s_b.as_bytes());
            ad.iter_mut()
                .zip(bytes)
                .for_each(|(slot, byte)| *slot = byte);
            ad
        };
        let ratchet = match ratchet {
            RatchetStart::Initiator(theirs) => Ratchet::initiator_with(root, generate(), theirs)?,
            RatchetStart::Responder(ours) => Ratchet::responder(root, ours),
        };
        Ok(Self {
            ratchet,
            sending_ad: ad(role),
            receiving_ad: ad(role.other()),
            last_step: None,
        })
    }

    /// Appends one record to `out`, its length before it. `fill` writes the
    /// payloads, at most [`PLAINTEXT_MAX`] bytes; padding is added here.
    ///
    /// # Errors
    /// When the chain is at its end, or a guest sends before the host did.
    pub fn seal(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), RecordError> {
        self.seal_with(now, out, SecretKey::generate, fill)
    }

    /// [`seal`](Self::seal), a DH step taking its key from `generate`: for fixed
    /// transcripts.
    pub(crate) fn seal_with(
        &mut self,
        now: Instant,
        out: &mut Vec<u8>,
        generate: impl FnMut() -> SecretKey,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), RecordError> {
        let start = out.len();
        lay_out(out, fill)?;
        let (_, unsealed) = out.split_at_mut(start);
        let sealed = self.seal_all_with(now, unsealed, generate);
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed
    }

    /// Seals the records that [`lay_out`] has laid out one behind the other, several at a time.
    ///
    /// # Errors
    /// As [`seal`](Self::seal). What was laid out is to be dropped then: not all of it is sealed.
    pub(super) fn seal_all(
        &mut self,
        now: Instant,
        unsealed: &mut [u8],
    ) -> Result<(), RecordError> {
        self.seal_all_with(now, unsealed, SecretKey::generate)
    }

    fn seal_all_with(
        &mut self,
        now: Instant,
        mut unsealed: &mut [u8],
        mut generate: impl FnMut() -> SecretKey,
    ) -> Result<(), RecordError> {
        while !unsealed.is_empty() {
            let rested = self
                .last_step
                .is_none_or(|last| now.duration_since(last) >= STEP_EVERY);
            let step = rested && self.ratchet.step_due();
            let mut keys = self.ratchet.sending_with(step, &mut generate)?;
            if step {
                self.last_step = Some(now);
            }
            let mut lanes = [const { None }; LANES];
            for lane in &mut lanes {
                if unsealed.is_empty() {
                    break;
                }
                let record = split_record(&mut unsealed).ok_or(RecordError::Length)?;
                let (header, key) = keys.next().ok_or(RatchetError::ChainEnd)?;
                let (header_place, body) = record;
                *header_place = header.encode();
                let new = Lane::new(key, [&self.sending_ad, header_place], body);
                *lane = Some(new.ok_or(RecordError::Length)?);
            }
            seal_lanes(SealLabel::Message, lanes);
        }
        Ok(())
    }

    /// Opens a record's body in place and gives its plaintext. A record that
    /// does not open leaves no trace in the ratchet.
    ///
    /// # Errors
    /// Any; the link is to be ended then.
    pub fn open<'a>(&mut self, body: &'a mut [u8]) -> Result<&'a mut [u8], RecordError> {
        if !(BODY_MIN..=BODY_MAX).contains(&body.len()) {
            return Err(RecordError::Length);
        }
        let (header, sealed) = body
            .split_first_chunk_mut::<{ Header::LEN }>()
            .ok_or(RecordError::Length)?;
        let parsed = Header::decode(header)?;
        let ad = [self.receiving_ad.as_slice(), header.as_slice()];
        Ok(self
            .ratchet
            .receive(&parsed, |key| key.open(SealLabel::Message, &ad, sealed))?)
    }
}

/// Appends a record that is yet to be sealed: its length, room for its header, the payloads that
/// `fill` writes, at most [`PLAINTEXT_MAX`] bytes, their padding, and room for the tag.
///
/// # Errors
/// [`RecordError::Length`], and nothing is appended.
pub(super) fn lay_out(
    out: &mut Vec<u8>,
    fill: impl FnOnce(&mut Vec<u8>),
) -> Result<(), RecordError> {
    let start = out.len();
    let body = start + PREFIX_LEN + Header::LEN;
    out.resize(body, 0);
    fill(out);
    let plaintext = out.len() - body;
    if plaintext > PLAINTEXT_MAX {
        out.truncate(start);
        return Err(RecordError::Length);
    }
    out.resize(body + padded_len(plaintext), 0);
    seal::make_room(out, body);
    let n = u32::try_from(out.len() - start - PREFIX_LEN).map_err(|_| RecordError::Length)?;
    let prefix = out.iter_mut().skip(start).zip(n.to_be_bytes());
    prefix.for_each(|(slot, byte)| *slot = byte);
    Ok(())
}

/// The header and the rest of the first record of `records`, which then begins behind it.
fn split_record<'a>(
    records: &mut &'a mut [u8],
) -> Option<(&'a mut [u8; Header::LEN], &'a mut [u8])> {
    let (prefix, rest) = std::mem::take(records).split_first_chunk_mut()?;
    let n = usize::try_from(u32::from_be_bytes(*prefix)).ok()?;
    let (record, rest) = rest.split_at_mut_checked(n)?;
    *records = rest;
    record.split_first_chunk_mut()
}
