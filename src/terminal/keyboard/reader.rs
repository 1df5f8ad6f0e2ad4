//! The terminal on stdin, read: its bytes through the decoder, its size when that changes, and
//! whether it is ours. Behind another program nothing is read.
//!
//! A byte is read only when somebody waits for an event, so what nobody waited for is left to
//! whoever reads the terminal next. There is no thread, and the terminal does not become
//! non-blocking, which it would for the shell too: poll(2) tells before each read that it will
//! not block.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::stdin;
use rustix::termios::tcgetwinsize;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::consume_budget;
use tokio::time::sleep_until;

use super::Event;
use super::decoder::Decoder;
use crate::terminal::front::Front;

/// Bytes of one read.
const READ: usize = 4096;

/// Reads the terminal. There is one at a time.
#[derive(Debug)]
pub struct Reader {
    terminal: AsyncFd<BorrowedFd<'static>>,
    resized: Signal,
    front: Front,
    decoder: Decoder,
    /// Bytes that one read takes at most.
    at_once: usize,
}

impl Reader {
    /// Reads whatever comes, until dropped.
    ///
    /// # Errors
    /// The system's, as where stdin is no terminal.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            terminal: watched()?,
            resized: signal(SignalKind::window_change())?,
            front: Front::watch()?,
            decoder: Decoder::default(),
            at_once: READ,
        })
    }

    /// The same, byte by byte: none behind the last event that was asked for is taken.
    ///
    /// # Errors
    /// Those of [`Reader::open`].
    pub fn sparing() -> io::Result<Self> {
        let at_once = 1;
        Ok(Self {
            at_once,
            ..Self::open()?
        })
    }

    /// What happens next; `None`: the terminal is gone. Keys that are there come before a size.
    /// Cancel-safe.
    ///
    /// # Errors
    /// The system's.
    pub async fn next(&mut self) -> io::Result<Option<Event>> {
        loop {
            // Keys without end must not keep the others of the task waiting.
            consume_budget().await;
            if let Some(event) = self.decoder.next_event() {
                return Ok(Some(event));
            }
            if !self.front.is_ours() {
                return Ok(Some(Event::Front(self.front.changed().await)));
            }
            if has_input()? {
                match self.read()? {
                    true => continue,
                    false => return Ok(None),
                }
            }
            // Only now is it known that no byte came in time.
            self.decoder.expire(Instant::now());
            if let Some(event) = self.decoder.next_event() {
                return Ok(Some(event));
            }
            tokio::select! {
                biased;
                ready = self.terminal.readable() => {
                    let mut ready = ready?;
                    if !has_input()? {
                        ready.clear_ready();
                    }
                }
                () = expiry(self.decoder.deadline()) => {}
                ours = self.front.changed() => return Ok(Some(Event::Front(ours))),
                Some(()) = self.resized.recv() => {
                    let (width, height) = size()?;
                    return Ok(Some(Event::Resize(width, height)));
                }
            }
        }
    }

    /// Whether all that was typed has been told, to the last byte.
    ///
    /// # Errors
    /// The system's.
    pub fn is_drained(&self) -> io::Result<bool> {
        Ok(self.decoder.is_idle() && !has_input()?)
    }

    /// When what has begun to come, and is unfinished, ends by itself.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.decoder.deadline()
    }

    /// `false`: the terminal is gone.
    fn read(&mut self) -> io::Result<bool> {
        let mut buf = [0; READ];
        let at_once = buf.get_mut(..self.at_once).unwrap_or_default();
        match rustix::io::read(stdin(), at_once) {
            Ok(0) => Ok(false),
            Ok(n) => {
                let bytes = buf.get(..n).unwrap_or_default();
                self.decoder.feed(bytes, Instant::now());
                Ok(true)
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

#[allow(
    deprecated,
    reason = "what took its place is unsafe: it wants a promise that the descriptor stays open, and \
              stdin does for as long as the program runs"
)]
fn watched() -> io::Result<AsyncFd<BorrowedFd<'static>>> {
    AsyncFd::with_interest(stdin(), Interest::READABLE)
}

/// Columns and rows of the terminal.
///
/// # Errors
/// The system's.
pub fn size() -> io::Result<(u16, u16)> {
    let size = tcgetwinsize(stdin())?;
    Ok((size.ws_col, size.ws_row))
}

/// Whether a read would not block: there are bytes, or the terminal is gone.
fn has_input() -> io::Result<bool> {
    let terminal = stdin();
    let mut asked = [PollFd::new(&terminal, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    match poll(&mut asked, Some(&now)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn expiry(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
