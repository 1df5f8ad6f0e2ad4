//! From streams of bytes to the link of a session: CONFIRM both ways, `go` and its answer, for a
//! caller that has no socket of its own to wait on, as a browser's page.
//!
//! ```text
//! guest  CONFIRM_B on every stream        host  CONFIRM_A ‖ go on every one that showed it
//! guest  its answer where `go` came first: that stream is the link
//! ```
//!
//! Streams come and go meanwhile; what one of them says that is not the peer's ends that one alone.
//! Who came is told before anything is shown of it: a session that begins here is blocked until
//! [`Session::unblock`].

mod progress;

use std::fmt;

use crate::crypto::keys::PublicKey;
use crate::frame::{Frames, framed};
use crate::pairing::{
    CONFIRM_A_LEN, CONFIRM_B_LEN, CONFIRM_MAX, Established, GuestConfirm, HostConfirm,
    PairingError, PeerIdentity, Role,
};
use crate::session::record::{BODY_MAX, BODY_MIN, Channel};
use crate::session::{Ends, Fault, LinkId, RENEW_EVERY, Session};
use crate::time::Instant;
pub use progress::{OpeningError, Progress, Way};

/// The most streams at a time; a further one is not taken.
pub const WAYS_MAX: usize = 4;

/// One pairing, from CONFIRM to its link.
pub struct Opening {
    side: Side,
    ours: PublicKey,
    name: String,
    streams: Vec<Stream>,
    /// The record layer, once both have confirmed.
    channel: Option<Channel>,
    /// Host: CONFIRM_A and `go`, framed.
    greeting: Vec<u8>,
}

enum Side {
    Host(Box<HostConfirm>),
    Guest(Box<GuestConfirm>),
}

struct Stream {
    link: LinkId,
    frames: Frames,
    /// Their CONFIRM came on it.
    confirmed: bool,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("role", &self.role())
            .field("streams", &self.streams.len())
            .finish_non_exhaustive()
    }
}

impl Opening {
    /// As the host, who has this identity key and display name.
    #[must_use]
    pub fn host(confirm: HostConfirm, ours: PublicKey, name: &str) -> Self {
        Self::of(Side::Host(Box::new(confirm)), ours, name)
    }

    /// As the guest.
    #[must_use]
    pub fn guest(confirm: GuestConfirm, ours: PublicKey, name: &str) -> Self {
        Self::of(Side::Guest(Box::new(confirm)), ours, name)
    }

    fn of(side: Side, ours: PublicKey, name: &str) -> Self {
        Self {
            side,
            ours,
            name: name.to_owned(),
            streams: Vec::new(),
            channel: None,
            greeting: Vec::new(),
        }
    }

    /// Our role in this pairing.
    #[must_use]
    pub fn role(&self) -> Role {
        match self.side {
            Side::Host(_) => Role::Host,
            Side::Guest(_) => Role::Guest,
        }
    }

    /// A stream is there: gives what is to be written first on it. `None` where it is one too many,
    /// and to be closed.
    pub fn open(&mut self, link: LinkId) -> Option<Vec<u8>> {
        if self.streams.len() >= WAYS_MAX {
            return None;
        }
        self.streams.push(Stream {
            link,
            frames: Frames::default(),
            confirmed: false,
        });
        Some(match &self.side {
            Side::Host(_) => Vec::new(),
            Side::Guest(confirm) => framed(confirm.confirm_b()),
        })
    }

    /// A stream is gone. Says whether there is another one.
    pub fn lost(&mut self, link: LinkId) -> bool {
        self.streams.retain(|stream| stream.link != link);
        !self.streams.is_empty()
    }

    /// Takes bytes from a stream. `session` is the one that goes on, or where it begins.
    pub fn receive(
        &mut self,
        link: LinkId,
        bytes: &[u8],
        session: &mut Option<Session>,
        now: Instant,
    ) -> Progress {
        let mut progress = Progress::default();
        let position = self.streams.iter().position(|stream| stream.link == link);
        let Some(mut stream) = position.map(|at| self.streams.swap_remove(at)) else {
            progress.way = Way::Closed;
            return progress;
        };
        stream.frames.push(bytes);
        progress.way = match self.advance(&mut stream, session, now, &mut progress) {
            Ok(Next::Wait) => {
                self.streams.push(stream);
                Way::Open
            }
            Ok(Next::Live) => Way::Live(stream.frames),
            Ok(Next::Stranger) => Way::Closed,
            Err(error) => Way::Failed(error),
        };
        progress
    }

