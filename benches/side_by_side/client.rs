//! A client of the release build, as a process of its own.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::mediator::Mediator;

pub(crate) fn client_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_undertone"))
}

/// A client process, stopped on drop.
pub(crate) struct Client {
    pub(crate) process: Child,
    pub(crate) stdin: ChildStdin,
    pub(crate) lines: Lines<BufReader<ChildStdout>>,
}

impl Client {
    pub(crate) fn start(mediator: &Mediator, name: &str, home: &Path) -> Self {
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
    pub(crate) fn hear(&mut self, what: &str) -> String {
        loop {
            let line = self.lines.next().expect("the client ended early").unwrap();
            assert!(!line.contains(r#""state":"failed""#), "{line}");
            if line.contains(what) {
                return line;
            }
        }
    }

    /// VmHWM, in MiB.
    pub(crate) fn peak_memory(&self) -> f64 {
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
