//! Paths on which what is sent at full speed queues up: what a person says meanwhile is not kept
//! waiting behind it.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::inside::inside;
use crate::lab::{Access, Lab};
use crate::link::{beside_a_stream, ends};
use crate::machine::within;
use crate::talk::{Place, Talker, part};

/// As slow as many a way up, with a router that would keep four seconds of it.
const SLOW: [&str; 7] = ["tbf", "rate", "2mbit", "burst", "16kb", "limit", "1mb"];

impl Lab {
    /// Makes both cables slow, towards the hosts; `false` where the kernel cannot.
    fn slow_down(&self) -> bool {
        let slowed = ["to-a", "to-b"].map(|cable| {
            let mut tc = Command::new("tc");
            tc.args(["-n", "net", "qdisc", "add", "dev", cable, "root"]);
            tc.args(SLOW).status().unwrap().success()
        });
        let is_slow = slowed == [true, true];
        if !is_slow {
            eprintln!("SKIPPED: this kernel has no token bucket");
        }
        is_slow
    }
}

/// Bytes of a file: on that path it takes five seconds.
const FILE: u32 = 1 << 20;

#[test]
fn what_is_said_beside_a_stream_arrives_within_a_second() {
    inside(|| {
        let lab = Lab::new(Access::Public, Access::Public);
        if !lab.slow_down() {
            return;
        }
        let at: SocketAddr = ([198, 51, 100, 1], 4000).into();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (delays, rate) = runtime.block_on(async {
            let listener = within("a", || std::net::TcpListener::bind(at).unwrap());
            let dialled = within("b", || std::net::TcpStream::connect(at).unwrap());
            let (accepted, _) = listener.accept().unwrap();
            let sockets = [accepted, dialled].map(|socket| {
                socket.set_nonblocking(true).unwrap();
                TcpStream::from_std(socket).unwrap()
            });
            let [accepted, dialled] = sockets;
            let ends = ends((accepted, dialled));
            beside_a_stream(ends, 100, Duration::from_millis(60)).await
        });
        let most = delays[delays.len() * 99 / 100];
        let bits = rate * 8.0;
        assert!(most < Duration::from_secs(1), "{most:?}");
        // The path is used all the same.
        assert!(bits > 1_200_000.0, "{bits} bit/s");
    });
}

#[test]
fn what_is_said_beside_a_file_arrives_within_a_second() {
    inside(|| {
        let place = Place::new(Access::Public, Access::Public);
        if !place.lab.slow_down() {
            return;
        }
        let [mut ada, mut bob] = place.meet(["a", "b"], "direct");
        let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let [from, to] = dirs.each_ref().map(|dir| dir.path().join("file"));
        let bytes: Vec<u8> = (0..FILE).map(|n| n.to_le_bytes()[0]).collect();
        fs::write(&from, &bytes).unwrap();
        ada.say(&format!("/send {}", from.display()));
        let offered = bob.until_told("file");
        bob.say(&format!(
            "/accept {} {}",
            offered["id"],
            dirs[1].path().display()
        ));
        bob.until("progress", |event| event["state"] == "progress");
        let mut delays = Vec::new();
        while !is_whole(&bob) {
            delays.push(heard(&mut ada, &mut bob));
            delays.push(heard(&mut bob, &mut ada));
        }
        delays.sort_unstable();
        let most = delays[delays.len() * 99 / 100];
        assert!(
            most < Duration::from_secs(1),
            "{most:?} of {}",
            delays.len()
        );
        assert!(delays.len() > 20, "{delays:?}");
        assert!(fs::read(to).unwrap() == bytes);
        part([&mut ada, &mut bob]);
    });
}

/// How long it took until `to` heard what `from` said.
fn heard(from: &mut Talker, to: &mut Talker) -> Duration {
    let (text, begun) = (format!("text {}", to.times("message")), Instant::now());
    from.say(&text);
    to.hears(&text);
    begun.elapsed()
}

fn is_whole(who: &Talker) -> bool {
    who.told("file").any(|event| event["state"] == "done")
}
