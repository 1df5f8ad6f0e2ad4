//! The conversation: one select loop over link, commands and timers, until
//! somebody leaves. Decides nothing about bytes: those are `session`'s.
//!
//! `begin` has its beginning and its end. `records` writes and reads on the link, `show` tells
//! the face, `commands` does what it asks for, `verify` compares words, `backlog` keeps what a pipe
//! said too fast. `lost` looks for the peer, `tend` keeps the mediator there meanwhile, `links`
//! takes what was found, `paths` looks for better ones, `network` notices that this machine moved, `black_hole` that large packets get
//! lost, `files` has what is sent and received, `goodbye` knows when it is over.

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use undertone_core::session::Session;

use crate::commands::CommandError;
use crate::engine::connect::Connected;
use crate::engine::connect::host::{HostAcceptor, Step};
use crate::engine::conversation::backlog::Backlog;
use crate::engine::conversation::black_hole::BlackHole;
use crate::engine::conversation::files::Transfers;
use crate::engine::conversation::links::Arrival;
use crate::engine::conversation::network::Network;
use crate::engine::conversation::records::turn;
use crate::engine::conversation::tend::Tending;
use crate::engine::event::{Event, Loss, Status};
use crate::engine::inbox::{Inbox, failed, next, stopped};
use crate::engine::mediator::MediatorHandle;
use crate::engine::outlet::Posted;
use crate::engine::peer::Peer;
use crate::engine::reconnect::Reached;
use crate::engine::{ChatError, Context};
use crate::exit::Exit;
use crate::link::framed::Framed;
use crate::link::path::Path;

mod backlog;
mod begin;
mod black_hole;
mod commands;
mod files;
mod goodbye;
mod links;
mod lost;
mod network;
mod paths;
mod records;
mod show;
mod tend;
mod verify;

pub(super) use begin::{End, Parting, talk};

