//! A mediator process on loopback, for tests, benchmarks and the soak: it ends with
//! whoever started it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// No more than this of a log is kept.
const LOG_MAX: usize = 1 << 20;

pub(crate) struct Mediator {
    process: Child,
    pub url: String,
    logged: Arc<Mutex<String>>,
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
            .env("UNDERTONE_MEDIATOR_JOINS_PER_MINUTE", "1000000")
            .env("UNDERTONE_MEDIATOR_REJOINS_PER_MINUTE", "1000000")
            .env("UNDERTONE_MEDIATOR_MAX_CONNECTIONS_PER_ADDRESS", "1000")
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
        let logged = Arc::<Mutex<String>>::default();
        let keep = Arc::clone(&logged);
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let mut logged = keep.lock().unwrap();
                if logged.len() < LOG_MAX {
                    *logged += &format!("{line}\n");
                }
            }
        });
        let url = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        Self {
            process,
            url,
            logged,
        }
    }

    /// What it has logged so far, behind where it listens.
    #[allow(dead_code, reason = "benchmarks do not ask")]
    pub(crate) fn log(&self) -> String {
        self.logged.lock().unwrap().clone()
    }
}

impl Drop for Mediator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
