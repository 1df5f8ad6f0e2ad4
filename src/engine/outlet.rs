//! Events on their way from a conversation to its face, and word back whether they got there.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::event::Event;
use super::{ChatError, ConversationId};

/// Events of one conversation that wait for their face at the most, …
const WAITING: u32 = 256;
/// … those that are told without a wait between two looks at how many there are, …
const ROOM: u32 = WAITING / 2;
/// … and those that there is room for once a face that was too slow has caught up.
const MUCH_ROOM: u32 = WAITING / 4 * 3;

/// One event, and who hears whether it was written.
#[derive(Debug)]
pub struct Delivery {
    /// Whose event it is.
    pub id: ConversationId,
    /// The event.
    pub event: Event,
    outcome: Outcome,
    /// Its place among those that wait.
    _place: Place,
}

/// A place among the events that wait, given back when the event is.
#[derive(Debug)]
struct Place {
    permit: Option<OwnedSemaphorePermit>,
    places: Arc<Semaphore>,
    freed: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.permit.take());
        // Who waits for much is not woken for little.
        if self.places.available_permits() >= MUCH_ROOM as usize {
            self.freed.notify_waiters();
        }
    }
}

#[derive(Debug)]
enum Outcome {
    Awaited(oneshot::Sender<io::Result<()>>),
    /// Nobody waits: only a failure is heard of.
    Told(mpsc::Sender<io::Error>),
}

impl Delivery {
    /// Tells the conversation whether the event was written. A message that was not is not
    /// acknowledged to its sender; any event that was not ends the conversation.
    pub fn done(self, written: io::Result<()>) {
        match (self.outcome, written) {
            (Outcome::Awaited(outcome), written) => drop(outcome.send(written)),
            (Outcome::Told(failures), Err(error)) => drop(failures.try_send(error)),
            (Outcome::Told(_), Ok(())) => {}
        }
    }
}

/// The first event that could not be written, of those that nobody waits for.
pub(super) type Failures = mpsc::Receiver<io::Error>;

/// The events of all conversations, in the order in which they were told.
#[derive(Debug)]
pub struct Deliveries {
    batches: mpsc::UnboundedReceiver<Vec<Delivery>>,
    /// Of a batch that was received.
    ready: vec::IntoIter<Delivery>,
}

/// Where the events of all conversations go in.
pub(super) type Events = mpsc::UnboundedSender<Vec<Delivery>>;

impl Deliveries {
    pub(super) fn new() -> (Events, Self) {
        let (events, batches) = mpsc::unbounded_channel();
        let ready = Vec::new().into_iter();
        (events, Self { batches, ready })
    }

    /// The next event; `None` once no conversation is left. Cancel-safe.
    pub async fn recv(&mut self) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.ready.next() {
                return Some(delivery);
            }
            self.ready = self.batches.recv().await?.into_iter();
        }
    }

    /// A further event that is here already.
    pub fn try_recv(&mut self) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.ready.next() {
                return Some(delivery);
            }
            self.ready = self.batches.try_recv().ok()?.into_iter();
        }
    }
}

/// Where one conversation's events go. Clones lead to the same face.
#[derive(Debug, Clone)]
pub struct Outlet {
    id: ConversationId,
    /// Bounded by the places: no more of this conversation's wait in it.
    events: Events,
    /// Told within [`Outlet::together`], and yet to go.
    held: Arc<Mutex<Option<Vec<Delivery>>>>,
    places: Arc<Semaphore>,
    freed: Arc<Notify>,
    failures: mpsc::Sender<io::Error>,
}

impl Outlet {
    /// The way of this conversation's events.
    pub(super) fn new(id: ConversationId, events: Events) -> (Self, Failures) {
        let (failures, failed) = mpsc::channel(1);
        let outlet = Self {
            id,
            events,
            held: Arc::default(),
            places: Arc::new(Semaphore::new(WAITING as usize)),
            freed: Arc::default(),
            failures,
        };
        (outlet, failed)
    }

