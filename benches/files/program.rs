//! Two clients that have met, and what one sends to the other.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::mediator::Mediator;

fn client_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_undertone"))
}

/// Who sends and who receives.
pub(crate) struct Pair {
    pub(crate) sender: Client,
    pub(crate) receiver: Client,
    mediator: Mediator,
    into: PathBuf,
    homes: [TempDir; 2],
}

pub(crate) fn pair(memory: &TempDir) -> Pair {
    let mediator = Mediator::run(
        &client_program().with_file_name("undertone-mediator"),
        &["--quiet"],
    );
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut sender = Client::start(&mediator, "ann", homes[0].path());
    sender.hear(r#""type":"waiting""#);
    let mut receiver = Client::start(&mediator, "bob", homes[1].path());
    for client in [&mut sender, &mut receiver] {
        client.hear(r#""type":"connected""#);
    }
    let into = memory.path().join("into");
    let _ = fs::remove_dir_all(&into);
    fs::create_dir(&into).unwrap();
    Pair {
        sender,
        receiver,
        mediator,
        into,
        homes,
    }
}

impl Pair {
    /// Sends it, removes what came, and says how long it took from the accept.
    pub(crate) fn send(&mut self, path: &Path) -> Duration {
        let accepted = self.begin_at(path);
        let took = self.receiver.hear_at(r#""state":"done""#) - accepted;
        self.clear();
        took
    }

    /// Begins to send it.
    pub(crate) fn begin(&mut self, path: &Path) {
        self.begin_at(path);
    }

    fn begin_at(&mut self, path: &Path) -> Instant {
        self.sender.say(&format!("/send {}", path.display()));
        self.receiver.hear(r#""state":"offered""#);
        let accepted = Instant::now();
        self.receiver
            .say(&format!("/accept {}", self.into.display()));
        accepted
    }

    /// Waits until it has arrived, if it has not.
    pub(crate) fn finish(&mut self) {
        while fs::read_dir(&self.into).unwrap().all(|entry| {
            let name = entry.unwrap().file_name();
            name.to_string_lossy().ends_with(".part")
        }) {
            std::thread::yield_now();
        }
        self.clear();
    }

    fn clear(&mut self) {
        self.sender.hear(r#""state":"done""#);
        fs::remove_dir_all(&self.into).unwrap();
        fs::create_dir(&self.into).unwrap();
    }

    /// Kills the receiver, starts it anew, and says where it goes on.
    pub(crate) fn kill_receiver(&mut self) -> u64 {
        self.receiver.process.kill().unwrap();
        self.receiver.process.wait().unwrap();
        self.receiver = Client::start(&self.mediator, "bob", self.homes[1].path());
        let line = self.receiver.hear(r#""state":"started""#);
        number(&line, "done")
    }

    pub(crate) fn peaks(&self) -> [f64; 2] {
        [&self.sender, &self.receiver].map(Client::peak_memory)
    }
}

/// The number in this field of a line.
fn number(line: &str, field: &str) -> u64 {
    let event: serde_json::Value = serde_json::from_str(line).unwrap();
    event[field].as_u64().unwrap()
}

/// A client process, stopped on drop.
pub(crate) struct Client {
    process: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn start(mediator: &Mediator, name: &str, home: &Path) -> Self {
        let mut process = Command::new(client_program())
            .env_clear()
            .env("HOME", home)
            .env("UNDERTONE_DATA_DIR", home.join("data"))
            .env("UNDERTONE_ROOM", "bench#secret")
            .args(["chat", "--json", "--bind", "127.0.0.1", "--name", name])
            .args(["--mediator", &mediator.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            stdin: process.stdin.take().unwrap(),
            lines: BufReader::new(process.stdout.take().unwrap()).lines(),
            process,
        }
    }

    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Waits for a line that holds `what`, and gives it.
    fn hear(&mut self, what: &str) -> String {
        loop {
            let line = self.lines.next().expect("the client ended early").unwrap();
            assert!(!line.contains(r#""state":"failed""#), "{line}");
            if line.contains(what) {
                return line;
            }
        }
    }

    fn hear_at(&mut self, what: &str) -> Instant {
        self.hear(what);
        Instant::now()
    }

    /// The same of several: says which came first.
    pub(crate) fn hear_any(&mut self, what: &[&str]) -> usize {
        loop {
            let line = self.lines.next().expect("the client ended early").unwrap();
            if let Some(which) = what.iter().position(|what| line.contains(what)) {
                return which;
            }
        }
    }

    /// Waits until so many bytes are here, and says how many.
    pub(crate) fn await_progress(&mut self, upto: u64) -> u64 {
        loop {
            let done = number(&self.hear(r#""state":"progress""#), "done");
            if done >= upto {
                return done;
            }
        }
    }

    /// VmHWM, in MiB.
    fn peak_memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let kib = line.unwrap().split_whitespace().nth(1).unwrap();
        kib.parse::<f64>().unwrap() / 1024.0
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
