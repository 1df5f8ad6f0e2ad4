//! CONFIRM: each end shows that it holds ck2, names itself, and the guest hands
//! over its first ratchet key. The guest speaks first on every link; the same
//! bytes go over each of a pairing's links.
//!
//! ```text
//! CONFIRM_B = seal(exp(ck2, "confirm B", th1), …, th1, caps ‖ R_B ‖ name)   144 bytes
//! CONFIRM_A = seal(exp(ck2, "confirm A", th2), …, th2, caps ‖ name)         112 bytes
//! th2 = H(th1 ‖ CONFIRM_B) · th3 = H(th2 ‖ CONFIRM_A)
//! ```

mod introduction;

use std::sync::Arc;

use introduction::{CAPS, check_caps, decode_name};
pub use introduction::{Introduction, NAME_MAX};

use super::{Matched, PairingError, Role, fixed};
use crate::crypto::keys::{
    ChainingKey, Key, Label, PublicKey, ResumeSecret, SealLabel, SecretKey, hash,
};
use crate::crypto::words::Words;

/// Bytes of a CONFIRM_B, the guest's.
pub const CONFIRM_B_LEN: usize = 144;
/// Bytes of a CONFIRM_A, the host's.
pub const CONFIRM_A_LEN: usize = 112;
/// What a pairing yields once both ends have confirmed.
#[derive(Debug)]
pub struct Established {
    /// Who the peer is.
    pub peer: PeerIdentity,
    /// The keys of the one link that this pairing is good for.
    pub link: LinkKeys,
    /// What a session that begins here is resumed by.
    pub resume: Arc<ResumeSecret>,
}

/// Who the peer is, as a confirmed pairing shows it.
#[derive(Clone, Debug)]
pub struct PeerIdentity {
    /// Its identity key, proved.
    pub identity: PublicKey,
    /// What it calls itself: 1 to 64 bytes of UTF-8 from a stranger.
    pub name: String,
    /// The words that ours are compared with: those that we read out, and those
    /// that we must hear.
    pub words: Words,
}

/// Everything that the record layer of one link starts from.
#[derive(Debug)]
pub struct LinkKeys {
    /// Our role in the pairing.
    pub role: Role,
    /// SK, the first root key.
    pub root: Key,
    /// Our first ratchet key, or theirs.
    pub ratchet: RatchetStart,
    /// exp(ck2, "session id", th3).
    pub session_id: [u8; 32],
    /// The host's identity.
    pub s_a: PublicKey,
    /// The guest's identity.
    pub s_b: PublicKey,
}

/// Where the Double Ratchet starts: with R_B, of which the guest holds the secret.
#[derive(Debug)]
pub enum RatchetStart {
    /// The host is the specification's Alice.
    Initiator(PublicKey),
    /// The guest is its Bob.
    Responder(SecretKey),
}

/// The host: CONFIRM_B is awaited, on any number of sockets.
#[derive(Debug)]
pub struct HostConfirm {
    matched: Matched,
    introduction: Introduction,
    first: Option<(Box<[u8; CONFIRM_B_LEN]>, [u8; CONFIRM_A_LEN])>,
}

/// The guest: CONFIRM_B goes out on every socket, CONFIRM_A is awaited.
#[derive(Debug)]
pub struct GuestConfirm {
    matched: Matched,
    ratchet: SecretKey,
    confirm_b: [u8; CONFIRM_B_LEN],
}

impl Matched {
    /// Goes on as the host, under this display name.
    ///
    /// # Errors
    /// [`PairingError::Name`] unless `name` has 1 to 64 bytes.
    pub fn host(self, name: &str) -> Result<HostConfirm, PairingError> {
        Ok(self.host_as(Introduction::named(name)?))
    }

    /// Goes on as the host who says this of itself.
    #[must_use]
    pub fn host_as(self, introduction: Introduction) -> HostConfirm {
        HostConfirm {
            introduction,
            matched: self,
            first: None,
        }
    }

    /// Goes on as the guest, under this display name.
    ///
    /// # Errors
    /// [`PairingError::Name`] unless `name` has 1 to 64 bytes.
    pub fn guest(self, name: &str) -> Result<GuestConfirm, PairingError> {
        self.guest_with(name, SecretKey::generate())
    }

    pub(super) fn guest_with(
        self,
        name: &str,
        ratchet: SecretKey,
    ) -> Result<GuestConfirm, PairingError> {
        self.guest_as(Introduction::named(name)?, ratchet)
    }

    /// Goes on as the guest who says this of itself, with its first ratchet key.
    ///
    /// # Errors
    /// None, but for a length that cannot be.
    pub fn guest_as(
        self,
        Introduction(introduction): Introduction,
        ratchet: SecretKey,
    ) -> Result<GuestConfirm, PairingError> {
        let (caps, name) = introduction.split_at(CAPS.len());
        let plain = [caps, ratchet.public().as_bytes(), name].concat();
        let confirm_b = seal(&self.ck2, Label::ConfirmB, &self.th1, plain)?;
        Ok(GuestConfirm {
            matched: self,
            ratchet,
            confirm_b,
        })
    }
}

