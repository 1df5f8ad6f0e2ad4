//! Thousands of connections that say garbage, or nothing.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::net::TcpSocket;
use tokio::runtime::Runtime;

/// A connection from this address, which must be one of loopback's.
pub(crate) fn connect_from(
    runtime: &Runtime,
    from: IpAddr,
    to: SocketAddr,
) -> std::io::Result<TcpStream> {
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(from, 0))?;
        socket.connect(to).await
    })?;
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What strangers say: nothing, a byte, a length alone, other protocols, and
/// messages of the right length that are not genuine.
pub(crate) fn garbage(kind: usize) -> Vec<u8> {
    let framed = |n: u32| [&n.to_be_bytes()[..], &vec![0xa5; n as usize]].concat();
    match kind % 9 {
        0 => Vec::new(),
        1 => vec![0],
        2 => vec![0, 0, 5, 48],
        3 => vec![0xff; 4],
        4 => framed(1328),
        5 => framed(48),
        6 => framed(102),
        7 => b"GET /v1/rendezvous HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
        _ => vec![0x16; 300],
    }
}

/// Connections that are made until all are, whatever becomes of them.
pub(crate) struct Flood {
    pub made: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    /// `total` connections from as many addresses as there are `threads`, each of
    /// which keeps its last few open.
    pub(crate) fn at(to: SocketAddr, threads: u8, total: usize) -> Self {
        let (made, stop) = (Arc::default(), Arc::default());
        let threads = (0..threads).map(|thread| {
            let (made, stop) = (Arc::clone(&made), Arc::clone(&stop));
            std::thread::spawn(move || pour(to, thread, total, &made, &stop))
        });
        Self {
            threads: threads.collect(),
            made,
            stop,
        }
    }

    /// Waits until this many connections were made.
    pub(crate) fn await_made(&self, many: usize) {
        let deadline = std::time::Instant::now() + crate::common::PATIENCE;
        while self.made.load(Ordering::Relaxed) < many {
            assert!(std::time::Instant::now() < deadline, "too slow a flood");
            std::thread::park_timeout(std::time::Duration::from_millis(2));
        }
    }

    /// Waits for the whole flood.
    pub(crate) fn end(mut self) {
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn pour(to: SocketAddr, thread: u8, total: usize, made: &AtomicUsize, stop: &AtomicBool) {
    let from = IpAddr::from([127, 0, 1, thread + 1]);
    let (runtime, mut open) = (runtime(), std::collections::VecDeque::new());
    while !stop.load(Ordering::Relaxed) {
        let number = made.fetch_add(1, Ordering::Relaxed);
        if number >= total {
            break;
        }
        // Refused, or reset in mid-word: that is the other side's right.
        if let Ok(mut stream) = connect_from(&runtime, from, to) {
            let _ = stream.write_all(&garbage(number));
            open.push_back(stream);
        }
        if open.len() > 40 {
            open.pop_front();
        }
    }
}

/// Whether the other side has closed this connection by now.
pub(crate) fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0; 1024]);
    stream.set_nonblocking(false).unwrap();
    match read {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}
