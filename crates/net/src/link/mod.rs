//! The way to the peer: the only files that open sockets to a peer.
//!
//! `port` listens and dials, `dial` knows how often, `path` which path is better and
//! `interfaces` who is near, `ranking` which address of ours others reach best, `here` whether
//! the peer runs on this machine; `tell` hears what is tried; `stream` is what carries frames,
//! `frame` cuts them. `connect` is the guest's way to a link, `acceptor` and `nominate` the host's,
//! `pending` bounds the sockets of strangers, `resume` is the way directly back to an address that
//! worked.
//! Each ends in a [`Ready`] link, which `framed` then carries; which link counts is
//! `session`'s.

pub mod acceptor;
pub mod connect;
pub mod dial;
pub mod frame;
pub mod framed;
pub mod here;
pub mod ice;
pub mod incoming;
pub mod interfaces;
pub mod nominate;
pub mod path;
mod pending;
pub mod port;
pub mod ranking;
pub mod relay;
pub mod resume;
pub mod stream;
pub mod tell;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use undertone_core::crypto::keys::ResumeSecret;
use undertone_core::pairing::PeerIdentity;
use undertone_core::session::record::Channel;

use frame::FrameReader;
use path::Path;
use stream::Stream;

/// A link on which the record that decides has opened: the host's `go` at the
/// guest, the guest's answer at the host.
pub struct Ready {
    /// The socket.
    pub stream: Stream,
    /// What came after that record.
    pub reader: FrameReader,
    /// By which path it goes.
    pub path: Path,
    /// The record layer.
    pub channel: Channel,
    /// What that record held.
    pub plaintext: Vec<u8>,
    /// Who is there, and the words of this pairing.
    pub peer: PeerIdentity,
    /// What a session that begins here is resumed by; a session that goes on has
    /// its own.
    pub resume: Arc<ResumeSecret>,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("path", &self.path)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl Ready {
    /// Whether the peer has hung up already: a host does when it gives its `go`
    /// up, and goes on with the link before.
    pub fn is_gone(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let filling = pin!(self.reader.fill(&mut self.stream));
        matches!(filling.poll(&mut cx), Poll::Ready(Err(_)))
    }
}
