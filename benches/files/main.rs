//! Files between two real programs over loopback, from memory to memory (`/dev/shm`).
//!
//! - 1 GiB in one file, from the accept until it is in its place: beside `socat -b 131072` over TLS
//!   1.3 with AES-256-GCM. Limit: 1.0 of its rate.
//! - 10,000 files of 4 KiB: beside `tar c`, the same socat, `tar x`. Limit: 0.8 of its rate.
//! - A file of 100 GiB without data: from the accept to its end. Limit: 100 ms.
//! - Messages beside a transfer at full speed: 99 % within 5 ms.
//! - Peak memory of each end after all of that. Limit: 24 MiB.
//! - What comes again after kill -9 of the receiver. Limit: 64 MiB.
//!
//! `cargo build --release --workspace && cargo bench --bench files`. Both take turns, and the ratio
//! is the median. Not pinned: there are two programs. Linux only; needs socat and openssl, and skips
//! what is beside them where they are missing; takes some 2 min.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark may fail loudly"
)]

#[path = "../side_by_side/client.rs"]
mod client;
#[path = "../side_by_side/median.rs"]
mod median;
#[path = "../../tests/common/mediator.rs"]
mod mediator;
mod program;
mod socat;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use median::median;
use program::{Pair, pair};
use socat::Socat;

const TURNS: usize = 5;
const LARGE: usize = 1 << 30;
const SMALL: (usize, usize) = (10_000, 4096);
const MESSAGES: usize = 300;

fn main() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let socat = Socat::find(memory.path());
    let mut pair = pair(&memory);
    let large = memory.path().join("large");
    write_large(&large);
    beside("1 GiB, one file   ", LARGE, 1.0, &mut pair, &large, || {
        Some(socat.as_ref()?.send_file(&large))
    });
    messages(&mut pair, &large);
    repeated(&mut pair, &large);
    drop(pair);
    fs::remove_file(&large).unwrap();
    let mut pair = program::pair(&memory);
    let small = memory.path().join("small");
    write_small(&small);
    let all = SMALL.0 * SMALL.1;
    beside("10,000 × 4 KiB    ", all, 0.8, &mut pair, &small, || {
        Some(socat.as_ref()?.send_folder(&small))
    });
    sparse(&mut pair, memory.path());
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "MISSED" }
}

fn write_large(path: &Path) {
    let block: Vec<u8> = (0..1 << 20).map(|n: u32| (n / 7) as u8).collect();
    let mut file = File::create(path).unwrap();
    for _ in 0..LARGE >> 20 {
        file.write_all(&block).unwrap();
    }
}

fn write_small(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for n in 0..SMALL.0 {
        fs::write(folder.join(n.to_string()), vec![n as u8; SMALL.1]).unwrap();
    }
}

fn beside(
    name: &str,
    bytes: usize,
    limit: f64,
    pair: &mut Pair,
    path: &Path,
    theirs: impl Fn() -> Option<Duration>,
) {
    let rate = |took: Duration| bytes as f64 / took.as_secs_f64() / 1e6;
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let our = rate(pair.send(path));
        ours.push(our);
        if let Some(their) = theirs().map(rate) {
            bare.push(their);
            ratios.push(our / their);
        }
    }
    let (our, peaks) = (median(ours), pair.peaks());
    if ratios.is_empty() {
        println!("{name} {our:5.0} MB/s    (skipped beside it: no socat here)");
    } else {
        let (bare, ratio) = (median(bare), median(ratios));
        println!(
            "{name} {our:5.0} MB/s    socat {bare:5.0} MB/s    {ratio:.2} × its rate, limit ≥ {limit:.1}: {}",
            verdict(ratio >= limit)
        );
    }
    let [sender, receiver] = peaks;
    println!(
        "  peak memory      sender {sender:4.1} MiB, receiver {receiver:4.1} MiB, limit ≤ 24 MiB: {}",
        verdict(sender.max(receiver) <= 24.0)
    );
}

fn messages(pair: &mut Pair, path: &Path) {
    pair.begin(path);
    let mut delays = Vec::new();
    while delays.len() < MESSAGES {
        let said = Instant::now();
        pair.sender.say("beside it");
        match pair.receiver.hear_any(&["beside it", r#""state":"done""#]) {
            0 => delays.push(said.elapsed().as_secs_f64() * 1e3),
            _ => break,
        }
    }
    pair.finish();
    delays.sort_by(f64::total_cmp);
    let late = delays[delays.len() * 99 / 100];
    println!(
        "message beside it  {late:5.1} ms, 99 % of {}, limit ≤ 5 ms: {}",
        delays.len(),
        verdict(late <= 5.0)
    );
}

fn repeated(pair: &mut Pair, path: &Path) {
    pair.begin(path);
    let before = pair.receiver.await_progress(LARGE as u64 / 2);
    let after = pair.kill_receiver();
    let twice = before.saturating_sub(after) as f64 / f64::from(1 << 20);
    println!(
        "again after a kill {twice:5.1} MiB, limit ≤ 64 MiB: {}",
        verdict(twice <= 64.0)
    );
}

fn sparse(pair: &mut Pair, memory: &Path) {
    let path = memory.join("sparse");
    File::create(&path).unwrap().set_len(100 << 30).unwrap();
    let took = pair.send(&path).as_secs_f64() * 1e3;
    println!(
        "100 GiB of holes   {took:5.1} ms from the accept to the end, limit ≤ 100 ms: {}",
        verdict(took <= 100.0)
    );
}
