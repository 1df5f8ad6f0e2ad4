//! A conversation from its first link to its goodbye: who came is judged, and told to the person.

use std::collections::VecDeque;
use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use undertone_core::pairing::{PeerIdentity, Role};
use undertone_core::session::{LinkId, Session};

use crate::engine::connect::Connected;
use crate::engine::connect::host::HostAcceptor;
use crate::engine::conversation::Conversation;
use crate::engine::conversation::backlog::Backlog;
use crate::engine::conversation::black_hole::BlackHole;
use crate::engine::conversation::files::Transfers;
use crate::engine::conversation::links::join;
use crate::engine::conversation::lost::absent;
use crate::engine::conversation::network::Network;
use crate::engine::conversation::tend::Tending;
use crate::engine::event::Event;
use crate::engine::inbox::{Inbox, stopped};
use crate::engine::mediator::MediatorHandle;
use crate::engine::outlet::Outlet;
use crate::engine::peer::{HowMet, Peer};
use crate::engine::{ChatError, Context};
use crate::exit::Exit;
use crate::link::framed::Framed;
use crate::link::path::Path;

/// How long a goodbye has where nobody is to be waited for.
const FAREWELL_MIN: Duration = Duration::from_millis(300);

/// How a meeting, or the wait for one, ended without the face's doing.
pub(in crate::engine) struct Parting {
    /// Whether the peer said goodbye.
    pub(in crate::engine) left: bool,
    /// How the conversation would end by it.
    pub(in crate::engine) exit: Result<Exit, ChatError>,
}

impl Parting {
    pub(in crate::engine) fn because(error: ChatError) -> Self {
        Self {
            left: false,
            exit: Err(error),
        }
    }

    /// The exit code.
    pub(in crate::engine) fn code(&self) -> Exit {
        self.exit
            .as_ref()
            .map_or_else(ChatError::exit, |exit| *exit)
    }
}

/// Who ended the conversation.
pub(in crate::engine) enum End {
    /// The person here, or a signal.
    Here(Result<Exit, ChatError>),
    /// The peer, or what went wrong.
    There(Parting),
}

/// Talks until somebody leaves.
///
/// # Errors
/// [`ChatError`], where it did not come to a conversation.
pub(in crate::engine) async fn talk(
    context: &Context,
    local: &mut MediatorHandle,
    met: Connected,
    inbox: &mut Inbox,
    name: impl FnOnce(&str),
) -> Result<End, ChatError> {
    let Connected {
        mut session,
        ready,
        knock_at,
        acceptor,
        how,
    } = met;
    // Nothing is taken in until it is known who came. The answer to `go` goes out
    // before that: the peer need not wait for our disk.
    session.block();
    let route = ready.path;
    let (mut link, identity) = join(&mut session, LinkId(1), ready).map_err(ChatError::Broken)?;
    session
        .poll_transmit(Instant::now().into_std(), &mut link.out)
        .map_err(|(_, fault)| ChatError::Broken(fault))?;
    // A socket that is already gone shows when it is read.
    let _ = link.try_flush();
    let again = how.again;
    let begun = tokio::select! {
        begun = begin(context, &identity, route, how) => begun.map_err(Err),
        exit = stopped(&mut inbox.stop) => Err(Ok(exit)),
    };
    let peer = match begun {
        Ok(peer) => peer,
        Err(ended) => {
            let hurried = hurry(inbox, &context.outlet, false);
            part(session, link, ended.is_ok(), hurried).await;
            return ended.map(|exit| End::Here(Ok(exit)));
        }
    };
    name(peer.name());
    if !peer.is_shut() {
        session.unblock(Instant::now().into_std());
    }
    let first = FirstLink {
        words: identity.words_as(session.role()),
        link,
        route,
        knock_at,
        acceptor,
        again,
    };
    let mut talk = Conversation::new(context, local, session, peer, first);
    talk.note_route(route);
    let ended = talk.run(inbox).await;
    Ok(talk.end(ended, inbox).await)
}

