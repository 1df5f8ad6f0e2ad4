//! The chat as a place to be in: messages in the terminal's own scrollback, one
//! row below them in which a person types. Owns the terminal, stdout included,
//! while it lives; what the keys mean for the chat is not decided here. Here is what is
//! shown; `paint` writes it, `keys` is what the person does, `said` what of it has not arrived,
//! `dropped` what may be meant as a file.

mod dropped;
mod keys;
mod paint;
mod said;

use std::collections::VecDeque;
use std::io;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::engine::event::transfer::Step;
use crate::engine::event::{Event, Status};
use crate::terminal::bell::Bell;
use crate::terminal::composer::Composer;
use crate::terminal::composer::prompt::Prompt;
use crate::terminal::composer::question::Question;
use crate::terminal::front::is_in_front;
use crate::terminal::guard::Guard;
use crate::terminal::keyboard::Event as Reported;
use crate::terminal::keyboard::reader::{Reader, size};
use crate::terminal::layout::Text;
use crate::terminal::style::Style;
use crate::trust::Trust;
use crate::ui::console::said::{Arrived, Message, Said};
use crate::ui::input;
use crate::ui::input::Input;
use crate::ui::moving::Moving;
use crate::ui::output::Face;
use crate::ui::text::{message, own, reading};
use crate::ui::times::Times;

/// How it stands with who has just come, as far as is known.
const UNKNOWN: Status = Status::Linked {
    trust: Trust::Unverified,
    relayed: false,
    unstable: false,
};

/// What is asked of who compares words, …
const ASKED: &str = "The words that you hear";
/// … how it is cancelled, …
const HOW_TO_CANCEL: &str = "  Esc or Ctrl-C puts it off.";
/// … and what is said then.
const PUT_OFF: &str = "  The comparison is put off: /verify begins it again.";

/// The terminal, while a chat lasts.
pub(super) struct Console {
    composer: Composer,
    guard: Guard,
    keys: Reader,
    bell: Bell,
    style: Style,
    out: Vec<u8>,
    face: Face,
    /// Somebody is there: no details go between the lines of a chat.
    in_chat: bool,
    /// Who is there, and how it stands.
    peer: String,
    status: Status,
    /// The draft about which it is asked whether it is a text.
    dropped: Option<String>,
    /// What was typed and not yet taken.
    inputs: VecDeque<Input>,
    /// Our messages that have not arrived.
    said: Said,
    /// Files on their way.
    moving: Moving,
    /// When what comes was said.
    times: Times,
}

impl Console {
    /// Takes the terminal, to look as `face` says. What was typed `ahead` is a draft: it
    /// was said to nobody yet; `None`: it was to leave.
    ///
    /// # Errors
    /// The system's; the terminal is then as it was.
    pub(super) fn enter(name: &str, face: Face, ahead: Option<String>) -> io::Result<Self> {
        let (width, height) = size()?;
        let style = Style::new(face.color);
        // Until it is told how it stands, no key is read, and nothing is promised.
        let prompt = Prompt::new(name, UNKNOWN);
        let mut composer = Composer::new(width, height, style, &input::COMMANDS, prompt);
        let keys = Reader::open()?;
        let guard = Guard::keys()?;
        composer.event(Reported::Front(is_in_front()), Instant::now().into_std());
        let inputs = ahead.is_none().then_some(Input::Quit).into_iter().collect();
        let mut ahead = ahead.unwrap_or_default();
        // A line that was only begun is in the system's hands, and comes as keys. It is
        // a line of its own.
        if ahead.ends_with('\n') && rustix::io::ioctl_fionread(io::stdin()).is_ok_and(|n| n > 0) {
            ahead.push('\n');
        }
        composer.event(Reported::Paste(ahead), Instant::now().into_std());
        Ok(Self {
            guard,
            keys,
            composer,
            bell: Bell::new(face.quiet, face.notify),
            style,
            out: Vec::new(),
            face,
            in_chat: true,
            peer: name.to_owned(),
            status: UNKNOWN,
            dropped: None,
            inputs,
            said: Said::new(),
            moving: Moving::default(),
            times: Times::default(),
        })
    }

