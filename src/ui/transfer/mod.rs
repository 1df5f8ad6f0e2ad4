//! The front of `send` and `receive`: no chat, only files. It says what happens on stderr, has one
//! row for how far it is, and leaves once everything is over.
//!
//! ```text
//! send      what is offered as soon as somebody is there
//! receive   who decides about what comes, and where it is then
//! questions what is asked at the terminal   asked    what comes of it
//! bar       the row, or a line at a quarter
//! text      words                    silence  nothing is shown of what is typed
//! ```
//!
//! Data goes to stdout: where what was received is, a path a line; with `--json` the events.

mod asked;
mod bar;
mod questions;
mod receive;
mod send;
mod silence;
mod text;

use std::collections::{BTreeSet, VecDeque};
use std::io;

use tokio::time::Instant;

use super::clipboard;
use super::clock::Clock;
use super::output::Face;
use super::quarters::Quarters;
use super::run::Frontend;
use crate::engine::event::Event;
use crate::engine::event::transfer::{Step, Transfer};
use crate::engine::relay::is_question;
use crate::engine::{Command, Delivery};
use crate::exit::Exit;
use bar::Bar;
use questions::{Question, Questions};
pub(crate) use receive::Consent;
pub(crate) use send::{Sending, Sent};
use silence::Silence;

/// What it is for.
pub(crate) enum Task {
    /// To offer something.
    Send(Sending),
    /// To take what is offered.
    Receive(Consent),
}

/// What people and programs have of a conversation that is about files alone.
pub(crate) struct TransferFrontend {
    face: Face,
    task: Task,
    clock: Clock,
    bar: Bar,
    quarters: Quarters,
    questions: Questions,
    silence: Silence,
    queue: VecDeque<Command>,
    /// Offers that are not over.
    open: BTreeSet<u32>,
    /// Whether one came about.
    done: bool,
    /// Somebody came.
    met: bool,
    /// The other person left.
    left: Option<String>,
    /// Nothing more is to be done.
    leaves: bool,
    /// How it ends, where something did not come about.
    exit: Option<Exit>,
}

impl TransferFrontend {
    /// Begins to wait.
    pub(crate) fn new(face: Face, task: Task) -> Self {
        Self {
            face,
            silence: Silence::of(face, &task),
            task,
            clock: Clock::new(face),
            bar: Bar::new(face),
            quarters: Quarters::default(),
            questions: Questions::default(),
            queue: VecDeque::new(),
            open: BTreeSet::new(),
            done: false,
            met: false,
            left: None,
            leaves: false,
            exit: None,
        }
    }

    fn show(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Wait(wait) = event {
            self.clock.set(*wait);
        }
        if self.face.json {
            self.face.show(event)?;
        } else {
            self.say(event);
        }
        self.heed(event)?;
        if !self.leaves && self.open.is_empty() && (self.done || self.exit.is_some()) {
            self.leaves = true;
            let exit = self.exit.unwrap_or(Exit::Done);
            self.queue.push_back(Command::Leave(exit));
        }
        Ok(())
    }

    /// Says it to a person, where there is something to say.
    fn say(&mut self, event: &Event) {
        if self.leaves && matches!(event, Event::Left { .. }) {
            return;
        }
        if let Some(text) = text::in_words(event, &self.task, &self.bar, self.face) {
            self.make_way();
            self.face.tell(&text);
        }
    }

    /// What is said next has the last row for itself.
    fn make_way(&mut self) {
        self.clock.clear();
        self.bar.clear();
        self.questions.interrupt();
    }

