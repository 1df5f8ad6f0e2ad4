//! A client on a terminal, as a person has it: the release build on a pseudo-terminal, and another
//! client that talks to it.
//!
//! - Key press to repaint while 1,000 messages a second come in: from the key's write to the
//!   terminal until the row that shows it has been read from there. Limit: 2 ms at the 99th
//!   percentile.
//! - 10,000 messages of 100 bytes, from the first one's write to the other client until the last
//!   one has been read from the terminal. Limit: 2 s.
//! - CPU time at rest, connected, of all its threads. Limit: 0.1 %.
//!
//! `cargo build --release --workspace && cargo bench --bench terminal`. Linux only; takes some 90 s.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

#[path = "../../tests/common/mediator.rs"]
mod mediator;
mod person;
#[path = "../side_by_side/mod.rs"]
mod side_by_side;

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use mediator::Mediator;
use person::Person;
use side_by_side::verdict;
use tempfile::TempDir;

const KEYS: usize = 3000;
/// Between two keys, at the least.
const BETWEEN: Duration = Duration::from_millis(7);
const A_MESSAGE_EACH: Duration = Duration::from_millis(1);
const KEY_LIMIT_MS: f64 = 2.0;
const FLOOD: usize = 10_000;
const FLOOD_LIMIT_S: f64 = 2.0;
const REST: Duration = Duration::from_secs(30);
const REST_LIMIT_PERCENT: f64 = 0.1;

fn main() {
    let mediator = Mediator::run(
        &client_program().with_file_name("undertone-mediator"),
        &["--quiet"],
    );
    keys(&mediator);
    flood(&mediator);
    rest(&mediator);
}

fn report(what: &str, value: f64, limit: f64, unit: &str, more: &str) {
    let ratio = value / limit;
    let verdict = verdict(value < limit);
    println!(
        "{what}  {value:.3} {unit}, limit < {limit} {unit}, ratio {ratio:.2}: {verdict}{more}"
    );
}

/// Key press to repaint while messages come in.
fn keys(mediator: &Mediator) {
    let (mut person, mut other) = pair(mediator);
    let mut stdin = other.stdin.take().unwrap();
    let talking = std::thread::spawn(move || {
        let start = Instant::now();
        let mut said: u32 = 0;
        // Ends with the other client, whose stdin breaks.
        while writeln!(stdin, "{said:0100}").is_ok() {
            said += 1;
            std::thread::sleep((A_MESSAGE_EACH * said).saturating_sub(start.elapsed()));
        }
        f64::from(said) / start.elapsed().as_secs_f64()
    });
    let mut times = Vec::new();
    let mut draft = String::new();
    person.read_until("0000000100");
    while times.len() < KEYS {
        let key = if draft.len() == 30 {
            draft.clear();
            "\x15"
        } else {
            let letters = "abcdefghijklmnopqrstuvwxyz";
            let at = times.len() % letters.len();
            draft.push_str(&letters[at..=at]);
            &letters[at..=at]
        };
        let row = format!(" › {draft}\x1b7");
        person.forget();
        let pressed = Instant::now();
        person.press(key);
        person.read_until(&row);
        times.push(pressed.elapsed().as_secs_f64() * 1e3);
        person.read_for(BETWEEN);
    }
    drop(other);
    let rate = talking.join().unwrap();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    report(
        "key press to repaint, 99th percentile",
        at(0.99),
        KEY_LIMIT_MS,
        "ms",
        &format!(
            " ({KEYS} keys, {rate:.0} messages/s; median {:.3}, 99.9th {:.3}, max {:.3} ms)",
            at(0.5),
            at(0.999),
            times[times.len() - 1]
        ),
    );
}

/// Many messages at once.
fn flood(mediator: &Mediator) {
    let mut times = Vec::new();
    for _ in 0..5 {
        let (mut person, mut other) = pair(mediator);
        let mut stdin = other.stdin.take().unwrap();
        let start = Instant::now();
        let talking = std::thread::spawn(move || {
            let lines: String = (0..FLOOD)
                .map(|number| format!("{number:0100}\n"))
                .collect();
            stdin.write_all(lines.as_bytes()).unwrap();
            stdin
        });
        person.read_until(&format!("{:0100}", FLOOD - 1));
        times.push(start.elapsed().as_secs_f64());
        talking.join().unwrap();
        let shown = String::from_utf8_lossy(&person.shown);
        let lines = shown.lines().filter_map(|line| line.rsplit(' ').next());
        let all = (0..FLOOD).map(|number| format!("{number:0100}"));
        assert!(all.eq(lines.filter(|line| line.len() == 100)));
    }
    times.sort_by(f64::total_cmp);
    report(
        "10,000 messages of 100 bytes, median",
        times[times.len() / 2],
        FLOOD_LIMIT_S,
        "s",
        &format!(" (worst of 5: {:.3} s)", times[times.len() - 1]),
    );
}

/// CPU time while nothing happens.
fn rest(mediator: &Mediator) {
    let (person, _other) = pair(mediator);
    // What connecting still has to do is not rest.
    std::thread::sleep(Duration::from_secs(2));
    let (start, before) = (Instant::now(), person.cpu_time());
    std::thread::sleep(REST);
    let used = person.cpu_time() - before;
    let share = used.as_secs_f64() / start.elapsed().as_secs_f64() * 100.0;
    report(
        "CPU at rest, connected",
        share,
        REST_LIMIT_PERCENT,
        "%",
        &format!(" ({used:.0?} in {REST:.0?})"),
    );
}

/// A person on a terminal, and another one who is a program, connected.
fn pair(mediator: &Mediator) -> (Person, Other) {
    let mut person = Person::start(mediator);
    let other = Other::start(mediator);
    person.read_until("Connected to bob");
    person.forget();
    (person, other)
}

fn client_program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_undertone"))
}

/// A client that says what it reads from a pipe, stopped on drop.
struct Other {
    _home: TempDir,
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Other {
    fn start(mediator: &Mediator) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut process = Command::new(client_program())
            .env_clear()
            .env("HOME", home.path())
            .env("UNDERTONE_ROOM", "bench#secret")
            .args(["chat", "--json", "--bind", "127.0.0.1", "--name", "bob"])
            .args(["--mediator", &mediator.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdin = process.stdin.take();
        Self {
            _home: home,
            process,
            stdin,
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
