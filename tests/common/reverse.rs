//! A reverse proxy before a mediator: it hands on who comes, cuts a line that is quiet for too
//! long, and answers by itself as it is told while the mediator is away.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// What nginx says while the mediator behind it is away.
pub(crate) const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><h1>502 Bad Gateway</h1></html>";

/// Listens on a free port.
pub(crate) struct Reverse {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    mediator: SocketAddr,
    /// For how long a mediator may say nothing.
    quiet: Option<Duration>,
    state: Mutex<State>,
    changed: Condvar,
}

/// What happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    answer: Vec<u8>,
    /// Seats that the mediator gave.
    pub seats: usize,
    /// When it was last so.
    pub seated: Option<Instant>,
    /// Those who were answered in its place.
    pub answered: usize,
    /// WebSocket pings of clients.
    pub pings: usize,
}

impl Reverse {
    /// Before the mediator at this address.
    pub(crate) fn before(mediator: &str, quiet: Option<Duration>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            mediator: mediator.parse().unwrap(),
            quiet,
            state: Mutex::new(State {
                answer: BAD_GATEWAY.to_vec(),
                ..State::default()
            }),
            changed: Condvar::new(),
        });
        let serving = Arc::clone(&shared);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serving.serve(client));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers this in the mediator's place.
    pub(crate) fn answer(&self, answer: &[u8]) {
        self.shared.state.lock().unwrap().answer = answer.to_vec();
    }

    /// Waits until it is so.
    pub(crate) fn await_that(&self, what: &str, holds: impl Fn(&State) -> bool) -> State {
        let state = self.shared.state.lock().unwrap();
        let waits = |state: &mut State| !holds(state);
        let (state, waited) = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, waits)
            .unwrap();
        assert!(!waited.timed_out(), "no {what} in time: {state:?}");
        state.clone()
    }
}

impl Shared {
    fn note(&self, note: impl FnOnce(&mut State)) {
        note(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn serve(&self, mut client: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if !matches!(client.read(&mut byte), Ok(1)) {
                return;
            }
            head.extend(byte);
        }
        let Ok(mut mediator) = TcpStream::connect(self.mediator) else {
            let answer = self.state.lock().unwrap().answer.clone();
            let _ = client.write_all(&answer);
            let _ = client.shutdown(Shutdown::Both);
            return self.note(|state| state.answered += 1);
        };
        if mediator.write_all(&head).is_err() {
            return;
        }
        mediator.set_read_timeout(self.quiet).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                self.carry(&client, &mediator, |state, bytes| {
                    state.pings += usize::from(bytes.first() == Some(&0x89));
                });
            });
            self.carry(&mediator, &client, |state, bytes| {
                let waiting = br#""type":"waiting""#;
                if bytes.windows(waiting.len()).any(|part| part == waiting) {
                    state.seats += 1;
                    state.seated = Some(Instant::now());
                }
            });
        });
    }

    fn carry(&self, mut from: &TcpStream, mut to: &TcpStream, note: impl Fn(&mut State, &[u8])) {
        let mut buf = vec![0; 16 * 1024];
        while let Ok(n @ 1..) = from.read(&mut buf) {
            if to.write_all(&buf[..n]).is_err() {
                break;
            }
            self.note(|state| note(state, &buf[..n]));
        }
        for stream in [from, to] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
