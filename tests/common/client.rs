//! A client process: what it is told, what it says, and its end.

use std::io::Write;
use std::process::{Child, ChildStdin, ExitStatus};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;

use super::{Lines, PATIENCE};

/// A client process. Killed when dropped.
pub(crate) struct Client {
    pub child: Child,
    pub stdin: Option<ChildStdin>,
    pub out: Lines,
    pub err: Lines,
}

impl Client {
    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        if stdin.write_all(format!("{line}\n").as_bytes()).is_err() {
            let ended = self.child.wait();
            panic!("{ended:?}: {:#?} {:#?}", self.out.rest(), self.err.rest());
        }
    }

    /// Ends stdin, as at the end of a pipe.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// The next `--json` event.
    pub(crate) fn event(&self) -> Value {
        let line = self.out.next("an event");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"))
    }

    /// The next event of this type; others before it are passed over.
    pub(crate) fn await_event(&self, kind: &str) -> Value {
        self.await_that(kind, |event| event["type"] == kind)
    }

    /// The next event that fits; others before it are passed over.
    pub(crate) fn await_that(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let fits = |line: &str| serde_json::from_str(line).is_ok_and(|event| fits(&event));
        serde_json::from_str(&self.out.find(fits, what)).unwrap()
    }

    /// All events until they are enough.
    pub(crate) fn events_until(&self, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let mut events = Vec::new();
        while !enough(&events) {
            events.push(self.event());
        }
        events
    }

    /// The text of the next message.
    pub(crate) fn await_message(&self) -> String {
        self.await_event("message")["text"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The address that the host listens on (`-v` says it).
    pub(crate) fn listens_at(&self) -> String {
        let line = self
            .err
            .find(|line| line.contains("listening on"), "where it listens");
        line.rsplit(' ').next().unwrap().to_owned()
    }

    /// Waits for its end and gives the exit code.
    pub(crate) fn exit_code(&mut self) -> i32 {
        let status = self.status();
        status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {status}"))
    }

    pub(crate) fn status(&mut self) -> ExitStatus {
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

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        nix::sys::signal::kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Types these lines on a thread of its own: who types more than fits is made to
    /// wait.
    pub(crate) fn say_all(&mut self, lines: impl Iterator<Item = String> + Send + 'static) {
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
    pub(crate) fn kill(&mut self) {
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
