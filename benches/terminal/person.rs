//! Somebody at a terminal: what they press, and what they are shown.

use std::fs;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use super::client_program;
use super::mediator::Mediator;

/// Wide enough for a message in one row: it is looked for whole.
const SIZE: PtySize = PtySize {
    rows: 24,
    cols: 160,
    pixel_width: 0,
    pixel_height: 0,
};

/// A client on a pseudo-terminal, stopped on drop.
pub(crate) struct Person {
    _home: TempDir,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Box<dyn Read + Send>,
    /// Read and not forgotten.
    pub shown: Vec<u8>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Person {
    pub(crate) fn start(mediator: &Mediator) -> Self {
        let pty = native_pty_system().openpty(SIZE).unwrap();
        let home = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(client_program());
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home.path());
        command.env("UNDERTONE_ROOM", "bench#secret");
        command.args(["chat", "--bind", "127.0.0.1", "--name", "ann"]);
        command.args(["--mediator", &mediator.url]);
        let child = pty.slave.spawn_command(command).unwrap();
        Self {
            _home: home,
            keys: pty.master.take_writer().unwrap(),
            output: pty.master.try_clone_reader().unwrap(),
            _master: pty.master,
            shown: Vec::new(),
            child,
        }
    }

    pub(crate) fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn forget(&mut self) {
        self.shown.clear();
    }

    /// Reads until this was shown.
    pub(crate) fn read_until(&mut self, text: &str) {
        let mut searched: usize = 0;
        loop {
            let from = searched.saturating_sub(text.len());
            let mut windows = self.shown[from..].windows(text.len());
            if windows.any(|window| window == text.as_bytes()) {
                return;
            }
            searched = self.shown.len();
            self.read();
        }
    }

    /// Reads at least for so long; something is always coming.
    pub(crate) fn read_for(&mut self, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            self.read();
            self.forget();
        }
    }

    fn read(&mut self) {
        let mut buf = [0; 64 * 1024];
        let n = self.output.read(&mut buf).unwrap();
        assert!(n > 0, "the client ended early");
        self.shown.extend_from_slice(&buf[..n]);
    }

    /// Of all threads, by the scheduler's account, which is finer than ticks.
    pub(crate) fn cpu_time(&self) -> Duration {
        let tasks = format!("/proc/{}/task", self.child.process_id().unwrap());
        let of_task = |task: fs::DirEntry| {
            let stat = fs::read_to_string(task.path().join("schedstat")).unwrap();
            let nanos = stat.split(' ').next().unwrap();
            Duration::from_nanos(nanos.parse().unwrap())
        };
        fs::read_dir(tasks).unwrap().flatten().map(of_task).sum()
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
