//! One link of a session while it lasts: its record layer, and what is due on it.
//! Whether it lives is `liveness`'s to say.

use std::time::Duration;

use crate::time::Instant;

use super::liveness::{Liveness, Verdict};
use super::record::Channel;
use crate::payload::Payload;

/// Names a link towards whoever holds its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// An acknowledgement waits this long for something to ride along with …
const ACK_WITHIN: Duration = Duration::from_millis(10);
/// … unless this many payloads wait for it.
const ACK_AT_ONCE: u32 = 256;
/// How long a pong waits at most for what is yet to be shown.
const PONG_WITHIN: Duration = Duration::from_secs(1);
/// Pongs that wait for a record; one that is alive never asks for as many.
const PONGS_MAX: u8 = 16;
/// A nudge lets the peer's keys heal: after this many records received
/// without sending …
const NUDGE_RECORDS: u32 = 1024;
/// … or this long after the first of them.
const NUDGE_AFTER: Duration = Duration::from_secs(60);

pub(super) struct Link {
    pub id: LinkId,
    pub channel: Channel,
    /// Guest: the number of the link whose `go` is to be answered.
    pub answer_due: Option<u64>,
    pongs_due: u8,
    /// Until when they wait for what is yet to be shown, so that its acknowledgement goes with them.
    pong_by: Option<Instant>,
    liveness: Liveness,
    unacked: u32,
    ack_by: Option<Instant>,
    /// The last number that was acknowledged on this link.
    acked: Option<u64>,
    unanswered: u32,
    unanswered_since: Option<Instant>,
}

impl Link {
    pub(super) fn new(id: LinkId, channel: Channel, now: Instant) -> Self {
        Self {
            id,
            channel,
            answer_due: None,
            pongs_due: 0,
            pong_by: None,
            liveness: Liveness::new(now),
            unacked: 0,
            ack_by: None,
            acked: None,
            unanswered: 0,
            unanswered_since: None,
        }
    }

    /// A record came in; `empty` if it held nothing, as a nudge does. Says whether
    /// the link was unstable until now.
    pub(super) fn heard(&mut self, now: Instant, empty: bool) -> bool {
        self.unanswered = self.unanswered.saturating_add(1);
        if !empty && self.unanswered_since.is_none() {
            self.unanswered_since = Some(now);
        }
        self.liveness.heard(now)
    }

    /// A reliable payload went out: the peer is to be heard of, soon.
    pub(super) fn said(&mut self, now: Instant) {
        self.liveness.said(now);
    }

    /// A pong came in; as [`Liveness::pong`].
    pub(super) fn pong(&mut self) -> bool {
        self.liveness.pong()
    }

    /// What was said is not acknowledged by the record that was heard.
    pub(super) fn unacknowledged(&mut self, now: Instant) {
        self.liveness.unacknowledged(now);
    }

    /// A ping came in: each has its pong, but for a flood of them.
    pub(super) fn owe_pong(&mut self, now: Instant) {
        self.pongs_due = PONGS_MAX.min(self.pongs_due + 1);
        self.pong_by.get_or_insert(now + PONG_WITHIN);
    }

    /// A reliable payload came in and is to be acknowledged, soon.
    pub(super) fn owe_ack(&mut self, now: Instant) {
        self.unacked = self.unacked.saturating_add(1);
        let by = if self.unacked >= ACK_AT_ONCE {
            now
        } else {
            now + ACK_WITHIN
        };
        self.ack_by = Some(self.ack_by.map_or(by, |already| already.min(by)));
    }

    /// An acknowledgement goes out at once, whether or not there is news in it.
    pub(super) fn ack_at_once(&mut self, now: Instant) {
        self.ack_by = Some(now);
    }

    /// What waited to be acknowledged may be: at once, where its time is over.
    pub(super) fn acknowledge_what_waited(&mut self, now: Instant) {
        self.ack_by.get_or_insert(now);
    }

    /// What came is yet to be shown, and nothing before it is left to be acknowledged: that waits.
    pub(super) fn wait_for_the_face(&mut self, received: u64, unshown: bool) {
        if unshown && self.acked == Some(received) {
            self.ack_by = None;
        }
    }

    /// A pong tells the peer that nothing which came before its ping is left to be acknowledged.
    fn may_pong(&self, now: Instant, unshown: bool) -> bool {
        self.pongs_due > 0 && (!unshown || self.pong_by.is_none_or(|by| by <= now))
    }

    /// Whether a record is to go out even if nothing reliable waits.
    pub(super) fn is_due(&self, now: Instant, unshown: bool) -> bool {
        self.answer_due.is_some()
            || self.may_pong(now, unshown)
            || self.liveness.is_ping_due()
            || self.ack_by.is_some_and(|by| by <= now)
            || self.unanswered >= NUDGE_RECORDS
            || self
                .unanswered_since
                .is_some_and(|since| now >= since + NUDGE_AFTER)
    }

    /// Appends everything that is due besides messages, for a record that now goes
    /// out: an acknowledgement rides along with whatever is sent.
    pub(super) fn say_what_is_due(
        &mut self,
        now: Instant,
        (received, unshown): (u64, bool),
        out: &mut Vec<u8>,
    ) {
        if let Some(link) = self.answer_due.take() {
            // The host acknowledges it at once.
            self.liveness.expect_reply(now);
            Payload::Go { link, received }.encode(out);
            self.acked = Some(received);
        } else if self.ack_by.is_some() {
            Payload::Ack { received }.encode(out);
            self.acked = Some(received);
        }
        if self.may_pong(now, unshown) {
            for _ in 0..std::mem::take(&mut self.pongs_due) {
                Payload::Pong.encode(out);
            }
            self.pong_by = None;
        }
        if self.liveness.take_ping() {
            Payload::Ping.encode(out);
        }
        self.unacked = 0;
        self.ack_by = None;
        self.unanswered = 0;
        self.unanswered_since = None;
    }

    /// Time passed.
    pub(super) fn pass(&mut self, now: Instant) -> Verdict {
        self.liveness.pass(now)
    }

    /// Whether an answer is awaited for long.
    pub(super) fn is_unstable(&self) -> bool {
        self.liveness.is_unstable()
    }

    /// The link is read again.
    pub(super) fn thawed(&mut self, now: Instant) {
        self.liveness.thawed(now);
    }

    /// When something is due next; without `can_write` only what needs no record.
    pub(super) fn deadline(&self, can_write: bool) -> Instant {
        let nudge = self.unanswered_since.map(|since| since + NUDGE_AFTER);
        let due = [self.ack_by, nudge, self.pong_by].into_iter().flatten();
        due.filter(|_| can_write)
            .fold(self.liveness.deadline(), Instant::min)
    }
}
