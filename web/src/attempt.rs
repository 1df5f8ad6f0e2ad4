//! One attempt to pair, from OFFER until both SEALED are open and our identity has agreed.

use std::net::SocketAddr;

use undertone_core::crypto::keys::{PublicKey, SharedSecret};
use undertone_core::pairing::{
    AwaitAgreement, AwaitSealed, Candidates, Hidden, Ice, Matched, Meeting, Offering, PairingError,
    Role,
};

use crate::event::{Kind, Why, emit};
use crate::fields::{Fields, Reader};
use crate::person::Identity;

/// How far it is.
#[derive(Debug, Default)]
pub(crate) enum Attempt {
    #[default]
    None,
    /// Nobody has answered it.
    Offered(Box<Offering>),
    AwaitSealed(Box<AwaitSealed>, Role),
    AwaitAgreement(Box<AwaitAgreement>, Role),
}

impl Attempt {
    /// OFFER, for `join`: the one that is out, or a fresh one.
    pub(crate) fn offer(&mut self, meeting: Meeting, ours: PublicKey) -> &[u8] {
        if !matches!(self, Self::Offered(_)) {
            *self = Self::Offered(Box::new(Offering::new(meeting, ours)));
        }
        match self {
            Self::Offered(offering) => offering.offer(),
            _ => &[],
        }
    }

    /// Takes their OFFER; gives SEALED.
    pub(crate) fn paired(
        &mut self,
        role: Role,
        their_offer: &[u8],
        candidates: &Candidates,
    ) -> Result<Vec<u8>, PairingError> {
        let Self::Offered(offering) = std::mem::take(self) else {
            return Err(PairingError::Length("an OFFER that nobody asked for"));
        };
        let (awaiting, sealed) = offering.paired(role, their_offer, candidates)?;
        *self = Self::AwaitSealed(Box::new(awaiting), role);
        Ok(sealed)
    }

    /// Takes their SEALED. What our identity agrees on is awaited then.
    pub(crate) fn sealed(
        &mut self,
        their_sealed: &[u8],
        pin: Option<&PublicKey>,
    ) -> Result<PublicKey, PairingError> {
        let Self::AwaitSealed(awaiting, role) = std::mem::take(self) else {
            return Err(PairingError::Length("a SEALED that nobody asked for"));
        };
        let awaiting = awaiting.sealed(their_sealed, pin)?;
        let theirs = *awaiting.their_ephemeral();
        *self = Self::AwaitAgreement(Box::new(awaiting), role);
        Ok(theirs)
    }

    /// Whether this agreement is awaited.
    pub(crate) fn awaits(&self, theirs: &[u8; 32]) -> bool {
        matches!(self, Self::AwaitAgreement(awaiting, _)
            if awaiting.their_ephemeral().as_bytes() == theirs)
    }

    /// Takes what our identity agreed on: here, or as the page says.
    pub(crate) fn agreed(
        &mut self,
        identity: &Identity,
        elsewhere: Option<&[u8; 32]>,
    ) -> Result<(Matched, Role), PairingError> {
        let Self::AwaitAgreement(awaiting, role) = std::mem::take(self) else {
            return Err(PairingError::Length("an agreement that nobody asked for"));
        };
        let matched = match (identity, elsewhere) {
            (Identity::Here(key), _) => awaiting.agree(key)?,
            (Identity::Elsewhere(_), Some(shared)) => {
                awaiting.agreed(SharedSecret::from_bytes(shared)?)
            }
            (Identity::Elsewhere(_), None) => return Err(PairingError::Point),
        };
        Ok((matched, role))
    }
}

/// Appends what became of an attempt that failed.
pub(crate) fn failed(error: &PairingError, out: &mut Vec<u8>) {
    let why = match error {
        PairingError::Secret => Why::Secret,
        PairingError::TheyAreOlder(_) => Why::Older,
        PairingError::WeAreOlder(_) => Why::Newer,
        PairingError::Identity => Why::Identity,
        PairingError::Version
        | PairingError::Downgrade
        | PairingError::Name
        | PairingError::Candidates
        | PairingError::Encapsulation => Why::Broken,
        _ => Why::Altered,
    };
    emit(out, Kind::Failed, |fields| {
        fields.push(why as u8);
        fields.text(&error.to_string());
    });
}

/// Reads our own candidates: `ICE there(1) [‖ fingerprint(32) ‖ ufrag ‖ password] ‖ n(1) ‖ n UDP
/// addresses`, or names that hide one.
pub(crate) fn read_candidates(fields: &mut Reader<'_>) -> Candidates {
    let mut candidates = Candidates::default().in_browser();
    if fields.u8() != 0 {
        candidates = candidates.with_ice(Ice {
            fingerprint: fields.key(),
            ufrag: fields.text().to_owned(),
            password: fields.text().to_owned(),
        });
    }
    let all: Vec<&str> = (0..fields.u8()).map(|_| fields.text()).collect();
    let udp = all
        .iter()
        .filter_map(|text| text.parse::<SocketAddr>().ok());
    let hidden = all.iter().filter_map(|text| text.parse::<Hidden>().ok());
    candidates.with_udp(udp).with_hidden(hidden)
}

/// Appends the peer's: `browser(1)`, then as [`read_candidates`] has them.
pub(crate) fn tell_candidates(
    candidates: &Candidates,
    udp: impl Iterator<Item = SocketAddr>,
    out: &mut Vec<u8>,
) {
    emit(out, Kind::Ways, |fields| {
        fields.extend_from_slice(&[
            u8::from(candidates.is_browser()),
            u8::from(candidates.ice().is_some()),
        ]);
        if let Some(ice) = candidates.ice() {
            fields.extend_from_slice(&ice.fingerprint);
            fields.text(&ice.ufrag).text(&ice.password);
        }
        let hidden = candidates.hidden().iter().map(Hidden::to_string);
        let all = udp.map(|address| address.to_string()).chain(hidden);
        // There are no more entries.
        let all: Vec<_> = all.take(16).collect();
        fields.push(all.len() as u8);
        for address in &all {
            fields.text(address);
        }
    });
}
