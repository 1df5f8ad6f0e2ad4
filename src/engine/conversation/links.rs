//! Links come: which is taken, and who is told of it.

use tokio::task::JoinSet;
use tokio::time::Instant;
use undertone_core::pairing::{PeerIdentity, Role};
use undertone_core::session::{Fault, LinkId, Session};

use crate::engine::ChatError;
use crate::engine::connect::Connected;
use crate::engine::connect::host::Step;
use crate::engine::conversation::Conversation;
use crate::engine::conversation::lost::absent;
use crate::engine::event::Event;
use crate::engine::reconnect::Reached;
use crate::link::Ready;
use crate::link::framed::Framed;

/// How the peer came to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// With the first link of this conversation.
    First,
    /// With a further one.
    Resumed,
    /// In another session, for it lost the one before.
    Anew,
}

impl Conversation<'_> {
    pub(super) fn take_step(&mut self, step: Step) -> Result<(), ChatError> {
        let context = self.resume_context();
        let Some(acceptor) = &mut self.acceptor else {
            return Ok(());
        };
        match step {
            Step::Knock(incoming) => {
                if let Some(context) = context {
                    acceptor.answer_knock(incoming, &context);
                }
            }
            Step::Confirmed(confirmed) => match confirmed.nominate(&self.session.nominate()) {
                Ok(nomination) => acceptor.nominated(nomination),
                Err(_) => self.session.go_failed(Instant::now().into_std()),
            },
            Step::Unanswered => self.session.go_failed(Instant::now().into_std()),
            // Of a link that never was: the guest may come again.
            Step::Unfit(_) => {}
            Step::Answered(ready) => self.take_link(*ready, Arrival::Resumed)?,
        }
        Ok(())
    }

    /// Guest: a link on which the host's `go` has opened. One through the mediator
    /// leaves the address from before to be tried.
    pub(super) fn take_reached(&mut self, reached: Reached) -> Result<(), ChatError> {
        let Reached {
            mut ready,
            knock_at,
        } = reached;
        if ready.is_gone() {
            self.pass_over();
            return Ok(());
        }
        self.knock_at = knock_at.or(self.knock_at);
        self.take_link(ready, Arrival::Resumed)
    }

    /// The peer started anew: what it has no part in any more is wiped, and the
    /// conversation goes on in another session.
    pub(super) fn take_anew(&mut self, met: Connected) -> Result<(), ChatError> {
        let Connected {
            session,
            mut ready,
            knock_at,
            acceptor,
            how: _,
        } = met;
        if ready.is_gone() {
            self.pass_over();
            return Ok(());
        }
        let former = std::mem::replace(&mut self.session, session);
        self.session.succeed(former);
        self.offers_interrupted();
        self.seeking = JoinSet::new();
        (self.acceptor, self.knock_at) = (acceptor, knock_at);
        self.heard = true;
        self.take_link(ready, Arrival::Anew)
    }

    /// A further link whose deciding record has opened: it counts if the session
    /// says so.
    fn take_link(&mut self, ready: Ready, arrival: Arrival) -> Result<(), ChatError> {
        self.links += 1;
        let route = ready.path;
        let better = self.link.is_some();
        let (link, peer) = match join(&mut self.session, LinkId(self.links), ready) {
            Ok(joined) => joined,
            Err(fault) if fault.is_fatal() => return Err(ChatError::Broken(fault)),
            Err(_) => {
                // An answer that names another `go`: none better comes to this one.
                self.session.go_failed(Instant::now().into_std());
                self.pass_over();
                return Ok(());
            }
        };
        self.link = Some(link);
        self.seeking = JoinSet::new();
        self.again = None;
        self.absent = absent();
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.give_up_seat();
        }
        self.stranger_at = None;
        let lost = self.lost.take();
        let hole = lost.is_some_and(|lost| self.hole.found(lost.elapsed()));
        self.limit_segments();
        self.heeded = Instant::now();
        self.note_route(route);
        self.peer.moved(route);
        self.words = peer.words_as(self.session.role());
        match better {
            true => self.announce_route(),
            false => self.announce(arrival),
        }
        if hole {
            let peer = self.peer.name();
            let message = format!(
                "large packets get lost on the way to {peer} without a report: from now on they are smaller"
            );
            self.show(Event::note(&message));
        }
        self.read()
    }

    /// What came is no link: the one before goes on, or another is looked for.
    fn pass_over(&mut self) {
        if self.link.is_none() {
            self.seek();
        }
    }

    /// Says who is there. A shut chat says why instead; it is connected, to the
    /// person, once it is open.
    pub(super) fn announce(&mut self, arrival: Arrival) {
        match self.peer.alarm() {
            Some(alarm) if arrival == Arrival::First => self.show(alarm),
            Some(_) => {}
            None => self.show(Event::Connected {
                peer: self.peer.name().to_owned(),
                route: self.route,
                trust: self.peer.trust(),
                earlier: self.peer.is_trusted_from_earlier(),
                resumed: arrival != Arrival::First,
                again: match arrival {
                    Arrival::First => self.begun_again,
                    Arrival::Resumed => false,
                    Arrival::Anew => true,
                },
                yourself: self.peer.is_yourself(),
            }),
        }
        self.compare_anew();
    }

    /// Words belong to a link.
    pub(super) fn compare_anew(&mut self) {
        if self.comparing {
            self.show(Event::note("A new link has new words: start over."));
            self.show_words();
        }
    }
}

/// Makes a link whose deciding record has opened the one that counts.
pub(super) fn join(
    session: &mut Session,
    id: LinkId,
    ready: Ready,
) -> Result<(Framed, PeerIdentity), Fault> {
    let Ready {
        stream,
        reader,
        path,
        channel,
        plaintext,
        peer,
        ..
    } = ready;
    let now = Instant::now().into_std();
    match session.role() {
        Role::Host => session.link_answered(id, channel, &plaintext, now)?,
        Role::Guest => session.link_opened(id, channel, &plaintext, now)?,
    }
    Ok((Framed::new(id, path, stream, reader), peer))
}
