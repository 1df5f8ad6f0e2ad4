//! The first meeting: from a room to the first link of a session. Counts spent
//! attempts (PROTOCOL.md §4): whoever waited takes its seat again with a fresh
//! OFFER, and after three the invite is dead. `attempt` is one of them.

mod attempt;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use undertone_mediator::wire::ErrorCode;

use super::event::Event;
use super::face::clock::{self, Row};
use super::lobby::Lobby;
use super::local::Local;
use super::pair::{AttemptError, Failure};
use super::seek::Backoff;
use super::{ChatError, Setup};
use crate::link::Ready;
use crate::link::ranking::Reach;
use crate::pairing::Role;
use crate::rendezvous::RendezvousError;
use crate::session::Session;
use attempt::attempt;

/// After so many attempts that went wrong, an invite is not to be used any more.
const ATTEMPTS_MAX: u32 = 3;
/// A seat that was held for so long was a real one.
const SAT: Duration = Duration::from_secs(10);

/// The first link, and the session that it carries.
pub struct Met {
    /// Ours with the other one; the link is not yet part of it.
    pub session: Session,
    /// The first link.
    pub ready: Ready,
    /// Where a guest knocks once it is lost.
    pub knock_at: Option<SocketAddr>,
    /// The host's door, which stays open for the guest to come back.
    pub lobby: Option<Lobby>,
}

/// Waits in the room until the other one is there and a link with it is up.
///
/// # Errors
/// [`ChatError`], when trying again is of no use.
pub async fn meet(setup: &Setup, local: &mut Local) -> Result<Met, ChatError> {
    let mut attempts = 0;
    let mut told = false;
    let begun = Instant::now();
    let row = watch::Sender::new(None);
    let mut noted = false;
    let mut reached = false;
    let mut backoff = Backoff::default();
    let mut unanswered = None;
    loop {
        let mut seated = None;
        let mut take_seat = |expires_in| {
            seated = seated.or_else(|| Some(Instant::now()));
            if !std::mem::replace(&mut told, true) {
                setup.say(&waiting(setup, local, expires_in));
                for message in remarks(setup, local) {
                    setup.say(&Event::Note { message });
                }
            }
            row.send_replace(Some(Row::waiting(begun)));
        };
        let looking = || {
            row.send_replace(Some(Row::looking()));
        };
        let met = tokio::select! {
            met = attempt(setup, local, &mut unanswered, &mut take_seat, looking) => met,
            () = clock::run(&setup.face, &row) => continue,
        };
        let error = match met {
            Ok(met) => return Ok(met),
            Err(error) => error,
        };
        reached |= seated.is_some();
        // A mediator that hangs up at once is neither asked nor mentioned often.
        let sat = seated.is_some_and(|since| since.elapsed() >= SAT);
        if sat {
            backoff = Backoff::default();
        }
        match error {
            AttemptError::Failed {
                role: Role::Guest,
                spent,
                why,
            } => {
                return Err(ChatError::Attempt { spent, why });
            }
            AttemptError::Failed {
                role: Role::Host,
                spent,
                why,
            } => {
                attempts += 1;
                if attempts >= ATTEMPTS_MAX {
                    return Err(ChatError::InviteDead { why });
                }
                setup.say(&attempt_failed(spent, why, ATTEMPTS_MAX - attempts));
            }
            AttemptError::Listen(error) => return Err(ChatError::Listen(error)),
            AttemptError::Mediator(error) => {
                if !is_passing(&error, reached) {
                    return Err(ChatError::Mediator(error));
                }
                let moved = matches!(error, RendezvousError::Moved);
                if !moved && (sat || seated.is_some() && !std::mem::replace(&mut noted, true)) {
                    setup.say(&Event::Note {
                        message: format!("{error}; waiting goes on"),
                    });
                }
                backoff.pause().await;
                let invites = local.others.clone();
                if let Some(message) = local.revive().await {
                    setup.say(&Event::Note { message });
                }
                if local.others != invites {
                    told = false;
                }
            }
        }
    }
}

/// Whether a new try may help: once there was a seat, it may have lapsed, or the
/// mediator is being restarted or has too much to do.
fn is_passing(error: &RendezvousError, reached: bool) -> bool {
    match error {
        RendezvousError::Refused { code, .. } => match code {
            ErrorCode::Expired
            | ErrorCode::ShuttingDown
            | ErrorCode::RateLimited
            | ErrorCode::RelayLimit
            | ErrorCode::Full => reached,
            ErrorCode::BadRequest | ErrorCode::Version | ErrorCode::RoomBusy => false,
        },
        RendezvousError::Unreachable { .. }
        | RendezvousError::Proxy { .. }
        | RendezvousError::Lost
        | RendezvousError::Silent => reached,
        RendezvousError::Moved => true,
        RendezvousError::NoMediator(_) | RendezvousError::Left | RendezvousError::Garbled => false,
    }
}

fn waiting(setup: &Setup, local: &Local, expires_in: u64) -> Event {
    let others = local.others.iter();
    let reach: Option<Vec<_>> = others.clone().map(|link| link.reach).collect();
    let mut links = others.map(|link| setup.room.invite_link(&link.url).to_string());
    Event::Waiting {
        room: setup.room.name().to_owned(),
        invite: links.next().unwrap_or_default(),
        more_invites: links.collect(),
        reach: reach.unwrap_or_default(),
        expires_in,
    }
}

/// What is to be known of a mediator on this machine.
fn remarks(setup: &Setup, local: &Local) -> Vec<String> {
    let port = local.route.mediator.port();
    let mut remarks = Vec::new();
    if let Some(taken) = local.instead_of {
        remarks.push(format!(
            "another program has port {taken} here, so the mediator has port {port}, as in the invite"
        ));
    }
    if setup.listening.bind.is_some() {
        return remarks;
    }
    if local.is_embedded() {
        remarks.push(format!(
            "this program is the mediator, and listens on port {port} of all interfaces; --bind ADDRESS keeps it to one"
        ));
    }
    let mut reach = local.others.iter().map(|link| link.reach);
    if setup.mediator.is_none() && reach.all(|reach| reach == Some(Reach::Machine)) {
        remarks.push(
            "this machine has no address that others could reach: the invite works here only"
                .into(),
        );
    }
    remarks
}

fn attempt_failed(spent: bool, why: Failure, left: u32) -> Event {
    let consequence = if spent {
        format!(" This attempt is spent; {left} left for this invite. Waiting again.")
    } else {
        " Waiting again.".to_owned()
    };
    Event::Error {
        code: if spent { "spent" } else { "attempt" },
        message: why.to_string(),
        hint: format!("{}{consequence}", why.advice()),
    }
}