    /// Tells the prompt how it stands.
    fn stand(&mut self, name: &str, status: Status) {
        (self.peer, self.status) = (name.to_owned(), status);
        self.composer.prompt().set_status(name, status);
    }

    /// Shows an event.
    pub(super) fn show(&mut self, event: &Event) {
        match event {
            Event::Delivered { first, last } => (*first..=*last).for_each(|id| self.arrived(id)),
            Event::Queued { id } => self.said.queued(*id, Instant::now()),
            // What was typed ahead neither answers nor is said.
            Event::Words { mine, peer } => {
                self.inputs.clear();
                self.ask_for_words();
                self.print(Text::remark(&format!(
                    "{}\n{HOW_TO_CANCEL}",
                    reading(mine, peer)
                )));
            }
            // It was not meant for somebody else.
            Event::Alarm { .. } => {
                self.inputs.clear();
                self.undecide();
                self.composer.flush(Instant::now().into_std());
                self.print_words(event);
            }
            Event::Message {
                from,
                text,
                time,
                received,
                resent,
                ..
            } => {
                let at = self.times.shown(*time, *received);
                self.turn_day(at);
                self.print(message(from, text, at, *resent, self.style));
                let focused = self.composer.is_focused();
                let ring = self.bell.ring(focused, Instant::now().into_std());
                self.out.extend_from_slice(ring.as_bytes());
            }
            // The prompt says it.
            Event::Unstable { .. } => {}
            // The prompt says it too.
            Event::Connected { .. } | Event::Reconnecting { .. } if self.face.quiet => {}
            Event::Detail { .. } if self.in_chat => {}
            Event::Detail { .. } | Event::Waiting { .. } => {
                self.face
                    .talk(event)
                    .into_iter()
                    .for_each(|text| self.print(text));
            }
            Event::Transfer(transfer) => {
                self.moving.heed(transfer, Instant::now());
                self.show_moving();
                // Of progress nothing stays.
                if !matches!(transfer.step, Step::Progress(_)) {
                    self.print_words(event);
                }
            }
            Event::Status { peer, status } => self.stand(peer, *status),
            Event::Said { id, text, time } => self.said(*id, text, *time),
            Event::Met { .. } => self.in_chat = true,
            Event::Clear => self.clear(),
            Event::Parted { error, .. } => {
                self.rest();
                if let Some(error) = error {
                    self.print_words(&Event::Error(error.clone()));
                }
                self.print_words(event);
            }
            Event::Connected { again: true, .. } => {
                self.times.anew();
                self.print_words(event);
            }
            _ => self.print_words(event),
        }
    }

    /// Has the prompt tell what is on its way, where that has changed.
    fn show_moving(&mut self) {
        if let Some(files) = self.moving.due(Instant::now()) {
            self.composer.prompt().set_files(files);
        }
    }

    fn ask_for_words(&mut self) {
        self.undecide();
        let text = ASKED.to_owned();
        let now = Instant::now().into_std();
        self.composer.ask(Question::Words { text }, now);
    }

    /// Shows what the person said, as soon as it is known whether it arrived.
    fn said(&mut self, id: u64, text: &str, time: Timestamp) {
        self.said.say(id, text, time, Instant::now());
    }

    fn arrived(&mut self, id: u64) {
        match self.said.arrived(id, Instant::now()) {
            Arrived::Unseen(message) => self.print_said(&message, true),
            Arrived::Last => self.print_dim("  All that you said has arrived."),
            Arrived::Nothing => {}
        }
    }

    fn print_said(&mut self, message: &Message, arrived: bool) {
        self.turn_day(message.time);
        self.print(own(&message.text, message.time, arrived, self.style));
        if arrived {
            self.times.line(message.time);
        }
    }

    /// Makes this the draft.
    pub(super) fn keep_draft(&mut self, text: &str) {
        self.composer.put_back(text);
    }

    /// A chat is over: what was said and has not arrived stays dim, and nothing is asked
    /// any more.
    pub(super) fn rest(&mut self) {
        self.in_chat = false;
        while let Some(message) = self.said.give_up() {
            self.print_said(&message, false);
        }
        self.said.over();
        self.moving.clear();
        self.composer.prompt().set_files(None);
        self.times.anew();
        self.undecide();
        self.composer.unask();
    }
}
