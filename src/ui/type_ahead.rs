//! What a person types at a terminal while the other one is still awaited: it is kept,
//! and said to nobody. `/quit` and Ctrl-D leave; `/relay` agrees to a relay, `/invite` copies the
//! invite; other commands have nothing to act on yet.
//!
//! The terminal is in its own mode until the chat begins: a line comes whole, edited by the system.
//! It shows what is typed as well, but where the clock has a row. What does not come from a terminal
//! waits in its pipe.

use std::future::pending;
use std::io::{self, IsTerminal};
use std::os::unix::net::UnixStream;
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::oneshot;
use undertone_core::payload::TEXT_MAX;
use undertone_core::room::Invite;

use crate::engine::event::Event;
use crate::engine::relay::{AGREED, Consent};
use crate::terminal::front::{Front, LOOKS_AGAIN, is_in_front};
use crate::terminal::guard::Guard;
use crate::terminal::keyboard;
use crate::ui::clipboard::Clipboard;
use crate::ui::clock;
use crate::ui::input;
use crate::ui::input::Input;
use crate::ui::interface::has_console;
use crate::ui::output::Face;

/// More than a terminal hands over as one line (4,096 bytes on Linux).
const LINE_MAX: usize = 8192;

/// What is said to whoever types ahead.
pub(super) const DRAFT: &str =
    "what you type becomes your draft once you are connected; /quit leaves";
const WAITS: &str = "what you type is said once you are connected; /quit leaves";
pub(super) const NO_CHAT: &str = "not kept: there is no chat yet to take a command; /quit leaves";
const INVITE: &str = "not kept: that is an invite. To take it, /quit, and paste it as the room";

/// Somebody who listens to the terminal until told to stop.
pub struct Ahead {
    /// Its thread, which ends when the other end of this is dropped, and gives what was
    /// typed; none where there is no terminal.
    listener: Option<(UnixStream, JoinHandle<String>)>,
    left: oneshot::Receiver<()>,
    /// What is typed is not shown: it would be in the row of the clock.
    silence: Option<Guard>,
    front: Front,
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

impl Ahead {
    /// Begins to listen, where stdin is a terminal; says so to whoever types, by `face`.
    /// A consent to the relay goes to `consent`; `/invite` copies what `clipboard` offers.
    ///
    /// # Errors
    /// The system's.
    pub fn listen(face: Face, consent: Consent, clipboard: Clipboard) -> io::Result<Self> {
        let (leave, left) = oneshot::channel();
        let mut listener = None;
        if io::stdin().is_terminal() {
            let (ours, stop) = UnixStream::pair()?;
            let listen = move || listen(&stop, face, (&consent, &clipboard), leave);
            let thread = thread::Builder::new().spawn(listen)?;
            listener = Some((ours, thread));
        }
        // A terminal that cannot be changed shows what is typed, and that is all.
        let silence = listener.as_ref().filter(|_| clock::has_row(face));
        let silence = silence.and_then(|_| Guard::silence().ok());
        Ok(Ahead {
            listener,
            left,
            silence,
            front: Front::watch()?,
        })
    }

    /// Waits until the person leaves. Cancel-safe.
    pub async fn left(&mut self) {
        loop {
            tokio::select! {
                left = &mut self.left => match left {
                    Ok(()) => return,
                    Err(_) => pending().await,
                },
                _ = self.front.changed() => if let Some(silence) = &self.silence {
                    // As where it began.
                    let _ = silence.resume();
                },
            }
        }
    }

    /// Listens no longer: what is to be said once somebody is there, whole lines, and a beginning
    /// that Ctrl-D handed over; `None`: the person left at the last moment.
    #[must_use]
    pub fn finish(mut self) -> Option<String> {
        drop(self.silence);
        let typed = self.listener.and_then(|(ours, thread)| {
            drop(ours);
            thread.join().ok()
        });
        match self.left.try_recv() {
            Ok(()) => None,
            Err(_) => Some(typed.unwrap_or_default()),
        }
    }
}

fn listen(
    stop: &UnixStream,
    face: Face,
    (consent, clipboard): (&Consent, &Clipboard),
    leave: oneshot::Sender<()>,
) -> String {
    let mut typed = String::new();
    let mut buf = [0; LINE_MAX];
    loop {
        let line = match hear(stop, &mut buf) {
            Heard::Line(line) => line,
            Heard::Nothing => continue,
            Heard::End => b"/quit",
            Heard::Stop => return typed,
        };
        // Whether anybody reads it is noticed once the chat begins.
        let note = |message: &str| {
            let _ = face.show(&Event::note(message));
        };
        // The terminal's answers come on the same line.
        let text = keyboard::line::text(line);
        match input::typed(text.trim_end()) {
            Input::Quit => {
                let _ = leave.send(());
                return typed;
            }
            Input::Relay => {
                consent.give();
                note(AGREED);
                continue;
            }
            Input::Invite => {
                note(clipboard.copy(face));
                continue;
            }
            Input::Say(said) if is_invite(&said) => {
                note(INVITE);
                continue;
            }
            // No draft begins with a row in which nothing stands.
            Input::Say(said) if said.is_empty() && typed.is_empty() => continue,
            Input::Say(_) => {}
            _ => {
                note(NO_CHAT);
                continue;
            }
        }
        if typed.is_empty() {
            note(if has_console(face) { DRAFT } else { WAITS });
        }
        // As much as one message holds; what is over that is not there when the rest is.
        if typed.len() + text.len() <= TEXT_MAX {
            typed.push_str(&text);
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
