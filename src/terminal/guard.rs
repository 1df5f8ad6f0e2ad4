//! The terminal's modes: taken when the composer starts, given back on every way out.
//!
//! Owns: raw mode, bracketed paste (`?2004`), focus reports (`?1004`), and the stop of Ctrl-Z. Gives
//! them back on drop, on a panic, and while stopped. A signal that ends the program must end it by
//! returning: `std::process::exit` drops nothing.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use rustix::stdio::stdin;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

const ENTER: &[u8] = b"\x1b[?2004h\x1b[?1004h";
/// What may be half done too: the row, an update, a wrap that is off, a colour, a hidden cursor.
const LEAVE: &[u8] = b"\r\x1b[K\x1b[0m\x1b[?7h\x1b[?2026l\x1b[?2004l\x1b[?1004l\x1b[?25h";

/// How the terminal was before, while it is ours; for the panic hook too.
static TAKEN: Mutex<Option<Termios>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// The terminal's modes, while it lives. There is one at a time.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal on stdin, and on stdout or stderr.
    ///
    /// # Errors
    /// The system's; the terminal is then as it was.
    pub fn enter() -> io::Result<Self> {
        HOOK.call_once(|| {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                give_back();
                previous(info);
            }));
        });
        take()?;
        Ok(Guard(()))
    }

    /// Stops the program as Ctrl-Z does, with the terminal given back, and returns with it taken
    /// again once it goes on (`fg`). Everything may have changed meanwhile, the size included.
    ///
    /// # Errors
    /// The system's.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        #[cfg(unix)]
        signal_hook::low_level::raise(signal_hook::consts::SIGTSTP)?;
        take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    let before = tcgetattr(stdin())?;
    let mut raw = before.clone();
    raw.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &raw)?;
    *taken() = Some(before);
    let written = write(ENTER);
    if written.is_err() {
        give_back();
    }
    written
}

fn give_back() {
    let before = taken().take();
    if let Some(before) = before {
        // A terminal that is gone has no modes to restore.
        let _ = write(LEAVE);
        let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
    }
}

/// Nothing panics that holds it.
fn taken() -> MutexGuard<'static, Option<Termios>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
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
