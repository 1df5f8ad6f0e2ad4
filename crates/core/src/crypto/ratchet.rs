//! The Double Ratchet of one link: Signal's specification, revision 1, §3 and §5.2.
//!
//! ```text
//! KDF_RK: RK ‖ CK = HKDF(salt = RK, ikm = DH, info = "undertone/1 root", 64)
//! KDF_CK: mk = HMAC(ck, 0x01) · ck = HMAC(ck, 0x02)
//! header(40) = ratchet key(32) ‖ u32be PN ‖ u32be N
//! ```
//!
//! Owns the keys and the order of records; sealing is [`Key::seal`], what a record carries is
//! the session's. A link is ordered, so nothing is ever skipped and no old key is kept.
//!
//! The specification takes two DH steps when a new key arrives: one to read, one to answer.
//! Here the second waits until [`Ratchet::next_sending`] is asked for it. The order of root keys
//! is the same, because the two sides' steps alternate: whoever has stepped cannot step again
//! before the other has, and to the other a postponed step looks like records sent before theirs
//! arrived. A peer that steps twice in a row is refused.

use std::fmt;

pub use self::chain::Sending;
use self::chain::{Aside, Chain, kdf_rk};
pub use self::header::Header;
use self::used::UsedKeys;
use super::keys::{InvalidPoint, Key, PublicKey, SecretKey};
use super::labels;
use super::seal::{MessageKey, OpenError};

mod chain;
mod header;
mod used;

/// Records that one chain may hold, either way: N is below this.
pub const CHAIN_LIMIT: u32 = 1 << 20;

/// Ratchet keys, ours and theirs, that one link may use: 18 hours of a step a second each way.
pub const KEYS_LIMIT: usize = 1 << 17;

