//! What the end-to-end tests drive the real programs with: a mediator and
//! clients as processes that end with the test, and a TCP proxy that can be cut.
//! Waits are for events, bounded by [`PATIENCE`]; nothing sleeps.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod acts;
pub mod console;
pub mod proxy;
pub mod scene;
pub mod screen;
pub mod strings;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use proxy::Proxy;

/// The longest wait for anything; far above what a slow machine needs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A mediator process on a free port of loopback.
pub struct Mediator {
    child: Child,
    pub url: String,
    _log: Lines,
}

impl Mediator {
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    /// For a mediator that comes back where the one before it was.
    pub fn start_at(address: &str) -> Self {
        Self::start_with(&["--listen", address])
    }

    /// With further options; on a free port if they do not say otherwise.
    pub fn start_with(arguments: &[&str]) -> Self {
        let mut child = Command::new(mediator_program())
            .env_clear()
            .env("UNDERTONE_MEDIATOR_LISTEN", "127.0.0.1:0")
            .args(["--joins-per-minute", "100000"])
            .args(["--max-connections-per-address", "1000"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the mediator starts");
        let log = Lines::of(child.stderr.take().unwrap());
        let line = log.find(
            |line| line.contains("listening on"),
            "the mediator's address",
        );
        let url = line.rsplit(' ').next().unwrap().to_owned();
        Mediator {
            child,
            url,
            _log: log,
        }
    }

    pub fn address(&self) -> &str {
        self.url.split("://").last().unwrap()
    }

    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Mediator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The mediator's program stands beside the client's; `cargo test --workspace`
/// builds both.
fn mediator_program() -> PathBuf {
    let mut program = PathBuf::from(env!("CARGO_BIN_EXE_undertone"));
    program.set_file_name("undertone-mediator");
    assert!(
        program.exists(),
        "run the tests with --workspace, which builds {program:?}"
    );
    program
}

/// A folder for one person: identity, contacts, history.
pub struct Home(TempDir);

impl Home {
    pub fn new() -> Self {
        Home(tempfile::tempdir().expect("a temporary folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

/// How to start a client; fields are changed before [`Start::run`].
pub struct Start {
    pub command: Command,
}

impl Start {
    /// `undertone` with this home and nothing else from the environment, and
    /// these arguments.
    pub fn new(home: &Home, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
        command
            .env_clear()
            .env("HOME", home.path())
            .env("UNDERTONE_DATA_DIR", home.data())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Start { command }
    }

    /// `undertone chat ROOM --json` on loopback, the room out of sight.
    pub fn chat(home: &Home, mediator: &str, name: &str, room: &str) -> Self {
        let mut start = Self::new(home, &["chat", "--json", "-v", "--bind", "127.0.0.1"]);
        start.command.env("UNDERTONE_ROOM", room);
        start.command.args(["--name", name, "--mediator", mediator]);
        start
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    /// Nobody can dial it: it tells the other one an address where nothing listens. So
    /// that a link goes through the proxy whose address the other one tells.
    pub fn dials_only(self) -> Self {
        self.args(&["--advertise", NOBODY])
    }

    /// As a person sees it: no `--json`.
    pub fn human(home: &Home, mediator: &str, name: &str, room: &str) -> Self {
        let mut start = Self::new(home, &["chat", "--bind", "127.0.0.1"]);
        start.command.env("UNDERTONE_ROOM", room);
        start.command.args(["--name", name, "--mediator", mediator]);
        start
    }

    pub fn run(mut self) -> Client {
        let mut child = self.command.spawn().expect("the client starts");
        Client {
            stdin: child.stdin.take(),
            out: Lines::of(child.stdout.take().unwrap()),
            err: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Nobody reads its stdout, as after `| head`.
    pub fn run_unread(mut self) -> Client {
        let mut child = self.command.spawn().expect("the client starts");
        drop(child.stdout.take());
        Client {
            stdin: child.stdin.take(),
            out: Lines::of(std::io::empty()),
            err: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Runs it to its end with this on stdin: exit code, stdout, stderr.
    pub fn finish(self, stdin: &[u8]) -> (i32, String, String) {
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

/// A client process. Killed when dropped.
pub struct Client {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    pub out: Lines,
    pub err: Lines,
}

impl Client {
    /// Types a line.
    pub fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        if stdin.write_all(format!("{line}\n").as_bytes()).is_err() {
            let ended = self.child.wait();
            panic!("{ended:?}: {:#?} {:#?}", self.out.rest(), self.err.rest());
        }
    }

    /// Ends stdin, as at the end of a pipe.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// The next `--json` event.
    pub fn event(&self) -> Value {
        let line = self.out.next("an event");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }

    /// The next event of this type; others before it are passed over.
    pub fn await_event(&self, kind: &str) -> Value {
        self.await_that(kind, |event| event["type"] == kind)
    }

    /// The next event that fits; others before it are passed over.
    pub fn await_that(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let fits = |line: &str| serde_json::from_str(line).is_ok_and(|event| fits(&event));
        serde_json::from_str(&self.out.find(fits, what)).unwrap()
    }

    /// All events until they are enough.
    pub fn events_until(&self, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        while !enough(&events) {
            events.push(self.event());
        }
        events
    }

    /// The text of the next message.
    pub fn await_message(&self) -> String {
        self.await_event("message")["text"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The address that the host's door listens on (`-v` says it).
    pub fn door(&self) -> String {
        let line = self
            .err
            .find(|line| line.contains("listening on"), "the door");
        line.rsplit(' ').next().unwrap().to_owned()
    }

    /// Waits for its end and gives the exit code.
    pub fn exit_code(&mut self) -> i32 {
        let status = self.status();
        status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {status}"))
    }

    pub fn status(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the client did not end");
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        nix::sys::signal::kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Types these lines on a thread of its own: who types more than fits is made to
    /// wait.
    pub fn say_all(&mut self, lines: impl Iterator<Item = String> + Send + 'static) {
        let mut stdin = self.stdin.take().expect("stdin is open");
        std::thread::spawn(move || {
            for line in lines {
                writeln!(stdin, "{line}").unwrap();
            }
            // Left open: its end would end the chat.
            std::mem::forget(stdin);
        });
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Two clients that have met in a fresh room with a secret: host and guest.
pub fn pair(mediator: &Mediator, homes: [&Home; 2]) -> [Client; 2] {
    let host = Start::chat(homes[0], &mediator.url, "ada", "lab#otter");
    let guest = Start::chat(homes[1], &mediator.url, "bob", "lab#otter");
    let [(host, _), (guest, _)] = meet(host, guest);
    [host, guest]
}

/// Starts both, host first; each with its `connected`, or the `alarm` instead of it.
pub fn meet(host: Start, guest: Start) -> [(Client, Value); 2] {
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
pub fn pair_through(proxy: &Proxy, host: Start, guest: Start) -> [Client; 2] {
    let host = host.args(&["--advertise", &proxy.address()]).run();
    host.await_event("waiting");
    let guest = guest.dials_only().run();
    proxy.aim(&host.door());
    guest.await_event("connected");
    host.await_event("connected");
    [host, guest]
}

/// An address of loopback at which nobody listens: the port is the system's own.
pub const NOBODY: &str = "127.0.0.1:1";

/// A port of loopback that is free.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The lines of a process's output, read by a thread of their own, so that no pipe
/// ever fills.
pub struct Lines(Receiver<String>);

impl Lines {
    pub fn of(from: impl std::io::Read + Send + 'static) -> Self {
        let (sender, receiver): (Sender<String>, _) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(from).split(b'\n') {
                let Ok(line) = line else { break };
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        Lines(receiver)
    }

    /// The next line.
    pub fn next(&self, what: &str) -> String {
        self.find(|_| true, what)
    }

    /// The next line that fits; those before it are passed over.
    pub fn find(&self, fits: impl Fn(&str) -> bool, what: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut passed = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(left) {
                Ok(line) if fits(&line) => return line,
                Ok(line) => passed.push(line),
                Err(RecvTimeoutError::Timeout) => panic!("no {what} in time, after {passed:#?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("ended without {what}: {passed:#?}"),
            }
        }
    }

    /// Everything up to the end of the output.
    pub fn rest(&self) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = Vec::new();
        loop {
            match self
                .0
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => lines.push(line),
                Err(RecvTimeoutError::Disconnected) => return lines,
                Err(RecvTimeoutError::Timeout) => panic!("the output did not end: {lines:#?}"),
            }
        }
    }
}
