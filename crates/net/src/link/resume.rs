//! Resuming a session directly, without a mediator: the guest dials the address that
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
    CONFIRM_B_LEN, CONFIRM_MAX, Candidates, HostConfirm, Matched, Meeting, OFFER_LEN, OFFER_MAX,
    Offering, PairingError, Role, SEALED_LENS,
};

use super::Ready;
use super::connect::greet_on;
use super::frame::{self, FrameError, FrameReader};
use super::incoming::Incoming;
use super::path::Path;
use super::port::Port;
use super::stream::Stream;

/// How long the whole exchange may take.
const RESUME_TIMEOUT: Duration = Duration::from_secs(5);
/// How many knocks are remembered, so that a replayed one is refused.
const REMEMBERED: usize = 256;

/// Why no link came of it.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The socket's fault, or the time ran out.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The one who answers is not the peer.
    #[error(transparent)]
    Pairing(#[from] PairingError),
}

impl From<std::io::Error> for ResumeError {
    fn from(error: std::io::Error) -> Self {
        Self::Frame(error.into())
    }
}

/// What a further link of a session is made with.
#[derive(Clone, Debug)]
pub struct ResumeContext {
    /// What strangers lack.
    pub resume: Arc<ResumeSecret>,
    /// Our identity key.
    pub identity: Arc<SecretKey>,
    /// The peer's identity, which is required.
    pub pin: PublicKey,
    /// Our display name.
    pub name: String,
}

impl ResumeContext {
    /// What both ends meet by again, whether here or at a mediator.
    pub fn meeting(&self) -> Meeting {
        Meeting::derived(&self.resume.room(), &self.resume.secret())
    }
}

/// Guest: dials the host where it was last, from our port, and knocks there.
///
/// # Errors
/// [`ResumeError`]; nothing is spent by it.
pub async fn redial(
    port: &Port,
    address: SocketAddr,
    context: &ResumeContext,
) -> Result<Ready, ResumeError> {
    let nonce: [u8; 16] = random();
    let knock = [nonce.as_slice(), &context.resume.knock_tag(&nonce)].concat();
    let exchange = async {
        let mut stream = Stream::from(port.dialler().connect(address).await?);
        let mut reader = FrameReader::default();
        frame::write(&mut stream, &knock).await?;
        let offering = Offering::new(context.meeting(), context.identity.public());
        frame::write(&mut stream, offering.offer()).await?;
        let matched = pair(&mut stream, &mut reader, offering, Role::Guest, context).await?;
        let confirm = matched.guest(&context.name)?;
        let path = Path::direct(address);
        let greeted = greet_on(stream, reader, path, confirm.confirm_b()).await?;
        let ready = greeted.check(&confirm)?.go().await;
        Ok(ready.ok_or(FrameError::Closed)?)
    };
    timeout(RESUME_TIMEOUT, exchange)
        .await
        .unwrap_or(Err(ResumeError::Frame(FrameError::Closed)))
}

/// Host: goes through the pairing with an incoming connection whose knock was genuine, until
/// its CONFIRM_B is here.
///
/// # Errors
/// [`ResumeError`]; it concerns that socket only.
pub async fn accept(
    incoming: Incoming,
    context: &ResumeContext,
) -> Result<(HostConfirm, Incoming), ResumeError> {
    let Incoming {
        mut stream,
        mut reader,
        path,
        listed,
        ..
    } = incoming;
    let exchange = async {
        let offering = Offering::new(context.meeting(), context.identity.public());
        frame::write(&mut stream, offering.offer()).await?;
        let matched = pair(&mut stream, &mut reader, offering, Role::Host, context).await?;
        let confirm = matched.host(&context.name)?;
        let first = reader
            .read(&mut stream, CONFIRM_B_LEN..=CONFIRM_MAX)
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
    timeout(RESUME_TIMEOUT, exchange)
        .await
        .unwrap_or(Err(ResumeError::Frame(FrameError::Closed)))
}

/// OFFERs are exchanged, ours is out: takes theirs and exchanges SEALED.
async fn pair(
    stream: &mut Stream,
    reader: &mut FrameReader,
    offering: Offering,
    role: Role,
    context: &ResumeContext,
) -> Result<Matched, ResumeError> {
    let offer = reader.read(stream, OFFER_LEN..=OFFER_MAX).await?;
    let (awaiting, sealed) = offering.paired(role, &offer, &Candidates::default())?;
    frame::write(stream, &sealed).await?;
    let [shorter, longer] = SEALED_LENS;
    let sealed = reader.read(stream, shorter..=longer).await?;
    let awaiting = awaiting.sealed(&sealed, Some(&context.pin))?;
    Ok(awaiting.agree(&context.identity)?)
}

/// Tells genuine knocks from others, and from those heard before.
#[derive(Debug, Default)]
pub struct KnockVerifier {
    heard: VecDeque<[u8; 16]>,
}

impl KnockVerifier {
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
        let mut verifier = KnockVerifier::default();
        assert!(!verifier.is_genuine(&knock, &other));
        for at in 0..KNOCK_LEN {
            let mut altered = knock.clone();
            altered[at] ^= 1;
            assert!(!verifier.is_genuine(&altered, &resume));
        }
        assert!(!verifier.is_genuine(&knock[..40], &resume));
        assert!(verifier.is_genuine(&knock, &resume));
        assert!(!verifier.is_genuine(&knock, &resume));
    }
}
