//! The real programs: start to "connected", peak memory, size.
//!
//! - From the start of two clients, a mediator running on loopback, until both have printed
//!   "connected". Limit: 35 ms. Beside it what two processes take that only print their version.
//! - A client's peak memory (VmHWM) after a chat. Limit: 10 MiB.
//! - Size of the release binary, stripped. Limit: 9.8 MB.
//!
//! `cargo build --release --workspace && cargo bench --bench start`. Not pinned: people start
//! their programs on whole machines. Linux only; takes some 10 s.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

#[path = "side_by_side/client.rs"]
mod client;
#[path = "../tests/common/mediator.rs"]
mod mediator;
mod side_by_side;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use client::{Client, client_program};
use mediator::Mediator;
use side_by_side::{median, verdict};
use tempfile::TempDir;

const STARTS: usize = 41;
const START_LIMIT_MS: f64 = 35.0;
const MEMORY_LIMIT_MIB: f64 = 10.0;
const SIZE_LIMIT_MB: f64 = 9.8;
/// Lines of the chat before memory is read: short ones, then the longest.
const SHORT: usize = 500;
const LONG: usize = 16 * 1024;

fn main() {
    let mediator = Mediator::run(
        &client_program().with_file_name("undertone-mediator"),
        &["--quiet"],
    );
    let (mut first, mut again, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    let mut peaks = Vec::new();
    for _ in 0..STARTS {
        let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (time, pair) = connect(&mediator, &homes);
        first.push(time);
        leave(pair);
        let (time, mut pair) = connect(&mediator, &homes);
        again.push(time);
        // The chat's memory is much the same every time.
        if peaks.len() < 6 {
            chat(&mut pair);
            peaks.extend(pair.each_ref().map(Client::peak_memory));
        }
        leave(pair);
        bare.push(print_versions());
    }
    let bare = median(bare);
    for (name, times) in [("first time", first), ("known contact", again)] {
        let time = median(times);
        println!(
            "start to connected, {name:13}  {time:5.1} ms (two processes alone {bare:.1} ms), limit ≤ {START_LIMIT_MS:.0} ms: {}",
            verdict(time <= START_LIMIT_MS)
        );
    }
    let peak = median(peaks);
    println!(
        "peak memory of a client              {peak:5.2} MiB, limit ≤ {MEMORY_LIMIT_MIB:.0} MiB: {}",
        verdict(peak <= MEMORY_LIMIT_MIB)
    );
    let size = fs::metadata(client_program()).unwrap().len() as f64 / 1e6;
    println!(
        "size of the release binary           {size:5.2} MB, limit ≤ {SIZE_LIMIT_MB:.1} MB: {}",
        verdict(size <= SIZE_LIMIT_MB)
    );
}

/// Starts two clients, and says after how many milliseconds both were connected.
fn connect(mediator: &Mediator, homes: &[TempDir; 2]) -> (f64, [Client; 2]) {
    let start = Instant::now();
    let mut pair = [("ann", &homes[0]), ("bob", &homes[1])]
        .map(|(name, home)| Client::start(mediator, name, home.path()));
    for client in &mut pair {
        client.hear(r#""type":"connected""#);
    }
    (millis(start), pair)
}

/// Messages both ways, every one of them delivered.
fn chat(pair: &mut [Client; 2]) {
    let texts = (0..SHORT)
        .map(|number| format!("{number:0100}"))
        .chain([format!("{:0LONG$}", 0)]);
    for text in texts {
        for (from, to) in [(0, 1), (1, 0)] {
            pair[from].say(&text);
            pair[to].hear(&text);
        }
    }
}

fn leave(pair: [Client; 2]) {
    for mut client in pair {
        // The other one's goodbye may have been faster.
        let _ = writeln!(client.stdin, "/quit");
        client.process.wait().unwrap();
    }
}

/// What starting two such processes takes on this machine, in milliseconds.
fn print_versions() -> f64 {
    let start = Instant::now();
    let both = [(); 2].map(|()| {
        let mut command = Command::new(client_program());
        command.arg("--version").stdout(Stdio::null());
        command.spawn().unwrap()
    });
    for mut process in both {
        process.wait().unwrap();
    }
    millis(start)
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
