//! The front of a program with one conversation: shows its events, and makes commands of what is
//! typed or piped. Before the first meeting it listens to what is typed ahead; from then on it has
//! a console, where there is a terminal to have one on, and lines elsewhere.

use std::collections::VecDeque;
use std::io;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::clipboard::Clipboard;
use super::command::command;
use super::console::Console;
use super::input::{self, Input};
use super::lines::Lines;
use super::output::Face;
use super::run::Frontend;
use super::type_ahead::{self, Ahead, TypeAhead};
use super::unread::Unread;
use crate::engine::event::{Event, Status};
use crate::engine::{Command, Delivery};
use crate::exit::Exit;
use crate::terminal::prompts::can_ask;

const DRAFT_KEPT: &str = "Not sent to anybody: it stays your draft.";
const NOT_SAID: &str = "Not sent to anybody: nobody is there. Enter on an empty line waits again.";
const NOBODY_YET: &str = "Not sent to anybody: nobody is there yet.";

/// Whether a person sits at a terminal.
pub(crate) fn has_person(face: Face) -> bool {
    !face.json && can_ask()
}

/// Whether they are to have a row to type in.
pub(crate) fn has_console(face: Face) -> bool {
    !face.plain && has_person(face)
}

/// What people and programs have of a conversation.
pub(crate) struct ChatFrontend {
    face: Face,
    input: Source,
    lines: Lines,
    clipboard: Clipboard,
    unread: Unread,
    /// What the conversation has not taken yet.
    queue: VecDeque<Command>,
    /// The meeting is over, and another one may follow.
    parted: bool,
    /// Nothing more is read.
    ended: bool,
    /// A console reads on only once a command is obeyed: a question that comes of it is not
    /// answered by what was typed before.
    busy: bool,
    /// What a console has, and has not painted yet.
    unpainted: Vec<Delivery>,
    gone: bool,
}

/// Where what is said comes from.
enum Source {
    Ahead(Box<TypeAhead>),
    Lines(mpsc::Receiver<Input>),
    Console(Box<Console>),
}

impl ChatFrontend {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(face: Face) -> io::Result<Self> {
        let ahead = TypeAhead::listen(face, has_console(face))?;
        Ok(Self {
            face,
            input: Source::Ahead(Box::new(ahead)),
            lines: Lines::new(face),
            clipboard: Clipboard::default(),
            unread: Unread::default(),
            queue: VecDeque::new(),
            parted: false,
            ended: false,
            busy: false,
            unpainted: Vec::new(),
            gone: false,
        })
    }

    fn show(&mut self, event: &Event) -> io::Result<()> {
        self.clipboard.heed(event);
        match event {
            Event::Wait(wait) => self.lines.clock.set(*wait),
            Event::Met { peer } => {
                self.meet(peer)?;
                // It is not known yet whether it is who was expected.
                self.busy = true;
            }
            Event::Status { status, .. } => {
                self.parted = *status == Status::Left;
                self.busy = false;
            }
            Event::Obeyed => self.busy = false,
            Event::Unsaid { text } => self.was_not_said(text),
            _ => {}
        }
        match &mut self.input {
            Source::Console(console) => {
                console.show(event);
                Ok(())
            }
            Source::Ahead(_) | Source::Lines(_) => self.lines.print(event),
        }
    }

    /// Somebody of this `name` came: what was typed ahead is theirs to hear.
    fn meet(&mut self, name: &str) -> io::Result<()> {
        let Source::Ahead(_) = &self.input else {
            return Ok(());
        };
        let (_, none) = mpsc::channel(1);
        let Source::Ahead(ahead) = std::mem::replace(&mut self.input, Source::Lines(none)) else {
            return Ok(());
        };
        let (typed, commands) = ahead.finish();
        for input in commands {
            let command = self.command(input);
            self.queue.push_back(command);
        }
        self.lines.clock.clear();
        self.input = match has_console(self.face) {
            true => {
                self.lines.clock.hide();
                Source::Console(Box::new(Console::enter(name, self.face, typed)?))
            }
            false => Source::Lines(input::listen(
                typed.unwrap_or_else(|| "/quit\n".to_owned()),
            )?),
        };
        Ok(())
    }

