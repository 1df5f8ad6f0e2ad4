//! The host's way to a link. The first valid CONFIRM_B settles the pairing's
//! keys; CONFIRM_A and `go`, made once, answer every socket that shows that very
//! CONFIRM_B; the link is the socket on which the guest's answer opens.
//!
//! So a stranger who copies a CONFIRM_B on its way, and is faster, is answered
//! and learns nothing; the guest's own socket is answered as well.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::Ready;
use super::crowd::Crowd;
use super::door::Visitor;
use super::frame::FrameReader;
use crate::crypto::keys::ResumeSecret;
use crate::pairing::{CONFIRM_A_LEN, Established, HostConfirm, Peer};
use crate::payload::Payload;
use crate::session::record::{BODY_MAX, BODY_MIN, Channel, PREFIX_LEN, RecordError};

/// A `go` that is not answered within this time was sent into the void.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// When every socket that heard it has closed, the next one may take this long: a
/// guest that took another way has hung up, and the live link is not to be frozen
/// for it.
const NEXT_SOCKET_WITHIN: Duration = Duration::from_secs(1);

/// A visitor whose CONFIRM_B is the first valid one of its pairing.
pub struct Confirmed {
    confirm: HostConfirm,
    confirm_a: [u8; CONFIRM_A_LEN],
    channel: Channel,
    visitor: Visitor,
    /// Who is there.
    pub peer: Peer,
    /// What a session that begins here is resumed by.
    pub resume: Arc<ResumeSecret>,
}

/// What became of a visitor that was shown to a pairing.
pub enum Shown {
    /// It is the guest.
    Confirmed(Box<Confirmed>),
    /// Its CONFIRM_B is not this pairing's; the pairing waits on.
    Stranger(Box<HostConfirm>, Visitor),
}

/// Checks a visitor's CONFIRM_B.
pub fn show(mut confirm: HostConfirm, visitor: Visitor) -> Shown {
    let Ok((confirm_a, Some(established))) = confirm.confirm(&visitor.first) else {
        return Shown::Stranger(Box::new(confirm), visitor);
    };
    let Established { peer, link, resume } = established;
    match Channel::new(link) {
        Ok(channel) => Shown::Confirmed(Box::new(Confirmed {
            confirm,
            confirm_a,
            channel,
            visitor,
            peer,
            resume,
        })),
        Err(_) => Shown::Stranger(Box::new(confirm), visitor),
    }
}

/// A `go` that waits for its answer.
pub struct Nomination {
    confirm: HostConfirm,
    channel: Channel,
    peer: Peer,
    resume: Arc<ResumeSecret>,
    /// CONFIRM_A and `go`, framed.
    greeting: Vec<u8>,
    sockets: Crowd<Option<(Visitor, Vec<u8>)>>,
    /// When it is given up, and at the very latest.
    deadline: Instant,
    latest: Instant,
}

impl Confirmed {
    /// Sends `go`, the session's, to this visitor.
    ///
    /// # Errors
    /// When it cannot be sealed, which a fresh channel always can.
    pub fn nominate(self, go: &Payload<'_>) -> Result<Nomination, RecordError> {
        let Confirmed {
            confirm,
            confirm_a,
            mut channel,
            visitor,
            peer,
            resume,
        } = self;
        let now = Instant::now();
        let prefix = u32::try_from(confirm_a.len())
            .unwrap_or_default()
            .to_be_bytes();
        let mut greeting = Vec::with_capacity(PREFIX_LEN + CONFIRM_A_LEN + PREFIX_LEN + BODY_MIN);
        greeting.extend_from_slice(&prefix);
        greeting.extend_from_slice(&confirm_a);
        channel.seal(now.into_std(), &mut greeting, |buf| go.encode(buf))?;
        let mut nomination = Nomination {
            confirm,
            channel,
            peer,
            resume,
            greeting,
            sockets: Crowd::new(),
            deadline: now + ANSWER_WITHIN,
            latest: now + ANSWER_WITHIN,
        };
        nomination.greet(visitor);
        Ok(nomination)
    }
}

impl Nomination {
    /// Shows a further visitor to the pairing: answered if its CONFIRM_B is byte
    /// for byte the first one's, given back otherwise.
    pub fn admit(&mut self, visitor: Visitor) -> Option<Visitor> {
        if self.confirm.confirm(&visitor.first).is_err() {
            return Some(visitor);
        }
        self.greet(visitor);
        None
    }

    fn greet(&mut self, visitor: Visitor) {
        self.deadline = self.latest;
        let greeting = self.greeting.clone();
        self.sockets.admit(visitor.address.ip(), async move {
            let Visitor {
                mut stream,
                mut reader,
                first,
                address,
            } = visitor;
            let record = exchange(&mut stream, &mut reader, &greeting).await?;
            Some((
                Visitor {
                    stream,
                    reader,
                    first,
                    address,
                },
                record,
            ))
        });
    }

    /// Waits for the guest's answer; `None` if it does not come. Cancel-safe.
    pub async fn answered(&mut self) -> Option<Answer> {
        loop {
            let ended = match timeout_at(self.deadline, self.sockets.next()).await {
                Ok(Some(ended)) => ended.flatten(),
                // All sockets are gone: another may yet come, soon.
                Ok(None) => {
                    self.deadline = self.deadline.min(Instant::now() + NEXT_SOCKET_WITHIN);
                    tokio::time::sleep_until(self.deadline).await;
                    return None;
                }
                Err(_) => return None,
            };
            let Some((visitor, mut record)) = ended else {
                continue;
            };
            let Ok(plaintext) = self.channel.open(&mut record) else {
                continue;
            };
            return Some(Answer {
                plaintext: plaintext.to_vec(),
                visitor,
            });
        }
    }

    /// The link on which this answer came.
    pub fn into_ready(self, answer: Answer) -> Ready {
        let Answer {
            visitor:
                Visitor {
                    stream,
                    reader,
                    address,
                    ..
                },
            plaintext,
        } = answer;
        let Nomination {
            channel,
            peer,
            resume,
            ..
        } = self;
        Ready {
            stream,
            reader,
            address,
            channel,
            plaintext,
            peer,
            resume,
        }
    }
}

/// The guest's answer to `go`, and the socket on which it opened.
pub struct Answer {
    visitor: Visitor,
    plaintext: Vec<u8>,
}

async fn exchange(
    stream: &mut TcpStream,
    reader: &mut FrameReader,
    greeting: &[u8],
) -> Option<Vec<u8>> {
    stream.write_all(greeting).await.ok()?;
    reader.read(stream, BODY_MIN..=BODY_MAX).await.ok()
}
