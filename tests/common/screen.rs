//! A client on a pseudo-terminal of its own, and the terminal that a person looks
//! at: what it shows, with its scrollback, and every byte that came. Keys are typed,
//! screens are awaited.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{Home, PATIENCE};

/// Rows that have gone up and are kept.
const SCROLLBACK: usize = 20_000;

/// A program on a terminal.
pub(crate) struct Screen {
    master: Box<dyn MasterPty + Send>,
    keys: Arc<Mutex<Box<dyn Write + Send>>>,
    shown: Arc<(Mutex<Shown>, Condvar)>,
    child: Box<dyn Child + Send + Sync>,
}

struct Shown {
    terminal: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

impl Shown {
    /// Whether no synchronized update is under way: a terminal shows none by halves.
    fn is_whole(&self) -> bool {
        let mut marks = self.raw.windows(8).rev();
        let mark = marks.find(|bytes| bytes.starts_with(b"\x1b[?2026"));
        mark.is_none_or(|mark| mark.ends_with(b"l"))
    }
}

/// `undertone chat` of this person on loopback, to be run on a terminal.
pub(crate) fn chat(home: &Home, mediator: &str, name: &str, room: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_undertone"));
    command.env_clear();
    command.env("TERM", "xterm-256color");
    command.env("HOME", home.path());
    command.env("UNDERTONE_DATA_DIR", home.data());
    command.env("UNDERTONE_BIND", "127.0.0.1");
    command.env("UNDERTONE_ROOM", room);
    command.args(["chat", "--name", name, "--mediator", mediator]);
    command
}

impl Screen {
    /// Runs it on a terminal of 80 columns and 24 rows.
    pub(crate) fn run(command: CommandBuilder) -> Self {
        Self::run_on(command, 80, 24)
    }

