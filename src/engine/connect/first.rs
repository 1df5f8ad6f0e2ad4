//! What the first meeting keeps through all its attempts: what was told of it, when it began, and
//! what becomes of an attempt that failed.

use std::time::Duration;

use tokio::time::Instant;
use undertone_core::pairing::{PairingError, Role};

use crate::engine::connect::Connected;
use crate::engine::connect::backoff::Backoff;
use crate::engine::connect::pair::Failure;
use crate::engine::connect::progress::Progress;
use crate::engine::connect::spending::Spending;
use crate::engine::event::{Event, Wait};
use crate::engine::mediator::MediatorHandle;
use crate::engine::mediator::links::invites;
use crate::engine::{ChatError, Context, Made};
use crate::link::ranking::Reach;

/// The first meeting, through all its attempts.
pub(super) struct FirstMeeting<'a> {
    context: &'a Context,
    spending: &'a Spending,
    /// The person was told the room and how to come there.
    pub(super) told: bool,
    begun: Instant,
    /// After attempts that cost nothing: nobody makes us hurry.
    refusals: Backoff,
}

impl<'a> FirstMeeting<'a> {
    pub(super) fn new(context: &'a Context, spending: &'a Spending) -> Self {
        Self {
            context,
            spending,
            told: false,
            begun: Instant::now(),
            refusals: Backoff::default(),
        }
    }

    /// Tells how far an attempt is.
    pub(super) fn tell(&mut self, local: &MediatorHandle, progress: Progress) {
        let context = self.context;
        match progress {
            Progress::Seated { expires_in } => {
                if !std::mem::replace(&mut self.told, true) {
                    context.tell(waiting(context, local, expires_in));
                    for message in remarks(context, local) {
                        context.note(&message);
                    }
                }
                context.tell(Event::Wait(Wait::Seated));
            }
            Progress::Paired => {}
            Progress::Matched => context.tell(Event::Wait(Wait::Connecting)),
        }
    }

    /// Somebody was met: settles what an attempt had spent.
    pub(super) fn succeeded(&self, met: Connected) -> Connected {
        match met.how.again {
            false => self.spending.succeeded(),
            // Somebody else was about to come by the invite.
            true => {
                let spent = self.spending.broken_off();
                spent
                    .into_iter()
                    .for_each(|spent| self.context.tell(spent.event()));
            }
        }
        met
    }

    /// Somebody came, and it went wrong: the error, unless it may be tried again.
    pub(super) async fn failed(
        &mut self,
        role: Role,
        spent: bool,
        why: Failure,
    ) -> Result<(), ChatError> {
        let has_secret = self.context.config.room.secret().is_some();
        let why = match why {
            Failure::Pairing(PairingError::Secret) if !has_secret => Failure::NoSecret,
            why => why,
        };
        if !spent && self.spending.is_under_way() {
            // It was the peer, whose program will be the same the next time.
            self.spending.succeeded();
            return Err(ChatError::Attempt { spent, why });
        }
        let left = self.spending.failed();
        match role {
            _ if left == 0 => return Err(ChatError::InviteDead { why }),
            Role::Guest => return Err(ChatError::Attempt { spent, why }),
            Role::Host => self.context.tell(attempt_failed(spent, &why, left)),
        }
        if !spent {
            self.refusals.pause().await;
        }
        Ok(())
    }

    /// How much of the time that was asked for is left.
    pub(super) fn left(&self) -> Option<Duration> {
        let limit = self.context.config.timeout?;
        Some(limit.saturating_sub(self.begun.elapsed()))
    }

    /// Starts a mediator of ours again if it has ended. Where it is reached elsewhere now, the
    /// person is told anew.
    pub(super) async fn revive(&mut self, local: &mut MediatorHandle) {
        let invites = local.others.clone();
        if let Some(message) = local.revive().await {
            self.context.note(&message);
        }
        if local.others != invites {
            self.told = false;
        }
    }
}

fn waiting(context: &Context, local: &MediatorHandle, expires_in: u64) -> Event {
    let (links, reach) = invites(&local.others, &context.config.room);
    let mut links = links.into_iter();
    Event::Waiting {
        room: context.config.room.name().to_owned(),
        invite: links.next().unwrap_or_default(),
        more_invites: links.collect(),
        reach,
        expires_in,
        made_up: context.config.made_up,
    }
}

/// What is to be known of a mediator on this machine.
fn remarks(context: &Context, local: &MediatorHandle) -> Vec<String> {
    let port = local.access.route.mediator.port();
    let mut remarks = Vec::new();
    if let Some(taken) = local.instead_of {
        remarks.push(format!(
            "another program has port {taken} here, so the mediator has port {port}, as in the invite"
        ));
    }
    let url = &local.access.route.mediator;
    let is_for_anyone = context.config.to_itself == Some(Made::Elsewhere) && url.is_loopback();
    if is_for_anyone && !local.is_embedded() {
        remarks.push(format!(
            "the mediator {url} is this machine itself: nobody elsewhere can use this link. If it was made elsewhere, ask for another one"
        ));
    }
    if context.config.listening.bind.is_some() {
        return remarks;
    }
    if local.is_embedded() {
        remarks.push(format!(
            "this program is the mediator, and listens on port {port} of all interfaces; --bind ADDRESS keeps it to one"
        ));
    }
    let mut reach = local.others.iter().map(|link| link.reach);
    if context.config.mediator.is_none() && reach.all(|reach| reach == Some(Reach::Machine)) {
        remarks.push(
            "this machine has no address that others could reach: the invite works here only"
                .into(),
        );
    }
    remarks
}

fn attempt_failed(spent: bool, why: &Failure, left: u32) -> Event {
    let consequence = if spent {
        format!(" This attempt is spent; {left} left for this invite. Waiting again.")
    } else {
        " Waiting again.".to_owned()
    };
    let code = if spent { "spent" } else { "attempt" };
    let hint = format!("{}{consequence}", why.advice());
    Event::error(code, &why.to_string(), &hint)
}
