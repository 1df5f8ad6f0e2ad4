//! Two clients that have met, and what one sends to the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Client, client_program};
use crate::mediator::Mediator;

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

impl Client {
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
}
