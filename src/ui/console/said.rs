//! What the person said, until it has arrived.
//!
//! What is printed stays as it is, so a message is printed once it has arrived, and only where that
//! takes long before, with a sign. How long that is goes by the line: twice what the last message
//! took. On a slow line the sign would else be before every one.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A message waits for its acknowledgement for so long at the least, and at the most.
const LEAST: Duration = Duration::from_millis(250);
const MOST: Duration = Duration::from_secs(2);
/// Who looks so long after that was stopped, or busy: what has arrived is yet to be read.
const LATE: Duration = Duration::from_millis(100);

/// Messages of ours that have not arrived.
#[derive(Debug)]
pub(super) struct Said {
    /// Not printed.
    unseen: VecDeque<Message>,
    /// When those were said that were printed with a sign.
    seen: VecDeque<Instant>,
    within: Duration,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) time: Timestamp,
    id: u64,
    said: Instant,
    due: Instant,
    was_late: bool,
}

/// What came of it that a message has arrived.
#[derive(Debug)]
pub(super) enum Arrived {
    /// It is to be printed.
    Unseen(Message),
    /// It was the last of those that were printed.
    Last,
    Nothing,
}

impl Said {
    pub(super) fn new() -> Self {
        Self {
            unseen: VecDeque::new(),
            seen: VecDeque::new(),
            within: LEAST,
        }
    }

    pub(super) fn say(&mut self, id: u64, text: &str, time: Timestamp, now: Instant) {
        self.unseen.push_back(Message {
            text: text.to_owned(),
            time,
            id,
            said: now,
            due: now + self.within,
            was_late: false,
        });
    }

    /// Without a link this one arrives later, and so do those before it.
    pub(super) fn queued(&mut self, id: u64, now: Instant) {
        for message in self.unseen.iter_mut().filter(|message| message.id <= id) {
            (message.due, message.was_late) = (now, true);
        }
    }

    /// When [`Said::overdue`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.unseen.front().map(|message| message.due)
    }

    /// The next one that is to be printed though it has not arrived.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<Message> {
        let first = self.unseen.front_mut().filter(|first| first.due <= now)?;
        if now >= first.due + LATE && !first.was_late {
            (first.due, first.was_late) = (now + LEAST, true);
            return None;
        }
        self.give_up()
    }

    /// The same, however long it has waited.
    pub(super) fn give_up(&mut self) -> Option<Message> {
        let message = self.unseen.pop_front()?;
        self.seen.push_back(message.said);
        Some(message)
    }

    /// They arrive in order.
    pub(super) fn arrived(&mut self, id: u64, now: Instant) -> Arrived {
        let unseen = self.unseen.front().is_some_and(|first| first.id <= id);
        let unseen = unseen.then(|| self.unseen.pop_front()).flatten();
        let said = match &unseen {
            Some(message) => Some(message.said),
            None => self.seen.pop_front(),
        };
        let Some(said) = said else {
            return Arrived::Nothing;
        };
        let took = now.saturating_duration_since(said);
        // What took longer had no link meanwhile, and says nothing about one.
        if took <= MOST {
            self.within = (took * 2).clamp(LEAST, MOST);
        }
        match unseen {
            Some(message) => Arrived::Unseen(message),
            None if self.seen.is_empty() => Arrived::Last,
            None => Arrived::Nothing,
        }
    }

    /// The chat is over: nothing arrives any more.
    pub(super) fn over(&mut self) {
        self.seen.clear();
        self.within = LEAST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn say(said: &mut Said, id: u64, now: Instant) {
        said.say(id, "hello", Timestamp::UNIX_EPOCH, now);
    }

    #[test]
    fn what_takes_long_is_printed_before_and_the_next_one_may_take_as_long() {
        let (mut said, now) = (Said::new(), Instant::now());
        say(&mut said, 1, now);
        assert!(said.overdue(now + 249 * MS).is_none());
        assert!(said.overdue(now + 250 * MS).is_some());
        assert!(matches!(said.arrived(1, now + 400 * MS), Arrived::Last));
        say(&mut said, 2, now);
        assert_eq!(said.deadline(), Some(now + 800 * MS));
        let Arrived::Unseen(message) = said.arrived(2, now + 10 * MS) else {
            panic!("it was not printed");
        };
        assert_eq!(message.text, "hello");
        // One that was fast makes the next one be expected as fast.
        say(&mut said, 3, now);
        assert_eq!(said.deadline(), Some(now + LEAST));
        // An outage is not the line's slowness.
        assert!(said.overdue(now + 250 * MS).is_some());
        said.arrived(3, now + 60_000 * MS);
        say(&mut said, 4, now);
        assert_eq!(said.deadline(), Some(now + LEAST));
    }

    #[test]
    fn who_was_busy_reads_first_what_has_arrived() {
        let (mut said, now) = (Said::new(), Instant::now());
        say(&mut said, 1, now);
        // As after a stop: the acknowledgement may be there, and unread.
        let late = now + 5000 * MS;
        assert!(said.overdue(late).is_none());
        assert!(matches!(said.arrived(1, late), Arrived::Unseen(_)));
        // Not for ever.
        say(&mut said, 2, now);
        assert!(said.overdue(late).is_none());
        assert_eq!(said.deadline(), Some(late + LEAST));
        assert!(said.overdue(late + 5000 * MS).is_some());
    }

    #[test]
    fn without_a_link_nothing_is_waited_for() {
        let (mut said, now) = (Said::new(), Instant::now());
        say(&mut said, 1, now);
        say(&mut said, 2, now);
        said.queued(2, now);
        assert!(said.overdue(now).is_some() && said.overdue(now).is_some());
        assert!(matches!(said.arrived(1, now), Arrived::Nothing));
        assert!(matches!(said.arrived(2, now), Arrived::Last));
        assert!(matches!(said.arrived(3, now), Arrived::Nothing));
    }
}
