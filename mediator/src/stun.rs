//! Says by STUN (RFC 8489) from where it is asked, as a router shows it to the outside.
//!
//! It answers Binding requests that ask for nothing more, over UDP, and nothing else, not even with
//! an error: who forges an address gets little sent there, and who looks for a service finds none.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::time::sleep;

use crate::limits::{AddressRate, MAX_TRACKED, Rate};

/// Answers to an address (IPv6: a /64) at once …
pub const BURST: u32 = 40;
/// … and one more each so often, 20 a second.
pub const EVERY: Duration = Duration::from_millis(50);

/// Bytes of a request, at most (RFC 8489 §6.1: what passes without fragments, and then some).
pub const REQUEST_MAX: usize = 1_280;

const HEADER: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const BINDING_SUCCESS: [u8; 2] = [0x01, 0x01];
const XOR_MAPPED_ADDRESS: [u8; 2] = [0x00, 0x20];
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// Attributes from here on may be passed over by who does not know them (§14).
const OPTIONAL: u16 = 0x8000;

/// Pause after a failed receive.
const PAUSE: Duration = Duration::from_millis(10);

/// Answers on this socket for ever, at most [`BURST`] and then one each [`EVERY`] to an address.
pub async fn serve(socket: UdpSocket) -> Infallible {
    let mut rates = AddressRate::new(Rate::new(BURST, EVERY), MAX_TRACKED);
    // With room for one byte too many.
    let mut buffer = [0; REQUEST_MAX + 1];
    loop {
        let Ok((len, from)) = socket.recv_from(&mut buffer).await else {
            sleep(PAUSE).await;
            continue;
        };
        let request = buffer.get(..len).unwrap_or_default();
        if let Some(answer) = answer(request, from)
            && rates.take(from.ip().into(), Instant::now()).is_ok()
        {
            // One that does not go out is lost, as others are on their way: it is asked again.
            let _ = socket.try_send_to(&answer, from);
        }
    }
}

/// The success response to a Binding request that came from there; `None` for all else.
#[must_use]
pub fn answer(request: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let (header, attributes) = request.split_at_checked(HEADER)?;
    let (kind, rest) = header.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (cookie, transaction) = rest.split_first_chunk()?;
    let is_whole = usize::from(u16::from_be_bytes(*len)) == attributes.len();
    if *kind != BINDING_REQUEST || *cookie != COOKIE || !is_whole || request.len() > REQUEST_MAX {
        return None;
    }
    // Nobody can be answered at port 0.
    if !asks_no_more(attributes) || from.port() == 0 {
        return None;
    }
    let value = xor_mapped(from, transaction);
    let len = u16::try_from(value.len()).ok()?;
    let mut answer = Vec::with_capacity(HEADER + 4 + value.len());
    answer.extend(BINDING_SUCCESS);
    answer.extend((len + 4).to_be_bytes());
    answer.extend(COOKIE);
    answer.extend(transaction);
    answer.extend(XOR_MAPPED_ADDRESS);
    answer.extend(len.to_be_bytes());
    answer.extend(value);
    Some(answer)
}

/// Whether these are attributes, and all of them may be passed over.
fn asks_no_more(mut attributes: &[u8]) -> bool {
    while let Some((head, rest)) = attributes.split_first_chunk::<4>() {
        let [kind, len] = [[head[0], head[1]], [head[2], head[3]]].map(u16::from_be_bytes);
        let padded = usize::from(len).next_multiple_of(4);
        match rest.get(padded..) {
            Some(rest) if kind >= OPTIONAL => attributes = rest,
            _ => return false,
        }
    }
    attributes.is_empty()
}

/// The value of XOR-MAPPED-ADDRESS (§14.2): family, port and address, the latter two hidden from
/// routers that would rewrite them.
fn xor_mapped(from: SocketAddr, transaction: &[u8]) -> Vec<u8> {
    let pad: Vec<u8> = COOKIE.iter().chain(transaction).copied().collect();
    let hidden = |bytes: &[u8]| -> Vec<u8> {
        let pairs = bytes.iter().zip(&pad);
        pairs.map(|(byte, pad)| byte ^ pad).collect()
    };
    let (family, address) = match from.ip().to_canonical() {
        IpAddr::V4(ip) => (1, hidden(&ip.octets())),
        IpAddr::V6(ip) => (2, hidden(&ip.octets())),
    };
    let port = hidden(&from.port().to_be_bytes());
    [&[0, family][..], &port, &address].concat()
}

#[cfg(test)]
mod tests;
