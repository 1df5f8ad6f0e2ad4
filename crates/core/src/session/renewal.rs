//! Fresh keys inside of a live link: a pairing as for another link, whose messages travel as payloads
//! of the old one (PROTOCOL.md §8). So what a thief has of this end, or a quantum computer makes of a
//! record, is worth nothing after at most an hour.
//!
//! ```text
//! guest  OFFER_B                     host  OFFER_A, SEALED_A
//! guest  SEALED_B, CONFIRM_B         host  CONFIRM_A  │ go, under the new keys
//!                                    guest  its answer, under the new keys
//! ```
//!
//! The guest begins. Nothing is said under the old keys behind CONFIRM_A by the host, nor by the guest
//! once it has that; what was under way is read all the same. A cut drops all of it.

use std::time::Duration;

use crate::time::Instant;

use super::record::{Channel, RecordError};
use super::{Event, Fault, LinkId, Session};
use crate::crypto::keys::{PublicKey, SharedSecret, random};
use crate::pairing::{
    AwaitAgreement, AwaitSealed, Candidates, Established, GuestConfirm, Meeting, Offering,
    PairingError, Role,
};
use crate::payload::{Payload, Renewal as Step};

/// How often keys are renewed, ± 10 %.
pub const RENEW_EVERY: Duration = Duration::from_secs(60 * 60);

/// A renewal takes so long at the most; whoever cannot finish one looks for the peer anew.
pub(super) const RENEW_WITHIN: Duration = Duration::from_secs(30);

/// Who the two ends of a session are, as a renewal shows it.
#[derive(Clone, Debug)]
pub struct Ends {
    /// Our identity key.
    pub ours: PublicKey,
    /// The peer's, which is required.
    pub theirs: PublicKey,
    /// Our display name.
    pub name: String,
    /// How often keys are renewed: [`RENEW_EVERY`].
    pub renew_every: Duration,
}

/// How far a renewal is.
pub(super) enum Renewal {
    /// Guest: OFFER_B is out.
    Offered(Box<Offering>),
    /// Host: OFFER_A and SEALED_A are.
    AwaitSealed(Box<AwaitSealed>),
    /// Our identity's agreement with the peer's ephemeral key is awaited; beside it what then goes
    /// out (guest: SEALED_B) or is checked (host: CONFIRM_B).
    Agreeing(Box<AwaitAgreement>, Vec<u8>),
    /// Guest: SEALED_B and CONFIRM_B are out.
    Confirming(Box<GuestConfirm>),
    /// Host: CONFIRM_A goes out with the next record, and `go` behind it.
    Confirmed(Box<Channel>, Vec<u8>),
    /// Host: `go` with this number is out, and its answer awaited.
    Switching(Box<Channel>, u64),
    /// Guest: the next record is `go`.
    Opening(Box<Channel>),
}

/// When keys are renewed that begin now: ± 10 % at random, so that conversations that began together
/// do not keep step.
fn renew_at(now: Instant, every: Duration) -> Instant {
    let [jitter] = random::<1>();
    now + every.mul_f64(0.9 + 0.2 * f64::from(jitter) / 255.0)
}

impl From<PairingError> for Fault {
    fn from(_: PairingError) -> Self {
        Self::Misbehaved("a renewal of keys that fails")
    }
}

impl Session {
    /// From now on the keys of a live link are renewed, between these two.
    #[must_use]
    pub fn between(mut self, ends: Ends) -> Self {
        self.ends = Some(ends);
        self
    }

    /// Guest: begins a renewal if it is time for one.
    pub(super) fn renew(&mut self, now: Instant) {
        let due = self.renew_at.is_some_and(|at| now >= at);
        if self.role != Role::Guest || !due || self.renewal.is_some() {
            return;
        }
        self.renew_at = None;
        self.renew_by = Some(now + RENEW_WITHIN);
        let Some(offering) = self.offering() else {
            return;
        };
        Payload::Renewal(Step::Offer(offering.offer())).encode(&mut self.renewing);
        self.renewal = Some(Renewal::Offered(Box::new(offering)));
    }

