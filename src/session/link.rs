//! One link of a session while it lasts: its record layer, what is due on it,
//! and when it counts as dead.

use std::time::{Duration, Instant};

use super::record::Channel;
use crate::payload::Payload;

/// Names a link towards whoever holds its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// After this long without a record the other one is asked for a sign of life.
pub const PING_AFTER: Duration = Duration::from_secs(10);
/// After this long without a record the link counts as dead.
pub const DEAD_AFTER: Duration = Duration::from_secs(15);
/// An acknowledgement waits this long for something to ride along with …
const ACK_WITHIN: Duration = Duration::from_millis(10);
/// … unless this many payloads wait for it.
const ACK_AT_ONCE: u32 = 256;
/// A nudge lets the other one's keys heal: after this many records received
/// without sending …
const NUDGE_RECORDS: u32 = 1024;
/// … or this long after the first of them.
const NUDGE_AFTER: Duration = Duration::from_secs(60);

pub(super) struct Link {
    pub id: LinkId,
    pub channel: Channel,
    /// Guest: the number of the link whose `go` is to be answered.
    pub answer_due: Option<u64>,
    pub pong_due: bool,
    ping_due: bool,
    pinged: bool,
    heard: Instant,
    unacked: u32,
    ack_by: Option<Instant>,
    unanswered: u32,
    unanswered_since: Option<Instant>,
}

impl Link {
    pub fn new(id: LinkId, channel: Channel, now: Instant) -> Self {
        Link {
            id,
            channel,
            answer_due: None,
            pong_due: false,
            ping_due: false,
            pinged: false,
            heard: now,
            unacked: 0,
            ack_by: None,
            unanswered: 0,
            unanswered_since: None,
        }
    }

    /// A record came in; `empty` if it held nothing, as a nudge does.
    pub fn heard(&mut self, now: Instant, empty: bool) {
        self.heard = now;
        self.pinged = false;
        self.ping_due = false;
        self.unanswered = self.unanswered.saturating_add(1);
        if !empty && self.unanswered_since.is_none() {
            self.unanswered_since = Some(now);
        }
    }

    /// A reliable payload came in and is to be acknowledged, soon.
    pub fn owe_ack(&mut self, now: Instant) {
        self.unacked = self.unacked.saturating_add(1);
        let by = if self.unacked >= ACK_AT_ONCE {
            now
        } else {
            now + ACK_WITHIN
        };
        self.ack_by = Some(self.ack_by.map_or(by, |already| already.min(by)));
    }

    /// An acknowledgement goes out at once, whether or not there is news in it.
    pub fn ack_at_once(&mut self, now: Instant) {
        self.ack_by = Some(now);
    }

    /// Whether a record is to go out even if nothing reliable waits.
    pub fn is_due(&self, now: Instant) -> bool {
        self.answer_due.is_some()
            || self.pong_due
            || self.ping_due
            || self.ack_by.is_some_and(|by| by <= now)
            || self.unanswered >= NUDGE_RECORDS
            || self
                .unanswered_since
                .is_some_and(|since| now >= since + NUDGE_AFTER)
    }

    /// Appends everything that is due besides messages, for a record that now goes
    /// out: an acknowledgement rides along with whatever is sent.
    pub fn say_what_is_due(&mut self, received: u64, out: &mut Vec<u8>) {
        if let Some(link) = self.answer_due.take() {
            Payload::Go { link, received }.encode(out);
        } else if self.ack_by.is_some() {
            Payload::Ack { received }.encode(out);
        }
        if std::mem::take(&mut self.pong_due) {
            Payload::Pong.encode(out);
        }
        if std::mem::take(&mut self.ping_due) {
            Payload::Ping.encode(out);
        }
        self.unacked = 0;
        self.ack_by = None;
        self.unanswered = 0;
        self.unanswered_since = None;
    }

    /// Time passed. Says whether the link still counts as alive.
    pub fn is_alive(&mut self, now: Instant) -> bool {
        if now >= self.heard + PING_AFTER && !self.pinged {
            self.pinged = true;
            self.ping_due = true;
        }
        now < self.heard + DEAD_AFTER
    }

    /// The link is read again. Its silence while it was not is not the other
    /// one's: it is asked, and has the usual time to answer.
    pub fn thawed(&mut self, now: Instant) {
        if let Some(recently) = now.checked_sub(PING_AFTER) {
            self.heard = self.heard.max(recently);
        }
        self.pinged = false;
    }

    /// When something is due next; without `can_write` only what needs no record.
    pub fn deadline(&self, can_write: bool) -> Instant {
        let life = if self.pinged {
            self.heard + DEAD_AFTER
        } else {
            self.heard + PING_AFTER
        };
        let nudge = self.unanswered_since.map(|since| since + NUDGE_AFTER);
        let due = [self.ack_by, nudge].into_iter().flatten();
        due.filter(|_| can_write).fold(life, Instant::min)
    }
}
