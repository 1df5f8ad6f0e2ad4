//! A mediator process on loopback, for tests, benchmarks and the soak: it ends with
//! whoever started it.

use std::io::{BufRead, BufReader, copy, sink};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) struct Mediator {
    process: Child,
    pub url: String,
}

impl Mediator {
    /// Runs this program with these arguments, and a free port and no limits that are
    /// felt where they do not say otherwise. Waits until it listens.
    pub(crate) fn run(program: &Path, arguments: &[&str]) -> Self {
        assert!(
            program.exists(),
            "{program:?} is missing: build with --workspace"
        );
        let mut process = Command::new(program)
            .env_clear()
            .env("UNDERTONE_MEDIATOR_LISTEN", "127.0.0.1:0")
            .args(["--joins-per-minute", "1000000"])
            .args(["--max-connections-per-address", "1000"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            let read = log.read_line(&mut line).unwrap();
            assert!(read > 0, "the mediator does not start: {arguments:?}");
        }
        // Whatever else it logs has to go somewhere.
        std::thread::spawn(move || copy(&mut log, &mut sink()));
        let url = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        Self { process, url }
    }
}

impl Drop for Mediator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
