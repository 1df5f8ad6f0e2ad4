//! The laboratory itself: its routers do what they are named for, seen with plain
//! sockets. What these do not reach, no client can.

use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::inside::inside;
use crate::lab::{Access, Lab, MEDIATOR};
use crate::machine::within;
use crate::router::{Nat, REJECTING, RESTRICTED, SYMMETRIC, TCP_STRICT, WEB_ONLY};

/// Ports at the mediator that tell everyone where they come from; the last one is not
/// the web's.
const MIRRORS: [u16; 3] = [80, 443, 7700];
/// The ports that they dial from. Customers of one provider with the same port would be
/// in each other's way.
const FROM: [(&str, u16); 3] = [("a", 40_000), ("b", 40_001), ("mediator", 40_002)];
/// An answer comes in milliseconds here; after this, it is silence.
const SILENCE: Duration = Duration::from_millis(700);
/// How long two try to open a path.
const PATH_WITHIN: Duration = Duration::from_secs(4);

fn lab(a: Access, b: Access) -> Lab {
    let lab = Lab::new(a, b);
    for port in MIRRORS {
        let listener = within("mediator", || TcpListener::bind((MEDIATOR, port)).unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let seen = stream.peer_addr().unwrap().to_string();
                let _ = std::io::Write::write_all(&mut &stream, seen.as_bytes());
            }
        });
    }
    lab
}

/// Dials from this machine's port, see [`FROM`].
fn dial(machine: &str, to: SocketAddr, patience: Duration) -> std::io::Result<TcpStream> {
    let from = FROM.iter().find(|(name, _)| *name == machine).unwrap().1;
    let socket = within(machine, || Socket::new(Domain::IPV4, Type::STREAM, None))?;
    socket.set_reuse_address(true)?;
    socket.set_linger(Some(Duration::ZERO))?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, from)).into())?;
    socket.connect_timeout(&to.into(), patience)?;
    Ok(socket.into())
}

/// Where a host seems to come from to this port of the mediator.
fn seen(machine: &str, port: u16) -> std::io::Result<SocketAddr> {
    let mut mirror = dial(machine, (MEDIATOR, port).into(), SILENCE)?;
    let mut seen = String::new();
    mirror.read_to_string(&mut seen)?;
    Ok(seen.parse().unwrap())
}

/// Whether both dialling each other's outside opens a path.
fn opens_between(a: Access, b: Access) -> bool {
    let _lab = lab(a, b);
    let to_b = seen("b", MIRRORS[0]).unwrap();
    let to_a = seen("a", MIRRORS[0]).unwrap();
    let deadline = Instant::now() + PATH_WITHIN;
    let opens = |machine: &'static str, to| {
        move || {
            while Instant::now() < deadline {
                // Who is refused, or was silently ignored, tries again.
                match dial(machine, to, deadline - Instant::now()) {
                    Ok(stream) => return Some(stream),
                    Err(_) => std::thread::park_timeout(Duration::from_millis(50)),
                }
            }
            None
        }
    };
    let from_a = std::thread::spawn(opens("a", to_b));
    let of_b = opens("b", to_a)();
    let of_a = from_a.join().unwrap();
    of_a.is_some() && of_b.is_some()
}

fn home(nat: Nat) -> Access {
    Access::Home(nat)
}

#[test]
fn a_port_outside_is_one_for_all_or_one_for_each() {
    inside(|| {
        let _lab = lab(home(RESTRICTED), home(SYMMETRIC));
        let [a, b] = ["a", "b"].map(|host| [80, 443].map(|port| seen(host, port).unwrap()));
        assert_eq!(a[0], a[1]);
        assert_ne!(b[0], b[1]);
        let inside = FROM.map(|(_, port)| port);
        assert!(
            a.iter()
                .chain(&b)
                .all(|outside| !inside.contains(&outside.port()))
        );
    });
}

#[test]
fn strangers_are_left_waiting_or_refused() {
    inside(|| {
        let _lab = lab(home(RESTRICTED), home(REJECTING));
        let [silent, refusing] = ["a", "b"].map(|host| {
            let outside = seen(host, 80).unwrap();
            dial("mediator", outside, SILENCE).unwrap_err().kind()
        });
        assert_eq!(
            [silent, refusing],
            [ErrorKind::TimedOut, ErrorKind::ConnectionRefused]
        );
    });
}

#[test]
fn a_guest_network_lets_the_web_out_and_nothing_else() {
    inside(|| {
        let _lab = lab(home(WEB_ONLY), Access::Public);
        let through = MIRRORS.map(|port| seen("a", port).is_ok());
        assert_eq!(through, [true, true, false]);
        assert!(MIRRORS.iter().all(|&port| seen("b", port).is_ok()));
    });
}

#[test]
fn both_dialling_opens_a_path_between_home_routers() {
    inside(|| assert!(opens_between(home(RESTRICTED), home(RESTRICTED))));
}

#[test]
fn both_dialling_opens_a_path_between_rejecting_routers() {
    inside(|| assert!(opens_between(home(REJECTING), home(REJECTING))));
}

#[test]
fn both_dialling_opens_a_path_at_the_same_provider() {
    inside(|| assert!(opens_between(Access::Double, Access::SameProvider)));
}

#[test]
fn both_dialling_opens_no_path_between_routers_that_are_strict_of_tcp() {
    inside(|| assert!(!opens_between(home(TCP_STRICT), home(TCP_STRICT))));
}

#[test]
fn both_dialling_opens_no_path_to_a_symmetric_router() {
    inside(|| assert!(!opens_between(home(RESTRICTED), home(SYMMETRIC))));
}