    /// Runs it on a terminal of this size.
    pub(crate) fn run_on(command: CommandBuilder, width: u16, height: u16) -> Self {
        let pty = native_pty_system().openpty(size(width, height)).unwrap();
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let shown = Shown {
            terminal: vt100::Parser::new(cells(height), cells(width), SCROLLBACK),
            raw: Vec::new(),
            ended: false,
        };
        let shown = Arc::new((Mutex::new(shown), Condvar::new()));
        let filled = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buf = [0; 4096];
            loop {
                let read = reader.read(&mut buf).unwrap_or(0);
                let mut shown = filled.0.lock().unwrap();
                shown.terminal.process(&buf[..read]);
                shown.raw.extend_from_slice(&buf[..read]);
                shown.ended = read == 0;
                filled.1.notify_all();
                if read == 0 {
                    break;
                }
            }
        });
        Self {
            keys: Arc::new(Mutex::new(pty.master.take_writer().unwrap())),
            master: pty.master,
            shown,
            child,
        }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.send(keys.as_bytes());
    }

    /// Sends bytes as they are, as a terminal does that is no person.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        write(&mut *self.keys.lock().unwrap(), bytes).unwrap();
    }

    /// Types more than a terminal holds, and does not wait for who reads it.
    pub(crate) fn press_on(&mut self, keys: String) {
        let to = Arc::clone(&self.keys);
        // A program that ended takes no more.
        std::thread::spawn(move || write(&mut *to.lock().unwrap(), keys.as_bytes()));
    }

    /// Pastes, as a terminal does whose program has asked for brackets.
    pub(crate) fn paste(&mut self, text: &str) {
        self.press(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Waits until what is seen is as expected, and gives it.
    pub(crate) fn await_screen(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let seen = |shown: &mut Shown| {
            let text = shown.terminal.screen().contents();
            (shown.is_whole() && fits(&text)).then_some(text)
        };
        self.await_that(what, seen)
    }

    /// Waits until this is seen.
    pub(crate) fn await_text(&self, text: &str) -> String {
        self.await_screen(text, |screen| screen.contains(text))
    }

    /// Waits until the row in which is typed shows this and nothing more.
    pub(crate) fn await_row(&self, row: &str) -> String {
        self.await_screen(row, |screen| last_row(screen) == row)
    }

    /// Waits until the bytes that came are as expected, and gives what is made of them.
    pub(crate) fn await_raw<T>(&self, what: &str, of: impl Fn(&[u8]) -> Option<T>) -> T {
        self.await_that(what, |shown| of(&shown.raw))
    }

    fn await_that<T>(&self, what: &str, of: impl Fn(&mut Shown) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut shown = self.lock();
        loop {
            if let Some(found) = of(&mut shown) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || shown.ended {
                let screen = shown.terminal.screen().contents();
                drop(shown);
                panic!("no {what:?} on:\n{screen}");
            }
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.0.lock().unwrap()
    }

    /// What is seen now.
    pub(crate) fn text(&self) -> String {
        self.lock().terminal.screen().contents()
    }

    /// What has gone up, and what is seen now.
    pub(crate) fn history(&self) -> String {
        history(&mut self.lock().terminal)
    }

    /// Row and column of the cursor.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.lock().terminal.screen().cursor_position()
    }

    /// Every byte so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.lock().raw.clone()
    }

    /// Looks at the terminal itself.
    pub(crate) fn look<T>(&self, of: impl FnOnce(&vt100::Screen) -> T) -> T {
        of(self.lock().terminal.screen())
    }

    /// Changes the size, of the terminal and then for the program.
    pub(crate) fn resize(&self, width: u16, height: u16) {
        let mut shown = self.lock();
        shown.terminal.set_size(cells(height), cells(width));
        self.master.resize(size(width, height)).unwrap();
    }

    /// The other one left: leaves too, with an empty draft, and gives the exit code.
    pub(crate) fn follow(&mut self) -> u32 {
        self.await_text("left · Enter waits again");
        self.press("\x15/quit\r");
        self.exit_code()
    }

    pub(crate) fn pid(&self) -> i32 {
        self.child.process_id().unwrap().try_into().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Waits for the end, and for the last byte: the exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        self.await_that("end", |shown| shown.ended.then_some(()));
        self.child.wait().unwrap().exit_code()
    }

    /// Waits for the end, and for the last byte: how it ended.
    pub(crate) fn wait_status(&mut self) -> WaitStatus {
        self.await_that("end", |shown| shown.ended.then_some(()));
        waitpid(Pid::from_raw(self.pid()), None).unwrap()
    }

    /// Signals whatever the shell on this terminal has brought to the front.
    pub(crate) fn signal_front(&self, signal: Signal) {
        let front = self.master.process_group_leader().unwrap();
        killpg(Pid::from_raw(front), signal).unwrap();
    }

    /// That the terminal is as a fresh one: modes of the line, and our own switched off
    /// after they were switched on.
    pub(crate) fn assert_restored(&self) {
        let fresh = native_pty_system().openpty(size(80, 24)).unwrap();
        assert_eq!(self.master.get_termios(), fresh.master.get_termios());
        let raw = String::from_utf8_lossy(&self.raw()).into_owned();
        for mode in ["?2004", "?1004", "?2026"] {
            let [on, off] = ["h", "l"].map(|end| raw.rfind(&format!("\x1b[{mode}{end}")));
            assert!(off >= on, "{mode} is on: {raw:?}");
        }
        assert!(raw.rfind("\x1b[?7l") <= raw.rfind("\x1b[?7h"), "{raw:?}");
        assert!(!self.look(vt100::Screen::bracketed_paste));
        assert!(!self.look(vt100::Screen::hide_cursor));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last row with something in it, without the blanks behind.
pub(crate) fn last_row(screen: &str) -> &str {
    screen.trim_end().lines().last().unwrap_or("").trim_end()
}

fn history(terminal: &mut vt100::Parser) -> String {
    let screen = terminal.screen_mut();
    let (height, width) = screen.size();
    let up = screen.scrollback_len();
    let mut text = String::new();
    for offset in (0..=up).rev() {
        screen.set_scrollback(offset);
        let rows = if offset == 0 { height.get() } else { 1 };
        for (at, row) in (0..).zip(screen.rows(0, width.get()).take(rows.into())) {
            text += &row;
            if !screen.row_wrapped(at) {
                text.push('\n');
            }
        }
    }
    text
}

fn write(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(width: u16, height: u16) -> PtySize {
    PtySize {
        rows: height,
        cols: width,
        ..PtySize::default()
    }
}
