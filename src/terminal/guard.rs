//! The terminal's modes: taken while something of ours stands on it, given back on every way out.
//!
//! Owns: raw mode with bracketed paste (`?2004`) and focus reports (`?1004`), and the silence of a
//! row that is not typed in. They are given back on drop, on a panic, and by `signals` before
//! a signal ends or stops the program. An end that the program chooses must return:
//! `std::process::exit` drops nothing. From behind another program nothing is changed, neither to
//! take nor to give back.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use nix::sys::signal::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::deliver::deliver;
use super::front::is_in_front;

/// What a terminal is wanted for.
#[derive(Debug)]
struct Use {
    modes: fn(&mut Termios),
    /// Written when it is taken.
    enter: &'static [u8],
    /// Written when it is given back. What may be half done too: the row, an update, a wrap that is
    /// off, a colour, a hidden cursor.
    leave: &'static [u8],
}

/// Every key is read as it is pressed.
const KEYS: Use = Use {
    modes: Termios::make_raw,
    enter: b"\x1b[?2004h\x1b[?1004h",
    leave: b"\r\x1b[K\x1b[0m\x1b[?7h\x1b[?2026l\x1b[?2004l\x1b[?1004l\x1b[?25h",
};

/// Lines are kept by the system and not shown, for a row of ours stands where they would be.
const SILENCE: Use = Use {
    modes: |modes| {
        modes
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL)
    },
    enter: b"",
    leave: b"",
};

/// How long a terminal that takes nothing may keep a signal from what it does.
const TAKES_WITHIN: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// What the terminal is wanted for, while it is; for the panic hook and the signals too.
static WANTED: Mutex<Option<Wanted>> = Mutex::new(None);
static HOOK: Once = Once::new();

#[derive(Debug)]
struct Wanted {
    of: Use,
    /// How the terminal was before, while it is ours.
    before: Option<Termios>,
}

/// The terminal's modes, while it lives. There is one at a time.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal on stdin, and on stdout or stderr, for keys. Behind another program it
    /// is taken by [`Guard::resume`], once it can be.
    ///
    /// # Errors
    /// The system's; the terminal is then as it was.
    pub fn keys() -> io::Result<Self> {
        Self::begin(KEYS)
    }

    /// Takes the terminal on stdin, so that nothing of what is typed is shown. The same holds.
    ///
    /// # Errors
    /// The system's; the terminal is then as it was.
    pub fn silence() -> io::Result<Self> {
        Self::begin(SILENCE)
    }

    fn begin(of: Use) -> io::Result<Self> {
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back(write);
                previous(info);
            }));
        });
        *wanted() = Some(Wanted { of, before: None });
        let guard = Self(());
        guard.resume()?;
        Ok(guard)
    }

    /// The program goes on, and somebody else may have had the terminal: takes it again. `false`:
    /// it is another program's.
    ///
    /// # Errors
    /// The system's.
    pub fn resume(&self) -> io::Result<bool> {
        resume(write)
    }

    /// Stops the program as Ctrl-Z does, with the terminal given back, and returns with it taken
    /// again once it goes on in front (`fg`). Everything may have changed meanwhile, the size
    /// included.
    ///
    /// # Errors
    /// The system's.
    pub fn suspend(&self) -> io::Result<()> {
        give_back(write);
        deliver(Signal::SIGTSTP)?;
        self.resume()?;
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back(write);
        *wanted() = None;
    }
}

/// Whether the terminal is taken, if it is wanted: it may be ours again, and not taken yet.
pub fn is_taken() -> bool {
    wanted()
        .as_ref()
        .is_none_or(|wanted| wanted.before.is_some())
}

/// Gives the terminal back for good, past whoever is in the middle of writing there, and whoever
/// holds its [`Guard`].
pub fn abandon() {
    // Who holds it writes to a terminal that takes nothing.
    if let Ok(mut wanted) = WANTED.try_lock() {
        restore(&mut wanted, write_past);
        *wanted = None;
    }
}

/// Runs what may end the program or stop it, with the terminal given back. It is not waited for
/// whoever holds stdout, nor for long for a terminal that takes nothing.
pub(super) fn with_terminal_given_back<T>(run: impl FnOnce() -> T) -> T {
    give_back(write_past);
    let done = run();
    // Whoever reads the keys takes it again, too, and says what goes wrong.
    let _ = resume(write_past);
    done
}

type Writes = fn(&[u8]) -> io::Result<()>;

fn resume(write: Writes) -> io::Result<bool> {
    let mut wanted = wanted();
    let Some(Wanted { of, before }) = wanted.as_mut() else {
        return Ok(true);
    };
    if !is_in_front() {
        // As it was before is for whoever has it now to know.
        *before = None;
        return Ok(false);
    }
    let found = match before {
        Some(before) => before.clone(),
        None => tcgetattr(stdin())?,
    };
    let mut ours = found.clone();
    (of.modes)(&mut ours);
    tcsetattr(stdin(), OptionalActions::Now, &ours)?;
    *before = Some(found);
    let written = write(of.enter);
    drop(wanted);
    if written.is_err() {
        give_back(write);
    }
    written.map(|()| true)
}

fn give_back(write: Writes) {
    restore(&mut wanted(), write);
}

fn restore(wanted: &mut Option<Wanted>, write: Writes) {
    if let Some(Wanted { of, before }) = wanted
        && let Some(before) = before.take()
        && is_in_front()
    {
        // A terminal that is gone has no modes to restore.
        let _ = write(of.leave);
        let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
    }
}

/// Nothing panics that holds it.
fn wanted() -> MutexGuard<'static, Option<Wanted>> {
    WANTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To stdout, where that is the terminal: what was written there before comes first.
fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout();
    if !out.is_terminal() {
        return io::stderr().write_all(bytes);
    }
    out.write_all(bytes)?;
    out.flush()
}

/// The same, past whoever is in the middle of writing there.
fn write_past(bytes: &[u8]) -> io::Result<()> {
    let out = match io::stdout().is_terminal() {
        true => stdout(),
        false => stderr(),
    };
    let mut room = [PollFd::new(&out, PollFlags::OUT)];
    if !bytes.is_empty() && poll(&mut room, Some(&TAKES_WITHIN))? > 0 {
        rustix::io::write(out, bytes)?;
    }
    Ok(())
}
