//! Paths that drop large packets and say nothing (RFC 2923 §2.1), as VPNs and hotels have them:
//! small ones pass, so that links come up, and die with the first long message.
//!
//! The next link after one that died so has smaller segments. Whether that was the reason, the
//! time shows: where small packets pass, the peer is back at once, and the segments stay
//! small; where nothing passed it takes longer, and they are full again on the link after that.

use std::time::Duration;

use tokio::time::Instant;

use crate::socket::Segments;

/// So long without an answer to what was said is no matter of a slow path.
const SUSPECT_AFTER: Duration = Duration::from_secs(5);
/// Who is back so soon was there all the time.
const SOON: Duration = Duration::from_secs(5);
/// What there is in a packet besides a message: headers, record, padding.
const AROUND: usize = 220;

/// What is known of the path in this respect.
#[derive(Default)]
pub(super) struct BlackHole {
    segments: Segments,
    /// How large they were, until it shows why the link died.
    before: Option<Segments>,
    /// Since when something that was said is not answered.
    unanswered: Option<Instant>,
    /// How often more of a stream was there.
    advances: u64,
}

impl BlackHole {
    /// How large the segments of the next link may be.
    pub(super) fn segments(&self) -> Segments {
        self.segments
    }

    /// Whether something that was said is not acknowledged, and how often more of a stream was there.
    pub(super) fn note(&mut self, waiting: bool, advances: u64) {
        if std::mem::replace(&mut self.advances, advances) != advances {
            self.answered();
        }
        let since = waiting.then(|| self.unanswered.unwrap_or_else(Instant::now));
        self.unanswered = since;
    }

    /// An acknowledgement came.
    pub(super) fn answered(&mut self) {
        self.unanswered = None;
    }

    /// The link died with so many bytes unanswered.
    pub(super) fn died(&mut self, bytes: usize) {
        let since = self.unanswered.take();
        let smaller = self.segments.smaller();
        let large = usize::try_from(smaller.bytes()).unwrap_or_default() - AROUND;
        if smaller != self.segments
            && bytes > large
            && since.is_some_and(|since| since.elapsed() >= SUSPECT_AFTER)
        {
            self.before = Some(self.segments);
            self.segments = smaller;
        }
    }

    /// There is a link again, after so long. Says whether it is to be told that large packets
    /// get lost.
    pub(super) fn found(&mut self, after: Duration) -> bool {
        match self.before.take() {
            Some(_) if after <= SOON => true,
            Some(before) => {
                self.segments = before;
                false
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    /// A link that died after so long with so many bytes unanswered.
    async fn died(hole: &mut BlackHole, bytes: usize, after: u64) {
        hole.note(bytes > 0, 0);
        advance(Duration::from_secs(after)).await;
        hole.died(bytes);
    }

    #[tokio::test(start_paused = true)]
    async fn segments_shrink_step_by_step_where_large_ones_get_lost() {
        let mut hole = BlackHole::default();
        for segments in [Segments::Small, Segments::Smallest] {
            died(&mut hole, 3000, 10).await;
            assert_eq!(hole.segments(), segments);
            assert!(hole.found(Duration::from_secs(1)));
        }
        died(&mut hole, 3000, 10).await;
        assert!(
            !hole.found(Duration::from_secs(1)),
            "there are no smaller ones"
        );
        assert_eq!(hole.segments(), Segments::Smallest);
    }

    #[tokio::test(start_paused = true)]
    async fn what_died_for_another_reason_keeps_full_segments() {
        for (bytes, after) in [(0, 10), (300, 10), (3000, 1)] {
            let mut hole = BlackHole::default();
            died(&mut hole, bytes, after).await;
            assert_eq!(hole.segments(), Segments::Full, "{bytes} {after}");
            assert!(!hole.found(Duration::from_secs(1)));
        }
        // What was answered in between was not lost.
        let mut hole = BlackHole::default();
        hole.note(true, 0);
        advance(Duration::from_secs(9)).await;
        hole.answered();
        died(&mut hole, 3000, 1).await;
        assert_eq!(hole.segments(), Segments::Full);
    }

    /// Something of it is always on its way, and some of it has just arrived.
    #[tokio::test(start_paused = true)]
    async fn a_stream_that_went_on_was_not_lost() {
        let mut hole = BlackHole::default();
        for advances in 0..20 {
            hole.note(true, advances);
            advance(Duration::from_secs(1)).await;
        }
        hole.died(64 * 1024);
        assert_eq!(hole.segments(), Segments::Full);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cable_that_was_cut_is_no_reason_for_long() {
        let mut hole = BlackHole::default();
        died(&mut hole, 3000, 10).await;
        assert!(!hole.found(Duration::from_secs(20)));
        assert_eq!(hole.segments(), Segments::Full);
    }
}
