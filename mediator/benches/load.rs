//! What a waiting client costs in memory and a pairing in CPU time, beside a
//! bare-tokio server that does the same without HTTP, WebSocket and JSON.
//!
//! `cargo bench -p undertone-mediator`. Both servers are processes of their own, on one
//! thread each and all on one core; clients are plain sockets on 127.0.0.0/8. Memory
//! is RssAnon of the server a client more, CPU time what the scheduler charged it.
//! Linux only; ends by itself within a minute. Takes 10,000 open files in each of two
//! processes (`ulimit -n`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use undertone_wire::{ClientMessage, Opaque, Tag};

const STEPS: [usize; 3] = [0, 5_000, 10_000];
const PAIRINGS: u32 = 2_000;
const WARM_UP: u32 = 200;
const BARE: &str = "--bare-server";

fn main() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    if std::env::args().any(|argument| argument == BARE) {
        return bare::serve();
    }
    pin();
    let ours = measure(Server::ours(), Speaker::WebSocket);
    let bare = measure(Server::bare(), Speaker::Bare);
    println!("waiting   memory a waiting client      CPU time a pairing");
    println!("          mediator   bare tokio        mediator   bare tokio   ratio");
    for (ours, bare) in ours.iter().zip(&bare) {
        println!(
            "{:>7}   {:>6} B   {:>8} B        {:>5.1} µs   {:>7.1} µs   {:>5.2}",
            ours.waiting,
            ours.memory,
            bare.memory,
            ours.micros,
            bare.micros,
            ours.micros / bare.micros
        );
    }
}

/// Clients and server on one core: the wake-up of a process on another one costs more
/// than some of the calls that are measured, and is charged to the server.
fn pin() {
    let us = Pid::from_raw(0);
    let allowed = sched_getaffinity(us).unwrap();
    let last = (0..CpuSet::count())
        .rfind(|cpu| allowed.is_set(*cpu).unwrap())
        .unwrap();
    let mut one = CpuSet::new();
    one.set(last).unwrap();
    sched_setaffinity(us, &one).unwrap();
}

struct Figures {
    waiting: usize,
    memory: u64,
    micros: f64,
}

fn measure(server: Server, speaker: Speaker) -> Vec<Figures> {
    let mut waiting = Vec::new();
    let mut number = 0;
    for _ in 0..WARM_UP {
        pairing(&server, speaker, &mut number);
    }
    let empty = server.memory();
    STEPS
        .map(|step| {
            while waiting.len() < step {
                let mut client = Client::connect(&server, speaker, number);
                client.join(number, b'w');
                client.hear();
                waiting.push(client);
                number += 1;
            }
            let memory = (server.memory() - empty.min(server.memory())) / step.max(1) as u64;
            let before = server.cpu_time();
            for _ in 0..PAIRINGS {
                pairing(&server, speaker, &mut number);
            }
            let spent = server.cpu_time() - before;
            let micros = spent.as_secs_f64() * 1e6 / f64::from(PAIRINGS);
            Figures {
                waiting: step,
                memory,
                micros,
            }
        })
        .into()
}

/// Two clients connect, join, swap `sealed`, say `done` and are closed.
fn pairing(server: &Server, speaker: Speaker, number: &mut u32) {
    let mut host = Client::connect(server, speaker, *number);
    host.join(*number, b'h');
    host.hear();
    let mut guest = Client::connect(server, speaker, *number + 1);
    guest.join(*number, b'g');
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
    *number += 2;
}