impl HostConfirm {
    /// Checks a CONFIRM_B and gives the CONFIRM_A to answer it with. Of further
    /// sockets only those are answered whose CONFIRM_B is byte for byte the
    /// first valid one. The first to come yields the keys as well.
    ///
    /// # Errors
    /// What [`PairingError::is_authentic`] ends the pairing; any other concerns
    /// that one socket only.
    pub fn confirm(
        &mut self,
        confirm_b: &[u8],
    ) -> Result<([u8; CONFIRM_A_LEN], Option<Established>), PairingError> {
        let theirs: [u8; CONFIRM_B_LEN] = fixed(confirm_b, "CONFIRM")?;
        if let Some((first, answer)) = &self.first {
            return if **first == theirs {
                Ok((*answer, None))
            } else {
                Err(PairingError::Confirm)
            };
        }
        let Matched { ck2, th1, .. } = &self.matched;
        let plain = open(ck2, Label::ConfirmB, th1, &theirs)?;
        let (caps, rest) = plain.split_first_chunk().ok_or(PairingError::Confirm)?;
        let (r_b, name) = rest.split_first_chunk().ok_or(PairingError::Confirm)?;
        let name = decode_name(name)?;
        check_caps(caps, &name)?;
        let ratchet = PublicKey::from_bytes(*r_b)?;

        let (answer, th3) = self.answer(&theirs)?;
        self.first = Some((Box::new(theirs), answer));
        let start = RatchetStart::Initiator(ratchet);
        Ok((answer, Some(self.matched.establish(name, &th3, start))))
    }

    /// The CONFIRM_A by which the guest of this authentic CONFIRM_B learns why the
    /// pairing ends: no version or suite is common to both.
    ///
    /// # Errors
    /// [`PairingError::Length`].
    pub fn refusal(&self, confirm_b: &[u8]) -> Result<[u8; CONFIRM_A_LEN], PairingError> {
        let (answer, _) = self.answer(&fixed(confirm_b, "CONFIRM")?)?;
        Ok(answer)
    }

    /// CONFIRM_A, and th3.
    fn answer(
        &self,
        theirs: &[u8; CONFIRM_B_LEN],
    ) -> Result<([u8; CONFIRM_A_LEN], [u8; 32]), PairingError> {
        let Matched { ck2, th1, .. } = &self.matched;
        let th2 = hash(&[th1, theirs]);
        let answer = seal(ck2, Label::ConfirmA, &th2, self.introduction.0.to_vec())?;
        let th3 = hash(&[&th2, &answer]);
        Ok((answer, th3))
    }
}

impl GuestConfirm {
    /// CONFIRM_B, the first bytes on every link.
    pub fn confirm_b(&self) -> &[u8; CONFIRM_B_LEN] {
        &self.confirm_b
    }

    /// Checks a CONFIRM_A and yields the keys. They are for one link: of several
    /// answered ones, the link on which the host's `go` opens.
    ///
    /// # Errors
    /// As [`HostConfirm::confirm`].
    pub fn confirm(&self, confirm_a: &[u8]) -> Result<Established, PairingError> {
        let theirs: [u8; CONFIRM_A_LEN] = fixed(confirm_a, "CONFIRM")?;
        let Matched { ck2, th1, .. } = &self.matched;
        let th2 = hash(&[th1, &self.confirm_b]);
        let plain = open(ck2, Label::ConfirmA, &th2, &theirs)?;
        let (caps, name) = plain.split_first_chunk().ok_or(PairingError::Confirm)?;
        let name = decode_name(name)?;
        check_caps(caps, &name)?;
        let th3 = hash(&[&th2, &theirs]);
        let ratchet = SecretKey::from_bytes(self.ratchet.as_bytes());
        Ok(self
            .matched
            .establish(name, &th3, RatchetStart::Responder(ratchet)))
    }
}

impl Matched {
    fn establish(&self, name: String, th3: &[u8; 32], ratchet: RatchetStart) -> Established {
        let Self {
            role,
            identity,
            words,
            s_a,
            s_b,
            ck2,
            ..
        } = self;
        Established {
            peer: PeerIdentity {
                identity: *identity,
                name,
                words: *words,
            },
            link: LinkKeys {
                role: *role,
                root: ck2.expand(Label::Ratchet, th3),
                ratchet,
                session_id: *ck2.expand(Label::SessionId, th3).as_bytes(),
                s_a: *s_a,
                s_b: *s_b,
            },
            resume: Arc::new(ResumeSecret::new(ck2.expand(Label::Resume, th3))),
        }
    }
}

fn seal<const N: usize>(
    ck2: &ChainingKey,
    label: Label,
    th: &[u8; 32],
    mut plain: Vec<u8>,
) -> Result<[u8; N], PairingError> {
    ck2.expand(label, th)
        .seal(SealLabel::Confirm, &[th], &mut plain, 0);
    fixed(&plain, "CONFIRM")
}

fn open<const N: usize>(
    ck2: &ChainingKey,
    label: Label,
    th: &[u8; 32],
    sealed: &[u8; N],
) -> Result<Vec<u8>, PairingError> {
    let mut buf = *sealed;
    let plain = ck2
        .expand(label, th)
        .open(SealLabel::Confirm, &[th], &mut buf);
    plain
        .map(|plain| plain.to_vec())
        .map_err(|_| PairingError::Confirm)
}