    /// Whether keys are older than they may be: somebody keeps the two from renewing them, perhaps
    /// because it has the old ones. Another link takes what it has not, an identity.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        let host_waits = self.role == Role::Host && self.renewal.is_none();
        let due = self.renew_at.filter(|_| host_waits);
        self.renew_by.or(due).is_some_and(|by| now >= by)
    }

    /// An attempt between the two, by what this session is resumed by.
    fn offering(&self) -> Option<Offering> {
        let (ends, resume) = (self.ends.as_ref()?, self.resume.as_ref()?);
        let meeting = Meeting::derived(&resume.room(), &resume.secret());
        Some(Offering::new(meeting, ends.ours))
    }

    /// The next message of a renewal came in.
    pub(super) fn take_renewal(&mut self, step: Step<'_>, now: Instant) -> Result<(), Fault> {
        self.renewal_sent = 0;
        let Some(pin) = self.ends.as_ref().map(|ends| ends.theirs) else {
            return Err(Fault::Misbehaved("a renewal of keys between nobody"));
        };
        let next = match (self.role, self.renewal.take(), step) {
            (Role::Host, None, Step::Offer(theirs)) => {
                self.renew_by = Some(now + RENEW_WITHIN);
                let offering = self.offering().ok_or(OUT_OF_TURN)?;
                let offer = offering.offer().to_vec();
                let (awaiting, sealed) =
                    offering.paired(Role::Host, theirs, &Candidates::default())?;
                Payload::Renewal(Step::Offered {
                    offer: &offer,
                    sealed: &sealed,
                })
                .encode(&mut self.renewing);
                Renewal::AwaitSealed(Box::new(awaiting))
            }
            (Role::Guest, Some(Renewal::Offered(offering)), Step::Offered { offer, sealed }) => {
                let (awaiting, ours) =
                    offering.paired(Role::Guest, offer, &Candidates::default())?;
                self.agree(awaiting.sealed(sealed, Some(&pin))?, ours)
            }
            (
                Role::Host,
                Some(Renewal::AwaitSealed(awaiting)),
                Step::Sealed { sealed, confirm },
            ) => self.agree(awaiting.sealed(sealed, Some(&pin))?, confirm.to_vec()),
            (Role::Guest, Some(Renewal::Confirming(guest)), Step::Confirmed(confirm)) => {
                Renewal::Opening(channel(guest.confirm(confirm)?)?)
            }
            _ => return Err(OUT_OF_TURN),
        };
        self.renewal = Some(next);
        Ok(())
    }

    fn agree(&mut self, opened: AwaitAgreement, then: Vec<u8>) -> Renewal {
        let theirs = *opened.their_ephemeral();
        self.events.push_back(Event::Agree(theirs));
        Renewal::Agreeing(Box::new(opened), then)
    }

    /// Our identity's agreement with this key, which [`Event::Agree`] asked for. One that nobody
    /// waits for any more, as of the link before, is dropped.
    ///
    /// # Errors
    /// [`Fault`]: the link is forgotten and its socket to be closed.
    pub fn agreed(
        &mut self,
        theirs: &PublicKey,
        shared: SharedSecret,
    ) -> Result<(), (LinkId, Fault)> {
        let Some(Renewal::Agreeing(opened, then)) = self
            .renewal
            .take_if(|renewal| matches!(renewal, Renewal::Agreeing(opened, _) if opened.their_ephemeral() == theirs))
        else {
            return Ok(());
        };
        match self.confirm(*opened, shared, &then) {
            Ok(next) => {
                self.renewal = Some(next);
                Ok(())
            }
            Err(fault) => Err(self.lose_live(fault)),
        }
    }

    fn confirm(
        &mut self,
        opened: AwaitAgreement,
        shared: SharedSecret,
        then: &[u8],
    ) -> Result<Renewal, Fault> {
        let name = self.ends.as_ref().map(|ends| ends.name.clone());
        let (matched, name) = (opened.agreed(shared), name.unwrap_or_default());
        Ok(match self.role {
            Role::Guest => {
                let guest = matched.guest(&name)?;
                Payload::Renewal(Step::Sealed {
                    sealed: then,
                    confirm: guest.confirm_b(),
                })
                .encode(&mut self.renewing);
                Renewal::Confirming(Box::new(guest))
            }
            Role::Host => {
                let (confirm_a, established) = matched.host(&name)?.confirm(then)?;
                Renewal::Confirmed(
                    channel(established.ok_or(OUT_OF_TURN)?)?,
                    confirm_a.to_vec(),
                )
            }
        })
    }

    fn lose_live(&mut self, fault: Fault) -> (LinkId, Fault) {
        let id = self.live().unwrap_or(LinkId(0));
        self.link_lost(id);
        (id, fault)
    }

    /// Host: appends CONFIRM_A, the last under the old keys, and `go`, the first under the new ones,
    /// if it is time. Says whether it was.
    pub(super) fn switch(&mut self, now: Instant, out: &mut Vec<u8>) -> Result<bool, RecordError> {
        let received = self.reported();
        let confirmed = |renewal: &mut Renewal| matches!(renewal, Renewal::Confirmed(..));
        let (Some(live), Some(Renewal::Confirmed(mut channel, confirm_a))) =
            (&mut self.live, self.renewal.take_if(confirmed))
        else {
            return Ok(false);
        };
        self.links += 1;
        let (link, last) = (self.links, Payload::Renewal(Step::Confirmed(&confirm_a)));
        live.channel.seal(now, out, |buf| last.encode(buf))?;
        channel.seal(now, out, |buf| Payload::Go { link, received }.encode(buf))?;
        // It is to be answered.
        live.said(now);
        self.renewal = Some(Renewal::Switching(channel, link));
        self.renewal_sent = confirm_a.len();
        Ok(true)
    }

    /// Whether nothing is said now: the new keys are not yet known to both.
    pub fn is_switching(&self) -> bool {
        matches!(
            self.renewal,
            Some(Renewal::Switching(..) | Renewal::Opening(_))
        )
    }

    /// Takes a record of a link whose keys change: `true` where it was the first under the new ones.
    pub(super) fn take_first_renewed(
        &mut self,
        id: LinkId,
        body: &mut [u8],
        now: Instant,
    ) -> Result<bool, Fault> {
        match self.renewal.take() {
            Some(Renewal::Opening(mut channel)) => {
                let plaintext = channel.open(body)?.to_vec();
                self.link_opened(id, *channel, &plaintext, now)?;
                self.events.push_back(Event::Renewed);
                Ok(true)
            }
            Some(Renewal::Switching(mut channel, link)) => {
                // What the guest said before it had CONFIRM_A is under the old keys.
                let Ok(plaintext) = channel.open(body).map(|plaintext| plaintext.to_vec()) else {
                    self.renewal = Some(Renewal::Switching(channel, link));
                    return Ok(false);
                };
                self.link_switched((id, link), *channel, &plaintext, now)?;
                self.events.push_back(Event::Renewed);
                Ok(true)
            }
            other => {
                self.renewal = other;
                Ok(false)
            }
        }
    }

    /// Another link counts, or none: a renewal on the former one is dropped, and the next is due
    /// after the usual time.
    pub(super) fn drop_renewal(&mut self, now: Option<Instant>) {
        self.renewal = None;
        self.renewing.clear();
        self.renewal_sent = 0;
        self.renew_by = None;
        let every = self.ends.as_ref().map(|ends| ends.renew_every);
        self.renew_at = now.zip(every).map(|(now, every)| match self.role {
            Role::Guest => renew_at(now, every),
            // By then the guest's was due, and had its time.
            Role::Host => now + every.mul_f64(1.1) + 2 * RENEW_WITHIN,
        });
    }
}

const OUT_OF_TURN: Fault = Fault::Misbehaved("a renewal of keys out of turn");

fn channel(established: Established) -> Result<Box<Channel>, Fault> {
    Ok(Box::new(Channel::new(established.link)?))
}
