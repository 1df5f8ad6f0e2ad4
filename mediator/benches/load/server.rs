//! A server as a process of its own, and what the system says of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::client::Speaker;
use crate::tls;

/// A server process, stopped on drop.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) speaker: Speaker,
}

impl Server {
    /// A mediator's program, without TLS or with it.
    pub(crate) fn mediator(program: &str, speaker: Speaker) -> Self {
        let mut command = Command::new(program);
        command.args([
            "--quiet",
            "--listen",
            "127.0.0.1:0",
            "--joins-per-minute",
            "1000000",
            "--max-connections-per-address",
            "1000000",
        ]);
        if let Speaker::Tls = speaker {
            command.arg("--tls-cert").arg(tls::certificate());
            command.arg("--tls-key").arg(tls::key());
        }
        Self::start(&mut command, speaker)
    }

    /// This program, as what the argument says.
    pub(crate) fn bare(argument: &str, speaker: Speaker) -> Self {
        let program = std::env::current_exe().unwrap();
        Self::start(Command::new(program).arg(argument), speaker)
    }

    fn start(command: &mut Command, speaker: Speaker) -> Self {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
        Self {
            process,
            address,
            speaker,
        }
    }

    /// Bytes of user space in memory.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("RssAnon:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    }

    /// Time on a processor, user and system, of all its threads.
    pub(crate) fn cpu_time(&self) -> Duration {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let nanos = tasks.map(|task| {
            let stat = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            stat.split_whitespace()
                .next()
                .unwrap()
                .parse::<u64>()
                .unwrap()
        });
        Duration::from_nanos(nanos.sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
