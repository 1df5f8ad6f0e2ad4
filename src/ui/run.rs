//! One conversation from its start to its end, with a front for its person or program.
//!
//! The front has a thread of its own. What it writes may block, on a pipe that nobody reads or a
//! terminal that is stopped; neither the link nor a signal waits for that.

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::engine::{
    ChatConfig, ChatError, Command, ConversationHandle, Deliveries, Delivery, Engine, WRITE_TIMEOUT,
};
use crate::exit::Exit;
use crate::signals::Signals;
use crate::terminal::guard;

/// What people and programs have of a conversation: its events are shown, and what is wanted becomes
/// commands.
pub(crate) trait Frontend: Send + 'static {
    /// What the conversation has not taken yet.
    fn queue(&mut self) -> &mut VecDeque<Command>;

    /// Shows an event, and tells its conversation what came of it.
    fn take(&mut self, delivery: Delivery);

    /// Whether more is to be heard now.
    fn listens(&self) -> bool;

    /// Waits for what is wanted, and makes a command of it. Cancel-safe.
    async fn listen(&mut self);

    /// Writes what is due to the terminal.
    fn paint(&mut self) {}

    /// Whether the terminal is gone: whoever sat there has left.
    fn is_gone(&self) -> bool {
        false
    }

    /// A signal asks the program to end.
    fn was_stopped(&mut self, exit: Exit);

    /// Gives the terminal back. Gives the exit of the program, where it is not that of the
    /// conversation.
    fn close(self) -> Option<Exit>;
}

/// Runs the conversation.
///
/// # Errors
/// [`ChatError`], with the exit code and the words for it.
pub(crate) async fn run(
    config: ChatConfig,
    front: impl Frontend,
    signals: &mut Signals,
) -> Result<Exit, ChatError> {
    let (mut engine, deliveries) = Engine::new();
    let ConversationHandle {
        commands,
        stop,
        mut task,
        ..
    } = engine.start(config);
    let front = Front::start(front, deliveries, commands, stop.clone())?;
    let mut stopped = None;
    let ended = loop {
        tokio::select! {
            ended = &mut task => break ended.unwrap_or_else(|error| Err(ChatError::System(error.into()))),
            exit = signals.next() => {
                stopped = Some(exit);
                front.was_stopped(exit);
                // The second one is enough.
                let _ = stop.try_send(exit);
            }
        }
    };
    match front.finish(signals, stopped).await {
        Finished::Stopped(exit) => Ok(exit),
        Finished::Told(exit) => ended.map(|ended| match ended {
            Exit::Done => exit.unwrap_or(ended),
            ended => ended,
        }),
    }
}

/// The front's thread, from outside.
struct Front {
    stops: mpsc::UnboundedSender<Exit>,
    /// Dropped once the conversation is over.
    end: oneshot::Sender<()>,
    /// Told once all is written and the terminal given back.
    ended: oneshot::Receiver<Option<Exit>>,
}

/// How a front ended.
enum Finished {
    /// With everything written, and this to say about the exit.
    Told(Option<Exit>),
    /// It was waited for in vain, after a signal.
    Stopped(Exit),
}

impl Front {
    fn start(
        front: impl Frontend,
        deliveries: Deliveries,
        commands: mpsc::Sender<Command>,
        stop: mpsc::Sender<Exit>,
    ) -> io::Result<Self> {
        let (stops, stopped) = mpsc::unbounded_channel();
        let (end, over) = oneshot::channel();
        let (open, ended) = oneshot::channel();
        let runtime = Handle::current();
        let conversation = Conversation {
            deliveries,
            commands,
            stop,
            stopped,
            over,
        };
        thread::Builder::new().name("front".into()).spawn(move || {
            let exit = runtime.block_on(converse(front, conversation));
            let _ = open.send(exit);
        })?;
        Ok(Self { stops, end, ended })
    }

    fn was_stopped(&self, exit: Exit) {
        // It may have ended by itself.
        let _ = self.stops.send(exit);
    }

    /// Waits until everything is written: after a signal not for long. Gives the signal's exit where
    /// that was in vain.
    async fn finish(mut self, signals: &mut Signals, mut stopped: Option<Exit>) -> Finished {
        drop(self.end);
        let mut until = stopped.map(|_| Instant::now() + WRITE_TIMEOUT);
        loop {
            tokio::select! {
                told = &mut self.ended => return Finished::Told(told.unwrap_or_default()),
                exit = signals.next() => {
                    stopped = Some(exit);
                    until.get_or_insert(Instant::now() + WRITE_TIMEOUT);
                }
                () = at(until) => break,
            }
        }
        guard::abandon();
        match stopped {
            Some(exit) => Finished::Stopped(exit),
            None => Finished::Told(None),
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

/// The front's side of a conversation.
struct Conversation {
    deliveries: Deliveries,
    commands: mpsc::Sender<Command>,
    /// Ends it, where the terminal is gone.
    stop: mpsc::Sender<Exit>,
    /// The signals that came.
    stopped: mpsc::UnboundedReceiver<Exit>,
    /// Closed once it is over.
    over: oneshot::Receiver<()>,
}

async fn converse(mut front: impl Frontend, mut conversation: Conversation) -> Option<Exit> {
    let Conversation {
        deliveries,
        commands,
        stop,
        stopped,
        over,
    } = &mut conversation;
    let mut gone = false;
    loop {
        while let Some(command) = front.queue().pop_front() {
            if let Err(refused) = commands.try_send(command) {
                front.queue().push_front(refused.into_inner());
                break;
            }
        }
        front.paint();
        if front.is_gone() && !std::mem::replace(&mut gone, true) {
            let _ = stop.try_send(Exit::Done);
        }
        let queued = !front.queue().is_empty();
        tokio::select! {
            Some(delivery) = deliveries.recv() => {
                front.take(delivery);
                while let Some(delivery) = deliveries.try_recv() {
                    front.take(delivery);
                }
            }
            () = front.listen(), if front.listens() => {}
            Ok(_) = commands.reserve(), if queued => {}
            Some(exit) = stopped.recv() => front.was_stopped(exit),
            _ = &mut *over => break,
        }
    }
    while let Some(delivery) = deliveries.try_recv() {
        front.take(delivery);
    }
    front.paint();
    front.close()
}
