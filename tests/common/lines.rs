//! What a process writes, line by line; every wait bounded.

use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Instant;

use super::PATIENCE;

/// The lines of a process's output, read by a thread of their own, so that no pipe
/// ever fills.
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    pub(crate) fn of(from: impl std::io::Read + Send + 'static) -> Self {
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
        Self(receiver)
    }

    /// The next line.
    pub(crate) fn next(&self, what: &str) -> String {
        self.find(|_| true, what)
    }

    /// The next line that fits; those before it are passed over.
    pub(crate) fn find(&self, fits: impl Fn(&str) -> bool, what: &str) -> String {
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
    pub(crate) fn rest(&self) -> Vec<String> {
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
