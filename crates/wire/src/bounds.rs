//! How long, how many and how fast at most: what both sides may count on.

use std::time::Duration;

/// Longest text message, in bytes, either way.
pub const MAX_MESSAGE: usize = 4 * 1024;
/// Longest `offer` or `data`, in bytes once decoded (the longest in use has 1,008).
pub const MAX_OPAQUE: usize = 1024;

/// Life of a waiting seat; the same `join` sent again renews it.
pub const SEAT_LIFE: Duration = Duration::from_secs(600);
/// Life of a pairing whose clients never say `done`.
pub const PAIRING_LIFE: Duration = Duration::from_secs(60);
/// The longest that a `sealed` is held back from the nearer client, so that both begin
/// to dial at the same time.
pub const SEALED_HOLD: Duration = Duration::from_millis(500);
/// Life of a pairing from when one asked for the relay: what the peer gets to agree.
pub const RELAY_ASK_LIFE: Duration = Duration::from_secs(120);
/// The mediator sends a WebSocket ping this often.
pub const PING_EVERY: Duration = Duration::from_secs(20);
/// A connection silent for this long is gone: two pings, and 5 s to answer the second.
pub const SILENCE: Duration = Duration::from_secs(45);
/// Time for the TLS handshake, and again for the HTTP request.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// A connection that neither waits nor is paired is closed after this long.
pub const IDLE: Duration = Duration::from_secs(10);
/// Time for one write to a client that does not read.
pub const WRITE: Duration = Duration::from_secs(4);

/// Open connections in all.
pub const MAX_CONNECTIONS: usize = 16_384;
/// Open connections an address (IPv6: a /64). One conversation that was lost takes four at most at
/// its one end and two at its other: a seat of the session, and three and one of the contacts.
pub const MAX_CONNECTIONS_PER_ADDRESS: usize = 128;
/// Rooms in which someone waits.
pub const MAX_ROOMS: usize = 12_000;
/// `join` messages an address (IPv6: a /64) and minute, without those that come back; renewals are
/// not counted.
pub const JOINS_PER_MINUTE: u32 = 30;
/// The same of those that come back, counted apart: twice what 20 conversations take whose ends are
/// all at one address, and which are all lost at once.
pub const REJOINS_PER_MINUTE: u32 = 240;
/// WebSocket messages, pings and pongs that one connection may send at once; one more a second.
/// Binary messages of a relayed pair are not among them.
pub const MESSAGE_BURST: u32 = 32;

/// Longest binary message of a relayed pair, in bytes.
pub const RELAY_MESSAGE: usize = 16 * 1024;
/// Messages of a relayed pair that wait for a slow reader, each way.
pub const RELAY_QUEUE: usize = 4;
/// The most that a mediator holds of a relayed pair, each way: the queue; one message
/// read ahead, one or two on the way in, one held for its turn, one or two on the way
/// out. What the system's sockets hold comes on top.
pub const RELAY_HELD: usize = (RELAY_QUEUE + 6) * RELAY_MESSAGE;
/// What a relayed message counts beside its bytes: its headers, down to IP.
pub const RELAY_OVERHEAD: usize = 64;
/// Bytes a second of a relayed pair, both ways together.
pub const RELAY_RATE: u64 = 256 * 1024;
/// Bytes a second of all relayed pairs together.
pub const RELAY_TOTAL_RATE: u64 = 8 * 1024 * 1024;
/// Relayed pairs at a time.
pub const RELAY_PAIRS: usize = 256;
/// One address (IPv6: a /64) may have a side of this part of the relayed pairs: few
/// addresses cannot hold all of them, free of charge …
pub const RELAY_SHARE: usize = 32;
/// … and so many sides at least, for the people behind one router.
pub const RELAY_LEAST: usize = 4;
/// Bytes of a relayed pair in all, both ways together.
pub const RELAY_BYTES: u64 = 256 * 1024 * 1024;
/// A pair that was quiet may be ahead of its rate by what it may send in this time.
pub const RELAY_BURST: Duration = Duration::from_millis(250);
