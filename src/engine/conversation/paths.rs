//! Which way the chat goes, and looking for a better one: while the mediator
//! carries it, a direct path is tried again after 5 s, 30 s, then every minute, and
//! whenever this machine's addresses change. The session switches over between two
//! messages.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::engine::conversation::Conversation;
use crate::engine::conversation::black_hole::BlackHole;
use crate::engine::event::Event;
use crate::engine::event::Loss;
use crate::engine::reconnect::{await_guest_once, seek_direct};
use crate::engine::relay::QUESTION;
use crate::link::path::Path;

/// When a direct path is looked for again, from the last time on.
const AGAIN: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(25),
    Duration::from_secs(30),
];
/// … and thereafter.
const LATER: Duration = Duration::from_secs(60);

impl Conversation<'_> {
    /// Remembers which way the link goes.
    pub(super) fn note_route(&mut self, route: Path) {
        self.route = route;
        let hidden = self.context.config.listening.hidden;
        let wanting = route.is_relay() && !hidden;
        self.direct_at = wanting.then(|| (Instant::now() + AGAIN[0], 1));
    }

    /// Says that the chat goes another way than before.
    pub(super) fn announce_route(&mut self) {
        if !self.peer.is_shut() {
            self.show(Event::Path { route: self.route });
        }
        self.compare_anew();
    }

    /// Looks for a direct path, if it is time to.
    pub(super) fn look_for_direct(&mut self) {
        let Some((_, times)) = self.direct_at.filter(|(at, _)| Instant::now() >= *at) else {
            return;
        };
        let pause = AGAIN.get(times).copied().unwrap_or(LATER);
        self.direct_at = Some((Instant::now() + pause, times + 1));
        let Some(trail) = self.trail(None, watch::Sender::default()) else {
            return;
        };
        match &mut self.acceptor {
            None => {
                self.seeking.abort_all();
                self.seeking.spawn(seek_direct(trail));
            }
            Some(acceptor) => {
                let (sender, found) = mpsc::channel(1);
                let port = acceptor.address();
                let task = tokio::spawn(async move {
                    let _ = await_guest_once(&trail, port, &sender).await;
                });
                acceptor.seat(task.abort_handle(), found);
            }
        }
    }

    /// This machine moved: a link from an address that is gone is dead, and one
    /// through the mediator may not be needed any more.
    pub(super) fn network_changed(&mut self) {
        match &self.link {
            Some(link) if !link.is_from_here() => {
                // Another network drops other packets.
                self.hole = BlackHole::default();
                self.lose(Loss::Moved);
            }
            Some(_) => {
                if let Some((at, times)) = self.direct_at {
                    self.direct_at = Some((at.min(Instant::now()), times));
                    self.look_for_direct();
                }
            }
            None if self.lost.is_some() => self.seek(),
            None => {}
        }
    }

    /// No direct path opens, and nothing was said about the relay beforehand.
    pub(super) fn ask_for_relay(&mut self) {
        self.asked = true;
        self.show(Event::note(QUESTION));
    }

    /// `/relay`.
    pub(super) fn agree_to_relay(&mut self) {
        let agreed = self.context.config.consent.give();
        self.show(Event::asked(agreed));
    }
}