/// The first link, and how it was met.
struct FirstLink {
    link: Framed,
    /// Of its pairing: ours, theirs.
    words: [[&'static str; 4]; 2],
    route: Path,
    knock_at: Option<SocketAddr>,
    acceptor: Option<HostAcceptor>,
    /// By the peer's key, not by the room's secret.
    again: bool,
}

impl<'a> Conversation<'a> {
    fn new(
        context: &'a Context,
        local: &'a mut MediatorHandle,
        session: Session,
        peer: Peer,
        first: FirstLink,
    ) -> Self {
        Conversation {
            context,
            local,
            words: first.words,
            peer,
            link: Some(first.link),
            links: 1,
            acceptor: first.acceptor,
            seeking: JoinSet::new(),
            again: None,
            begun_again: first.again,
            wrong_words: 0,
            differed: None,
            // Who was met again is met again if this link, too, is one that only we know of.
            heard: session.role() == Role::Host || first.again,
            session,
            lost: None,
            unstable: false,
            route: first.route,
            knock_at: first.knock_at,
            direct_at: None,
            stranger_at: None,
            absent: absent(),
            tending: Tending::default(),
            asked: false,
            hole: BlackHole::default(),
            network: Network::here(),
            told_resent: false,
            acknowledged: 0,
            unwritten: VecDeque::new(),
            backlog: Backlog::default(),
            transfers: Transfers::default(),
            too_long: 0,
            heeded: Instant::now(),
            comparing: false,
            status: None,
            lookups: JoinSet::new(),
            ended: false,
            left: false,
            exit: None,
            show_by: None,
            hurried: false,
            leave_by: None,
        }
    }

    /// The loop is over: closes the link, and tells who ended it.
    async fn end(mut self, ended: Result<Exit, ChatError>, inbox: &mut Inbox) -> End {
        if self.link.is_some() {
            self.peer.seen();
        }
        self.end_transfers().await;
        self.peer.parted();
        self.acknowledge_written();
        let leaves = self.exit.is_some();
        if let Some(link) = self.link.take() {
            let hurried = async {
                match leaves {
                    true => hurry(inbox, &self.context.outlet, self.hurried).await,
                    false => pending().await,
                }
            };
            part(self.session, link, ended.is_ok(), hurried).await;
        }
        if leaves {
            return End::Here(ended);
        }
        End::There(Parting {
            left: self.left,
            exit: ended,
        })
    }
}

/// Judges who came, and tells the face, which makes ready to hear and to be heard.
async fn begin(
    context: &Context,
    identity: &PeerIdentity,
    route: Path,
    how: HowMet,
) -> Result<Peer, ChatError> {
    let peer = Peer::meet(context, identity, route, how).await?;
    let name = peer.name().to_owned();
    let mut posted = context.outlet.post(Event::Met { peer: name }).await?;
    match posted.written().await {
        Err(ChatError::Output(error)) => Err(ChatError::System(error)),
        written => written.map(|()| peer),
    }
}

/// Says goodbye on the link, where that was not done yet, and closes it once the peer has all that
/// was said, or whoever leaves is `hurried`.
async fn part(
    mut session: Session,
    mut link: Framed,
    leaves: bool,
    hurried: impl Future<Output = ()>,
) {
    match leaves {
        true => session.leave(),
        false => session.fail(),
    }
    // What cannot be said any more is found out by the peer.
    let _ = session.poll_transmit(Instant::now().into_std(), &mut link.out);
    let _ = link.try_flush();
    tokio::select! {
        () = link.close() => {}
        () = hurried => {}
    }
}

/// Who leaves twice waits a moment all the same: a socket that is closed with something unread in
/// it may take the goodbye with it.
async fn hurry(inbox: &mut Inbox, outlet: &Outlet, hurried: bool) {
    if !hurried {
        inbox.hurried(outlet).await;
    }
    sleep(FAREWELL_MIN).await;
}
