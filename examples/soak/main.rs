//! A soak: two release clients on pseudo-terminals talk for half an hour, while their windows
//! change size and the link between them is cut; then it is counted whether every message arrived
//! once and in order, and whether their memory stayed flat.
//!
//! ```text
//! cargo build --release --workspace && cargo run --release --example soak -- [--minutes N] [--seed N]
//! ```
//!
//! ```text
//! ada (host, pty) ◀── TCP proxy, cut now and then ◀── bob (guest, pty)        mediator: port 0
//! ```
//!
//! Owns the plan of it. What is typed is `typing`'s, what a terminal shows `person`'s, the verdict
//! `judge`'s. Linux only (`/proc`). All traffic is on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "it may fail loudly"
)]

mod judge;
#[path = "../../tests/common/mediator.rs"]
mod mediator;
mod person;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/common/proxy.rs"]
mod proxy;
mod typing;

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mediator::Mediator;
use person::Person;
use proxy::Proxy;
use typing::{Message, Random};

/// Memory is looked at so often.
const SAMPLE: Duration = Duration::from_secs(10);
/// For what must happen at all.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let [minutes, seed] = arguments();
    let folder = std::env::current_exe().unwrap();
    let folder = folder.parent().and_then(Path::parent).unwrap();
    let mediator = Mediator::run(&folder.join("undertone-mediator"), &["--quiet"]);
    let program = folder.join("undertone");
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let proxy = Proxy::start();
    let (relay, host_address) = (proxy.address(), free_address());
    proxy.aim(&host_address);
    let host = [
        "--mediator",
        &mediator.url,
        "--bind",
        &host_address,
        "--advertise",
        &relay,
    ];
    let host = Person::start(&program, homes[0].path(), "ada", &host);
    assert!(host.wait_for(PATIENCE, |seen| seen.said.contains_key("◆ Waiting")));
    // Nobody listens there: every link is dialled by the guest, through the proxy.
    let nobody = ["--bind", "127.0.0.1", "--advertise", "127.0.0.1:1"];
    let guest = [
        "--mediator",
        &mediator.url,
        nobody[0],
        nobody[1],
        nobody[2],
        nobody[3],
    ];
    let guest = Person::start(&program, homes[1].path(), "bob", &guest);
    let people = [host, guest];
    for person in &people {
        assert!(person.wait_for(PATIENCE, |seen| seen.said.contains_key("◆ Connected")));
    }

    println!("{minutes} minutes from now, seed {seed}");
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let (said, disturbed, memory) = std::thread::scope(|scope| {
        let typists = [(&people[0], seed + 1), (&people[1], seed + 2)]
            .map(|(person, seed)| scope.spawn(move || talk(person, end, Random::new(seed))));
        let memory = scope.spawn(|| watch(&people, end));
        let disturbed = disturb(&people, &proxy, end, &mut Random::new(seed + 3));
        let said = typists.map(|typist| typist.join().unwrap());
        (said, disturbed, memory.join().unwrap())
    });
    let mut good = judge::messages(&people, &said);
    good &= judge::memory(&memory);
    println!("cuts {}, changes of size {}", disturbed.0, disturbed.1);

    people[0].press("/quit\r");
    for person in &people {
        let code = person.exit_code(PATIENCE);
        good &= code == Some(0);
        println!("exit code {code:?}");
    }
    println!("{}", if good { "holds" } else { "MISSED" });
    ExitCode::from(u8::from(!good))
}

fn arguments() -> [u64; 2] {
    let given: Vec<String> = std::env::args().collect();
    [("--minutes", 30), ("--seed", 1)].map(|(name, usual)| {
        let at = given.iter().position(|argument| argument == name);
        let value = at.map(|at| given.get(at + 1).and_then(|value| value.parse().ok()));
        value.map_or(usual, |value| value.expect("a number"))
    })
}

/// An address of loopback that is free.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Types until `end`; gives what was said.
fn talk(person: &Person, end: Instant, mut random: Random) -> Vec<String> {
    let mut said = Vec::new();
    while Instant::now() < end {
        let burst = random.one_in(60);
        for _ in 0..if burst { 40 } else { 1 } {
            let number = said.len() as u64 + 1;
            let message = match burst {
                true => Message::at_once(number, &mut random),
                false => Message::typed(number, &mut random),
            };
            for keys in &message.keys {
                person.press(keys);
                if !burst && random.one_in(2) {
                    std::thread::sleep(Duration::from_millis(random.below(50)));
                }
            }
            said.push(message.text);
        }
        std::thread::sleep(Duration::from_millis(random.below(800)));
    }
    said
}

/// Cuts and mends the link and drags the windows until `end`; how often each.
fn disturb(people: &[Person; 2], proxy: &Proxy, end: Instant, random: &mut Random) -> (u64, u64) {
    let (mut cuts, mut sizes) = (0, 0);
    let mut mend_at = None;
    let mut cut_at = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(50 + random.below(2500)));
        // A drag is many sizes, faster than anything settles.
        for _ in 0..if random.one_in(5) { 12 } else { 1 } {
            let person = usize::try_from(random.below(2)).unwrap();
            let cols = u16::try_from(20 + random.below(120)).unwrap();
            let rows = u16::try_from(4 + random.below(50)).unwrap();
            people[person].resize(cols, rows);
            sizes += 1;
            std::thread::sleep(Duration::from_millis(random.below(30)));
        }
        let now = Instant::now();
        if mend_at.is_some_and(|at| now >= at) {
            mend_at = None;
            proxy.mend();
            cut_at = now + Duration::from_secs(10 + random.below(50));
        } else if mend_at.is_none() && now >= cut_at {
            proxy.cut();
            cuts += 1;
            let seconds = if random.one_in(8) {
                25
            } else {
                random.below(6)
            };
            mend_at = Some(now + Duration::from_secs(seconds));
        }
    }
    proxy.mend();
    (cuts, sizes)
}

/// Samples of the memory of both, in KiB.
fn watch(people: &[Person; 2], end: Instant) -> Vec<(Duration, [u64; 2])> {
    let start = Instant::now();
    let mut samples = Vec::new();
    while Instant::now() < end {
        samples.push((start.elapsed(), [people[0].memory(), people[1].memory()]));
        std::thread::sleep(SAMPLE);
    }
    samples
}
