//! Conversations without a terminal: [`Command`]s in, [`Event`]s out.
//!
//! ```text
//! Engine ─► task          one conversation, from the wait for somebody to its end, and again
//!            ├► mediator      which one; one inside this process where there is none
//!            │    ├► lan      mediators on the local network
//!            │    └► links    by which addresses others reach it
//!            ├► connect       the first link ─► pair ─► host (listens) or dial (guest)
//!            │    ├► again    waiting for contacts beside that, where only they can come
//!            │    └► away     the time without a mediator ─► backoff
//!            ├► conversation  one select loop over link, commands, timers ─► reconnect, host
//!            ├► peer          who is there, and whether the chat is open
//!            └► outlet        events on their way, and word back whether they were written
//! config, command, event     what goes in and what comes out
//! relay                      whether the mediator may carry the conversation
//! error                      why it did not come about, or ended badly
//! ```

mod command;
mod config;
pub mod connect;
mod context;
mod conversation;
mod error;
pub mod event;
mod inbox;
pub mod mediator;
mod outlet;
mod peer;
pub mod reconnect;
pub mod relay;
mod task;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub use command::Command;
pub use config::{ChatConfig, Made, Speaker};
pub use context::Context;
pub use error::ChatError;
pub use outlet::{Deliveries, Delivery, Outlet};

use crate::exit::Exit;
use crate::link::tell::Tell;
use event::Event;
use inbox::Inbox;
use outlet::Events;
use task::Task;

/// How long who leaves is kept by what is yet to be written, by their face or to the disk.
pub const WRITE_TIMEOUT: Duration = Duration::from_millis(600);
/// Commands that wait for their conversation at the most.
const COMMANDS: usize = 32;

/// Which conversation: each of an engine has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(u64);

/// Any number of conversations, each a task; their events go one way.
#[derive(Debug)]
pub struct Engine {
    events: Events,
    started: u64,
}

/// A conversation that was started. Dropped, it leaves.
#[derive(Debug)]
pub struct ConversationHandle {
    /// Which one.
    pub id: ConversationId,
    /// What it is to do, in this order.
    pub commands: mpsc::Sender<Command>,
    /// Ends it, whatever waits among the commands; a second time without a goodbye.
    pub stop: mpsc::Sender<Exit>,
    /// Ends with it, and says how it ended.
    pub task: JoinHandle<Result<Exit, ChatError>>,
}

impl Engine {
    /// An engine, and the events of all its conversations: a bounded number of each.
    #[must_use]
    pub fn new() -> (Self, Deliveries) {
        let (events, deliveries) = Deliveries::new();
        (Self { events, started: 0 }, deliveries)
    }

    /// Starts a conversation, within a tokio runtime.
    pub fn start(&mut self, config: ChatConfig) -> ConversationHandle {
        self.started += 1;
        let id = ConversationId(self.started);
        let (outlet, failures) = Outlet::new(id, self.events.clone());
        let (commands, commanded) = mpsc::channel(COMMANDS);
        let (stop, stopped) = mpsc::channel(2);
        let inbox = Inbox {
            commands: commanded,
            stop: stopped,
            failures,
        };
        let task = tokio::spawn(Task::new(config, outlet).run(inbox));
        ConversationHandle {
            id,
            commands,
            stop,
            task,
        }
    }
}

/// Hears of candidates and dials.
fn details(outlet: &Outlet) -> Tell {
    let outlet = outlet.clone();
    Tell::new(move |detail| {
        let message = detail.to_owned();
        outlet.tell(Event::Detail { message });
    })
}
