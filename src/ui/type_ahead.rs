//! What a person types at a terminal while the other person is still awaited: it is kept,
//! and said to nobody. Commands are handed on.
//!
//! The terminal is in its own mode until the chat begins: a line comes whole, edited by the system.
//! It shows what is typed as well, but where the clock has a row. What does not come from a terminal
//! waits in its pipe.

use std::io::{self, IsTerminal};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;
use undertone_core::payload::TEXT_MAX;
use undertone_core::room::Invite;

use crate::terminal::front::{Front, LOOKS_AGAIN, is_in_front};
use crate::terminal::guard::Guard;
use crate::terminal::keyboard;
use crate::ui::clock;
use crate::ui::input::{self, Input};
use crate::ui::output::Face;

/// More than a terminal hands over as one line (4,096 bytes on Linux).
const LINE_MAX: usize = 8192;

/// What is said to whoever types ahead.
pub(super) const DRAFT: &str =
    "what you type becomes your draft once you are connected; /quit leaves";
const WAITS: &str = "what you type is said once you are connected; /quit leaves";
const INVITE: &str = "not kept: that is an invite. To take it, /quit, and paste it as the room";

/// Somebody who listens to the terminal until told to stop.
pub(super) struct TypeAhead {
    /// Its thread, which ends when the other end of this is dropped; none where there is no
    /// terminal.
    listener: Option<(UnixStream, JoinHandle<()>)>,
    /// As fast as a person types them: no bound is needed, and who ends the thread waits for it.
    lines: mpsc::UnboundedReceiver<Option<String>>,
    /// What is to be said once somebody is there.
    typed: String,
    /// What is typed becomes a draft, not yet said.
    drafts: bool,
    /// What is typed is not shown: it would be in the row of the clock.
    silence: Option<Guard>,
    front: Front,
}

/// What came of a line.
pub(super) enum Ahead {
    /// To be done now.
    Input(Input),
    /// To be told.
    Note(&'static str),
}

/// What came of the terminal.
enum Heard<'a> {
    Line(&'a [u8]),
    Nothing,
    /// Ctrl-D.
    End,
    /// The terminal is gone, or it is time to stop.
    Stop,
}

impl TypeAhead {
    /// Begins to listen, where stdin is a terminal. What is typed `drafts` where a console follows.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn listen(face: Face, drafts: bool) -> io::Result<Self> {
        let (sender, lines) = mpsc::unbounded_channel();
        let mut listener = None;
        if io::stdin().is_terminal() {
            let (ours, stop) = UnixStream::pair()?;
            let thread = thread::Builder::new().spawn(move || listen(&stop, &sender))?;
            listener = Some((ours, thread));
        }
        // A terminal that cannot be changed shows what is typed, and that is all.
        let silence = listener.as_ref().filter(|_| clock::has_row(face));
        let silence = silence.and_then(|_| Guard::silence().ok());
        Ok(Self {
            listener,
            lines,
            typed: String::new(),
            drafts,
            silence,
            front: Front::watch()?,
        })
    }

    /// The next thing that is for now. Cancel-safe.
    pub(super) async fn next(&mut self) -> Ahead {
        loop {
            let line = tokio::select! {
                Some(line) = self.lines.recv() => line,
                _ = self.front.changed() => {
                    if let Some(silence) = &self.silence {
                        // As where it began.
                        let _ = silence.resume();
                    }
                    continue;
                }
            };
            if let Some(ahead) = self.take(line) {
                return ahead;
            }
        }
    }

    /// `None`: the end of what is typed.
    fn take(&mut self, line: Option<String>) -> Option<Ahead> {
        let Some(line) = line else {
            return Some(Ahead::Input(Input::Quit));
        };
        match input::typed(line.trim_end()) {
            Input::Say(said) if is_invite(&said) => return Some(Ahead::Note(INVITE)),
            // No draft begins with a row in which nothing stands.
            Input::Say(said) if said.is_empty() && self.typed.is_empty() => return None,
            Input::Say(_) => {}
            command => return Some(Ahead::Input(command)),
        }
        let first = self.typed.is_empty();
        // As much as one message holds; what is over that is not there when the rest is.
        if self.typed.len() + line.len() <= TEXT_MAX {
            self.typed.push_str(&line);
        }
        let note = if self.drafts { DRAFT } else { WAITS };
        first.then_some(Ahead::Note(note))
    }

    /// Listens no longer: what is to be said once somebody is there, whole lines, and a beginning
    /// that Ctrl-D handed over, or `None` where the person left at the last moment; and commands
    /// of that moment.
    #[must_use]
    pub(super) fn finish(mut self) -> (Option<String>, Vec<Input>) {
        drop(self.silence.take());
        if let Some((ours, thread)) = self.listener.take() {
            drop(ours);
            let _ = thread.join();
        }
        let mut commands = Vec::new();
        while let Ok(line) = self.lines.try_recv() {
            match self.take(line) {
                Some(Ahead::Input(Input::Quit)) => return (None, commands),
                Some(Ahead::Input(input)) => commands.push(input),
                Some(Ahead::Note(_)) | None => {}
            }
        }
        (Some(self.typed), commands)
    }
}

fn listen(stop: &UnixStream, lines: &mpsc::UnboundedSender<Option<String>>) {
    let mut buf = [0; LINE_MAX];
    loop {
        let line = match hear(stop, &mut buf) {
            // The terminal's answers come on the same line.
            Heard::Line(line) => Some(keyboard::line::text(line)),
            Heard::Nothing => continue,
            Heard::End => None,
            Heard::Stop => return,
        };
        let ended = line.is_none();
        if lines.send(line).is_err() || ended {
            return;
        }
    }
}

/// Whether it was meant for the question before.
fn is_invite(line: &str) -> bool {
    let invite = line.parse::<Invite>();
    invite.is_ok_and(|invite| invite.mediator.is_some())
}

/// Waits for a line. All that is there comes before it is time to stop.
fn hear<'a>(stop: &UnixStream, buf: &'a mut [u8]) -> Heard<'a> {
    let stdin = io::stdin();
    let in_front = is_in_front();
    let mut asked = [
        PollFd::new(stop, PollFlags::IN),
        // What is typed for another program is none of ours.
        PollFd::new(
            &stdin,
            if in_front {
                PollFlags::IN
            } else {
                PollFlags::empty()
            },
        ),
    ];
    let behind = Timespec::try_from(LOOKS_AGAIN).ok().filter(|_| !in_front);
    match poll(&mut asked, behind.as_ref()) {
        Err(Errno::INTR) => return Heard::Nothing,
        Err(_) => return Heard::Stop,
        Ok(_) => {}
    }
    let [stopped, typed] = asked.each_ref().map(PollFd::revents);
    match typed {
        PollFlags::IN if is_in_front() => match rustix::io::read(&stdin, &mut *buf) {
            Ok(0) => Heard::End,
            Ok(n) => Heard::Line(buf.get(..n).unwrap_or_default()),
            Err(Errno::INTR | Errno::AGAIN) => Heard::Nothing,
            Err(_) => Heard::Stop,
        },
        PollFlags::IN => Heard::Nothing,
        _ if typed.is_empty() && stopped.is_empty() => Heard::Nothing,
        _ => Heard::Stop,
    }
}
