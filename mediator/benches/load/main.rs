//! What a waiting client costs in memory and a pairing in CPU time, beside bare-tokio servers that
//! do the least for the same: one with frames of its own, and one with a mediator's bytes on the
//! wire, an HTTP upgrade and a closing handshake, which have the others' turns.
//!
//! `cargo bench -p undertone-mediator --bench load [PROGRAM]`. Each server is a process of its own,
//! on one thread and all on one core; clients are plain sockets on 127.0.0.0/8. The servers take
//! turns of some pairings, and the ratios are medians over the turns. Memory is RssAnon of the
//! server a client more, CPU time what the scheduler charged it. A PROGRAM, another build of the
//! mediator, takes its turns too, and so does each mediator over TLS. Those who wait are in
//! processes of their own, too. Linux only; ends by itself within a minute and a half. Takes 10,000
//! open files a process (`ulimit -n`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bare;
mod client;
mod crowd;
mod server;
mod tls;

#[path = "../../../benches/side_by_side/median.rs"]
mod median;
#[path = "../../../benches/side_by_side/pin.rs"]
mod pin;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use undertone_wire::{ClientMessage, Opaque};

use client::{Client, Speaker};
use crowd::{Crowd, WAIT};
use median::median;
use pin::pin;
use server::Server;

const STEPS: [usize; 3] = [0, 5_000, 10_000];
/// Turns of each server at a step, and pairings in a turn. The first one warms up.
const TURNS: usize = 16;
const PAIRINGS: u32 = 100;
const MEDIATOR: &str = env!("CARGO_BIN_EXE_undertone-mediator");
const BARE: &str = "--bare-server";
const BARE_WEBSOCKET: &str = "--bare-websocket-server";

fn main() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    for (argument, speaker) in [(BARE, Speaker::Bare), (BARE_WEBSOCKET, Speaker::WebSocket)] {
        if arguments.iter().any(|it| it == argument) {
            return bare::serve(speaker);
        }
    }
    if let [mode, address, speaker, from, count, folder] = &arguments[..]
        && mode == WAIT
    {
        return crowd::wait([address, speaker, from, count, folder]);
    }
    let folder = tempfile::tempdir().unwrap();
    tls::make(folder.path());
    pin();
    let mut contestants = vec![
        Contestant::new("bare tokio", Server::bare(BARE, Speaker::Bare)),
        Contestant::new(
            "… same bytes",
            Server::bare(BARE_WEBSOCKET, Speaker::WebSocket),
        ),
        Contestant::new("mediator", Server::mediator(MEDIATOR, Speaker::WebSocket)),
        Contestant::new("… over TLS", Server::mediator(MEDIATOR, Speaker::Tls)),
    ];
    if let Some(program) = arguments.iter().find(|it| !it.starts_with('-')) {
        contestants.push(Contestant::new(
            "other",
            Server::mediator(program, Speaker::WebSocket),
        ));
        contestants.push(Contestant::new(
            "… over TLS",
            Server::mediator(program, Speaker::Tls),
        ));
    }
    println!("waiting                memory a waiting client   CPU time a pairing");
    for step in STEPS {
        measure(step, &mut contestants);
    }
}

/// A server, and who waits there.
struct Contestant {
    name: &'static str,
    server: Server,
    waiting: Vec<Crowd>,
    /// How many they are.
    count: usize,
    number: u32,
    /// Memory of the server when nobody waits.
    empty: u64,
}

impl Contestant {
    fn new(name: &'static str, server: Server) -> Self {
        let mut contestant = Self {
            name,
            server,
            waiting: Vec::new(),
            count: 0,
            number: 0,
            empty: 0,
        };
        contestant.turn();
        contestant.empty = contestant.server.memory();
        contestant
    }

    /// Has so many wait.
    fn fill(&mut self, step: usize) {
        let more = step - self.count;
        if more > 0 {
            self.waiting
                .push(Crowd::new(&self.server, self.number, more));
            self.number += more as u32;
            self.count = step;
        }
    }

    /// Bytes of each who waits.
    fn memory(&self) -> u64 {
        self.server.memory().saturating_sub(self.empty) / self.count.max(1) as u64
    }

    /// Microseconds of CPU time a pairing.
    fn turn(&mut self) -> f64 {
        let before = self.server.cpu_time();
        for _ in 0..PAIRINGS {
            self.pairing();
        }
        let spent = self.server.cpu_time() - before;
        spent.as_secs_f64() * 1e6 / f64::from(PAIRINGS)
    }

    fn client(&self, number: u32) -> Client {
        Client::connect(self.server.address, self.server.speaker, number)
    }

    /// Two clients connect, join, swap `sealed`, say `done` and are closed.
    fn pairing(&mut self) {
        let number = self.number;
        self.number += 2;
        let mut host = self.client(number);
        host.join(number, b'h');
        host.hear();
        let mut guest = self.client(number + 1);
        guest.join(number, b'g');
        host.hear();
        guest.hear();
        let sealed = ClientMessage::Sealed {
            data: Opaque::new(&[7; 256]).unwrap(),
        };
        host.say(&sealed);
        guest.say(&sealed);
        host.hear();
        guest.hear();
        host.say(&ClientMessage::Done);
        guest.say(&ClientMessage::Done);
        host.hear_end();
        guest.hear_end();
    }
}

fn measure(step: usize, contestants: &mut [Contestant]) {
    for contestant in &mut *contestants {
        contestant.fill(step);
        // Grows its tables before it is measured.
        contestant.turn();
    }
    let mut turns = vec![Vec::new(); contestants.len()];
    for turn in 0..TURNS {
        for (contestant, turns) in contestants.iter_mut().zip(&mut turns) {
            let micros = contestant.turn();
            if turn > 0 {
                turns.push(micros);
            }
        }
    }
    for (contestant, micros) in contestants.iter().zip(&turns) {
        let ratio = |to: &[f64]| median(micros.iter().zip(to).map(|(a, b)| a / b).collect());
        println!(
            "{step:>7}   {:<12} {:>16} B           {:>6.1} µs   {:.2} × bare tokio, {:.2} × the same bytes",
            contestant.name,
            contestant.memory(),
            median(micros.clone()),
            ratio(&turns[0]),
            ratio(&turns[1]),
        );
    }
}