    /// Goes as far as the bytes of this stream lead.
    fn advance(
        &mut self,
        stream: &mut Stream,
        session: &mut Option<Session>,
        now: Instant,
        progress: &mut Progress,
    ) -> Result<Next, OpeningError> {
        if !stream.confirmed {
            let least = match self.side {
                Side::Host(_) => CONFIRM_B_LEN,
                Side::Guest(_) => CONFIRM_A_LEN,
            };
            let confirm = match stream.frames.next_frame(&(least..=CONFIRM_MAX)) {
                Ok(Some(body)) => body.to_vec(),
                Ok(None) => return Ok(Next::Wait),
                Err(_) => return Ok(Next::Stranger),
            };
            match self.confirmed(&confirm, session, now, progress) {
                Ok(()) => stream.confirmed = true,
                Err(OpeningError::Pairing(error)) if !error.is_authentic() => {
                    return Ok(Next::Stranger);
                }
                Err(error) => return Err(error),
            }
        }
        let record = match stream.frames.next_frame(&(BODY_MIN..=BODY_MAX)) {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(Next::Wait),
            Err(_) => return Ok(Next::Stranger),
        };
        let (Some(channel), Some(session)) = (&mut self.channel, session) else {
            return Ok(Next::Stranger);
        };
        let Ok(plaintext) = channel.open(record) else {
            return Ok(Next::Stranger);
        };
        let Some(channel) = self.channel.take() else {
            return Ok(Next::Stranger);
        };
        let counts = match self.side {
            Side::Host(_) => session.link_answered(stream.link, channel, plaintext, now),
            Side::Guest(_) => session.link_opened(stream.link, channel, plaintext, now),
        };
        match counts {
            Ok(()) => Ok(Next::Live),
            Err(Fault::Stale) => Ok(Next::Stranger),
            Err(fault) => Err(fault.into()),
        }
    }

    /// Their CONFIRM came: the first valid one gives the keys.
    fn confirmed(
        &mut self,
        confirm: &[u8],
        session: &mut Option<Session>,
        now: Instant,
        progress: &mut Progress,
    ) -> Result<(), OpeningError> {
        match &mut self.side {
            Side::Guest(ours) => {
                let established = ours.confirm(confirm)?;
                if self.channel.is_none() {
                    let Established { peer, link, resume } = established;
                    self.channel = Some(Channel::new(link)?);
                    begin(session, &peer, self.ours, &self.name, || {
                        Session::new(Role::Guest, resume)
                    });
                    progress.peer = Some(peer);
                }
            }
            Side::Host(ours) => {
                let confirmed = ours.confirm(confirm);
                if let Err(PairingError::TheyAreOlder(_) | PairingError::WeAreOlder(_)) = confirmed
                {
                    // It learns of it from us, too.
                    progress.write = framed(&ours.refusal(confirm));
                }
                if let (confirm_a, Some(established)) = confirmed? {
                    let Established { peer, link, resume } = established;
                    let mut channel = Channel::new(link)?;
                    let session = begin(session, &peer, self.ours, &self.name, || {
                        Session::new(Role::Host, resume)
                    });
                    let go = session.nominate();
                    self.greeting = framed(&confirm_a);
                    channel.seal(now, &mut self.greeting, |buf| go.encode(buf))?;
                    self.channel = Some(channel);
                    progress.peer = Some(peer);
                }
                progress.write.clone_from(&self.greeting);
            }
        }
        Ok(())
    }

    /// No link comes of it any more: the session goes on as it did before.
    pub fn give_up(self, session: Option<&mut Session>, now: Instant) {
        if let (Side::Host(_), Some(session)) = (self.side, session)
            && !self.greeting.is_empty()
        {
            session.go_failed(now);
        }
    }
}

/// How it goes on with a stream.
enum Next {
    Wait,
    Live,
    /// Who is there is not the peer.
    Stranger,
}

/// The session that goes on, or a new one, blocked.
fn begin<'a>(
    session: &'a mut Option<Session>,
    peer: &PeerIdentity,
    ours: PublicKey,
    name: &str,
    new: impl FnOnce() -> Session,
) -> &'a mut Session {
    session.get_or_insert_with(|| {
        let mut session = new().between(Ends {
            ours,
            theirs: peer.identity,
            name: name.to_owned(),
            renew_every: RENEW_EVERY,
        });
        session.block();
        session
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;