    /// Does what is to be done about it.
    fn heed(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Waiting { invite, .. } => self.copy(invite),
            Event::Met { .. } => self.met = true,
            Event::Connected { route, .. } => {
                self.bar.goes(*route);
                if let Task::Send(sending) = &mut self.task {
                    self.queue.extend(sending.begin());
                }
            }
            Event::Path { route } => self.bar.goes(*route),
            Event::Reconnecting { .. } if self.bar.is_of_pipe() => {
                self.fail(text::PIPE_CUT);
                self.leaves = true;
                self.queue.push_back(Command::Leave(Exit::Transfer));
            }
            Event::Reconnecting { .. } => self.bar.lost(),
            // Nobody compares words here.
            Event::Alarm { .. } => {
                self.leaves = true;
                self.queue.push_back(Command::Leave(Exit::Done));
            }
            Event::Left { .. } if self.leaves => {}
            Event::Left { peer, .. } => self.left = Some(peer.clone()),
            Event::Note { message, .. } if is_question(message) => {
                self.questions.push(Question::Relay);
            }
            Event::Transfer(transfer) => return self.step(transfer),
            _ => {}
        }
        Ok(())
    }

    fn copy(&mut self, invite: &str) {
        let Task::Send(sending) = &mut self.task else {
            return;
        };
        if let Some(line) = sending.line_to_copy(invite) {
            let note = clipboard::copy_line(&line, self.face);
            self.say(&note);
        }
    }

    /// An offer is so far.
    fn step(&mut self, transfer: &Transfer) -> io::Result<()> {
        let number = transfer.number;
        let is_heard = !self.face.json && !self.face.quiet;
        let tells = self.quarters.tells(transfer, Instant::now()) && is_heard;
        match &transfer.step {
            Step::Offered(offered) => {
                self.open.insert(number);
                if !offered.accepted {
                    self.decide(transfer, offered);
                }
            }
            Step::Waiting { .. } => drop(self.open.insert(number)),
            Step::Started(progress) => {
                self.open.insert(number);
                self.bar
                    .begin(number, &transfer.name, &transfer.peer, *progress);
            }
            Step::Checking(_) | Step::Progress(_) => {
                self.bar.go_on(transfer);
                if let Some(words) = self.bar.in_words().filter(|_| tells) {
                    self.face.tell(&words);
                }
            }
            Step::Saving => self.bar.saving(number),
            Step::Paused { .. } => {}
            Step::Done { paths, dropped, .. } => {
                self.over(number);
                self.done = true;
                if !dropped.is_empty() {
                    self.exit.get_or_insert(Exit::Transfer);
                }
                if !self.face.json {
                    return receive::print(paths);
                }
            }
            Step::Failed { .. } => {
                self.over(number);
                // What came the other way, and was not wanted, is no failure.
                let sends = matches!(self.task, Task::Send(_));
                if transfer.outgoing == sends {
                    self.exit.get_or_insert(Exit::Transfer);
                }
            }
            Step::Kept(_) => {
                self.over(number);
                self.exit.get_or_insert(Exit::Transfer);
            }
        }
        Ok(())
    }

    fn over(&mut self, number: u32) {
        self.open.remove(&number);
        self.bar.end(number);
        self.questions.withdraw(number);
    }

    fn fail(&mut self, why: &str) {
        self.exit.get_or_insert(Exit::Transfer);
        if !self.face.json {
            self.make_way();
            self.face.tell(&text::error(why, "", self.face));
        }
    }
}

impl Frontend for TransferFrontend {
    fn queue(&mut self) -> &mut VecDeque<Command> {
        &mut self.queue
    }

    fn take(&mut self, delivery: Delivery) {
        let shown = self.show(&delivery.event);
        delivery.done(shown);
        self.questions.ask();
        self.silence.set(!self.questions.is_asking());
    }

    fn listens(&self) -> bool {
        self.queue.is_empty()
    }

    async fn listen(&mut self) {
        if self.questions.is_asking() {
            if let Some(answer) = self.questions.answer().await {
                self.answered(answer);
                self.silence.set(!self.questions.is_asking());
            }
            return;
        }
        tokio::select! {
            never = self.clock.run() => match never {},
            never = self.bar.run() => match never {},
            never = self.silence.run() => match never {},
        }
    }

    fn was_stopped(&mut self, exit: Exit) {
        if exit == Exit::Interrupted && self.clock.runs() {
            self.clock.interrupted();
        }
    }

    fn close(mut self) -> Option<Exit> {
        self.make_way();
        let unfinished = self.met && !self.done;
        if unfinished
            && self.exit.is_none()
            && let Some(peer) = self.left.take()
        {
            self.fail(&text::left_early(&peer));
        }
        self.exit.or(unfinished.then_some(Exit::Transfer))
    }
}
