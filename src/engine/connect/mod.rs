//! The first meeting: from a room to the first link of a session. After a spent
//! attempt (PROTOCOL.md §4) whoever waited takes its seat again with a fresh
//! OFFER, and after three the invite is dead. `attempt` is one of them, `seat` where it begins,
//! `spending` counts them, `first` is what goes through all of them.

pub mod again;
mod attempt;
pub mod away;
pub mod backoff;
mod first;
pub mod host;
pub mod listening;
pub mod pair;
pub mod progress;
mod seat;
mod spending;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use undertone_core::crypto::keys::PublicKey;
use undertone_core::pairing::Meeting;
use undertone_core::session::Session;

use crate::contacts::ContactsError;
use crate::engine::connect::again::{Again, CONTACTS_MAX};
pub use crate::engine::connect::attempt::{Goal, attempt};
use crate::engine::connect::away::Away;
use crate::engine::connect::first::FirstMeeting;
use crate::engine::connect::host::HostAcceptor;
use crate::engine::connect::pair::{AttemptError, Failure};
pub use crate::engine::connect::spending::Spending;
use crate::engine::event::{Event, Wait};
use crate::engine::mediator::MediatorHandle;
use crate::engine::peer::HowMet;
use crate::engine::relay::NoRelay;
use crate::engine::{ChatError, Context};
use crate::link::Ready;
use crate::rendezvous::MediatorEndpoint;
use crate::rendezvous::relays::relays;
use crate::store::aside;

/// Contacts who start within so long of each other meet in the room of people: no seats elsewhere
/// are taken for that and given up at once.
const TOGETHER: Duration = Duration::from_millis(100);
/// What takes back that the mediator was away.
const BACK: &str = "the mediator is back, and you have your seat in the room";

/// The first link, and the session that it carries.
#[derive(Debug)]
pub struct Connected {
    /// Ours with the peer; the link is not yet part of it.
    pub session: Session,
    /// The first link.
    pub ready: Ready,
    /// Where a guest knocks once it is lost.
    pub knock_at: Option<SocketAddr>,
    /// The host's, which goes on listening for the guest to come back.
    pub acceptor: Option<HostAcceptor>,
    /// How it came about.
    pub how: HowMet,
}

/// Waits in the room until the peer is there and a link with it is up; or one of the
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
    // Who does not hide needs no relay yet.
    let mut checked = !context.config.listening.hidden;
    loop {
        let far = watch::Sender::new(None);
        let again = Again {
            context,
            access: local.access.clone(),
            contacts: contacts.clone(),
            first: far.subscribe(),
            head_start: TOGETHER,
        };
        let mut step = |progress| {
            first.tell(local, progress);
            far.send_replace(Some(progress));
        };
        let anyone = Goal {
            known: contacts.clone(),
            ..anyone(context, local, spending)
        };
        let tried = Instant::now();
        let trying = async {
            if !checked {
                check_relay(&local.access.route).await?;
                checked = true;
            }
            attempt(context, &local.access, anyone, &mut unanswered, &mut step).await
        };
        let met = tokio::select! {
            met = trying => met,
            met = again.met() => Ok(met),
            never = away.watch(far.subscribe()) => match never {},
        };
        away.ended(&far.borrow());
        local.reached |= away.reached();
        let error = match met {
            Ok(met) => return Ok(first.succeeded(met)),
            Err(error) => error,
        };
        if first.told {
            context.tell(Event::Wait(Wait::Seated));
        }
        match error {
            AttemptError::Failed { role, spent, why } => first.failed(role, spent, why).await?,
            AttemptError::NoRelay => {
                let (spent, why) = (false, Failure::NoPath(NoRelay::MediatorAndHidden));
                return Err(ChatError::Attempt { spent, why });
            }
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

/// Whoever hides waits for nobody at a mediator that does not relay: no attempt is spent on that.
async fn check_relay(route: &MediatorEndpoint) -> Result<(), AttemptError> {
    match relays(route).await? {
        Some(false) => Err(AttemptError::NoRelay),
        Some(true) | None => Ok(()),
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
        known: Vec::new(),
        leave: Box::pin(local.elsewhere()),
        spending: Some(spending),
    }
}
