//! What an operator may set: limits, times, TLS. The defaults are the agreement's.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls;

use undertone_wire as wire;

/// Limits, times and TLS of one mediator. The default is the agreement's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Open connections in all.
    pub max_connections: usize,
    /// Open connections an address (IPv6: a /64).
    pub max_connections_per_address: usize,
    /// Rooms in which someone waits.
    pub max_rooms: usize,
    /// `join` messages an address (IPv6: a /64) and minute, renewals and those that come back
    /// aside.
    pub joins_per_minute: u32,
    /// The same of those that come back.
    pub rejoins_per_minute: u32,
    /// Take the client's address from the last `X-Forwarded-For` entry: only behind
    /// a reverse proxy that sets it, or clients choose their own address. What browsers asked the
    /// proxy for, too, from `X-Forwarded-Host` and `-Proto`.
    pub trust_proxy: bool,
    /// Serve the page for browsers, and let it open a WebSocket.
    pub page: bool,
    /// Names by which browsers get it on a private network without TLS, beside addresses,
    /// `localhost`, single labels and those of `.local`.
    pub page_hosts: Vec<String>,
    /// Relay for pairs that find no direct path, within these limits; `None`: do not.
    pub relay: Option<RelayLimits>,
    /// Have whoever waits take its seat anew over a new connection after so long, ± 25 %.
    pub reseat: Option<Duration>,
    /// The UDP port at which [`stun`](crate::stun) answers, for clients to be told.
    pub stun: Option<u16>,
    /// Speak TLS with these certificates.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// How long everything may take.
    pub times: Times,
}

/// How much is relayed. Bytes are those of the messages, and
/// [`wire::RELAY_OVERHEAD`] for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayLimits {
    /// Bytes a second of a pair, both ways together; at least 1.
    pub rate: u64,
    /// Bytes a second of all pairs; at least 1.
    pub total_rate: u64,
    /// Pairs at a time; an address's share of them is by [`wire::RELAY_SHARE`].
    pub pairs: usize,
    /// Bytes of a pair in all, both ways together.
    pub bytes: u64,
}

/// How long everything may take; see the consts of [`undertone_wire`].
#[derive(Clone, Debug)]
pub struct Times {
    /// [`wire::SEAT_LIFE`].
    pub seat: Duration,
    /// [`wire::PAIRING_LIFE`].
    pub pairing: Duration,
    /// [`wire::RELAY_ASK_LIFE`].
    pub relay_ask: Duration,
    /// [`wire::PING_EVERY`].
    pub ping_every: Duration,
    /// [`wire::SILENCE`].
    pub silence: Duration,
    /// [`wire::HANDSHAKE`].
    pub handshake: Duration,
    /// [`wire::IDLE`].
    pub idle: Duration,
    /// [`wire::WRITE`].
    pub write: Duration,
    /// What paired clients get to finish, once the mediator is told to stop; it
    /// stops at most 1 s after that.
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_connections: wire::MAX_CONNECTIONS,
            max_connections_per_address: wire::MAX_CONNECTIONS_PER_ADDRESS,
            max_rooms: wire::MAX_ROOMS,
            joins_per_minute: wire::JOINS_PER_MINUTE,
            rejoins_per_minute: wire::REJOINS_PER_MINUTE,
            trust_proxy: false,
            page: true,
            page_hosts: Vec::new(),
            relay: None,
            reseat: None,
            stun: None,
            tls: None,
            times: Times::default(),
        }
    }
}

impl Config {
    /// What clients are told of it.
    pub(crate) fn terms(&self) -> wire::Terms {
        wire::Terms {
            stun: self.stun,
            relay_rate: self.relay.map(|relay| relay.rate),
            relay_bytes: self.relay.map(|relay| relay.bytes),
        }
    }
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            rate: wire::RELAY_RATE,
            total_rate: wire::RELAY_TOTAL_RATE,
            pairs: wire::RELAY_PAIRS,
            bytes: wire::RELAY_BYTES,
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        Self {
            seat: wire::SEAT_LIFE,
            pairing: wire::PAIRING_LIFE,
            relay_ask: wire::RELAY_ASK_LIFE,
            ping_every: wire::PING_EVERY,
            silence: wire::SILENCE,
            handshake: wire::HANDSHAKE,
            idle: wire::IDLE,
            write: wire::WRITE,
            drain: Duration::from_secs(3),
        }
    }
}
