//! The first meeting: from a room to the first link of a session. After a spent
//! attempt (PROTOCOL.md §4) whoever waited takes its seat again with a fresh
//! OFFER, and after three the invite is dead. `attempt` is one of them, `spending`
//! counts them.

pub mod again;
mod attempt;
pub mod away;
pub mod backoff;
pub mod host;
pub mod listening;
pub mod pair;
mod spending;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use undertone_core::crypto::keys::PublicKey;
use undertone_core::pairing::{Meeting, Role};
use undertone_core::session::Session;

use crate::contacts::ContactsError;
use crate::engine::connect::again::{Again, CONTACTS_MAX};
pub use crate::engine::connect::attempt::{Goal, attempt};
use crate::engine::connect::away::Away;
use crate::engine::connect::backoff::Backoff;
use crate::engine::connect::host::HostAcceptor;
use crate::engine::connect::pair::{AttemptError, Failure, Progress};
pub use crate::engine::connect::spending::Spending;
use crate::engine::event::{Event, Wait};
use crate::engine::mediator::MediatorHandle;
use crate::engine::{ChatError, Context, Made};
use crate::link::Ready;
use crate::link::ranking::Reach;
use crate::store::aside;

/// What takes back that the mediator was away.
const BACK: &str = "the mediator is back, and you have your seat in the room";

/// The first link, and the session that it carries.
#[derive(Debug)]
pub struct Connected {
    /// Ours with the other one; the link is not yet part of it.
    pub session: Session,
    /// The first link.
    pub ready: Ready,
    /// Where a guest knocks once it is lost.
    pub knock_at: Option<SocketAddr>,
    /// The host's door, which stays open for the guest to come back.
    pub lobby: Option<HostAcceptor>,
    /// A contact was met by its key, and may not know the room's secret.
    pub again: bool,
}

/// Waits in the room until the other one is there and a link with it is up; or one of the
/// contacts last met there is met again. For as long as was asked for, whatever
/// the mediator does.
///
/// # Errors
/// [`ChatError`], when trying again is of no use.
pub async fn meet(
    context: &Context,
    local: &mut MediatorHandle,
    spending: &Spending,
) -> Result<Connected, ChatError> {
    let mut away = Away::new(|note: Option<&str>| {
        context.tell(Event::note(note.unwrap_or(BACK)));
    });
    let meeting = async {
        let met = met(context, local, spending, &mut away);
        match context.config.timeout {
            None => Ok(met.await),
            Some(limit) => timeout(limit, met).await.map_err(|_| limit),
        }
    };
    meeting.await.unwrap_or_else(|limit| {
        let spent = spending.broken_off();
        Err(spent.unwrap_or_else(|| match away.unreached() {
            Some(error) => ChatError::Mediator(error),
            None => ChatError::Nobody(limit),
        }))
    })
}

async fn met(
    context: &Context,
    local: &mut MediatorHandle,
    spending: &Spending,
    away: &mut Away<impl Fn(Option<&str>)>,
) -> Result<Connected, ChatError> {
    let contacts = met_here(context).await?;
    let mut first = FirstMeeting::new(context, spending);
    let mut unanswered = None;
    loop {
        let far = watch::Sender::new(None);
        let again = Again {
            context,
            local,
            contacts: contacts.clone(),
            first: far.subscribe(),
            head_start: Duration::ZERO,
        };
        let mut step = |progress| {
            first.tell(local, progress);
            far.send_replace(Some(progress));
        };
        let anyone = anyone(context, local, spending);
        let tried = Instant::now();
        let met = tokio::select! {
            met = attempt(context, local, anyone, &mut unanswered, &mut step) => met,
            met = again.met() => Ok(met),
            never = away.watch(far.subscribe()) => match never {},
        };
        away.ended(&far.borrow());
        local.reached |= away.reached();
        let error = match met {
            Ok(met) => return first.succeeded(met).await,
            Err(error) => error,
        };
        if first.told {
            context.tell(Event::Wait(Wait::Seated));
        }
        match error {
            AttemptError::Failed { role, spent, why } => first.failed(role, spent, why).await?,
            AttemptError::Spent(error) => return Err(*error),
            AttemptError::Listen(error) => return Err(ChatError::Listen(error)),
            AttemptError::Mediator(error) => {
                if !error.is_passing(local.reached) {
                    return Err(ChatError::Mediator(error));
                }
                if first.left().is_some_and(|left| away.exceeds(&error, left)) {
                    return Err(ChatError::MediatorLater(error));
                }
                away.wait(tried.elapsed(), Some(error)).await;
                first.revive(local).await;
            }
        }
    }
}