struct Conversation<'a> {
    context: &'a Context,
    local: &'a mut MediatorHandle,
    session: Session,
    peer: Peer,
    link: Option<Framed>,
    links: u64,
    /// Host.
    acceptor: Option<HostAcceptor>,
    /// Guest: looks for the host while there is no link, or no direct one.
    seeking: JoinSet<Option<Reached>>,
    /// While there is no link: waits for a contact that starts anew.
    again: Option<BoxFuture<'a, Connected>>,
    /// So this conversation began: by the peer's key, not by the room's secret.
    begun_again: bool,
    /// The words of the live link's pairing: ours, theirs.
    words: [[&'static str; 4]; 2],
    wrong_words: u32,
    /// Wrong ones end it: which.
    differed: Option<String>,
    /// Whether the peer is known to share this session: the host is, by the
    /// guest's answer; the guest hears it next.
    heard: bool,
    /// When the link was lost.
    lost: Option<Instant>,
    /// The live link may be dead.
    unstable: bool,
    /// How the last link goes, or went.
    route: Path,
    /// Guest: where the host was last found without the mediator.
    knock_at: Option<SocketAddr>,
    /// When a direct path is looked for while the mediator carries the chat.
    direct_at: Option<(Instant, usize)>,
    /// While there is no link: when a contact has been away for so long that it may be somebody
    /// else by now.
    stranger_at: Option<Instant>,
    /// While there is no link: why the mediator is of no use, as the person was told.
    absent: watch::Receiver<Option<String>>,
    /// The same: whether a mediator is to be started here.
    tending: Tending,
    /// The person was asked about the relay since the link was lost.
    asked: bool,
    /// Whether the path drops large packets.
    hole: BlackHole,
    /// This machine's addresses, to notice a change.
    network: Network,
    /// That something comes again was told.
    told_resent: bool,
    /// How much of what was said arrived.
    acknowledged: u64,
    /// Messages that the face has, and has not written yet.
    unwritten: VecDeque<(u64, Posted)>,
    /// What waits until the session has room.
    backlog: Backlog,
    /// Offers of files that are not over.
    transfers: Transfers,
    /// Lines of a pipe that were refused.
    too_long: usize,
    /// When something was last acknowledged, or could begin to be.
    heeded: Instant,
    /// The words were read out, and not yet found to match.
    comparing: bool,
    /// What `/peers` asked for.
    lookups: JoinSet<Result<Event, CommandError>>,
    /// stdin has ended.
    ended: bool,
    /// The peer said goodbye, and the person is yet to be told.
    left: bool,
    exit: Option<Exit>,
    /// A signal ends it: the face is waited for until then.
    show_by: Option<Instant>,
    /// Nobody is waited for.
    hurried: bool,
    /// How it stood when the face was last told.
    status: Option<Status>,
    /// What is on its way is waited for until then, before the goodbye.
    leave_by: Option<Instant>,
}

impl Conversation<'_> {
    async fn run(&mut self, inbox: &mut Inbox) -> Result<Exit, ChatError> {
        self.announce(Arrival::First);
        self.read()?;
        loop {
            // Before anything else that came: nobody is told that we left, or go on.
            if let Ok(error) = inbox.failures.try_recv() {
                return Err(ChatError::Output(error));
            }
            self.show_events()?;
            self.say_what_waited();
            self.leave_after_input();
            self.say_goodbye();
            self.transmit_all();
            let session = &self.session;
            self.hole.note(session.awaits_answer(), session.advances());
            self.take_the_rest(inbox).await;
            let finished = self.is_finished();
            if finished && (self.show_by.is_some() || self.is_told()) {
                return match inbox.failures.try_recv() {
                    Ok(error) => Err(ChatError::Output(error)),
                    Err(_) => self.verdict(),
                };
            }
            if !self.context.outlet.has_room() {
                if let Some(exit) = self.wait_for_room(inbox).await? {
                    return Ok(exit);
                }
                continue;
            }
            self.stand();
            self.tell_progress();
            let deadline = self.deadline();
            let frozen = self.session.is_frozen();
            let listening = !self.ended && self.takes_input();
            tokio::select! {
                turned = turn(&mut self.link), if !frozen => match turned {
                    Ok(()) => self.read()?,
                    Err(error) => self.lose(error.into()),
                },
                command = next(&mut inbox.commands), if listening => {
                    self.obey(command);
                    // What was pasted shares a record.
                    self.obey_ready(inbox);
                }
                step = acceptor_step(&mut self.acceptor) => self.take_step(step)?,
                met = met_again(&mut self.again) => self.take_anew(met)?,
                // One that was called off ends too, and must not end the listening.
                Some(found) = self.seeking.join_next() => if let Ok(Some(reached)) = found {
                    self.take_reached(reached)?;
                },
                () = self.context.config.consent.wanted(), if self.link.is_none() && !self.asked => {
                    self.ask_for_relay();
                }
                Ok(()) = self.absent.changed() => self.show_absent(),
                tended = self.tending.tend(self.local), if self.link.is_none() => self.take_tended(tended),
                () = self.network.changed() => self.network_changed(),
                news = self.context.config.writer.news() => self.show_news(&news),
                Some(Ok(found)) = self.lookups.join_next() => self.show_peers(found),
                done = self.transfers.next() => self.take_done(done),
                error = failed(&mut inbox.failures) => return Err(ChatError::Output(error)),
                written = written(&mut self.unwritten) => self.was_written(written)?,
                () = self.context.outlet.settled(), if finished => {}
                exit = stopped(&mut inbox.stop) => if self.stop(exit) {
                    return Ok(exit);
                },
                () = sleep_until(deadline) => self.time_passed()?,
            }
        }
    }

    /// The face has more to write than it may have: nothing is read from the link until it has
    /// caught up. A signal gives the exit.
    async fn wait_for_room(&mut self, inbox: &mut Inbox) -> Result<Option<Exit>, ChatError> {
        let by = soonest([ahead(self.leave_by), ahead(self.show_by)]);
        tokio::select! {
            () = self.context.outlet.room() => {
                self.session.reads_again(Instant::now().into_std());
            }
            written = written(&mut self.unwritten) => self.was_written(written)?,
            error = failed(&mut inbox.failures) => return Err(ChatError::Output(error)),
            exit = stopped(&mut inbox.stop) => if self.stop(exit) {
                return Ok(Some(exit));
            },
            () = sleep_until(by) => {}
        }
        Ok(None)
    }

    /// Lines wait in their pipe until there is room for them, a command among them not
    /// for long; a person at a terminal is always heard.
    fn takes_input(&self) -> bool {
        let is_prompt = self.context.config.speaker.is_prompt;
        is_prompt || self.exit.is_none() && self.backlog.has_room()
    }

    fn deadline(&self) -> Instant {
        let can_write = self.link.as_ref().is_some_and(Framed::is_idle);
        let session = self.session.deadline(can_write).map(Instant::from_std);
        let session = session.filter(|_| !self.session.is_over());
        soonest([
            session,
            self.patience(),
            ahead(self.leave_by),
            ahead(self.show_by),
            self.direct_at.map(|(at, _)| at),
            self.stranger_at,
            ahead(self.unheeded_at()),
            self.progress_at(),
        ])
    }

    fn time_passed(&mut self) -> Result<(), ChatError> {
        let now = Instant::now();
        if self.patience().is_some_and(|until| now >= until) {
            return Err(self.given_up());
        }
        if let Err((_, fault)) = self.session.handle_timeout(now.into_std()) {
            self.lose(Loss::Fault(fault));
        }
        self.look_for_direct();
        self.think_of_strangers();
        Ok(())
    }
}

/// The first of these times; a far one where there is none.
fn soonest<const N: usize>(times: [Option<Instant>; N]) -> Instant {
    let far = Instant::now() + Duration::from_secs(3600);
    times.into_iter().flatten().fold(far, Instant::min)
}

/// A time that has not come yet.
fn ahead(time: Option<Instant>) -> Option<Instant> {
    time.filter(|time| *time > Instant::now())
}

/// What became of the first message that waits to be written.
async fn written(unwritten: &mut VecDeque<(u64, Posted)>) -> Result<(), ChatError> {
    match unwritten.front_mut() {
        Some((_, posted)) => posted.written().await,
        None => pending().await,
    }
}

async fn met_again(again: &mut Option<BoxFuture<'_, Connected>>) -> Connected {
    match again {
        Some(again) => again.await,
        None => pending().await,
    }
}

async fn acceptor_step(acceptor: &mut Option<HostAcceptor>) -> Step {
    match acceptor {
        Some(acceptor) => acceptor.next().await,
        None => pending().await,
    }
}
