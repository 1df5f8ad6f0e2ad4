//! A client on a pseudo-terminal: keys in; out comes a stream of bytes, of which the lines are
//! kept that became part of the scrollback. Owns what a line is: all that stands between an erase
//! and `\r\n`, without its escapes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// What its terminal was told so far.
#[derive(Default)]
pub(crate) struct Seen {
    /// Begun and not yet ended.
    line: Vec<u8>,
    /// Messages of the other one, and our own, as shown.
    pub heard: Vec<String>,
    pub own: Vec<String>,
    /// Other lines, by their first two words without a colon, and how often.
    pub said: BTreeMap<String, u64>,
    /// Escapes that could reach a line which is already printed.
    pub reaching: Vec<String>,
    pub bytes: u64,
    last_is_own: bool,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

pub(crate) struct Person {
    master: Mutex<Box<dyn MasterPty + Send>>,
    keys: Mutex<Box<dyn Write + Send>>,
    seen: Shared,
    child: Mutex<Box<dyn Child + Send + Sync>>,
}

impl Person {
    pub(crate) fn start(program: &Path, home: &Path, name: &str, arguments: &[&str]) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("HOME", home);
        command.env("UNDERTONE_DATA_DIR", home.join("data"));
        command.env("UNDERTONE_ROOM", "soak#otter");
        command.args(["chat", "--name", name]);
        command.args(arguments);
        let child = pty.slave.spawn_command(command).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let seen = Shared::default();
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buf = [0; 16 * 1024];
            while let Ok(n @ 1..) = reader.read(&mut buf) {
                shared.0.lock().unwrap().take(&buf[..n]);
                shared.1.notify_all();
            }
        });
        Self {
            keys: Mutex::new(pty.master.take_writer().unwrap()),
            master: Mutex::new(pty.master),
            seen,
            child: Mutex::new(child),
        }
    }

    pub(crate) fn press(&self, keys: &str) {
        let mut writer = self.keys.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub(crate) fn resize(&self, cols: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        self.master.lock().unwrap().resize(size).unwrap();
    }

    pub(crate) fn seen<T>(&self, of: impl FnOnce(&Seen) -> T) -> T {
        of(&self.seen.0.lock().unwrap())
    }

    /// Waits until this holds; `false` after `patience` without.
    pub(crate) fn wait_for(&self, patience: Duration, holds: impl Fn(&Seen) -> bool) -> bool {
        let seen = self.seen.0.lock().unwrap();
        let waited = self
            .seen
            .1
            .wait_timeout_while(seen, patience, |seen| !holds(seen));
        holds(&waited.unwrap().0)
    }

    /// VmRSS in KiB.
    pub(crate) fn memory(&self) -> u64 {
        let pid = self.child.lock().unwrap().process_id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib = line.expect("the client runs").split_whitespace().nth(1);
        kib.unwrap().parse().unwrap()
    }

    /// Its exit code, within `patience`.
    pub(crate) fn exit_code(&self, patience: Duration) -> Option<u32> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.lock().unwrap().try_wait().unwrap() {
                return Some(status.exit_code());
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        None
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        for byte in bytes {
            self.line.push(*byte);
            if self.line.ends_with(b"\r\n") {
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8(line).expect("whole characters");
                let shown = self.shown(&text);
                self.keep(&shown);
            }
        }
    }

    /// What a terminal shows of it; what was erased again is left out.
    fn shown(&mut self, line: &str) -> String {
        let mut shown = String::new();
        let mut chars = line.trim_end_matches(['\r', '\n']).chars();
        while let Some(c) = chars.next() {
            match c {
                '\x1b' => {
                    let mut escape = String::new();
                    for c in chars.by_ref() {
                        escape.push(c);
                        let opens = escape == "[";
                        if !opens && (c.is_ascii_alphabetic() || "78".contains(&escape)) {
                            break;
                        }
                    }
                    match escape.as_str() {
                        "[K" | "[J" => shown.clear(),
                        "7" | "8" => {}
                        mode if mode.starts_with("[?") => {}
                        colour if colour.ends_with('m') => {}
                        other => self.reaching.push(other.into()),
                    }
                }
                '\r' | '\x07' => {}
                c => shown.push(c),
            }
        }
        shown
    }

    fn keep(&mut self, line: &str) {
        const INDENT: &str = "            ";
        if let Some(rest) = line.strip_prefix(INDENT) {
            let messages = match self.last_is_own {
                true => &mut self.own,
                false => &mut self.heard,
            };
            if let Some(last) = messages.last_mut() {
                last.push('\n');
                last.push_str(rest);
            }
            return;
        }
        let body = line
            .get(5..)
            .filter(|_| line.as_bytes().get(2) == Some(&b':'));
        if let Some(text) = body.and_then(|body| body.strip_prefix(" you   ")) {
            self.own.push(text.into());
            self.last_is_own = true;
        } else if let Some((_, text)) = body.and_then(|body| body.split_once("   ")) {
            self.heard.push(text.into());
            self.last_is_own = false;
        } else if !line.is_empty() {
            let words = line.split_whitespace().filter(|word| !word.contains(':'));
            let kind = words.take(2).collect::<Vec<_>>().join(" ");
            *self.said.entry(kind).or_default() += 1;
        }
    }
}
