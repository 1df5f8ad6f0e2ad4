//! Links come and go: losing one, looking for the other one again, taking the
//! next.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Talk;
use crate::chat::ChatError;
use crate::chat::again::Again;
use crate::chat::event::Event;
use crate::chat::interface::Interface;
use crate::chat::listening::Listening;
use crate::chat::lobby::Step;
use crate::chat::meet::Met;
use crate::chat::pair::Progress;
use crate::chat::relay::Consent;
use crate::chat::seek::{Reached, Trail, await_guest, seek_host};
use crate::crypto::words::Words;
use crate::link::Ready;
use crate::link::knock::Reunion;
use crate::link::tell::Tell;
use crate::link::wire::Wire;
use crate::pairing::{Peer, Role};
use crate::rendezvous::Route;
use crate::session::{Fault, LinkId, Session};

/// A link that was lost is found again by then, mostly, where both ends still share a session.
const RESUMED_WITHIN: Duration = Duration::from_secs(1);

/// How the other one came to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// With the first link of this conversation.
    First,
    /// With a further one.
    Resumed,
    /// In another session, for it lost the one before.
    Anew,
}

impl Talk<'_> {
    /// The link is gone: says so once, and looks for the other one.
    pub(super) fn lose(&mut self, reason: &str) {
        let Some(wire) = self.wire.take() else { return };
        self.hole.died(self.session.unanswered_bytes());
        self.limit_segments();
        self.session.link_lost(wire.id);
        if self.exit.is_some() || self.session.is_over() {
            return;
        }
        self.lost = Some(Instant::now());
        self.unstable = false;
        self.direct_at = None;
        let _ = self.show(&Event::Reconnecting {
            peer: self.company.name().to_owned(),
            since: Timestamp::now().to_string(),
            reason: reason.to_owned(),
            queued: self.session.queued(),
        });
        if !self.company.is_contact() {
            let message = format!("if {} starts anew, do so too: /quit", self.company.name());
            let _ = self.show(&Event::note(&message));
        }
        self.company.seen();
        self.seek();
    }

    /// Links that come to us have segments as large as those that we look for.
    pub(super) fn limit_segments(&mut self) {
        if let Some(lobby) = &self.lobby {
            lobby.limit(self.hole.segments());
        }
    }

    /// Looks for the other one until there is a link.
    pub(super) fn seek(&mut self) {
        self.asked = false;
        self.setup.consent.not_wanted();
        let far = watch::Sender::new(None);
        self.again = self.company.is_contact().then(|| {
            let again = Again {
                setup: self.setup,
                local: self.local,
                contacts: vec![*self.company.key()],
                first: far.subscribe(),
                head_start: RESUMED_WITHIN,
            };
            again.met().boxed_local()
        });
        let Some(trail) = self.trail(Some(self.setup.consent.clone()), far) else {
            return;
        };
        let last = self.knock_at;
        match &mut self.lobby {
            None => {
                self.seeking = JoinSet::new();
                self.seeking
                    .spawn(async move { Some(seek_host(trail, last).await) });
            }
            Some(lobby) => {
                let (sender, found) = mpsc::channel(1);
                let port = lobby.address();
                let task = tokio::spawn(await_guest(trail, port, sender));
                lobby.seat(task.abort_handle(), found);
            }
        }
    }

    /// Where to look; `relay` where the mediator may carry the link. `far` is told how far it is.
    pub(super) fn trail(
        &self,
        relay: Option<Consent>,
        far: watch::Sender<Option<Progress>>,
    ) -> Option<Trail> {
        let segments = self.hole.segments();
        // What is typed stands where details would go.
        let tell = match self.interface {
            Interface::Console(_) => Tell::default(),
            Interface::Lines { .. } => self.setup.listening.tell.clone(),
        };
        Some(Trail {
            reunion: Arc::new(self.reunion()?),
            mediator: Route {
                segments,
                ..self.local.route.clone()
            },
            outside: self.local.outside.clone(),
            keep_alive: self.local.keep_alive.clone(),
            listening: Listening {
                segments,
                tell,
                ..self.setup.listening.clone()
            },
            relay,
            elsewhere: self.wire.is_none() && self.route.is_relay() && self.keeps_port(),
            far,
        })
    }

    /// Whether the other one is always awaited at the same port.
    fn keeps_port(&self) -> bool {
        let bind = self.setup.listening.bind;
        self.lobby.is_some() || bind.is_some_and(|bind| bind.port() != 0)
    }

    pub(super) fn reunion(&self) -> Option<Reunion> {
        Some(Reunion {
            resume: Arc::clone(self.session.resume()?),
            identity: Arc::clone(&self.setup.identity),
            pin: *self.company.key(),
            name: self.setup.name.as_str().to_owned(),
        })
    }

    pub(super) fn at_the_door(&mut self, step: Step) -> Result<(), ChatError> {
        let reunion = self.reunion();
        let Some(lobby) = &mut self.lobby else {
            return Ok(());
        };
        match step {
            Step::Knock(visitor) => {
                if let Some(reunion) = reunion {
                    lobby.answer_knock(visitor, &reunion);
                }
            }
            Step::Confirmed(confirmed) => match confirmed.nominate(&self.session.nominate()) {
                Ok(nomination) => lobby.nominated(nomination),
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

    /// The other one started anew: what it has no part in any more is wiped, and the
    /// conversation goes on in another session.
    pub(super) fn take_anew(&mut self, met: Met) -> Result<(), ChatError> {
        let Met {
            session,
            mut ready,
            knock_at,
            lobby,
            again: _,
        } = met;
        if ready.is_gone() {
            self.pass_over();
            return Ok(());
        }
        let former = std::mem::replace(&mut self.session, session);
        self.session.succeed(former);
        self.seeking = JoinSet::new();
        (self.lobby, self.knock_at) = (lobby, knock_at);
        self.heard = true;
        self.take_link(ready, Arrival::Anew)
    }

    /// A further link whose deciding record has opened: it counts if the session
    /// says so.
    fn take_link(&mut self, ready: Ready, arrival: Arrival) -> Result<(), ChatError> {
        self.links += 1;
        let route = ready.route;
        let better = self.wire.is_some();
        let (wire, peer) = match join(&mut self.session, LinkId(self.links), ready) {
            Ok(joined) => joined,
            Err(fault) if fault.is_fatal() => return Err(ChatError::Broken(fault)),
            Err(_) => {
                // An answer that names another `go`: none better comes to this one.
                self.session.go_failed(Instant::now().into_std());
                self.pass_over();
                return Ok(());
            }
        };
        self.wire = Some(wire);
        self.seeking = JoinSet::new();
        self.again = None;
        if let Some(lobby) = &mut self.lobby {
            lobby.give_up_seat();
        }
        let lost = self.lost.take();
        let hole = lost.is_some_and(|lost| self.hole.found(lost.elapsed()));
        self.limit_segments();
        self.heeded = Instant::now();
        self.note_route(route);
        self.company.moved(route);
        self.words = in_order(self.session.role(), &peer.words);
        match better {
            true => self.announce_route()?,
            false => self.announce(arrival)?,
        }
        if hole {
            let peer = self.company.name();
            let message = format!(
                "large packets get lost on the way to {peer}, and nobody says so: from here on they are smaller"
            );
            self.show(&Event::note(&message))?;
        }
        self.read()
    }

    /// What came is no link: the one before goes on, or another is looked for.
    fn pass_over(&mut self) {
        if self.wire.is_none() {
            self.seek();
        }
    }

    /// Says who is there. A shut chat says why instead; it is connected, to the
    /// person, once it is open.
    pub(super) fn announce(&mut self, arrival: Arrival) -> Result<(), ChatError> {
        match self.company.alarm() {
            Some(alarm) if arrival == Arrival::First => self.show(&alarm)?,
            Some(_) => {}
            None => self.show(&Event::Connected {
                peer: self.company.name().to_owned(),
                path: self.route.name(),
                route: self.route.kind(),
                address: self.route.address().to_string(),
                trust: self.company.standing(),
                resumed: arrival != Arrival::First,
                again: match arrival {
                    Arrival::First => self.begun_again,
                    Arrival::Resumed => false,
                    Arrival::Anew => true,
                },
                yourself: self.company.is_yourself(),
            })?,
        }
        self.compare_anew()
    }

    /// Words belong to a link.
    pub(super) fn compare_anew(&mut self) -> Result<(), ChatError> {
        if self.comparing {
            self.show(&Event::note("A new link has new words: start over."))?;
            self.show_words()?;
        }
        Ok(())
    }
}

/// Makes a link whose deciding record has opened the one that counts.
pub(super) fn join(session: &mut Session, id: LinkId, ready: Ready) -> Result<(Wire, Peer), Fault> {
    let Ready {
        stream,
        reader,
        route,
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
    Ok((Wire::new(id, route, stream, reader), peer))
}

/// Our words and theirs.
pub(super) fn in_order(role: Role, words: &Words) -> [[&'static str; 4]; 2] {
    match role {
        Role::Host => [words.a, words.b],
        Role::Guest => [words.b, words.a],
    }
}