    /// Nobody was there to hear it: a console keeps it as a draft.
    fn was_not_said(&mut self, text: &str) {
        let note = match (&mut self.input, self.parted) {
            (Source::Console(console), parted) => {
                console.keep_draft(text);
                if parted {
                    self.queue.push_back(Command::Meet);
                    DRAFT_KEPT
                } else {
                    type_ahead::DRAFT
                }
            }
            (_, true) => NOT_SAID,
            (_, false) => NOBODY_YET,
        };
        self.note(note);
    }

    /// Answers here and now.
    fn note(&mut self, message: &str) {
        let event = Event::asked(message);
        // Whether anybody reads it shows by the next event.
        let _ = match &mut self.input {
            Source::Console(console) => {
                console.show(&event);
                Ok(())
            }
            Source::Ahead(_) | Source::Lines(_) => self.lines.print(&event),
        };
    }

    /// Lines that a pipe has already: they go to the conversation together.
    fn take_ready_lines(&mut self) {
        while self.queue.len() < input::AHEAD
            && let Source::Lines(lines) = &mut self.input
            && let Ok(input) = lines.try_recv()
        {
            let command = self.command(input);
            self.queue.push_back(command);
        }
    }

    fn command(&self, input: Input) -> Command {
        let command = command(input, &self.clipboard, self.face);
        match has_person(self.face) {
            true => self.unread.obey(command, Instant::now()),
            // A program knows by the event what it accepts.
            false => command,
        }
    }
}

impl Frontend for ChatFrontend {
    fn queue(&mut self) -> &mut VecDeque<Command> {
        &mut self.queue
    }

    fn take(&mut self, delivery: Delivery) {
        let shown = self.show(&delivery.event);
        match self.input {
            Source::Console(_) if shown.is_ok() => self.unpainted.push(delivery),
            _ => {
                self.unread.shown(&delivery.event, Instant::now());
                delivery.done(shown);
            }
        }
    }

    fn listens(&self) -> bool {
        !self.ended && !self.gone && !self.busy && self.queue.is_empty()
    }

    async fn listen(&mut self) {
        let input = match &mut self.input {
            Source::Console(console) => console.next().await.ok().flatten(),
            Source::Lines(lines) => tokio::select! {
                input = lines.recv() => input,
                never = self.lines.clock.run() => match never {},
            },
            Source::Ahead(ahead) => {
                let ahead = tokio::select! {
                    ahead = ahead.next() => ahead,
                    never = self.lines.clock.run() => match never {},
                };
                match ahead {
                    Ahead::Input(input) => Some(input),
                    Ahead::Note(note) => return self.note(note),
                }
            }
        };
        let command = match input {
            Some(input) => self.command(input),
            None => {
                self.ended = true;
                Command::EndInput
            }
        };
        self.queue.push_back(command);
        self.take_ready_lines();
        if let Source::Console(_) = self.input {
            self.queue.push_back(Command::Show(Event::Obeyed));
            self.busy = true;
        }
    }

    fn paint(&mut self) {
        if let Source::Console(console) = &mut self.input {
            self.gone |= console.paint().is_err();
        }
        // What a terminal that is gone did not take is never called written.
        if !self.gone {
            for delivery in self.unpainted.drain(..) {
                self.unread.shown(&delivery.event, Instant::now());
                delivery.done(Ok(()));
            }
        }
    }

    fn is_gone(&self) -> bool {
        self.gone
    }

    fn was_stopped(&mut self, exit: Exit) {
        let has_console = matches!(self.input, Source::Console(_));
        if exit == Exit::Interrupted && self.lines.clock.runs() && !has_console {
            self.lines.clock.interrupted();
        }
    }

    fn close(mut self) -> Option<Exit> {
        self.lines.clock.clear();
        match self.input {
            Source::Console(console) => console.leave(),
            Source::Ahead(ahead) => drop(ahead.finish()),
            Source::Lines(_) => {}
        }
        None
    }
}