    /// Tells an event that nobody waits for. Who asks for [`Outlet::has_room`] first keeps places
    /// free for it; an event that finds none is dropped.
    pub fn tell(&self, event: Event) {
        let outcome = Outcome::Told(self.failures.clone());
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            // Where there is no face, nobody misses it.
            let _ = self.send(event, outcome, place);
        }
    }

    /// Hands an event over, behind those before it.
    ///
    /// # Errors
    /// [`ChatError::Output`], where there is no face any more.
    pub async fn post(&self, event: Event) -> Result<Posted, ChatError> {
        let (outcome, posted) = oneshot::channel();
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| gone())?;
        self.send(event, Outcome::Awaited(outcome), place)?;
        Ok(Posted(posted))
    }

    fn send(
        &self,
        event: Event,
        outcome: Outcome,
        permit: OwnedSemaphorePermit,
    ) -> Result<(), ChatError> {
        let delivery = Delivery {
            id: self.id,
            event,
            outcome,
            _place: Place {
                permit: Some(permit),
                places: Arc::clone(&self.places),
                freed: Arc::clone(&self.freed),
            },
        };
        match self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            Some(held) => held.push(delivery),
            None => self.events.send(vec![delivery]).map_err(|_| gone())?,
        }
        Ok(())
    }

    /// Has all that is told meanwhile go at once: the face is woken for it once, and shows it
    /// together.
    pub fn together<T>(&self, tell: impl FnOnce() -> T) -> T {
        let hold = |held| {
            let mut place = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *place, held)
        };
        hold(Some(Vec::new()));
        let told = tell();
        let held = hold(None).unwrap_or_default();
        if !held.is_empty() {
            // Where there is no face, whoever posts next hears of it.
            let _ = self.events.send(held);
        }
        told
    }

    /// The same without a wait, for whoever asks for [`Outlet::has_room`] first.
    ///
    /// # Errors
    /// As of [`Outlet::post`], and where no place is left.
    pub fn try_post(&self, event: Event) -> Result<Posted, ChatError> {
        let (outcome, posted) = oneshot::channel();
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| gone())?;
        self.send(event, Outcome::Awaited(outcome), place)?;
        Ok(Posted(posted))
    }

    /// Whether many events can be told without a wait.
    pub fn has_room(&self) -> bool {
        self.places.available_permits() >= ROOM as usize
    }

    /// Returns once they can, and some more: who was too slow is not woken for each. Cancel-safe.
    pub async fn room(&self) {
        self.frees(MUCH_ROOM as usize).await;
    }

    /// Whether every event has been written, or could not be.
    pub fn is_settled(&self) -> bool {
        self.places.available_permits() >= WAITING as usize
    }

    /// Returns once every event has been written, or could not be. Cancel-safe.
    pub async fn settled(&self) {
        self.frees(WAITING as usize).await;
    }

    /// Waits without a claim to any: others tell their events meanwhile.
    async fn frees(&self, count: usize) {
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if self.places.available_permits() >= count {
                return;
            }
            freed.await;
        }
    }
}

/// An event that was handed over.
#[derive(Debug)]
pub struct Posted(oneshot::Receiver<io::Result<()>>);

impl Posted {
    /// Waits until it is written. Cancel-safe; not to be asked again once it was answered.
    ///
    /// # Errors
    /// [`ChatError::Output`], where it was not.
    pub async fn written(&mut self) -> Result<(), ChatError> {
        let written = (&mut self.0).await.map_err(|_| gone())?;
        written.map_err(ChatError::Output)
    }

    /// Whether it is written, as far as is known; the same holds.
    pub fn try_written(&mut self) -> Option<Result<(), ChatError>> {
        match self.0.try_recv() {
            Ok(written) => Some(written.map_err(ChatError::Output)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(Err(gone())),
        }
    }
}

fn gone() -> ChatError {
    ChatError::Output(io::ErrorKind::BrokenPipe.into())
}
