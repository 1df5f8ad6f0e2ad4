//! What all connections share: the rooms, the rates, a mailbox for each client.
//!
//! One lock, held for one map operation or a few and never across an await. A
//! [`Client`] is a connection's ticket: dropping it, however the connection ends,
//! frees its seat and tells the peer.

use std::collections::HashMap;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tracing::debug;
use undertone_wire::{AddressKey, Opaque, Tag, Terms};

use crate::closing::Closing;
use crate::config::Config;
use crate::limits::{AddressRate, MAX_TRACKED, Rate};
use crate::refusal::Refusal;
use crate::relay_pair::{RelayEnd, Relays};
use crate::rooms::{ClientId, Event, Join, Out, RoomLimits, Rooms};
use crate::tally::Tally;

/// The state that all connections share.
pub(crate) struct Hub {
    state: Mutex<State>,
    /// Refusals and failures, for the log.
    pub(crate) tally: Tally,
    /// What clients are told of this mediator.
    terms: Terms,
    /// As [`Config::reseat`].
    reseat: Option<Duration>,
    closing: Closing,
}

struct State {
    rooms: Rooms,
    relays: Option<Relays>,
    joins: AddressRate,
    /// Of those that come back.
    rejoins: AddressRate,
    mailboxes: HashMap<ClientId, Arc<Mailbox>>,
    next_id: ClientId,
    draining: bool,
}

/// Events on their way to a connection. Small without a bound of its own: between
/// two joins of its client the rooms tell it at most waiting, paired, sealed and
/// peer-left or a refusal, and these are written before the next join is read, or, while
/// a `sealed` is held back, after no more joins than MESSAGE_BURST.
#[derive(Default)]
struct Mailbox(Mutex<Mail>);

#[derive(Default)]
struct Mail {
    events: Vec<Event>,
    /// What belongs to [`Event::Relaying`].
    relay_end: Option<Box<RelayEnd>>,
    /// Something came of which the client was not told when it last looked.
    is_new: bool,
    /// Of the connection that waits for it.
    waker: Option<Waker>,
}

