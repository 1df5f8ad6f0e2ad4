//! What the person does: keys, pastes and sizes, as the composer reads them, and the time
//! that passes between them.

use std::io::{self, Write};
use std::time::Duration;

use crossterm::event::Event as Reported;
use futures_util::StreamExt;
use signal_hook::consts::SIGWINCH;
use tokio::time::{Instant, sleep_until};

use super::Console;
use crate::chat::person::{self, Input};
use crate::terminal::composer::Act;

impl Console {
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
            tokio::select! {
                // What came before the deadline counts before it. Others have their turn all
                // the same: the stream's thread fetches one key at a time.
                biased;
                event = self.keys.next() => {
                    let Some(Ok(event)) = event else { return Ok(None) };
                    let now = std::time::Instant::now();
                    let sized = matches!(event, Reported::Resize(..));
                    for act in self.composer.event(event, now) {
                        if !self.act(act)? {
                            return Ok(None);
                        }
                    }
                    if sized && std::mem::take(&mut self.probing) {
                        self.composer.hear(now);
                    }
                }
                () = sleep_until(deadline) => self.time_passed()?,
            }
        }
    }

    /// Asks the stream's thread whether all that was typed has been read, which nobody else
    /// knows: it may hold keys when no more wait in the terminal. It reports a size, even the
    /// same, only when it has no keys left. In keys without end it never does.
    fn probe(&mut self) -> io::Result<()> {
        self.probing = true;
        signal_hook::low_level::raise(SIGWINCH)
    }

    fn deadline(&self) -> Instant {
        let settled = self.composer.deadline().map(Instant::from_std);
        let dim = self.said.front().map(|said| said.dim_at);
        let quiet = self.composer.quiet_at().filter(|_| !self.probing);
        let far = Instant::now() + Duration::from_secs(3600);
        [settled, dim, quiet.map(Instant::from_std)]
            .into_iter()
            .flatten()
            .fold(far, Instant::min)
    }

    fn time_passed(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.composer.tick(now.into_std(), &mut self.out);
        let quiet = self.composer.quiet_at();
        if !self.probing && quiet.is_some_and(|at| now.into_std() >= at) {
            self.probe()?;
        }
        while self.said.front().is_some_and(|said| said.dim_at <= now) {
            self.print_said(false);
        }
        Ok(())
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
}
