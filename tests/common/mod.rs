//! What the end-to-end tests drive the real programs with: a mediator and
//! clients as processes that end with the test, and a TCP proxy that can be cut.
//! Waits are for events, bounded by [`PATIENCE`]; nothing sleeps.

#![allow(dead_code, reason = "each binary uses its part")]

pub(crate) mod acts;
pub(crate) mod certificates;
mod client;
pub(crate) mod console;
pub(crate) mod contents;
mod lines;
pub(crate) mod mediator;
pub(crate) mod memory;
pub(crate) mod proxy;
pub(crate) mod reverse;
pub(crate) mod scene;
pub(crate) mod screen;
pub(crate) mod shell;
pub(crate) mod strings;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use client::Client;
pub(crate) use lines::Lines;
pub(crate) use mediator::Mediator;
use proxy::Proxy;

/// The longest wait for anything; far above what a slow machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

impl Mediator {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// For a mediator that comes back where the one before it was.
    pub(crate) fn start_at(address: &str) -> Self {
        Self::start_with(&["--listen", address])
    }

    /// With further options; on a free port if they do not say otherwise.
    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        // Beside the client's; `cargo test --workspace` builds both.
        let client = Path::new(env!("CARGO_BIN_EXE_undertone"));
        Self::run(&client.with_file_name("undertone-mediator"), arguments)
    }

    pub(crate) fn address(&self) -> &str {
        self.url.split("://").last().unwrap()
    }

    /// kill -9.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

/// A folder for one person: identity, contacts, history.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// How many attempts are counted here, of all rooms.
    pub(crate) fn attempts(&self) -> usize {
        let kept = std::fs::read_dir(self.data().join("attempts"));
        kept.map_or(0, Iterator::count)
    }

    /// Waits until whoever lives here has written down so many contacts: of whom there was an
    /// alarm, nobody waits for that otherwise.
    pub(crate) fn await_contacts(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        let contacts = self.data().join("contacts.json");
        let kept = || std::fs::read_to_string(&contacts).unwrap_or_default();
        while kept().matches("petname").count() < count {
            assert!(Instant::now() < deadline, "no contact is kept");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }
}

/// How to start a client; fields are changed before [`Start::run`].
pub(crate) struct Start {
    pub command: Command,
}

impl Start {
    /// `undertone` with this home and nothing else from the environment, and
    /// these arguments.
    pub(crate) fn new(home: &Home, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("UNDERTONE_DATA_DIR", home.data())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command }
    }

    /// `undertone chat ROOM --json` on loopback, the room out of sight.
    pub(crate) fn chat(home: &Home, mediator: &str, name: &str, room: &str) -> Self {
        let mut start = Self::new(home, &["chat", "--json", "-v", "--bind", "127.0.0.1"]);
        start.command.env("UNDERTONE_ROOM", room);
        start.command.args(["--name", name, "--mediator", mediator]);
        start
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Nobody can dial it: it tells the other one an address where nothing listens. So
    /// that a link goes through the proxy whose address the other one tells.
    pub(crate) fn dials_only(self) -> Self {
        self.args(&["--advertise", NOBODY])
    }

    /// As a person sees it: no `--json`.
    pub(crate) fn human(home: &Home, mediator: &str, name: &str, room: &str) -> Self {
        let mut start = Self::new(home, &["chat", "--bind", "127.0.0.1"]);
        start.command.env("UNDERTONE_ROOM", room);
        start.command.args(["--name", name, "--mediator", mediator]);
        start
    }

    pub(crate) fn run(mut self) -> Client {
        let mut child = self.command.spawn().expect("the client starts");
        Client {
            stdin: child.stdin.take(),
            out: Lines::of(child.stdout.take().unwrap()),
            err: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Nobody reads its stdout, as after `| head`, or it is somebody else's.
    pub(crate) fn run_unread(self) -> Client {
        self.run_apart().0
    }

    /// Its stdout apart, as it is.
    pub(crate) fn run_with_stdout(self) -> (Client, ChildStdout) {
        let (client, stdout) = self.run_apart();
        (client, stdout.unwrap())
    }

    fn run_apart(mut self) -> (Client, Option<ChildStdout>) {
        let mut child = self.command.spawn().expect("the client starts");
        let stdout = child.stdout.take();
        let client = Client {
            stdin: child.stdin.take(),
            out: Lines::of(std::io::empty()),
            err: Lines::of(child.stderr.take().unwrap()),
            child,
        };
        (client, stdout)
    }

    /// Runs it to its end with this on stdin: exit code, stdout, stderr.
    pub(crate) fn finish(self, stdin: &[u8]) -> (i32, String, String) {
        let mut client = self.run();
        // It may end without having read everything.
        let _ = client.stdin.take().unwrap().write_all(stdin);
        let code = client.exit_code();
        let text = |lines: Lines| {
            lines
                .rest()
                .iter()
                .map(|line| format!("{line}\n"))
                .collect()
        };
        let empty = || Lines::of(std::io::empty());
        let out = std::mem::replace(&mut client.out, empty());
        let err = std::mem::replace(&mut client.err, empty());
        (code, text(out), text(err))
    }
}

/// Two clients that have met in a fresh room with a secret: host and guest.
pub(crate) fn pair(mediator: &Mediator, homes: [&Home; 2]) -> [Client; 2] {
    let host = Start::chat(homes[0], &mediator.url, "ada", "lab#otter");
    let guest = Start::chat(homes[1], &mediator.url, "bob", "lab#otter");
    let [(host, _), (guest, _)] = meet(host, guest);
    [host, guest]
}

/// Starts both, host first; each with its `connected`, or the `alarm` instead of it.
pub(crate) fn meet(host: Start, guest: Start) -> [(Client, Value); 2] {
    let host = host.run();
    host.await_event("waiting");
    let guest = guest.run();
    [host, guest].map(|who| {
        let event = who.await_that("a connection", |event| {
            event["type"] == "connected" || event["type"] == "alarm"
        });
        (who, event)
    })
}

/// The same as [`pair`], with every link through the proxy.
pub(crate) fn pair_through(proxy: &Proxy, host: Start, guest: Start) -> [Client; 2] {
    let host = host.args(&["--advertise", &proxy.address()]).run();
    host.await_event("waiting");
    let guest = guest.dials_only().run();
    proxy.aim(&host.listens_at());
    guest.await_event("connected");
    host.await_event("connected");
    [host, guest]
}

/// An address of loopback at which nobody listens: the port is the system's own.
pub(crate) const NOBODY: &str = "127.0.0.1:1";

/// A port of loopback that is free.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