/// Why the ratchet did not go on. Its state is then as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RatchetError {
    /// We misused it: a responder cannot send before the first record arrived.
    #[error("nothing can be sent before the first record arrived")]
    NotYet,
    /// A chain has had as many records as it may; a new link is due.
    #[error("the link has carried {CHAIN_LIMIT} records in one direction, all that it may")]
    ChainEnd,
    /// The link has had as many keys as it may; a new one is due.
    #[error("the link has used {KEYS_LIMIT} keys, all that it may")]
    KeysEnd,
    /// N is not the next: a gap, a replay, or records out of order.
    #[error("expected record {expected}, got {got}")]
    Order {
        /// The N that had to come.
        expected: u32,
        /// The N that came.
        got: u32,
    },
    /// PN is not the number of records that came in the previous chain: some were cut off.
    #[error("expected {expected} records in the previous chain, the header says {got}")]
    Previous {
        /// What we received.
        expected: u32,
        /// What the header claims.
        got: u32,
    },
    /// The header's key is one of ours, or one of theirs from before.
    #[error("a ratchet key came back")]
    KeyReused,
    /// A new key came although we have not answered the last one.
    #[error("a DH step out of turn")]
    OutOfTurn,
    /// The header's key is no valid point.
    #[error(transparent)]
    InvalidPoint(#[from] InvalidPoint),
    /// The record is not authentic.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// One side of a link's ratchet.
pub struct Ratchet {
    root: Key,
    ours: SecretKey,
    /// The public half of `ours`.
    our_key: PublicKey,
    /// Their newest key; a responder learns it with the first record.
    theirs: Option<PublicKey>,
    sending: Option<Chain>,
    receiving: Option<Chain>,
    aside: Aside,
    step_due: bool,
    used: UsedKeys,
    /// `info` of KDF_RK; the test against another implementation has another one.
    info: &'static [u8],
}

impl Ratchet {
    /// The specification's Alice: has SK and the responder's first key, and sends first.
    ///
    /// # Errors
    /// [`RatchetError::InvalidPoint`] when `theirs` is of low order.
    pub fn initiator(root: Key, theirs: PublicKey) -> Result<Self, RatchetError> {
        Self::initiator_with(root, SecretKey::generate(), theirs)
    }

    /// [`initiator`](Self::initiator) with a first key of the caller's: for fixed transcripts.
    ///
    /// # Errors
    /// As [`initiator`](Self::initiator); [`RatchetError::KeyReused`] when both keys are one.
    pub fn initiator_with(
        root: Key,
        ours: SecretKey,
        theirs: PublicKey,
    ) -> Result<Self, RatchetError> {
        let our_key = ours.public();
        let mut used = UsedKeys::default();
        used.insert(&theirs);
        if !used.insert(&our_key) {
            return Err(RatchetError::KeyReused);
        }
        let (root, chain_key) = kdf_rk(&root, &ours.diffie_hellman(&theirs)?, labels::ROOT);
        Ok(Self {
            root,
            ours,
            our_key,
            theirs: Some(theirs),
            sending: Some(Chain::new(chain_key, 0)),
            receiving: None,
            aside: Aside::new(),
            step_due: false,
            used,
            info: labels::ROOT,
        })
    }

    /// The specification's Bob: has SK and the key pair whose public half the peer knows.
    pub fn responder(root: Key, ours: SecretKey) -> Self {
        let our_key = ours.public();
        let mut used = UsedKeys::default();
        used.insert(&our_key);
        Self {
            root,
            ours,
            our_key,
            theirs: None,
            sending: None,
            receiving: None,
            aside: Aside::new(),
            step_due: false,
            used,
            info: labels::ROOT,
        }
    }

    /// Whether a new key of theirs came since our last own DH step.
    pub fn step_due(&self) -> bool {
        self.step_due
    }

    /// Header and message key of the next record.
    ///
    /// With `step`, or where there is no chain yet, a DH step is taken first if one is due.
    ///
    /// # Errors
    /// [`RatchetError::NotYet`], [`RatchetError::ChainEnd`], [`RatchetError::KeysEnd`].
    pub fn next_sending(&mut self, step: bool) -> Result<(Header, MessageKey<'_>), RatchetError> {
        self.next_sending_with(step, SecretKey::generate)
    }

    /// [`next_sending`](Self::next_sending), a step taking its key from `generate`: for fixed
    /// transcripts.
    ///
    /// # Errors
    /// As [`next_sending`](Self::next_sending).
    pub fn next_sending_with(
        &mut self,
        step: bool,
        generate: impl FnOnce() -> SecretKey,
    ) -> Result<(Header, MessageKey<'_>), RatchetError> {
        let first = self.sending_with(step, generate)?.next();
        first.ok_or(RatchetError::ChainEnd)
    }

    /// The same for up to [`LANES`](super::seal::LANES) records that are sealed at a time. Where the
    /// chain is at its end, there is none.
    ///
    /// # Errors
    /// [`RatchetError::NotYet`], [`RatchetError::KeysEnd`].
    pub fn sending_with(
        &mut self,
        step: bool,
        generate: impl FnOnce() -> SecretKey,
    ) -> Result<Sending<'_>, RatchetError> {
        if self.step_due && (step || self.sending.is_none()) {
            self.step(generate())?;
        }
        let chain = self.sending.as_mut().ok_or(RatchetError::NotYet)?;
        Ok(self.aside.sending(self.our_key, chain))
    }

    /// The second half of the specification's DHRatchet: our new key, our new sending chain.
    fn step(&mut self, ours: SecretKey) -> Result<(), RatchetError> {
        let theirs = self.theirs.ok_or(RatchetError::NotYet)?;
        if self.used.is_full() {
            return Err(RatchetError::KeysEnd);
        }
        let our_key = ours.public();
        let (root, chain_key) = kdf_rk(&self.root, &ours.diffie_hellman(&theirs)?, self.info);
        if !self.used.insert(&our_key) {
            return Err(RatchetError::KeyReused);
        }
        let previous = self.sending.as_ref().map_or(0, |chain| chain.number);
        self.root = root;
        self.ours = ours;
        self.our_key = our_key;
        self.sending = Some(Chain::new(chain_key, previous));
        self.step_due = false;
        Ok(())
    }

    /// Hands the message key of the record with `header` to `open`, and goes on to the state
    /// after that record only when `open` succeeded.
    ///
    /// # Errors
    /// What is wrong with the header, or [`RatchetError::Open`]. Nothing has changed then.
    pub fn receive<T>(
        &mut self,
        header: &Header,
        open: impl FnOnce(MessageKey<'_>) -> Result<T, OpenError>,
    ) -> Result<T, RatchetError> {
        match &mut self.receiving {
            Some(chain) if self.theirs == Some(header.key) => {
                chain.expects(header)?;
                self.aside.open(chain, open)
            }
            _ => {
                let (root, mut chain) = self.new_chain(header)?;
                let value = self.aside.open(&mut chain, open)?;
                self.used.insert(&header.key);
                self.root = root;
                self.theirs = Some(header.key);
                self.receiving = Some(chain);
                self.step_due = true;
                Ok(value)
            }
        }
    }

    /// The first half of the specification's DHRatchet: root and receiving chain for a new key.
    fn new_chain(&self, header: &Header) -> Result<(Key, Chain), RatchetError> {
        if self.used.contains(&header.key) {
            return Err(RatchetError::KeyReused);
        }
        if self.step_due {
            return Err(RatchetError::OutOfTurn);
        }
        if self.used.is_full() {
            return Err(RatchetError::KeysEnd);
        }
        let received = self.receiving.as_ref().map_or(0, |chain| chain.number);
        let shared = self.ours.diffie_hellman(&header.key)?;
        let (root, chain_key) = kdf_rk(&self.root, &shared, self.info);
        let chain = Chain::new(chain_key, received);
        chain.expects(header)?;
        Ok((root, chain))
    }
}

impl fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            root: _,
            ours: _,
            our_key,
            theirs,
            sending: _,
            receiving: _,
            aside: _,
            step_due,
            used: _,
            info: _,
        } = self;
        f.debug_struct("Ratchet")
            .field("our_key", our_key)
            .field("theirs", theirs)
            .field("step_due", step_due)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod theft;
