//! The way straight back, without a mediator: the guest dials the address that
//! worked last, and knocks; then the pairing's messages follow as frames on that
//! one socket.
//!
//! ```text
//! guest  knock(48) = nonce(16) ‖ HMAC(exp(RS, "resume knock", ""), nonce)
//! guest  OFFER_B      host  OFFER_A ‖ SEALED_A      guest  SEALED_B ‖ CONFIRM_B
//! host   CONFIRM_A ‖ go       guest  its answer
//! ```
//!
//! The knock keeps strangers from making the host compute; it proves nothing
//! else and can be replayed, once for each host that forgot its nonce.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use undertone_core::crypto::keys::{PublicKey, ResumeSecret, SecretKey, random};
use undertone_core::pairing::{
    CONFIRM_B_LEN, Candidates, HostConfirm, Matched, Meeting, OFFER_LEN, Offering, PairingError,
    Role, SEALED_LEN,
};

use super::Ready;
use super::frame::{self, FrameError, FrameReader};
use super::incoming::Incoming;
use super::path::Path;
use super::port::Port;
use super::reach::greet_on;
use super::stream::Stream;

/// How long the whole exchange may take.
pub const KNOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How many knocks are remembered, so that a replayed one is refused.
const REMEMBERED: usize = 256;

/// Why there was no way straight back.
#[derive(Debug, thiserror::Error)]
pub enum KnockError {
    /// The socket's fault, or the time ran out.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The one who answers is not the other one.
    #[error(transparent)]
    Pairing(#[from] PairingError),
}

impl From<std::io::Error> for KnockError {
    fn from(error: std::io::Error) -> Self {
        KnockError::Frame(error.into())
    }
}

/// What a further link of a session is made with.
#[derive(Clone)]
pub struct Reunion {
    /// What strangers lack.
    pub resume: Arc<ResumeSecret>,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// The other one's identity, which is required.
    pub pin: PublicKey,
    /// Our display name.
    pub name: String,
}

impl Reunion {
    /// What both ends meet by again, whether here or at a mediator.
    pub fn meeting(&self) -> Meeting {
        Meeting::derived(&self.resume.room(), &self.resume.secret())
    }
}

/// Guest: dials the host where it was last, from our port, and knocks.
///
/// # Errors
/// [`KnockError`]; nothing is spent by it.
pub async fn redial(
    port: &Port,
    address: SocketAddr,
    reunion: &Reunion,
) -> Result<Ready, KnockError> {
    let nonce: [u8; 16] = random();
    let knock = [nonce.as_slice(), &reunion.resume.knock_tag(&nonce)].concat();
    let exchange = async {
        let mut stream = Stream::from(port.dialler().connect(address).await?);
        let mut reader = FrameReader::default();
        frame::write(&mut stream, &knock).await?;
        let offering = Offering::new(reunion.meeting(), reunion.identity.public());
        frame::write(&mut stream, offering.offer()).await?;
        let matched = pair(&mut stream, &mut reader, offering, Role::Guest, reunion).await?;
        let confirm = matched.guest(&reunion.name)?;
        let path = Path::direct(address);
        let greeted = greet_on(stream, reader, path, *confirm.confirm_b()).await?;
        Ok(greeted.open(&confirm)?)
    };
    timeout(KNOCK_TIMEOUT, exchange)
        .await
        .unwrap_or(Err(KnockError::Frame(FrameError::Closed)))
}

/// Host: goes through the pairing with an incoming connection whose knock was genuine, until
/// its CONFIRM_B is here.
///
/// # Errors
/// [`KnockError`]; it concerns that socket only.
pub async fn let_in(
    incoming: Incoming,
    reunion: &Reunion,
) -> Result<(HostConfirm, Incoming), KnockError> {
    let Incoming {
        mut stream,
        mut reader,
        path,
        listed,
        ..
    } = incoming;
    let exchange = async {
        let offering = Offering::new(reunion.meeting(), reunion.identity.public());
        frame::write(&mut stream, offering.offer()).await?;
        let matched = pair(&mut stream, &mut reader, offering, Role::Host, reunion).await?;
        let confirm = matched.host(&reunion.name)?;
        let first = reader
            .read(&mut stream, CONFIRM_B_LEN..=CONFIRM_B_LEN)
            .await?;
        Ok((
            confirm,
            Incoming {
                stream,
                reader,
                first,
                path,
                listed,
            },
        ))
    };
    timeout(KNOCK_TIMEOUT, exchange)
        .await
        .unwrap_or(Err(KnockError::Frame(FrameError::Closed)))
}

/// OFFERs are exchanged, ours is out: takes theirs and exchanges SEALED.
async fn pair(
    stream: &mut Stream,
    reader: &mut FrameReader,
    offering: Offering,
    role: Role,
    reunion: &Reunion,
) -> Result<Matched, KnockError> {
    let offer = reader.read(stream, OFFER_LEN..=OFFER_LEN).await?;
    let (awaiting, sealed) = offering.paired(role, &offer, &Candidates::default())?;
    frame::write(stream, &sealed).await?;
    let sealed = reader.read(stream, SEALED_LEN..=SEALED_LEN).await?;
    let awaiting = awaiting.sealed(&sealed, Some(&reunion.pin))?;
    Ok(awaiting.agree(&reunion.identity)?)
}

/// Tells genuine knocks from others, and from those heard before.
#[derive(Default)]
pub struct Doorkeeper {
    heard: VecDeque<[u8; 16]>,
}

impl Doorkeeper {
    /// Whether this knock was made with `resume` and is new.
    pub fn is_genuine(&mut self, knock: &[u8], resume: &ResumeSecret) -> bool {
        let Some((nonce, tag)) = knock.split_first_chunk::<16>() else {
            return false;
        };
        let Ok(tag) = tag.try_into() else {
            return false;
        };
        if self.heard.contains(nonce) || !resume.verify_knock(nonce, tag) {
            return false;
        }
        if self.heard.len() >= REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back(*nonce);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::incoming::KNOCK_LEN;
    use undertone_core::crypto::keys::Key;

    #[test]
    fn a_replayed_altered_or_foreign_knock_is_not_genuine() {
        let resume = ResumeSecret::new(Key::from_bytes(&[1; 32]));
        let other = ResumeSecret::new(Key::from_bytes(&[2; 32]));
        let nonce = [9; 16];
        let knock = [nonce.as_slice(), &resume.knock_tag(&nonce)].concat();
        let mut keeper = Doorkeeper::default();
        assert!(!keeper.is_genuine(&knock, &other));
        for at in 0..KNOCK_LEN {
            let mut altered = knock.clone();
            altered[at] ^= 1;
            assert!(!keeper.is_genuine(&altered, &resume));
        }
        assert!(!keeper.is_genuine(&knock[..40], &resume));
        assert!(keeper.is_genuine(&knock, &resume));
        assert!(!keeper.is_genuine(&knock, &resume));
    }
}
