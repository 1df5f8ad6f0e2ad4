//! A man in the middle on the link: sees it frame by frame, and may put anything
//! in a frame's place.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use undertone_core::pairing::{CONFIRM_A_LEN, CONFIRM_B_LEN, SEALED_LENS};
use undertone_core::session::record::BODY_MIN;

pub(crate) use crate::common::proxy::Direction;

/// One frame on its way, its length before it.
pub(crate) struct Passing<'a> {
    pub to: Direction,
    pub frame: &'a [u8],
}

impl Passing<'_> {
    /// Records hold 256 bytes at least, and none is as long as a SEALED or a CONFIRM.
    pub(crate) fn is_record(&self) -> bool {
        let [shorter, longer] = SEALED_LENS;
        let before = [shorter, longer, CONFIRM_A_LEN, CONFIRM_B_LEN];
        self.frame.len() > 4 + BODY_MIN + 200 && !before.contains(&(self.frame.len() - 4))
    }
}

/// What becomes of a frame.
pub(crate) enum Verdict {
    Pass,
    /// These bytes instead.
    Put(Vec<u8>),
    /// These bytes instead, and then the end of the connection.
    End(Vec<u8>),
}

type Rule = dyn FnMut(&Passing<'_>) -> Verdict + Send;

/// Listens on a free port; connections go on to the target.
pub(crate) struct Middle {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    aimed: Arc<Condvar>,
}

struct Shared {
    target: Option<SocketAddr>,
    rule: Box<Rule>,
    seen: Vec<u8>,
    open: Vec<TcpStream>,
}

impl Middle {
    /// One who lets everything pass, for now.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            target: None,
            rule: Box::new(|_| Verdict::Pass),
            seen: Vec::new(),
            open: Vec::new(),
        }));
        let aimed = Arc::new(Condvar::new());
        let (accepting, waits) = (Arc::clone(&shared), Arc::clone(&aimed));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for guest in listener.incoming().flatten() {
                // Who comes before there is a target waits for it.
                let shared = accepting.lock().unwrap();
                let shared = waits.wait_while(shared, |s| s.target.is_none()).unwrap();
                let target = shared.target;
                drop(shared);
                if let Some(host) = target.and_then(|t| TcpStream::connect(t).ok()) {
                    carry_both(&accepting, &guest, &host);
                }
            }
        });
        Self {
            address,
            shared,
            aimed,
        }
    }

    /// What the host is to advertise.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn aim(&self, target: &str) {
        self.shared.lock().unwrap().target = Some(target.parse().unwrap());
        self.aimed.notify_all();
    }

    /// From now on this happens to frames.
    pub(crate) fn rule(&self, rule: impl FnMut(&Passing<'_>) -> Verdict + Send + 'static) {
        self.shared.lock().unwrap().rule = Box::new(rule);
    }

    /// Ends every connection.
    pub(crate) fn cut(&self) {
        for stream in self.shared.lock().unwrap().open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// All that passed, both ways.
    pub(crate) fn seen(&self) -> Vec<u8> {
        self.shared.lock().unwrap().seen.clone()
    }
}

fn carry_both(shared: &Arc<Mutex<Shared>>, guest: &TcpStream, host: &TcpStream) {
    for stream in [guest, host] {
        let _ = stream.set_nodelay(true);
        shared
            .lock()
            .unwrap()
            .open
            .push(stream.try_clone().unwrap());
    }
    for (from, to, direction) in [
        (guest, host, Direction::ToHost),
        (host, guest, Direction::ToGuest),
    ] {
        let shared = Arc::clone(shared);
        let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = carry(&shared, &from, &to, direction);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        });
    }
}

fn carry(
    shared: &Mutex<Shared>,
    mut from: &TcpStream,
    mut to: &TcpStream,
    direction: Direction,
) -> std::io::Result<()> {
    loop {
        let mut frame = vec![0; 4];
        from.read_exact(&mut frame)?;
        let n = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]);
        frame.resize(4 + n as usize, 0);
        from.read_exact(&mut frame[4..])?;
        let verdict = {
            let mut shared = shared.lock().unwrap();
            shared.seen.extend_from_slice(&frame);
            (shared.rule)(&Passing {
                to: direction,
                frame: &frame,
            })
        };
        match verdict {
            Verdict::Pass => to.write_all(&frame)?,
            Verdict::Put(bytes) => to.write_all(&bytes)?,
            Verdict::End(bytes) => return to.write_all(&bytes),
        }
    }
}
