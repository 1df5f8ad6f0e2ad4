//! The way to the peer over UDP: ICE (RFC 8445) opens it, DTLS (RFC 9147) and SCTP (RFC 8831) make
//! of it one channel, and that is a byte stream like a TCP connection.
//!
//! ```text
//! gathering   a socket, its address outside (STUN), credentials and certificate: what SEALED tells
//! plan        these, and what the peer told: what a connection is made of
//! connecting  from a plan to a stream, in time or not at all
//! agent       str0m, fed with datagrams and time until the channel is open, and thereafter
//! carrying    the channel's messages on one side, the bytes of a `UdpStream` on the other
//! provider    the cryptography that str0m asks for
//! ```
//!
//! Nothing is trickled, and there is no offer and no answer: who is A and who B decides all that
//! SDP would have settled. DTLS and SCTP begin at B; A controls, but where the peer is a browser.
//! That the certificate is the peer's, SEALED says. Whether a link over it lives, the session's
//! pings say, and not ICE.

mod agent;
mod carrying;
mod connecting;
mod gathering;
mod plan;
mod provider;
mod stream;

use std::net::IpAddr;

pub use gathering::Gathering;
pub use plan::IcePlan;
pub use stream::UdpStream;

/// Whether a socket that is bound so can send to IPv4, and to IPv6.
fn families(bound: IpAddr) -> [bool; 2] {
    match bound {
        IpAddr::V4(_) => [true, false],
        IpAddr::V6(ip) => [ip.is_unspecified(), true],
    }
}

#[cfg(test)]
mod tests;
