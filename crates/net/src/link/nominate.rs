//! The host's way to a link. The first valid CONFIRM_B settles the pairing's
//! keys; whoever shows that very CONFIRM_B within a moment is a way to the guest
//! too. CONFIRM_A and `go`, made once, go out on the best of them; where no answer
//! comes, on all. The link is the socket on which the guest's answer opens.
//!
//! So a stranger who copies a CONFIRM_B on its way, and is faster, is answered
//! and learns nothing; the guest's own socket is answered as well.

mod shown;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use undertone_core::crypto::keys::ResumeSecret;
use undertone_core::pairing::{HostConfirm, PeerIdentity};
use undertone_core::payload::Payload;
use undertone_core::session::record::{BODY_MAX, BODY_MIN, Channel, RecordError};

use super::Ready;
use super::frame::{FrameReader, framed};
use super::incoming::Incoming;
use super::path::Path;
use super::pending::{Pending, UNCONFIRMED_MAX};
use super::stream::Stream;
pub use shown::{Shown, Unfit, show};

/// A `go` that is not answered within this time was sent into the void.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// When every socket that heard it has closed, the next one may take this long: a
/// guest that took another way has hung up, and the live link is not to be frozen
/// for it.
const NEXT_SOCKET_TIMEOUT: Duration = Duration::from_secs(1);
/// A better way may come so long after the first.
const BETTER_PATH_TIMEOUT: Duration = Duration::from_millis(200);
/// CONFIRM_A is written within this time: a fresh socket takes it at once.
const INTRODUCE_TIMEOUT: Duration = Duration::from_millis(100);
/// When the best way has not answered for so long, all the others are tried.
const OTHERS_AFTER: Duration = Duration::from_millis(500);

/// The guest of a pairing, and the ways to it.
pub struct Confirmed {
    confirm: HostConfirm,
    confirm_a: Box<[u8]>,
    channel: Channel,
    ways: Vec<Incoming>,
    /// CONFIRM_A went out on the first of the ways, which is the best.
    introduced: bool,
    better_until: Instant,
    /// Who is there.
    pub peer: PeerIdentity,
    /// What a session that begins here is resumed by.
    pub resume: Arc<ResumeSecret>,
}

impl fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmed")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// A `go` that waits for its answer.
pub struct Nomination {
    confirm: HostConfirm,
    channel: Channel,
    peer: PeerIdentity,
    resume: Arc<ResumeSecret>,
    /// CONFIRM_A and `go`, framed.
    greeting: Vec<u8>,
    /// Not yet greeted: others than the best way.
    others: Vec<Incoming>,
    /// When they are.
    others_at: Instant,
    sockets: Pending<Option<(Incoming, Vec<u8>)>>,
    /// When it is given up, and at the very latest.
    deadline: Instant,
    latest: Instant,
}

impl fmt::Debug for Nomination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nomination")
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl Confirmed {
    /// Takes a further way to the guest: its CONFIRM_B must be byte for byte the
    /// first one's. Given back otherwise.
    pub fn admit(&mut self, incoming: Incoming) -> Option<Incoming> {
        if self.confirm.confirm(&incoming.first).is_err() {
            return Some(incoming);
        }
        if self.ways.len() < UNCONFIRMED_MAX {
            self.ways.push(incoming);
        }
        None
    }

    /// Until when a better way may come; `None` where there is none better, or
    /// somebody copies CONFIRM_B.
    pub fn better_until(&self) -> Option<Instant> {
        let best = self.ways.iter().any(|way| way.listed && way.path.is_best());
        let enough = best || self.ways.len() >= UNCONFIRMED_MAX;
        (!enough).then_some(self.better_until)
    }

    /// There is no other way than this one.
    pub fn only_way(mut self: Box<Self>) -> Box<Self> {
        self.better_until = Instant::now();
        self
    }

    /// Sends CONFIRM_A on the best way, ahead of `go`: the guest sees who we are while we are busy.
    /// It stays the best one.
    pub async fn introduce(&mut self) {
        self.ways.sort_by_key(rank);
        if let Some(best) = self.ways.first_mut() {
            let confirm_a = framed(&self.confirm_a);
            let sent = best.stream.write_small(&confirm_a);
            // Where it does not go out, neither does `go`, and the others are tried.
            let _ = timeout(INTRODUCE_TIMEOUT, sent).await;
            self.introduced = true;
        }
    }

    /// Sends `go`, the session's, on the best way.
    ///
    /// # Errors
    /// When it cannot be sealed, which a fresh channel always can.
    pub fn nominate(self, go: &Payload<'_>) -> Result<Nomination, RecordError> {
        let Self {
            confirm,
            confirm_a,
            mut channel,
            mut ways,
            introduced,
            better_until: _,
            peer,
            resume,
        } = self;
        let now = Instant::now();
        let confirm_a = framed(&confirm_a);
        let mut greeting = confirm_a.clone();
        channel.seal(now.into_std(), &mut greeting, |buf| go.encode(buf))?;
        // Where that was done before, the order stays.
        ways.sort_by_key(rank);
        let mut others = ways.into_iter();
        let best = others.next();
        let mut nomination = Nomination {
            confirm,
            channel,
            peer,
            resume,
            greeting,
            others: others.collect(),
            others_at: now + OTHERS_AFTER,
            sockets: Pending::new(),
            deadline: now + ANSWER_TIMEOUT,
            latest: now + ANSWER_TIMEOUT,
        };
        if let Some(best) = best {
            let said = if introduced { confirm_a.len() } else { 0 };
            nomination.greet(best, said);
        }
        Ok(nomination)
    }
}

