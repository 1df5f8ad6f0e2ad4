//! The chat as a place to be in: messages in the terminal's own scrollback, one
//! row below them in which a person types. Owns the terminal, stdout included,
//! while it lives; what the keys mean for the chat is not decided here.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, Write};
use std::task::Poll;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};

use super::words::{day, in_words, own};
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

/// The terminal, while a chat lasts.
pub struct Console {
    composer: Composer,
    guard: Guard,
    keys: EventStream,
    bell: Bell,
    style: Style,
    out: Vec<u8>,
    /// What was typed and not yet taken.
    inputs: VecDeque<Input>,
    /// Our messages that are not shown yet.
    said: VecDeque<Said>,
    /// How many were shown dim, and have not arrived.
    pending: usize,
    day: Option<String>,
    /// What was typed ahead is to be thrown away first.
    ahead: Option<Ahead>,
}

/// Why nothing that was typed ahead may count.
#[derive(Clone, Copy)]
enum Ahead {
    /// Somebody else is there.
    Flush,
    /// The words that are heard are asked for.
    Ask,
}

struct Said {
    id: u64,
    text: String,
    time: String,
    dim_at: Instant,
}

impl Console {
    /// Takes the terminal. With `notice` a desktop notification goes with the bell.
    ///
    /// # Errors
    /// The system's; the terminal is then as it was.
    pub fn enter(name: &str, style: Style, notice: bool) -> io::Result<Self> {
        let (width, height) = crossterm::terminal::size()?;
        let prompt = Prompt::new(name, State::NotVerified);
        Ok(Console {
            guard: Guard::enter()?,
            keys: EventStream::new(),
            composer: Composer::new(width, height, style, &person::COMMANDS, prompt),
            bell: Bell::new(notice),
            style,
            out: Vec::new(),
            inputs: VecDeque::new(),
            said: VecDeque::new(),
            pending: 0,
            day: None,
            ahead: None,
        })
    }

    /// Tells the prompt how it stands.
    pub fn stand(&mut self, name: &str, state: State) {
        self.composer.set_prompt(Prompt::new(name, state));
    }

    /// Shows an event.
    pub fn show(&mut self, event: &Event) {
        match event {
            Event::Delivered { id } => self.arrived(*id),
            Event::Words { .. } => {
                // What else there is to be done the question says.
                let words = in_words(event, self.style).unwrap_or_default();
                let read_out = words.lines().next().unwrap_or_default();
                self.composer.print(read_out, &mut self.out);
                self.ahead = Some(Ahead::Ask);
            }
            Event::Alarm { .. } => {
                // What was typed ahead was not meant for somebody else.
                self.inputs.clear();
                self.ahead = Some(Ahead::Flush);
                self.print_words(event);
            }
            Event::Message { time, .. } => {
                self.turn_day(time);
                self.print_words(event);
                let focused = self.composer.is_focused();
                let ring = self.bell.ring(focused, Instant::now().into_std());
                self.out.extend_from_slice(ring.as_bytes());
            }
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

    /// Throws away what was typed before now, what the system still holds included.
    async fn throw_away(&mut self, ahead: Ahead) {
        // Polled with this task's own waker: the stream keeps the one that it saw
        // last, and would wake nobody.
        poll_fn(|cx| {
            while let Poll::Ready(Some(_)) = self.keys.poll_next_unpin(cx) {}
            Poll::Ready(())
        })
        .await;
        let now = Instant::now().into_std();
        match ahead {
            Ahead::Flush => self.composer.flush(now),
            Ahead::Ask => {
                let text = "The words that you hear".to_owned();
                self.composer.ask(Question::Words { text }, now);
            }
        }
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
            if let Some(ahead) = self.ahead.take() {
                self.throw_away(ahead).await;
            }
            self.paint()?;
            let deadline = self.deadline();
            tokio::select! {
                event = self.keys.next() => {
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
            Act::Answer(words) => self.inputs.push_back(Input::Verify(Some(words))),
            // No command takes a path yet.
            Act::Cancelled | Act::Complete(_) => {}
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
