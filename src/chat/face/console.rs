//! The chat as a place to be in: messages in the terminal's own scrollback, one
//! row below them in which a person types. Owns the terminal, stdout included,
//! while it lives; what the keys mean for the chat is not decided here.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use crossterm::event::{Event as Reported, EventStream};
use futures_util::StreamExt;
use rustix::termios::{QueueSelector, tcflush};
use tokio::time::{Instant, sleep_until};

use super::Face;
use super::words::{day, in_words, own, reading};
use crate::chat::event::Event;
use crate::chat::person::{self, Input};
use crate::terminal::bell::Bell;
use crate::terminal::composer::prompt::{Prompt, State};
use crate::terminal::composer::question::Question;
use crate::terminal::composer::{Act, Composer};
use crate::terminal::guard::Guard;
use crate::terminal::style::Style;

/// Our message is shown once it has arrived, or, dim, after this long without.
const ARRIVES_WITHIN: Duration = Duration::from_millis(250);
/// What was typed ahead is thrown away until nothing has come for so long: a key on its
/// way has come by then.
const QUIET_FOR: Duration = Duration::from_millis(20);
/// Who goes on and on is listened to again after this.
const DRAINED_IN: Duration = Duration::from_secs(1);

/// The terminal, while a chat lasts.
pub struct Console {
    composer: Composer,
    guard: Guard,
    /// Made anew after a [`Console::drain`].
    keys: Option<EventStream>,
    bell: Bell,
    style: Style,
    quiet: bool,
    out: Vec<u8>,
    /// What was typed and not yet taken.
    inputs: VecDeque<Input>,
    /// Our messages that are not shown yet.
    said: VecDeque<Said>,
    /// How many were shown dim, and have not arrived.
    pending: usize,
    day: Option<String>,
}

struct Said {
    id: u64,
    text: String,
    time: String,
    dim_at: Instant,
}

impl Console {
    /// Takes the terminal, to look as `face` says. What was typed `ahead` is a draft: it
    /// was said to nobody yet.
    ///
    /// # Errors
    /// The system's; the terminal is then as it was.
    pub fn enter(name: &str, face: Face, mut ahead: String) -> io::Result<Self> {
        let (width, height) = crossterm::terminal::size()?;
        let style = Style::new(face.color);
        let prompt = Prompt::new(name, State::NotVerified, "");
        let mut composer = Composer::new(width, height, style, &person::COMMANDS, prompt);
        let guard = Guard::enter()?;
        // A line that was only begun is in the system's hands, and comes as keys. It is
        // a line of its own.
        if ahead.ends_with('\n') && rustix::io::ioctl_fionread(io::stdin()).is_ok_and(|n| n > 0) {
            ahead.push('\n');
        }
        composer.event(Reported::Paste(ahead), Instant::now().into_std());
        Ok(Console {
            guard,
            keys: None,
            composer,
            bell: Bell::new(face.notify),
            style,
            quiet: face.quiet,
            out: Vec::new(),
            inputs: VecDeque::new(),
            said: VecDeque::new(),
            pending: 0,
            day: None,
        })
    }

    /// Tells the prompt how it stands.
    pub fn stand(&mut self, name: &str, state: State, note: &'static str) {
        self.composer.set_prompt(Prompt::new(name, state, note));
    }

    /// Shows an event.
    pub fn show(&mut self, event: &Event) {
        match event {
            Event::Delivered { id } => self.arrived(*id),
            Event::Words { mine, peer } => {
                self.composer.print(&reading(mine, peer), &mut self.out);
                let text = "The words that you hear".to_owned();
                self.drain();
                self.composer
                    .ask(Question::Words { text }, Instant::now().into_std());
            }
            Event::Alarm { .. } => {
                // What was typed ahead was not meant for somebody else.
                self.drain();
                self.inputs.clear();
                self.composer.flush(Instant::now().into_std());
                self.print_words(event);
            }
            Event::Message { time, .. } => {
                self.turn_day(time);
                self.print_words(event);
                let focused = self.composer.is_focused();
                let ring = self.bell.ring(focused, Instant::now().into_std());
                self.out.extend_from_slice(ring.as_bytes());
            }
            // The prompt says it.
            Event::Unstable { .. } => {}
            // The prompt says it too.
            Event::Connected { .. } | Event::Reconnecting { .. } if self.quiet => {}
            _ => self.print_words(event),
        }
    }

    /// Shows what the person said, as soon as it is known whether it arrived.
    pub fn said(&mut self, id: u64, text: &str, time: &str) {
        self.said.push_back(Said {
            id,
            text: text.to_owned(),
            time: time.to_owned(),
            dim_at: Instant::now() + ARRIVES_WITHIN,
        });
    }

    fn print_words(&mut self, event: &Event) {
        if let Some(text) = in_words(event, self.style) {
            self.composer.print(&text, &mut self.out);
        }
    }

    fn turn_day(&mut self, time: &str) {
        let today = day(time);
        if today.is_some() && today != self.day {
            if self.day.is_some()
                && let Some(line) = &today
            {
                let line = self.style.dim(line);
                self.composer.print(&line, &mut self.out);
            }
            self.day = today;
        }
    }

