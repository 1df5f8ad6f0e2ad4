//! An incoming connection that is shown to a pairing: its guest, or not, or a guest with which
//! nothing can be begun.

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};
use undertone_core::pairing::{Established, HostConfirm, PairingError};
use undertone_core::session::record::Channel;

use super::{BETTER_PATH_TIMEOUT, Confirmed};
use crate::link::frame::framed;
use crate::link::framed::FAREWELL_TIMEOUT;
use crate::link::incoming::Incoming;

/// What became of an incoming connection that was shown to a pairing.
#[derive(Debug)]
pub enum Shown {
    /// It is the guest.
    Confirmed(Box<Confirmed>),
    /// Its CONFIRM_B is not this pairing's; the pairing waits on.
    Stranger(Box<HostConfirm>, Incoming),
    /// It is the guest, and its program does not fit to ours.
    Unfit(Box<Unfit>),
}

/// A guest with which nothing can be begun.
#[derive(Debug)]
pub struct Unfit {
    /// Why.
    pub why: PairingError,
    answer: Option<Box<[u8]>>,
    incoming: Incoming,
}

impl Unfit {
    /// Lets it know, by our CONFIRM_A, and gives the reason.
    pub async fn tell(self) -> PairingError {
        let Self {
            why,
            answer,
            incoming: Incoming { mut stream, .. },
        } = self;
        if let Some(answer) = answer {
            let told = async {
                stream.write_small(&framed(&answer)).await?;
                stream.shutdown().await
            };
            // Whoever does not take it is not waited for.
            let _ = timeout(FAREWELL_TIMEOUT, told).await;
        }
        why
    }
}

/// Checks an incoming connection's CONFIRM_B.
pub fn show(mut confirm: HostConfirm, incoming: Incoming) -> Shown {
    let (confirm_a, established) = match confirm.confirm(&incoming.first) {
        Ok((confirm_a, Some(established))) => (confirm_a, established),
        Err(why) if why.is_authentic() => return unfit(why, &confirm, incoming),
        Ok((_, None)) | Err(_) => return Shown::Stranger(Box::new(confirm), incoming),
    };
    let Established { peer, link, resume } = established;
    match Channel::new(link) {
        Ok(channel) => Shown::Confirmed(Box::new(Confirmed {
            confirm,
            confirm_a,
            channel,
            ways: vec![incoming],
            introduced: false,
            better_until: Instant::now() + BETTER_PATH_TIMEOUT,
            peer,
            resume,
        })),
        Err(_) => unfit(PairingError::Point, &confirm, incoming),
    }
}

fn unfit(why: PairingError, confirm: &HostConfirm, incoming: Incoming) -> Shown {
    let older = matches!(
        why,
        PairingError::TheyAreOlder(_) | PairingError::WeAreOlder(_)
    );
    let answer = match older {
        true => Some(confirm.refusal(&incoming.first)),
        false => None,
    };
    Shown::Unfit(Box::new(Unfit {
        why,
        answer,
        incoming,
    }))
}
