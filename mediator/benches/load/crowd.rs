//! Clients that wait, in a process of their own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::client::{Client, Speaker};
use crate::server::Server;
use crate::tls;

/// Has so many clients wait at an address, until stdin ends.
pub(crate) const WAIT: &str = "--wait";

/// Some clients; they go when it is dropped.
pub(crate) struct Crowd {
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Crowd {
    /// `count` clients in as many rooms, from this number on.
    pub(crate) fn new(server: &Server, from: u32, count: usize) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([WAIT, &server.address.to_string(), server.speaker.name()])
            .args([from.to_string(), count.to_string()])
            .arg(tls::folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = process.stdout.as_mut().unwrap();
        let mut ready = String::new();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n");
        let stdin = process.stdin.take();
        Self { process, stdin }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.process.wait();
    }
}

/// The process of a crowd.
pub(crate) fn wait([address, speaker, from, count, folder]: [&str; 5]) {
    tls::use_folder(folder.into());
    let (address, speaker) = (address.parse().unwrap(), Speaker::named(speaker));
    let from: u32 = from.parse().unwrap();
    let count: u32 = count.parse().unwrap();
    let clients: Vec<_> = (from..from + count)
        .map(|number| {
            let mut client = Client::connect(address, speaker, number);
            client.join(number, b'w');
            client.hear();
            client
        })
        .collect();
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(clients);
}
