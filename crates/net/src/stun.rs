//! Asks a mediator by STUN (RFC 8489) how the routers on the way show a UDP socket of ours.
//!
//! One Binding request without attributes, said again where nothing comes back. An answer counts
//! if it comes from where it was asked and has the transaction id, which nobody off the path knows.
//!
//! ```text
//! request  0x0001 ‖ 0 ‖ cookie ‖ transaction(12)
//! answer   0x0101 ‖ length(2) ‖ cookie ‖ transaction(12) ‖ attributes, XOR-MAPPED-ADDRESS among them
//! ```

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};
use undertone_core::crypto::keys::random;

use crate::socket::{as_family, canonical};

/// Bytes of the header (§5), which is all of a request.
const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 4] = [0x00, 0x01, 0x00, 0x00];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// How long an answer is waited for after each request (§6.2.1, with fewer of them): they leave
/// at 0, 0.5 and 1.5 s.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_millis(1_000),
    Duration::from_millis(1_500),
];
/// An answer of ours has 44 bytes at most; of a longer datagram the rest is cut off, and it is none.
const ANSWER_MAX: usize = 576;

/// The address and port of `socket` outside, as `server` sees them. What else comes in
/// meanwhile is lost.
///
/// # Errors
/// `TimedOut` after 3 s; the system's, where the request cannot leave.
pub async fn mapped_address(socket: &UdpSocket, server: SocketAddr) -> io::Result<SocketAddr> {
    let is_v6 = socket.local_addr()?.is_ipv6();
    let transaction: [u8; 12] = random();
    let request = [&BINDING_REQUEST[..], &COOKIE, &transaction].concat();
    let mut buffer = [0; ANSWER_MAX];
    for wait in WAITS {
        socket.send_to(&request, as_family(server, is_v6)).await?;
        let until = Instant::now() + wait;
        while let Ok(received) = timeout_at(until, socket.recv_from(&mut buffer)).await {
            let (len, from) = match received {
                Ok(received) => received,
                // Of a request before, and the server may yet be there.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error),
            };
            let answer = buffer.get(..len).unwrap_or_default();
            if is_same(from, server)
                && let Some(mapped) = read(answer, &transaction)
            {
                return Ok(mapped);
            }
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// The address in a success response to this transaction; `None` for all else.
#[must_use]
pub fn read(answer: &[u8], transaction: &[u8; 12]) -> Option<SocketAddr> {
    let (header, mut attributes) = answer.split_at_checked(HEADER)?;
    let (kind, rest) = header.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let is_whole = usize::from(u16::from_be_bytes(*len)) == attributes.len();
    if *kind != BINDING_SUCCESS || !is_whole || rest != [&COOKIE[..], transaction].concat() {
        return None;
    }
    while let Some((head, rest)) = attributes.split_first_chunk::<4>() {
        let [kind, len] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_be_bytes);
        let len = usize::from(len);
        if kind == XOR_MAPPED_ADDRESS {
            return address(rest.get(..len)?, transaction);
        }
        attributes = rest.get(len.next_multiple_of(4)..)?;
    }
    None
}

/// What XOR-MAPPED-ADDRESS says (§14.2).
fn address(value: &[u8], transaction: &[u8; 12]) -> Option<SocketAddr> {
    let ([_, family, port @ ..], ip) = value.split_first_chunk::<4>()?;
    let pad: [u8; 16] = [&COOKIE[..], transaction].concat().try_into().ok()?;
    let port = u16::from_be_bytes(*port) ^ u16::from_be_bytes([COOKIE[0], COOKIE[1]]);
    let ip: IpAddr = match family {
        1 => {
            let ip = u32::from_be_bytes(ip.try_into().ok()?);
            Ipv4Addr::from_bits(ip ^ u32::from_be_bytes(COOKIE)).into()
        }
        2 => {
            let ip = u128::from_be_bytes(ip.try_into().ok()?);
            Ipv6Addr::from_bits(ip ^ u128::from_be_bytes(pad)).into()
        }
        _ => return None,
    };
    let address = SocketAddr::new(ip.to_canonical(), port);
    (port != 0 && !ip.is_unspecified()).then_some(address)
}

/// Whether both are one end, whatever the socket makes of its address.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    let [one, other] = [one, other].map(canonical);
    (one.ip(), one.port()) == (other.ip(), other.port())
}

#[cfg(test)]
mod tests;
