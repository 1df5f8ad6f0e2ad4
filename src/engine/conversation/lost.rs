//! A link is lost: the peer is looked for, by all ways at once.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::engine::connect::again::Again;
use crate::engine::connect::listening::Listening;
use crate::engine::connect::progress::Progress;
use crate::engine::conversation::Conversation;
use crate::engine::conversation::tend::Tending;
use crate::engine::event::{Event, Loss, WayBack};
use crate::engine::mediator::access::Access;
use crate::engine::mediator::links::invites;
use crate::engine::reconnect::{Trail, await_guest, seek_host};
use crate::engine::relay::Consent;
use crate::link::resume::ResumeContext;
use crate::rendezvous::MediatorEndpoint;

/// A link that was lost is found again by then, mostly, where both ends still share a session.
const RESUMED_WITHIN: Duration = Duration::from_secs(1);
/// A contact that comes back comes sooner than this, as a rule.
const STRANGER_AFTER: Duration = Duration::from_secs(30);

impl Conversation<'_> {
    /// The link is gone: says so once, and looks for the peer.
    pub(super) fn lose(&mut self, reason: Loss) {
        let Some(link) = self.link.take() else { return };
        self.hole.died(self.session.unanswered_bytes());
        self.limit_segments();
        self.session.link_lost(link.id);
        if self.exit.is_some() || self.session.is_over() {
            return;
        }
        self.lost = Some(Instant::now());
        self.unstable = false;
        self.direct_at = None;
        // Before: whoever hears of the loss may ask for it.
        self.show_way_back();
        self.show(Event::Reconnecting {
            peer: self.peer.name().to_owned(),
            since: Timestamp::now(),
            reason,
            queued: self.session.queued(),
        });
        self.stranger_at = None;
        if self.peer.is_contact() {
            self.stranger_at = Some(Instant::now() + STRANGER_AFTER);
        } else {
            let message = format!("if {} starts anew, leave and do so too", self.peer.name());
            self.show(Event::note(&message));
        }
        self.peer.seen();
        self.seek();
    }

    /// A contact that has lost its key is another one, and waits where we are not.
    pub(super) fn think_of_strangers(&mut self) {
        let due = |at: &mut Instant| Instant::now() >= *at;
        if self.stranger_at.take_if(due).is_some() {
            let peer = self.peer.name();
            let message = format!(
                "{peer} is not found. If {peer} lost its data, or was not let in, you meet only if both leave and start anew"
            );
            self.show(Event::named_note(message));
        }
    }

    /// Links that come to us have segments as large as those that we look for.
    pub(super) fn limit_segments(&mut self) {
        if let Some(acceptor) = &self.acceptor {
            acceptor.limit(self.hole.segments());
        }
    }

    /// Looks for the peer until there is a link.
    pub(super) fn seek(&mut self) {
        self.asked = false;
        self.context.config.consent.not_wanted();
        let far = watch::Sender::new(None);
        self.again = self.peer.is_contact().then(|| {
            let again = Again {
                context: self.context,
                access: self.local.access.clone(),
                contacts: vec![*self.peer.key()],
                first: far.subscribe(),
                head_start: RESUMED_WITHIN,
            };
            again.met().boxed()
        });
        let Some(trail) = self.trail(Some(self.context.config.consent.clone()), far) else {
            return;
        };
        let last = self.knock_at;
        self.absent = trail.absent.subscribe();
        self.tending = Tending::after(&trail);
        match &mut self.acceptor {
            None => {
                self.seeking = JoinSet::new();
                self.seeking
                    .spawn(async move { Some(seek_host(trail, last).await) });
            }
            Some(acceptor) => {
                let (sender, found) = mpsc::channel(1);
                let port = acceptor.address();
                let task = tokio::spawn(await_guest(trail, port, sender));
                acceptor.seat(task.abort_handle(), found);
            }
        }
    }

    /// Tells how the peer comes back who starts anew: to the mediator at which we look for them.
    pub(super) fn show_way_back(&self) {
        let room = &self.context.config.room;
        let way = match self.peer.is_contact() {
            true if room.has_forgotten() => WayBack::Before,
            true => {
                let (links, reach) = invites(&self.local.others, room);
                WayBack::Links(links, reach)
            }
            false => WayBack::Unknown,
        };
        let peer = self.peer.name().to_owned();
        self.show(Event::Back { peer, way });
    }

    /// Where to look; `relay` where the mediator may carry the link. `far` is told how far it is.
    pub(super) fn trail(
        &self,
        relay: Option<Consent>,
        far: watch::Sender<Option<Progress>>,
    ) -> Option<Trail> {
        let (segments, access) = (self.hole.segments(), &self.local.access);
        Some(Trail {
            resume: Arc::new(self.resume_context()?),
            access: Access {
                route: MediatorEndpoint {
                    segments,
                    ..access.route.clone()
                },
                ..access.clone()
            },
            listening: Listening {
                segments,
                ..self.context.config.listening.clone()
            },
            relay,
            elsewhere: self.link.is_none() && self.route.is_relay() && self.keeps_port(),
            far,
            absent: watch::Sender::default(),
            missed: Arc::default(),
        })
    }

    /// Whether the peer is always awaited at the same port.
    fn keeps_port(&self) -> bool {
        let bind = self.context.config.listening.bind;
        self.acceptor.is_some() || bind.is_some_and(|bind| bind.port() != 0)
    }

    pub(super) fn resume_context(&self) -> Option<ResumeContext> {
        Some(ResumeContext {
            resume: Arc::clone(self.session.resume()?),
            identity: Arc::clone(&self.context.config.identity),
            pin: *self.peer.key(),
            name: self.context.config.name.as_str().to_owned(),
        })
    }
}

/// Nobody looks for the peer at the mediator.
pub(super) fn absent() -> watch::Receiver<Option<String>> {
    watch::Sender::default().subscribe()
}
