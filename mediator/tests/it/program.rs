//! The real program: its memory, signals, usage and exit codes. `certificate`, `log` and
//! `stun` are what it says of those.
#![cfg(unix)]

mod certificate;
mod log;
mod stun;

use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;
use undertone_mediator::page::ASSETS;
use undertone_wire::{ErrorCode, MediatorMessage, RELAY_HELD, Tag};

use crate::common::{Client, PATIENCE, agree, fill, swap_sealed};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone-mediator"));
    command
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program and the address that it printed.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: std::net::SocketAddr,
}

impl Running {
    async fn start(arguments: &[&str]) -> Self {
        Self::run(program().args(arguments)).await
    }

    async fn run(command: &mut Command) -> Self {
        let mut child = command.args(["--listen", "127.0.0.1:0"]).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        timeout(PATIENCE, stderr.read_line(&mut line))
            .await
            .unwrap()
            .unwrap();
        let address = line
            .trim_end()
            .strip_prefix("undertone-mediator listening on ")
            .and_then(|url| url.rsplit('/').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).parse().unwrap();
        Self {
            child,
            stderr,
            address,
        }
    }

    async fn dial(&self, host: [u8; 4]) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((host, 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    async fn connect(&self, host: [u8; 4]) -> Client {
        Client::over(self.dial(host).await, &[]).await.unwrap()
    }

    /// Reads the log up to a line with these words.
    async fn log_until(&mut self, words: &str) {
        let mut log = String::new();
        while !log.lines().last().is_some_and(|line| line.contains(words)) {
            let line = timeout(PATIENCE, self.stderr.read_line(&mut log));
            assert!(
                line.await.expect("a line of the log").unwrap() > 0,
                "{words}: {log}"
            );
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().unwrap() as i32), signal).unwrap();
    }

    /// Its status, and what it wrote to stderr after the first line.
    async fn finish(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        timeout(PATIENCE, self.stderr.read_to_string(&mut log))
            .await
            .unwrap()
            .unwrap();
        (
            timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap(),
            log,
        )
    }
}

async fn run(arguments: &[&str]) -> Output {
    timeout(PATIENCE, program().args(arguments).output())
        .await
        .unwrap()
        .unwrap()
}

/// Bytes of user space in memory.
#[cfg(target_os = "linux")]
fn memory(running: &Running) -> usize {
    let status = format!("/proc/{}/status", running.child.id().unwrap());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<usize>().unwrap() * 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn stalled_readers_cost_no_more_memory_than_is_written_down() {
    let rate = [
        "--relay-rate",
        "1000000000",
        "--relay-total-rate",
        "1000000000",
    ];
    let running = Running::start(&[&["--relay"], &rate[..]].concat()).await;
    let mut clients = Vec::new();
    for n in 0..8 {
        let mut host = running.connect([127, 0, 1, n]).await;
        host.join(Tag([n; 32]), b"a").await;
        host.hear_waiting().await;
        let mut guest = running.connect([127, 0, 2, n]).await;
        guest.join(Tag([n; 32]), b"b").await;
        host.hear_paired().await;
        guest.hear_paired().await;
        swap_sealed(&mut host, &mut guest).await;
        agree(&mut host, &mut guest).await;
        clients.extend([host, guest]);
    }
    let before = memory(&running);
    let directions = clients.len();
    let sent: usize = join_all(clients.iter_mut().map(fill)).await.iter().sum();
    let held = memory(&running).saturating_sub(before) / directions;
    println!("held of a stalled direction: {held} B, of {RELAY_HELD} B");
    assert!(sent / directions > 2 * RELAY_HELD, "not stalled");
    assert!(held <= RELAY_HELD, "{held} B");
}

/// Readers that take nothing of the page's largest part.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn stalled_readers_of_the_page_hold_no_copy_of_it() {
    let asset = ASSETS.iter().max_by_key(|asset| asset.body.len()).unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", asset.path);
    let running = Running::start(&[]).await;
    let stalled = async |host: [u8; 4]| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((host, 0).into()).unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        let mut stream = socket.connect(running.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        // The answer is under way.
        timeout(PATIENCE, stream.peek(&mut [0]))
            .await
            .unwrap()
            .unwrap();
        stream
    };
    // What a first few take once for all is not counted.
    let mut streams = Vec::new();
    for n in 0..50 {
        streams.push(stalled([127, 0, 1, n]).await);
    }
    let before = memory(&running);
    let count = 200;
    for n in 0..count {
        streams.push(stalled([127, 0, 2, n]).await);
    }
    let held = memory(&running).saturating_sub(before) / usize::from(count);
    println!(
        "held of a stalled reader: {held} B, of {} B",
        asset.body.len()
    );
    assert!(held <= 16 * 1024, "{held} B");
    // Who goes on reading gets all of it.
    let mut answer = Vec::new();
    let mut last = streams.pop().unwrap();
    let read = timeout(PATIENCE, last.read_to_end(&mut answer));
    read.await.unwrap().unwrap();
    assert!(answer.ends_with(asset.body));
}

#[tokio::test]
async fn sigterm_and_sigint_tell_the_waiting_and_exit_0_within_5_s() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let running = Running::start(&[]).await;
        let mut waiting = running.connect([127, 0, 0, 1]).await;
        waiting.join(Tag([1; 32]), b"offer").await;
        waiting.hear_waiting().await;
        let mut paired = Vec::new();
        for offer in [b"a", b"b"] {
            let mut client = running.connect([127, 0, 0, 1]).await;
            client.join(Tag([2; 32]), offer).await;
            paired.push(client);
        }
        paired[1].hear_paired().await;
        let began = Instant::now();
        running.signal(signal);
        assert_eq!(waiting.hear_refusal().await.0, ErrorCode::ShuttingDown);
        assert_eq!(running.finish().await.0.code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_taken_port_is_exit_3_with_a_remedy() {
    let running = Running::start(&[]).await;
    let output = run(&["--listen", &running.address.to_string()]).await;
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.contains("cannot listen") && stderr.contains("--listen"),
        "{stderr}"
    );
}

#[tokio::test]
async fn bad_usage_is_exit_2() {
    for arguments in [
        &["--listen", "127.0.0.1:x"][..],
        &["--tls-cert", "only.pem"],
        &[
            "--tls-cert",
            "/nowhere/cert.pem",
            "--tls-key",
            "/nowhere/key.pem",
        ],
        &["--max-rooms", "0"],
        &["--relay-rate", "1000000"],
        &["--lan", "--trust-proxy"],
        &["--relay", "--relay-pairs", "0"],
        &["--joins-per-minute", "many"],
        &["--no-such-flag"],
        &["-q", "-v"],
    ] {
        let output = run(arguments).await;
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[tokio::test]
async fn the_environment_says_yes_and_no_as_the_clients_does() {
    for (value, relays) in [("yes", true), ("1", true), ("off", false), ("0", false)] {
        let running = Running::run(program().env("UNDERTONE_MEDIATOR_RELAY", value)).await;
        let mut host = running.connect([127, 0, 0, 1]).await;
        host.join(Tag([1; 32]), b"a").await;
        host.hear_waiting().await;
        let mut guest = running.connect([127, 0, 0, 1]).await;
        guest.join(Tag([1; 32]), b"b").await;
        let paired = guest.hear().await;
        assert!(
            matches!(paired, MediatorMessage::Paired { relay, .. } if relay == relays),
            "{value}: {paired:?}"
        );
    }
}

#[tokio::test]
async fn the_manual_and_the_completions_know_every_option() {
    for arguments in [&["man"][..], &["completions", "bash"]] {
        let output = run(arguments).await;
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .replace(r"\-", "-");
        for option in [
            "--listen",
            "--tls-cert",
            "--trust-proxy",
            "--lan",
            "--max-rooms",
            "--relay-bytes",
        ] {
            assert!(text.contains(option), "{option}: {text}");
        }
        if arguments == ["man"] {
            for section in [
                "ENVIRONMENT",
                "EXAMPLES",
                "SIGHUP",
                "UNDERTONE_MEDIATOR_LISTEN",
                "Exit codes",
            ] {
                assert!(text.contains(section), "{section}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn help_fits_80_columns_and_shows_examples() {
    let output = run(&["--help"]).await;
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("Examples:"));
    for line in help.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}
