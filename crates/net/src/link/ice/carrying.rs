//! A task between the channel and a byte stream: what is written there is said in messages, what
//! comes in messages is read there. Their borders mean nothing.

use std::collections::VecDeque;
use std::future::ready;
use std::net::SocketAddr;
use std::time::Duration;

use str0m::RtcError;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep_until};

use super::agent::Agent;
use super::stream::{TaskEnd, UdpStream, stream};
use crate::link::ranking::source;

/// The longest message.
const MESSAGE_MAX: usize = 16 * 1024;
/// Bytes that came and nobody has read: what comes beyond is not acknowledged, so that the peer
/// slows down and sends it again.
const UNREAD_MAX: usize = 256 * 1024;
/// How long what was written last may take to be acknowledged.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The stream over an open channel to this peer. The task ends with it, or with the channel.
pub(super) fn carry(agent: Agent, peer: SocketAddr) -> UdpStream {
    let (stream, task) = stream(source(peer.ip()));
    tokio::spawn(run(agent, task));
    stream
}

/// Carries until either end is over.
pub(super) async fn run(agent: Agent, task: TaskEnd) {
    let TaskEnd {
        bytes,
        mut gone,
        closing,
    } = task;
    let mut carrying = Carrying::new(agent, bytes);
    let is_gone = loop {
        let is_over = carrying.is_over();
        let turned = tokio::select! {
            biased;
            _ = &mut gone => break true,
            () = ready(()), if is_over => break false,
            turned = carrying.turn() => turned,
        };
        if turned.is_err() || carrying.settle().await.is_err() {
            break false;
        }
    };
    let Carrying {
        mut agent,
        mut unread,
        mut read,
        ..
    } = carrying;
    agent.close().await;
    unread.append(&mut agent.received);
    drop(closing);
    if !is_gone {
        // What came before the end is still read, unless nobody does.
        tokio::select! {
            _ = gone => {}
            _ = read.write_all_buf(&mut unread) => {}
        }
    }
}

struct Carrying {
    agent: Agent,
    written: ReadHalf<DuplexStream>,
    read: WriteHalf<DuplexStream>,
    /// Of what was written, what is not yet said.
    unsaid: Vec<u8>,
    /// Of what came, what is not yet read.
    unread: VecDeque<u8>,
    /// Since when nothing more is written.
    ended: Option<Instant>,
}

impl Carrying {
    fn new(agent: Agent, bytes: DuplexStream) -> Self {
        let (written, read) = split(bytes);
        let mut carrying = Self {
            agent,
            written,
            read,
            unsaid: Vec::new(),
            unread: VecDeque::new(),
            ended: None,
        };
        carrying.take();
        carrying
    }

    /// Whether there is nothing left to wait for.
    fn is_over(&mut self) -> bool {
        let heard = self.unsaid.is_empty() && self.agent.is_heard();
        let is_done = |ended: Instant| heard || ended.elapsed() >= FLUSH_TIMEOUT;
        self.agent.over || self.ended.is_some_and(is_done)
    }

    /// Waits until something came, was written or was read. Cancel-safe; to be followed by
    /// [`Carrying::settle`].
    async fn turn(&mut self) -> Result<(), RtcError> {
        let until = self.ended.map(|ended| ended + FLUSH_TIMEOUT);
        let may_write = self.unsaid.is_empty() && self.ended.is_none();
        tokio::select! {
            heard = self.agent.hear() => return heard,
            taken = next(&mut self.written, &mut self.unsaid), if may_write => {
                if !taken {
                    self.ended = Some(Instant::now());
                }
            }
            read = self.read.write_buf(&mut self.unread), if !self.unread.is_empty() => {
                if read.is_err() {
                    // The stream is about to be gone.
                    self.unread.clear();
                }
            }
            () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => {}
        }
        Ok(())
    }

    /// Does what that leads to. Not to be dropped half-way.
    async fn settle(&mut self) -> Result<(), RtcError> {
        self.agent.say(&mut self.unsaid)?;
        self.agent.settle().await?;
        self.take();
        Ok(())
    }

    fn take(&mut self) {
        self.unread.append(&mut self.agent.received);
        self.agent.full = self.unread.len() >= UNREAD_MAX;
    }
}

/// Takes the next message from what is written; `false` at its end. Cancel-safe.
async fn next(written: &mut ReadHalf<DuplexStream>, message: &mut Vec<u8>) -> bool {
    message.reserve(MESSAGE_MAX);
    let read = written.take(MESSAGE_MAX as u64).read_buf(message).await;
    read.is_ok_and(|len| len > 0)
}