/// The best way has the least. Who comes from an address that the guest did not give may
/// be somebody in between, the mediator for one, who hands on all that both say.
fn rank(way: &Incoming) -> (bool, bool, Path) {
    (way.path.is_relay(), !way.listed, way.path)
}

impl Nomination {
    /// Shows a further connection to the pairing: answered if its CONFIRM_B is byte
    /// for byte the first one's, given back otherwise.
    pub fn admit(&mut self, incoming: Incoming) -> Option<Incoming> {
        if self.confirm.confirm(&incoming.first).is_err() {
            return Some(incoming);
        }
        self.deadline = self.latest;
        self.others.push(incoming);
        if self.others.len() >= UNCONFIRMED_MAX {
            self.others_at = Instant::now();
        }
        None
    }

    /// Of the greeting, so many bytes are `said`.
    fn greet(&mut self, incoming: Incoming, said: usize) {
        let greeting = self.greeting.get(said..).unwrap_or_default().to_vec();
        let ip = incoming.path.address().ip();
        self.sockets.admit(ip, async move {
            let Incoming {
                mut stream,
                mut reader,
                first,
                path,
                listed,
            } = incoming;
            let record = exchange(&mut stream, &mut reader, &greeting).await?;
            Some((
                Incoming {
                    stream,
                    reader,
                    first,
                    path,
                    listed,
                },
                record,
            ))
        });
    }

    /// Waits for the guest's answer; `None` if it does not come. Cancel-safe.
    pub async fn answered(&mut self) -> Option<Answer> {
        loop {
            let ended = tokio::select! {
                biased;
                Some(ended) = self.sockets.next() => ended.flatten(),
                () = sleep_until(self.others_at), if !self.others.is_empty() => {
                    for incoming in std::mem::take(&mut self.others) {
                        self.greet(incoming, 0);
                    }
                    continue;
                }
                () = sleep_until(self.deadline) => return None,
            };
            match ended {
                Some((incoming, mut record)) => {
                    if let Ok(plaintext) = self.channel.open(&mut record) {
                        return Some(Answer {
                            plaintext: plaintext.to_vec(),
                            incoming,
                        });
                    }
                }
                None => self.others_at = Instant::now(),
            }
            // After the last way another may yet come, soon.
            if self.sockets.is_empty() && self.others.is_empty() {
                self.deadline = self.deadline.min(Instant::now() + NEXT_SOCKET_TIMEOUT);
            }
        }
    }

    /// The link on which this answer came.
    pub fn into_ready(self, answer: Answer) -> Ready {
        let Answer {
            incoming:
                Incoming {
                    stream,
                    reader,
                    path,
                    ..
                },
            plaintext,
        } = answer;
        let Self {
            channel,
            peer,
            resume,
            ..
        } = self;
        Ready {
            stream,
            reader,
            path,
            channel,
            plaintext,
            peer,
            resume,
        }
    }
}

/// The guest's answer to `go`, and the socket on which it opened.
pub struct Answer {
    incoming: Incoming,
    plaintext: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("incoming", &self.incoming)
            .finish_non_exhaustive()
    }
}

async fn exchange(
    stream: &mut Stream,
    reader: &mut FrameReader,
    greeting: &[u8],
) -> Option<Vec<u8>> {
    stream.write_small(greeting).await.ok()?;
    reader.read(stream, BODY_MIN..=BODY_MAX).await.ok()
}

#[cfg(test)]
mod tests;