impl Mail {
    /// What others cause.
    fn push(&mut self, event: Event) {
        self.events.push(event);
        self.is_new = true;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll_new(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if mem::take(&mut self.is_new) {
            return Poll::Ready(());
        }
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

/// What a client says in `join`.
pub(crate) struct Joining {
    pub(crate) room: Tag,
    pub(crate) offer: Opaque,
    pub(crate) again: bool,
}

/// A connection's place among the others.
pub(crate) struct Client {
    id: ClientId,
    hub: Arc<Hub>,
    mailbox: Arc<Mailbox>,
}

impl Hub {
    pub(crate) fn new(config: &Config) -> Self {
        let times = &config.times;
        let state = Mutex::new(State {
            rooms: Rooms::new(RoomLimits {
                rooms: config.max_rooms,
                seat: times.seat,
                pairing: times.pairing,
                relay_ask: times.relay_ask,
                relays: config.relay.map(|limits| limits.pairs),
            }),
            relays: config.relay.map(Relays::new),
            joins: AddressRate::new(Rate::per_minute(config.joins_per_minute), MAX_TRACKED),
            rejoins: AddressRate::new(Rate::per_minute(config.rejoins_per_minute), MAX_TRACKED),
            mailboxes: HashMap::new(),
            next_id: 0,
            draining: false,
        });
        Self {
            state,
            tally: Tally::default(),
            terms: config.terms(),
            reseat: config.reseat,
            closing: Closing::default(),
        }
    }

    pub(crate) fn client(self: &Arc<Self>) -> Client {
        let mailbox = Arc::new(Mailbox::default());
        let mut state = lock(&self.state);
        let id = state.next_id;
        state.next_id += 1;
        state.mailboxes.insert(id, Arc::clone(&mailbox));
        if state.draining {
            lock(&mailbox.0).push(Event::Refused(Refusal::ShuttingDown));
        }
        Client {
            id,
            hub: Arc::clone(self),
            mailbox,
        }
    }

    /// From now on nobody is seated; all but the paired are told to go.
    pub(crate) fn drain(&self) {
        let mut state = lock(&self.state);
        state.draining = true;
        debug!(clients = state.mailboxes.len(), "draining");
        for (id, mailbox) in &state.mailboxes {
            if !state.rooms.is_paired(*id) {
                lock(&mailbox.0).push(Event::Refused(Refusal::ShuttingDown));
            }
        }
    }

    /// Everyone is told to go.
    pub(crate) fn stop(&self) {
        let mut state = lock(&self.state);
        state.draining = true;
        for mailbox in state.mailboxes.values() {
            lock(&mailbox.0).push(Event::Refused(Refusal::ShuttingDown));
        }
    }
}

impl Client {
    /// Takes a seat or a partner. Renewals are not counted against the address.
    ///
    /// # Errors
    /// The address has joined too often, or the mediator is stopping.
    pub(crate) fn join(
        &self,
        address: AddressKey,
        joining: Joining,
        now: Instant,
    ) -> Result<(), Refusal> {
        let Joining { room, offer, again } = joining;
        let join = Join {
            client: self.id,
            room,
            offer,
        };
        let mut state = lock(&self.hub.state);
        if !state.rooms.repeats(&join) {
            if state.draining {
                return Err(Refusal::ShuttingDown);
            }
            let rate = match again {
                false => &mut state.joins,
                true => &mut state.rejoins,
            };
            let admitted = rate.take(address, now);
            admitted.map_err(|retry_after| Refusal::RateLimited { retry_after })?;
        }
        state.act(self.id, |rooms, out| rooms.join(join, now, out));
        debug!(rooms = state.rooms.waiting(), "join");
        Ok(())
    }

    pub(crate) fn sealed(&self, data: Opaque, now: Instant) {
        lock(&self.hub.state).act(self.id, |rooms, out| rooms.sealed(self.id, data, now, out));
    }

    pub(crate) fn relay(&self, address: AddressKey, now: Instant) {
        let mut state = lock(&self.hub.state);
        state.act(self.id, |rooms, out| {
            rooms.relay(self.id, address, now, out)
        });
    }

    /// Counts a refusal for the log; that of a mediator which stops is none of the client's.
    pub(crate) fn note_refusal(&self, refusal: Refusal) {
        if refusal != Refusal::ShuttingDown {
            self.hub.tally.note("refused", refusal.code().as_str());
        }
    }

    /// What this mediator does beside pairing.
    pub(crate) fn terms(&self) -> Terms {
        self.hub.terms
    }

    /// The time of those that are closing.
    pub(crate) fn closing(&self) -> Closing {
        self.hub.closing.clone()
    }

    /// How long a seat that is taken now may be held over the same connection. Another time for
    /// each: those that come together are not to come together again.
    pub(crate) fn reseat(&self) -> Option<Duration> {
        let least = self.hub.reseat? * 3 / 4;
        let part = getrandom::u32().unwrap_or_default();
        Some(least + least.mul_f64(f64::from(part) / f64::from(u32::MAX) * 2.0 / 3.0))
    }

    pub(crate) fn done(&self) {
        lock(&self.hub.state).rooms.done(self.id);
    }

    /// The client's time may be over. Until when it has more, if it is paired.
    pub(crate) fn lapse(&self, now: Instant) -> Option<Instant> {
        let mut state = lock(&self.hub.state);
        state.act(self.id, |rooms, out| rooms.lapse(self.id, now, out));
        state.rooms.paired_until(self.id)
    }

    /// All that came since the last call and may be told by now.
    pub(crate) fn take_events(&self, now: Instant) -> Vec<Event> {
        let mail = &mut lock(&self.mailbox.0);
        mail.is_new = false;
        let events = &mut mail.events;
        let early = |event: &Event| matches!(event, Event::Sealed { at, .. } if *at > now);
        match events.iter().position(early) {
            None => mem::take(events),
            Some(n) => events.drain(..n).collect(),
        }
    }

    /// When the next of what came may be told.
    pub(crate) fn more_at(&self) -> Option<Instant> {
        match lock(&self.mailbox.0).events.first() {
            Some(Event::Sealed { at, .. }) => Some(*at),
            _ => None,
        }
    }

    /// What [`Event::Relaying`] comes with.
    pub(crate) fn take_relay_end(&self) -> Option<Box<RelayEnd>> {
        lock(&self.mailbox.0).relay_end.take()
    }

    /// Returns when something came since the last return and the last call of
    /// [`take_events`](Self::take_events). Not for what the client caused itself: whoever has it
    /// act looks at its events next.
    pub(crate) async fn woken(&self) {
        poll_fn(|cx| lock(&self.mailbox.0).poll_new(cx)).await;
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let mut state = lock(&self.hub.state);
        state.mailboxes.remove(&self.id);
        state.act(self.id, |rooms, out| rooms.leave(self.id, out));
    }
}

impl State {
    /// What this client causes: the others are woken for it.
    fn act(&mut self, client: ClientId, act: impl FnOnce(&mut Rooms, &mut Out)) {
        let mut out = Out::new();
        act(&mut self.rooms, &mut out);
        let mut other_end = None;
        for (id, event) in out {
            let Some(mailbox) = self.mailboxes.get(&id) else {
                continue;
            };
            let mut mail = lock(&mailbox.0);
            if let (Event::Relaying, Some(relays)) = (&event, &self.relays) {
                let relay_end = other_end.take().unwrap_or_else(|| {
                    let (one, other) = relays.ends();
                    other_end = Some(other);
                    one
                });
                mail.relay_end = Some(Box::new(relay_end));
            }
            match id == client {
                true => mail.events.push(event),
                false => mail.push(event),
            }
        }
    }
}

/// No code panics while it holds a lock; were one to, the maps are whole anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
