//! A TCP proxy between guest and host, which can be cut, fall silent and be mended,
//! and whose bytes can be altered.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

/// Changes what passes: given the direction and a chunk, gives what goes on.
/// `None` ends the connection.
pub(crate) type Tamper = dyn FnMut(Direction, &[u8]) -> Option<Vec<u8>> + Send;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToHost,
    ToGuest,
}

/// Listens on a free port; connections go on to the target.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    changed: Arc<Condvar>,
}

struct Shared {
    target: Option<SocketAddr>,
    cut: bool,
    silent: bool,
    open: Vec<TcpStream>,
    callers: Vec<u16>,
    tamper: Box<Tamper>,
}

impl Proxy {
    /// A proxy whose connections wait until it has a target.
    pub(crate) fn start() -> Self {
        Self::tampering(|_, bytes| Some(bytes.to_vec()))
    }

    /// The same, which changes what passes.
    pub(crate) fn tampering(
        tamper: impl FnMut(Direction, &[u8]) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            target: None,
            cut: false,
            silent: false,
            open: Vec::new(),
            callers: Vec::new(),
            tamper: Box::new(tamper),
        }));
        let changed = Arc::new(Condvar::new());
        let (accepting, waiting) = (Arc::clone(&shared), Arc::clone(&changed));
        // Ends with the test's process.
        std::thread::spawn(move || {
            while let Ok((stream, from)) = listener.accept() {
                let state = accepting.lock().unwrap();
                drop(waiting.wait_while(state, |state| state.target.is_none()));
                accepting.lock().unwrap().callers.push(from.port());
                accept(&accepting, &waiting, stream);
            }
        });
        Self {
            address,
            shared,
            changed,
        }
    }

    /// Where it listens: what the host is to advertise.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Where connections go.
    pub(crate) fn aim(&self, target: &str) {
        self.shared.lock().unwrap().target = Some(target.parse().unwrap());
        self.changed.notify_all();
    }

    /// Ends every connection and refuses new ones.
    pub(crate) fn cut(&self) {
        let mut shared = self.shared.lock().unwrap();
        shared.cut = true;
        for stream in shared.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Like a pulled cable: nothing passes, and nobody is told, not even of an end.
    pub(crate) fn fall_silent(&self) {
        self.shared.lock().unwrap().silent = true;
    }

    /// Lets connections through again, and what was on its way.
    pub(crate) fn mend(&self) {
        let mut shared = self.shared.lock().unwrap();
        (shared.cut, shared.silent) = (false, false);
        drop(shared);
        self.changed.notify_all();
    }

    /// The ports from which connections came, in order.
    pub(crate) fn callers(&self) -> Vec<u16> {
        self.shared.lock().unwrap().callers.clone()
    }
}

fn accept(shared: &Arc<Mutex<Shared>>, changed: &Arc<Condvar>, guest: TcpStream) {
    let mut state = shared.lock().unwrap();
    let Some(target) = state.target.filter(|_| !state.cut) else {
        return;
    };
    let Ok(host) = TcpStream::connect(target) else {
        return;
    };
    for stream in [&guest, &host] {
        let _ = stream.set_nodelay(true);
        state.open.push(stream.try_clone().unwrap());
    }
    for (from, to, direction) in [
        (
            guest.try_clone().unwrap(),
            host.try_clone().unwrap(),
            Direction::ToHost,
        ),
        (host, guest, Direction::ToGuest),
    ] {
        let (shared, changed) = (Arc::clone(shared), Arc::clone(changed));
        std::thread::spawn(move || carry(&shared, &changed, from, to, direction));
    }
}

fn carry(
    shared: &Mutex<Shared>,
    changed: &Condvar,
    mut from: TcpStream,
    mut to: TcpStream,
    direction: Direction,
) {
    let mut buf = vec![0; 64 * 1024];
    loop {
        let n = from.read(&mut buf).unwrap_or(0);
        let state = shared.lock().unwrap();
        let mut state = changed.wait_while(state, |state| state.silent).unwrap();
        if n == 0 {
            break;
        }
        let passed = (state.tamper)(direction, &buf[..n]);
        drop(state);
        let Some(bytes) = passed else { break };
        if to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
