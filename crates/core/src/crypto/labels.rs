//! **Every derivation label of the protocol**, on one page.

pub(super) const ROOM: &[u8] = b"undertone/1 room";
pub(super) const COMMIT: &[u8] = b"undertone/1 commit";
pub(super) const OFFERS: &[u8] = b"undertone/1 offers";
pub(super) const FINGERPRINT: &[u8] = b"undertone/1 fingerprint";
pub(super) const CHANNEL: &[u8] = b"undertone/1";
/// `info` of KDF_RK, and nothing before it: the root key is the salt.
pub(super) const ROOT: &[u8] = b"undertone/1 root";
/// What HMAC with a machine's id takes in before th0 and the role.
pub(super) const MACHINE: &[u8] = b"undertone/1 same machine";
/// Salt of the verification words.
pub(super) const WORDS: &[u8] = b"undertone/1 words";
/// What KDF_CK feeds to HMAC for a message key and for the next chain key.
pub(super) const MESSAGE_KEY: u8 = 0x01;
/// See [`MESSAGE_KEY`].
pub(super) const NEXT_CHAIN_KEY: u8 = 0x02;

/// What a key out of [`ChainingKey::expand`](super::keys::ChainingKey::expand) is for: the `L` of `exp(ck, L, ctx)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Seals SEALED_A.
    SealedA,
    /// Seals SEALED_B.
    SealedB,
    /// Seals CONFIRM_A.
    ConfirmA,
    /// Seals CONFIRM_B.
    ConfirmB,
    /// SK, the first root key.
    Ratchet,
    /// The session id, first part of every record's associated data.
    SessionId,
    /// RS, see [`ResumeSecret`](super::keys::ResumeSecret).
    Resume,
    /// ROOM of a resumed pairing.
    ResumeRoom,
    /// SECRET of a resumed pairing.
    ResumeSecret,
    /// Key of the knock on a direct redial.
    ResumeKnock,
    /// X, see [`super::again`].
    Again,
    /// ROOM in which two contacts meet again.
    AgainRoom,
    /// SECRET of that room.
    AgainSecret,
}

impl Label {
    pub(super) fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::SealedA => b"undertone/1 sealed A",
            Self::SealedB => b"undertone/1 sealed B",
            Self::ConfirmA => b"undertone/1 confirm A",
            Self::ConfirmB => b"undertone/1 confirm B",
            Self::Ratchet => b"undertone/1 ratchet",
            Self::SessionId => b"undertone/1 session id",
            Self::Resume => b"undertone/1 resume",
            Self::ResumeRoom => b"undertone/1 resume room",
            Self::ResumeSecret => b"undertone/1 resume secret",
            Self::ResumeKnock => b"undertone/1 resume knock",
            Self::Again => b"undertone/1 again",
            Self::AgainRoom => b"undertone/1 again room",
            Self::AgainSecret => b"undertone/1 again secret",
        }
    }
}

/// What a sealed message is: the `label` of `seal(k, label, ad, pt)`, used as HKDF's `info`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealLabel {
    /// SEALED_A and SEALED_B, through the mediator.
    Sealed,
    /// CONFIRM_A and CONFIRM_B, first on every link.
    Confirm,
    /// A record of the ratchet.
    Message,
}

impl SealLabel {
    pub(super) fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Sealed => b"undertone/1 sealed",
            Self::Confirm => b"undertone/1 confirm",
            Self::Message => b"undertone/1 message",
        }
    }
}