/// A server process, stopped on drop.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn ours() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertone-mediator"));
        command.args([
            "--quiet",
            "--listen",
            "127.0.0.1:0",
            "--joins-per-minute",
            "1000000",
        ]);
        Self::start(command.args(["--max-connections-per-address", "1000000"]))
    }

    fn bare() -> Self {
        Self::start(Command::new(std::env::current_exe().unwrap()).arg(BARE))
    }

    fn start(command: &mut Command) -> Self {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stderr.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
        Self { process, address }
    }

    /// Bytes of user space in memory.
    fn memory(&self) -> u64 {
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
    fn cpu_time(&self) -> Duration {
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

#[derive(Clone, Copy)]
enum Speaker {
    WebSocket,
    /// u32be length, then the same JSON.
    Bare,
}

struct Client {
    stream: TcpStream,
    speaker: Speaker,
}

impl Client {
    /// From one of 200 addresses: one alone runs out of ports.
    fn connect(server: &Server, speaker: Speaker, number: u32) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let source = Ipv4Addr::new(127, 0, 1, (number % 200) as u8 + 1);
        socket.bind(&SocketAddr::from((source, 0)).into()).unwrap();
        socket.connect(&server.address.into()).unwrap();
        socket.set_tcp_nodelay(true).unwrap();
        let mut stream = TcpStream::from(socket);
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        if let Speaker::WebSocket = speaker {
            stream
                .write_all(
                    b"GET /v1/rendezvous HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n\
                      Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                )
                .unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut chunk = [0; 512];
                let n = stream.read(&mut chunk).unwrap();
                assert!(n > 0);
                head.extend_from_slice(&chunk[..n]);
            }
            assert!(head.starts_with(b"HTTP/1.1 101"));
        }
        Self { stream, speaker }
    }

    fn join(&mut self, room: u32, offer: u8) {
        let mut tag = [0; 32];
        tag[..4].copy_from_slice(&room.to_be_bytes());
        let offer = Opaque::new(&[offer; 98]).unwrap();
        self.say(&ClientMessage::Join {
            v: 1,
            room: Tag(tag),
            offer,
            again: false,
        });
    }

    fn say(&mut self, message: &ClientMessage) {
        let text = message.encode();
        let mut frame = Vec::new();
        match self.speaker {
            Speaker::Bare => frame.extend((text.len() as u32).to_be_bytes()),
            // Masked with zeros: the mask is there to be undone, at the same cost.
            Speaker::WebSocket if text.len() < 126 => frame.extend([0x81, 0x80 | text.len() as u8]),
            Speaker::WebSocket => {
                frame.extend([0x81, 0xfe]);
                frame.extend((text.len() as u16).to_be_bytes());
            }
        }
        if let Speaker::WebSocket = self.speaker {
            frame.extend([0; 4]);
        }
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&frame).unwrap();
    }

    /// Reads one message.
    fn hear(&mut self) {
        let mut head = [0; 4];
        let length = match self.speaker {
            Speaker::Bare => {
                self.stream.read_exact(&mut head).unwrap();
                u32::from_be_bytes(head) as usize
            }
            Speaker::WebSocket => {
                self.stream.read_exact(&mut head[..2]).unwrap();
                assert_eq!(head[0], 0x81, "not a text message");
                if head[1] == 126 {
                    self.stream.read_exact(&mut head[2..]).unwrap();
                    u16::from_be_bytes([head[2], head[3]]).into()
                } else {
                    head[1].into()
                }
            }
        };
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text).unwrap();
        let refused = text.starts_with(br#"{"type":"error""#);
        assert!(!refused, "{}", String::from_utf8_lossy(&text));
    }

    /// Answers the close frame and reads to the end.
    fn hear_end(&mut self) {
        if let Speaker::WebSocket = self.speaker {
            let mut close = [0; 4];
            self.stream.read_exact(&mut close).unwrap();
            assert_eq!(close[0], 0x88, "not a close frame");
            self.stream
                .write_all(&[0x88, 0x82, 0, 0, 0, 0, close[2], close[3]])
                .unwrap();
        }
        assert_eq!(self.stream.read(&mut [0; 16]).unwrap(), 0);
    }
}

/// The least that pairs: one task and a one-shot channel a connection, no timer, no limit.
mod bare {
    use super::*;

    type Frame = Vec<u8>;
    /// What the peer has to say goes in the first; the second asks for ours.
    type Host = (
        oneshot::Sender<Frame>,
        oneshot::Sender<oneshot::Sender<Frame>>,
    );
    type Waiting = Arc<Mutex<HashMap<Vec<u8>, Host>>>;

    pub(crate) fn serve() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            eprintln!("http://{}", listener.local_addr().unwrap());
            let waiting = Waiting::default();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(client(stream, Arc::clone(&waiting)));
            }
        });
    }

    async fn client(mut stream: tokio::net::TcpStream, waiting: Waiting) -> std::io::Result<()> {
        let (to_us, from_other) = oneshot::channel();
        let join = read(&mut stream).await?;
        let room = join[29..72].to_vec();
        let met = waiting.lock().unwrap().remove(&room);
        let other = if let Some((other, met)) = met {
            let _ = met.send(to_us);
            other
        } else {
            let (met, meets) = oneshot::channel();
            waiting.lock().unwrap().insert(room, (to_us, met));
            write(&mut stream, &join).await?;
            let Ok(other) = meets.await else {
                return Ok(());
            };
            other
        };
        write(&mut stream, &join).await?;
        let sealed = read(&mut stream).await?;
        let _ = other.send(sealed);
        let Ok(sealed) = from_other.await else {
            return Ok(());
        };
        write(&mut stream, &sealed).await?;
        read(&mut stream).await.map(drop)
    }

    async fn read(stream: &mut tokio::net::TcpStream) -> std::io::Result<Frame> {
        let length = stream.read_u32().await?;
        let mut frame = vec![0; length as usize];
        stream.read_exact(&mut frame).await?;
        Ok(frame)
    }

    async fn write(stream: &mut tokio::net::TcpStream, frame: &[u8]) -> std::io::Result<()> {
        let mut bytes = (frame.len() as u32).to_be_bytes().to_vec();
        bytes.extend_from_slice(frame);
        stream.write_all(&bytes).await
    }
}