    fn arrived(&mut self, id: u64) {
        if self.said.front().is_some_and(|said| said.id <= id) {
            self.print_said(true);
        } else if self.pending > 0 {
            self.pending -= 1;
            if self.pending == 0 {
                let line = self.style.dim("  All that you said has arrived.");
                self.composer.print(&line, &mut self.out);
            }
        }
    }

    fn print_said(&mut self, arrived: bool) {
        if let Some(said) = self.said.pop_front() {
            self.turn_day(&said.time);
            let line = own(&said.text, &said.time, arrived, self.style);
            self.composer.print(&line, &mut self.out);
            self.pending += usize::from(!arrived);
        }
    }

    /// Throws away what the system still holds of what was typed; a new size or
    /// focus counts all the same. Not by the stream: polled from here it would wake
    /// nobody later, and its thread may hold what was typed just now.
    fn drain(&mut self) {
        self.keys = None;
        let end = Instant::now() + DRAINED_IN;
        while Instant::now() < end && self.pass_over(QUIET_FOR) {}
        // What is still on its way then does not count, nor what was read of it.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let end = Instant::now() + QUIET_FOR;
        while Instant::now() < end && self.pass_over(Duration::ZERO) {}
    }

    /// Whether something came `within`, and was passed over.
    fn pass_over(&mut self, within: Duration) -> bool {
        if !crossterm::event::poll(within).unwrap_or(false) {
            return false;
        }
        let Ok(event) = crossterm::event::read() else {
            return false;
        };
        if !matches!(event, Reported::Key(_) | Reported::Paste(_)) {
            self.composer.event(event, Instant::now().into_std());
        }
        true
    }

    /// Writes everything that is due, the row last.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn paint(&mut self) -> io::Result<()> {
        self.composer.paint(&mut self.out);
        if self.out.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.out)?;
        self.out.clear();
        stdout.flush()
    }

    /// The next thing that the person says; `None`: the terminal is gone, or the
    /// person leaves by Ctrl-D. Cancel-safe.
    ///
    /// # Errors
    /// The terminal is gone.
    pub async fn next(&mut self) -> io::Result<Option<Input>> {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Ok(Some(input));
            }
            self.paint()?;
            let deadline = self.deadline();
            let keys = self.keys.get_or_insert_with(EventStream::new);
            tokio::select! {
                event = keys.next() => {
                    let Some(Ok(event)) = event else { return Ok(None) };
                    for act in self.composer.event(event, std::time::Instant::now()) {
                        if !self.act(act)? {
                            return Ok(None);
                        }
                    }
                }
                () = sleep_until(deadline) => self.time_passed(),
            }
        }
    }

    fn deadline(&self) -> Instant {
        let settled = self.composer.deadline().map(Instant::from_std);
        let dim = self.said.front().map(|said| said.dim_at);
        let far = Instant::now() + Duration::from_secs(3600);
        [settled, dim].into_iter().flatten().fold(far, Instant::min)
    }

    fn time_passed(&mut self) {
        let now = Instant::now();
        self.composer.tick(now.into_std(), &mut self.out);
        while self.said.front().is_some_and(|said| said.dim_at <= now) {
            self.print_said(false);
        }
    }

    /// `false`: the person leaves.
    fn act(&mut self, act: Act) -> io::Result<bool> {
        match act {
            Act::Submit(text) => self.inputs.push_back(person::parse(&text)),
            // Who types a command there means it: `/quit`, or `/verify` once more.
            Act::Answer(command) if command.starts_with('/') => {
                self.inputs.push_back(person::parse(&command));
            }
            Act::Answer(words) => self.inputs.push_back(Input::Verify(Some(words))),
            Act::Cancelled => self.inputs.push_back(Input::VerifyLater),
            // No command takes a path yet.
            Act::Complete(_) => {}
            Act::Interrupt => self.inputs.push_back(Input::Interrupt),
            Act::Eof => return Ok(false),
            Act::Suspend => self.suspend()?,
            Act::Show(text) => {
                let text = self.style.dim(&text);
                self.composer.print(&text, &mut self.out);
            }
            Act::Full => self.inputs.push_back(Input::TooLong),
        }
        Ok(true)
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.composer.leave(&mut self.out);
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.out)?;
        self.out.clear();
        stdout.flush()?;
        self.guard.suspend()?;
        let (width, height) = crossterm::terminal::size()?;
        let now = Instant::now().into_std();
        self.composer.resize(width, height, now);
        Ok(())
    }

    /// Clears the screen, not the scrollback.
    pub fn clear(&mut self) {
        self.composer.clear(&mut self.out);
    }

    /// Gives the terminal back; what was said and has not arrived stays dim.
    pub fn leave(mut self) {
        while !self.said.is_empty() {
            self.print_said(false);
        }
        self.composer.leave(&mut self.out);
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(&self.out);
        let _ = stdout.flush();
    }
}