/// The first meeting, through all its attempts.
struct FirstMeeting<'a> {
    context: &'a Context,
    spending: &'a Spending,
    /// The person was told the room and how to come there.
    told: bool,
    begun: Instant,
    /// After attempts that cost nothing: nobody makes us hurry.
    refusals: Backoff,
}

impl<'a> FirstMeeting<'a> {
    fn new(context: &'a Context, spending: &'a Spending) -> Self {
        FirstMeeting {
            context,
            spending,
            told: false,
            begun: Instant::now(),
            refusals: Backoff::default(),
        }
    }

    /// Tells how far an attempt is.
    fn tell(&mut self, local: &MediatorHandle, progress: Progress) {
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
    async fn succeeded(&self, met: Connected) -> Result<Connected, ChatError> {
        match met.again {
            false => self.spending.succeeded().await?,
            // Somebody else was about to come by the invite.
            true => {
                let spent = self.spending.broken_off();
                spent
                    .into_iter()
                    .for_each(|spent| self.context.tell(spent.event()));
            }
        }
        Ok(met)
    }

    /// Somebody came, and it went wrong: the error, unless it may be tried again.
    async fn failed(&mut self, role: Role, spent: bool, why: Failure) -> Result<(), ChatError> {
        if !spent && self.spending.is_under_way() {
            // It was the other one, whose program will be the same the next time.
            self.spending.succeeded().await?;
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
    fn left(&self) -> Option<Duration> {
        let limit = self.context.config.timeout?;
        Some(limit.saturating_sub(self.begun.elapsed()))
    }

    /// Starts a mediator of ours again if it has ended. Where it is reached elsewhere now, the
    /// person is told anew.
    async fn revive(&mut self, local: &mut MediatorHandle) {
        let invites = local.others.clone();
        if let Some(message) = local.revive().await {
            self.context.note(&message);
        }
        if local.others != invites {
            self.told = false;
        }
    }
}

/// The contacts last met in this room.
async fn met_here(context: &Context) -> Result<Vec<PublicKey>, ChatError> {
    let (contacts, tag) = (context.config.contacts.clone(), context.config.room.tag());
    let met = aside(move || contacts.met_in(&tag, CONTACTS_MAX)).await;
    Ok(met.map_err(ContactsError::from)??)
}

/// Whoever comes to the room.
fn anyone<'a>(context: &Context, local: &MediatorHandle, spending: &'a Spending) -> Goal<'a> {
    Goal {
        meeting: Meeting {
            tag: context.config.room.tag(),
            prs: context.config.room.prs(),
        },
        pin: None,
        leave: Box::pin(local.elsewhere()),
        spending: Some(spending),
    }
}

fn waiting(context: &Context, local: &MediatorHandle, expires_in: u64) -> Event {
    let others = local.others.iter();
    let reach: Option<Vec<_>> = others.clone().map(|link| link.reach).collect();
    let mut links = others.map(|link| context.config.room.invite_link(&link.url).to_string());
    Event::Waiting {
        room: context.config.room.name().to_owned(),
        invite: links.next().unwrap_or_default(),
        more_invites: links.collect(),
        reach: reach.unwrap_or_default(),
        expires_in,
        made_up: context.config.made_up,
    }
}

/// What is to be known of a mediator on this machine.
fn remarks(context: &Context, local: &MediatorHandle) -> Vec<String> {
    let port = local.route.mediator.port();
    let mut remarks = Vec::new();
    if let Some(taken) = local.instead_of {
        remarks.push(format!(
            "another program has port {taken} here, so the mediator has port {port}, as in the invite"
        ));
    }
    if context.config.to_itself == Some(Made::Elsewhere) && !local.is_embedded() {
        let url = &local.route.mediator;
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
