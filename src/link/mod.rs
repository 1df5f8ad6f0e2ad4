//! The way to the other one: the only files that open sockets to a peer.
//!
//! `frame` cuts the bytes, `door` listens, `dial` is the guest's way to a link,
//! `nominate` the host's, `crowd` bounds the sockets of strangers, `knock` the way straight back to an address that
//! worked. Each ends in a [`Ready`] link, which `wire` then carries; which link
//! counts is `session`'s.

mod crowd;
pub mod dial;
pub mod door;
pub mod frame;
pub mod knock;
pub mod nominate;
pub mod relay;
pub mod wire;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;

use crate::crypto::keys::ResumeSecret;
use crate::pairing::Peer;
use crate::session::record::Channel;
use frame::FrameReader;

/// A link on which the record that decides has opened: the host's `go` at the
/// guest, the guest's answer at the host.
pub struct Ready {
    /// The socket.
    pub stream: TcpStream,
    /// What came after that record.
    pub reader: FrameReader,
    /// The other end.
    pub address: SocketAddr,
    /// The record layer.
    pub channel: Channel,
    /// What that record held.
    pub plaintext: Vec<u8>,
    /// Who is there, and the words of this pairing.
    pub peer: Peer,
    /// What a session that begins here is resumed by; a session that goes on has
    /// its own.
    pub resume: Arc<ResumeSecret>,
}
