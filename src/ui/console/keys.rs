//! What the person does: keys, pastes and sizes, as the composer reads them, and the time
//! that passes between them.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::files::typed::{Candidates, complete};
use crate::terminal::charset::Out;
use crate::terminal::composer::Act;
use crate::terminal::keyboard::Event;
use crate::terminal::keyboard::reader::size;
use crate::ui::console::{Console, PUT_OFF};
use crate::ui::input;
use crate::ui::input::Input;

impl Console {
    /// The next thing that the person says; `None`: the terminal is gone. Cancel-safe.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Input>> {
        loop {
            if let Some(input) = self.inputs.pop_front() {
                return Ok(Some(input));
            }
            self.paint()?;
            let deadline = self.deadline();
            tokio::select! {
                // What came before the deadline counts before it.
                biased;
                event = self.keys.next() => {
                    let Some(event) = event? else { return Ok(None) };
                    if let Event::Front(_) = event {
                        self.come_back()?;
                    }
                    let now = std::time::Instant::now();
                    for act in self.composer.event(event, now) {
                        self.act(act)?;
                    }
                }
                () = sleep_until(deadline) => self.time_passed()?,
            }
        }
    }

    fn deadline(&self) -> Instant {
        let settled = self.composer.deadline().map(Instant::from_std);
        let overdue = self.said.deadline();
        // What is unfinished was begun before.
        let unfinished = self.keys.deadline();
        let quiet = self.composer.quiet_at();
        let quiet = quiet.map(|at| unfinished.map_or(at, |until| until.max(at)));
        let far = Instant::now() + Duration::from_secs(3600);
        let moved = self.moving.deadline();
        [settled, overdue, moved, quiet.map(Instant::from_std)]
            .into_iter()
            .flatten()
            .fold(far, Instant::min)
    }

    fn time_passed(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.show_moving();
        self.composer.tick(now.into_std(), &mut self.out);
        // A key that was typed before it was quiet is heard first, and is not quiet.
        if self.keys.is_drained()? {
            self.composer.hear(now.into_std());
        }
        while let Some(message) = self.said.overdue(now) {
            self.print_said(&message, false);
        }
        Ok(())
    }

    fn act(&mut self, act: Act) -> io::Result<()> {
        let answer = match &act {
            Act::Answer(answer) => Some(answer.as_str()),
            Act::Cancelled => Some(""),
            _ => None,
        };
        if let Some(answer) = answer
            && let Some(text) = self.dropped.take()
        {
            self.decide(text, answer);
            return Ok(());
        }
        match act {
            Act::Submit(text) => self.submit(text),
            Act::Answer(command) if command.starts_with('/') => {
                self.command(input::typed(&command))
            }
            Act::Answer(words) => self.inputs.push_back(Input::Verify(Some(words))),
            Act::Cancelled => {
                self.inputs.push_back(Input::VerifyLater);
                self.print_dim(PUT_OFF);
            }
            Act::Complete { typed, folder } => {
                for act in self.complete(&typed, folder) {
                    self.act(act)?;
                }
            }
            Act::Interrupt => self.inputs.push_back(Input::Interrupt),
            Act::Eof => self.inputs.push_back(Input::End),
            Act::Suspend => self.suspend()?,
            Act::Show(text) => self.print_dim(&text),
            Act::Full => self.inputs.push_back(Input::TooLong),
        }
        Ok(())
    }

    /// Looks for what the last of these paths can become.
    fn complete(&mut self, typed: &str, folder: bool) -> Vec<Act> {
        let home = std::env::home_dir();
        let Candidates {
            start,
            mut words,
            has_more,
        } = complete(typed, home.as_deref());
        words.retain(|word| !folder || word.ends_with('/'));
        self.composer.completed(typed, start, &words, has_more)
    }

    /// Who types a command where words are asked for means it. They are asked for on, unless it
    /// has to do with that itself.
    fn command(&mut self, command: Input) {
        match command {
            Input::Verify(_) | Input::Quit => {}
            // It answers the alarm in another way.
            Input::Trust(_) => self.inputs.push_back(Input::VerifyLater),
            _ => self.ask_for_words(),
        }
        self.inputs.push_back(command);
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.composer.leave(&mut self.out);
        let mut stdout = Out::new(io::stdout().lock());
        stdout.write_all(&self.out)?;
        self.out.clear();
        stdout.flush()?;
        self.guard.suspend()
    }

    /// The program goes on, or the terminal has changed hands.
    fn come_back(&mut self) -> io::Result<()> {
        self.guard.resume()?;
        let (width, height) = size()?;
        let now = Instant::now().into_std();
        self.composer.resize(width, height, now);
        Ok(())
    }
}
